// Answers on their way out: status, headers, body in one piece or page by page, gzip when asked for
// and worth it. Easy to get wrong: a reader slower than the writer must hold the writer up, and one
// that goes away must not leave it waiting for ever.
import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { createGzip, gzip, constants } from 'node:zlib';
import type { Refusal } from './failure-status.ts';

/** Smaller answers are sent as they are: they fit into one packet or two anyway. */
const GZIP_BYTES_MIN = 2048;
const LEVEL = { level: constants.Z_BEST_SPEED };
const gzipped = promisify(gzip);

export const JSON_TYPE = 'application/json';
export const TEXT_TYPE = 'text/plain; charset=utf-8';

export interface Head {
  readonly status: number;
  readonly type: string;
  /** The asker takes gzip. */
  readonly gzip: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends one body whole. */
export async function sendWhole(
  response: ServerResponse,
  head: Head,
  body: string | Buffer,
): Promise<void> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (head.gzip && bytes.length >= GZIP_BYTES_MIN) {
    const packed = await gzipped(bytes, LEVEL);
    endWith(response, head, packed, { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' });
  } else {
    endWith(response, head, bytes, {});
  }
}

function endWith(
  response: ServerResponse,
  head: Head,
  bytes: Buffer,
  more: Record<string, string>,
): void {
  if (response.destroyed) return;
  const length = String(bytes.length);
  response.writeHead(head.status, {
    'Content-Type': head.type,
    'Content-Length': length,
    ...more,
    ...head.headers,
  });
  response.end(bytes);
}

/** Sends pages as they are made, each when the last has found room; one page is sent whole. */
export async function sendPages(
  response: ServerResponse,
  head: Head,
  pages: Iterator<Buffer, void>,
): Promise<void> {
  const first = pages.next();
  let next = first.done ? first : pages.next();
  if (next.done) return sendWhole(response, head, first.value ?? Buffer.alloc(0));
  const coding = head.gzip ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {};
  const headers = { 'Content-Type': head.type, ...coding, ...head.headers };
  response.writeHead(head.status, headers);
  const packer = head.gzip ? createGzip(LEVEL) : undefined;
  packer?.pipe(response);
  const out = packer ?? response;
  let page: Buffer | void = first.value;
  while (page !== undefined && !response.destroyed) {
    if (!out.write(page)) await roomIn(out, response);
    page = next.value;
    if (page !== undefined) next = pages.next();
  }
  out.end();
}

/** Sends pages that come from elsewhere; a failure after the first cuts the connection. */
export async function sendStream(
  response: ServerResponse,
  head: Head,
  pages: AsyncIterable<Uint8Array>,
): Promise<void> {
  const coding = head.gzip ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {};
  const packer = head.gzip ? createGzip(LEVEL) : undefined;
  const out = packer ?? response;
  for await (const page of pages) {
    if (response.destroyed) break;
    if (!response.headersSent) {
      response.writeHead(head.status, { 'Content-Type': head.type, ...coding, ...head.headers });
      packer?.pipe(response);
    }
    if (!out.write(page)) await roomIn(out, response);
  }
  out.end();
}

/** Resolves when `out` takes more, or when the asker has gone. */
function roomIn(out: NodeJS.WritableStream, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) return resolve();
    const done = (): void => {
      out.removeListener('drain', done);
      response.removeListener('close', done);
      resolve();
    };
    out.on('drain', done);
    response.on('close', done);
  });
}

/** `{"status":"success","data":…}` for answers that are small objects. */
export function successJson(data: unknown, warnings: readonly string[] = []): string {
  const more = warnings.length > 0 ? `,"warnings":${JSON.stringify(warnings)}` : '';
  return `{"status":"success","data":${JSON.stringify(data)}${more}}`;
}

/** Prometheus' error envelope, with the hint and the place of a mistake beside it. */
export function errorJson(refusal: Refusal, more: Readonly<Record<string, unknown>> = {}): string {
  const { errorType, error, hint, start, end } = refusal;
  return JSON.stringify({ status: 'error', errorType, error, hint, start, end, ...more });
}

/** Headers that a refusal asks for. */
export function refusalHeaders(refusal: Refusal): Record<string, string> {
  return {
    ...(refusal.closes === true ? { Connection: 'close' } : {}),
    ...(refusal.status === 401 ? { 'WWW-Authenticate': 'Bearer realm="mon"' } : {}),
    ...(refusal.retryAfterSeconds === undefined
      ? {}
      : { 'Retry-After': String(refusal.retryAfterSeconds) }),
  };
}
