// One HTTP request whose answer is read while it comes, and whose body may be sent while it is
// made: the socket side of SQL, exports and imports. Easy to get wrong: an answer that ends before
// its end is a failure, and a reader who leaves has to end the connection, or the server works on.
import type { IncomingMessage } from 'node:http';
import { MonError } from '../errors.ts';
import { ANSWER_BYTES_MAX } from '../limits.ts';
import { parseJson } from '../wire/json-text.ts';
import type { HttpTarget } from './http-request.ts';
import { noAnswer, refusedAnswer } from './prometheus-failure.ts';
import type { ErrorBody } from './prometheus-failure.ts';

export interface StreamAsk {
  readonly method: 'GET' | 'POST';
  /** Path with its query. */
  readonly path: string;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly contentType?: string;
  readonly signal: AbortSignal;
  /** What was asked, for a mistake with a place in it. */
  readonly query?: string;
  /** Told what stands behind the end of a whole answer. */
  readonly trailers?: (trailers: Readonly<Record<string, string | undefined>>) => void;
}

/** Status and JSON of a small answer, whatever the status. @throws MonError. */
export async function postedAnswer(
  target: HttpTarget,
  ask: StreamAsk,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await responseOf(target, ask);
  return { status: response.statusCode ?? 0, body: parsed(await textOf(target, response, ask)) };
}

async function textOf(
  target: HttpTarget,
  response: IncomingMessage,
  ask: StreamAsk,
): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const page of pagesOf(target, response, ask)) {
    parts.push(page);
    size += page.length;
    if (size > ANSWER_BYTES_MAX) break;
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The pages of a successful answer. @throws MonError, UserError. */
export async function streamedAnswer(
  target: HttpTarget,
  ask: StreamAsk,
): Promise<AsyncGenerator<Buffer, void, void>> {
  const response = await responseOf(target, ask);
  const status = response.statusCode ?? 0;
  if (status === 200 || status === 204) return pagesOf(target, response, ask);
  const text = await textOf(target, response, ask);
  const { url } = target;
  throw refusedAnswer({ url, status, body: parsed(text), query: ask.query });
}

function parsed(text: string): ErrorBody | undefined {
  try {
    const value: unknown = parseJson(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

async function responseOf(target: HttpTarget, ask: StreamAsk): Promise<IncomingMessage> {
  const { body, signal } = ask;
  const http = process.getBuiltinModule(
    target.url.startsWith('https:') ? 'node:https' : 'node:http',
  );
  const headers: Record<string, string | number> = {};
  if (target.token !== undefined) headers['Authorization'] = `Bearer ${target.token}`;
  if (body !== undefined) headers['Content-Type'] = ask.contentType ?? 'text/plain';
  const whole = typeof body === 'string' || body instanceof Uint8Array;
  if (whole) headers['Content-Length'] = Buffer.byteLength(body);
  const ca = target.ca === undefined ? {} : { ca: target.ca };
  try {
    return await new Promise((resolve, reject) => {
      const options = { method: ask.method, headers, signal, ...ca, agent: false } as const;
      const request = http.request(target.url + ask.path, options);
      request.on('error', reject);
      request.on('response', resolve);
      if (body === undefined || whole) return void request.end(body);
      void sendAll(request, body).catch((thrown: unknown) => {
        request.destroy(thrown as Error);
        reject(thrown as Error);
      });
    });
  } catch (thrown) {
    if (signal.aborted) throw abortReason(signal);
    throw thrown instanceof MonError ? thrown : noAnswer(target, thrown);
  }
}

async function sendAll(
  request: NodeJS.WritableStream,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const page of body) {
    if (request.write(page)) continue;
    await new Promise<void>((resolve, reject) => {
      const over = (): void => {
        request.off('drain', over).off('close', over).off('error', reject);
        resolve();
      };
      request.on('drain', over).on('close', over).on('error', reject);
    });
  }
  request.end();
}

async function* pagesOf(
  target: HttpTarget,
  response: IncomingMessage,
  { signal, trailers }: StreamAsk,
): AsyncGenerator<Buffer, void, void> {
  try {
    yield* response as AsyncIterable<Buffer>;
    trailers?.(response.trailers);
  } catch (thrown) {
    if (signal.aborted) throw abortReason(signal);
    throw noAnswer(target, thrown);
  } finally {
    response.destroy();
  }
}

function abortReason(signal: AbortSignal): MonError {
  if (signal.reason instanceof MonError) return signal.reason;
  return new MonError('MON_ABORTED', 'interrupted');
}
