// What a Prometheus server's refusal means to the one who asked. Works for any server that speaks
// the API, mon's own included, which also sends hint and place. Easy to get wrong: Prometheus
// counts lines and columns from 1, columns in bytes of UTF-8, while mistakes here stand at UTF-16
// offsets.
import { MonError, UserError, messageOf } from '../errors.ts';

export interface ErrorBody {
  readonly errorType?: unknown;
  readonly error?: unknown;
  readonly hint?: unknown;
  readonly start?: unknown;
  readonly end?: unknown;
}

/** An answer that is not a success; `query` is what was asked, if it was a query. */
export interface Refused {
  readonly url: string;
  readonly status: number;
  readonly body: ErrorBody | undefined;
  readonly query?: string;
}

const PLACED = /^(?:invalid parameter "[^"]*": )?(?:(\d+):(\d+): )?(?:parse error: )?(.*)$/s;

/** The failure to throw for a refused request. */
export function refusedAnswer(refused: Refused): MonError | UserError {
  const { status, body, url } = refused;
  const words = typeof body?.error === 'string' ? body.error : `HTTP status ${status}`;
  const hint = typeof body?.hint === 'string' ? body.hint : undefined;
  if (status === 401 || status === 403) {
    const how = 'give a token with --token-file FILE or MON_TOKEN_FILE';
    return new MonError('MON_AUTH_REQUIRED', `${url} refuses access: ${words}`, { hint: how });
  }
  if (body === undefined) return notPrometheus(url, `it answers with HTTP status ${status}`);
  if (status === 400 && body.errorType === 'bad_data') return mistake(refused, words, hint);
  if (body.errorType === 'timeout' || status === 504) {
    return new MonError('MON_TIMEOUT', `the server gave up: ${words}`, { hint });
  }
  const more = { hint };
  if (status === 404) return new MonError('MON_NOT_FOUND', words, more);
  if (status === 413) return new MonError('MON_BODY_TOO_LARGE', words, more);
  if (status === 400) return new MonError('MON_BODY_MALFORMED', words, more);
  if (status === 422) return new MonError('MON_QUERY_FAILED', words, more);
  if (status === 429) return new MonError('MON_QUERY_LIMIT', words, more);
  return new MonError('MON_SERVER_FAILED', `${url} fails: ${words}`, more);
}

/** For an answer that no Prometheus gives. */
export function notPrometheus(url: string, why: string): MonError {
  return new MonError('MON_SERVER_FAILED', `no Prometheus API at ${url}: ${why}`, {
    hint: 'check --url; behind a proxy it may need a path, as in http://host/prometheus',
  });
}

function mistake(refused: Refused, words: string, hint: string | undefined): UserError {
  const { body, query } = refused;
  const [, line, column, rest] = PLACED.exec(words) as RegExpExecArray;
  if (query === undefined) return new UserError(words, { hint });
  if (typeof body?.start === 'number' && typeof body.end === 'number') {
    return new UserError(rest, { hint, source: query, start: body.start, end: body.end });
  }
  if (line === undefined) return new UserError(words, { hint });
  const start = offsetOf(query, Number(line), Number(column));
  return new UserError(rest, { hint, source: query, start, end: wordEnd(query, start) });
}

/** UTF-16 offset of a line and column that count from 1, columns in bytes of UTF-8. */
export function offsetOf(text: string, line: number, column: number): number {
  let offset = 0;
  for (let n = 1; n < line; n++) {
    const next = text.indexOf('\n', offset);
    if (next < 0) return text.length;
    offset = next + 1;
  }
  let bytes = column - 1;
  while (bytes > 0 && offset < text.length && text[offset] !== '\n') {
    const character = String.fromCodePoint(text.codePointAt(offset) as number);
    bytes -= Buffer.byteLength(character);
    offset += character.length;
  }
  return offset;
}

function wordEnd(text: string, start: number): number {
  const word = /^[\p{L}\p{N}_:.]+/u.exec(text.slice(start));
  return start + (word === null ? 1 : word[0].length);
}

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'no way to that host',
  ENETUNREACH: 'no way to that network',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name service does not answer',
  ETIMEDOUT: 'no answer',
  EPIPE: 'the connection was cut',
};

/** The failure to throw when there was no answer at all. */
export function noAnswer(target: NamedServer, thrown: unknown): MonError {
  const { url } = target;
  const code = (thrown as NodeJS.ErrnoException | undefined)?.code ?? '';
  const secure = /CERT|SSL|TLS|ISSUER|SELF_SIGNED|EPROTO/.test(code);
  const why = UNREACHABLE[code] ?? messageOf(thrown);
  const message = `cannot reach ${url}: ${why}`;
  return new MonError('MON_SERVER_UNREACHABLE', message, {
    cause: thrown,
    hint: secure ? 'trust its certificate with --ca-file FILE' : reachHint(target, code),
    fields: { url, os: code },
  });
}

/** A server, and what named it; nothing where nobody did. */
export interface NamedServer {
  readonly url: string;
  readonly namedBy?: string;
}

function reachHint({ url, namedBy }: NamedServer, code: string): string {
  const local = /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.exec(url);
  if (local !== null && code === 'ECONNREFUSED') {
    if (namedBy === undefined) return 'start a server with mon up, or name one with --url';
    const listen = url.slice('http://'.length);
    return `nothing listens there: check ${namedBy}, or start one with mon up --listen ${listen}`;
  }
  if (namedBy === undefined || namedBy === '--url') {
    return 'check --url, or choose another server with --context';
  }
  return `check ${namedBy}, or name another server with --url`;
}
