// Sends a piece of a file to a mon and tells what became of it. Between `mon import` and the
// server's /api/v1/import. Easy to get wrong: 400 with counts is an answer, not a failure.
import { MonError } from '../errors.ts';
import type { PushOutcome } from '../ports.ts';
import type { HttpTarget } from './http-request.ts';
import { postedAnswer } from './http-stream.ts';
import { refusedAnswer } from './prometheus-failure.ts';
import type { ErrorBody } from './prometheus-failure.ts';

export interface ImportPiece {
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  readonly format: string;
  readonly signal: AbortSignal;
}

/** @throws MonError MON_BODY_MALFORMED when nothing of it could be read; kind 'retry'. */
export async function postOutcome(target: HttpTarget, piece: ImportPiece): Promise<PushOutcome> {
  const { body, format, signal } = piece;
  const path = `/api/v1/import?format=${format}`;
  const contentType = 'application/octet-stream';
  const answer = await postedAnswer(target, { method: 'POST', path, body, contentType, signal });
  const parsed = answer.body as (Partial<PushOutcome> & ErrorBody) | undefined;
  if (typeof parsed?.accepted === 'number') {
    const { accepted, refused = 0, reasons = {}, examples = [] } = parsed;
    return { accepted, refused, reasons, examples };
  }
  if (answer.status === 400 && typeof parsed?.error === 'string') {
    throw new MonError('MON_BODY_MALFORMED', parsed.error, {
      hint: typeof parsed.hint === 'string' ? parsed.hint : undefined,
    });
  }
  throw refusedAnswer({ url: target.url, status: answer.status, body: parsed });
}
