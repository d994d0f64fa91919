// From what was thrown to what the sender is told: status, Prometheus' error type, words. One
// place, so that every door answers alike. Easy to get wrong: Prometheus senders drop a body on 4xx
// and send it again on 5xx, so the data's fault must never be a 5xx, nor ours a 4xx.
import { MonError, UserError, messageOf } from '../errors.ts';

export interface Refusal {
  readonly status: number;
  readonly errorType: string;
  readonly error: string;
  readonly hint?: string;
  /** UTF-16 offsets into the user's text, when the mistake has a place. */
  readonly start?: number;
  readonly end?: number;
  readonly retryAfterSeconds?: number;
  /** True when the sender's connection cannot go on: part of its body was not read. */
  readonly closes?: boolean;
  /** What the protocol wants to be answered instead of JSON. */
  readonly answer?: { readonly type: string; readonly bytes: Uint8Array };
  /** True for a broken promise of the program itself. */
  readonly bug?: boolean;
}

/** Thrown by a handler that has decided what to answer. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.error);
    this.name = 'Refused';
    this.refusal = refusal;
  }
}

const RETRY_AFTER_SECONDS = 2;

/** What a thrown failure means to the one who asked; `param` names the parameter a text came in. */
export function refusalOf(thrown: unknown, param?: string): Refusal {
  if (thrown instanceof Refused) return thrown.refusal;
  if (thrown instanceof UserError) return userRefusal(thrown, param);
  if (thrown instanceof MonError) return { ...monRefusal(thrown), hint: thrown.hint };
  return { status: 500, errorType: 'internal', error: messageOf(thrown), bug: true };
}

function userRefusal(thrown: UserError, param: string | undefined): Refusal {
  const { source } = thrown;
  const place = source === undefined ? '' : `${placeOf(source, thrown.start)}: parse error: `;
  const words = /^\d+:\d+: /.test(thrown.message) ? thrown.message : place + thrown.message;
  const named = param === undefined || words.startsWith('invalid parameter ');
  return {
    status: 400,
    errorType: 'bad_data',
    error: named ? words : `invalid parameter "${param}": ${words}`,
    hint: thrown.hint,
    ...(source === undefined ? {} : { start: thrown.start, end: thrown.end }),
  };
}

function monRefusal(thrown: MonError): Refusal {
  const error = thrown.message;
  const retryAfterSeconds = RETRY_AFTER_SECONDS;
  switch (thrown.code) {
    case 'MON_QUERY_LIMIT':
    case 'MON_QUERY_FAILED':
      return { status: 422, errorType: 'execution', error };
    case 'MON_QUERY_BUSY':
      // As a proxy in front of Prometheus says it; a 422 would tell the query is at fault.
      return { status: 429, errorType: 'unavailable', error, retryAfterSeconds };
    case 'MON_TIMEOUT':
      return { status: 503, errorType: 'timeout', error };
    case 'MON_ABORTED':
      return { status: 503, errorType: 'canceled', error };
    case 'MON_BODY_TOO_LARGE':
      return { status: 413, errorType: 'bad_data', error, closes: true };
    case 'MON_NOT_FOUND':
      return { status: 404, errorType: 'not_found', error };
    case 'MON_AUTH_REQUIRED':
      return { status: 401, errorType: 'unauthorized', error };
    default:
  }
  if (thrown.kind === 'data') return { status: 400, errorType: 'bad_data', error };
  if (thrown.kind === 'give up') return { status: 500, errorType: 'internal', error };
  if (thrown.code === 'MON_SPOOL_FULL') {
    return { status: 429, errorType: 'unavailable', error, retryAfterSeconds };
  }
  return { status: 503, errorType: 'unavailable', error, retryAfterSeconds };
}

/** `line:column` as Prometheus counts: from 1, columns in bytes of UTF-8. */
function placeOf(source: string, offset: number): string {
  const before = source.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  return `${line}:${Buffer.byteLength(before.slice(lineStart)) + 1}`;
}
