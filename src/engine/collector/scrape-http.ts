// One GET of a scrape over HTTP or HTTPS: headers, credentials, redirects, size limits,
// decompression. It stands before the parser. Easy to get wrong: the limit holds for what was
// inflated too, and a redirect to another host must not carry the credentials there.
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { messageOf, MonError } from '../errors.ts';
import { ACCEPT_PROTOBUF } from '../wire/exposition-protobuf.ts';
import { ACCEPT } from '../wire/exposition.ts';
import { SCRAPE_BYTES_MAX, SCRAPE_REDIRECTS_MAX } from '../limits.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import { HttpAccess } from './http-access.ts';
import type { AuthConfig, TlsConfig } from './access-config.ts';

export interface ScrapeReply {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** What the HTTP side of a job needs to know. */
export interface HttpOptions {
  readonly auth?: AuthConfig;
  readonly tls?: TlsConfig;
  readonly followRedirects: boolean;
  readonly compression: boolean;
  /** Asks for protobuf first, the format that carries them. */
  readonly nativeHistograms?: boolean;
  /** Uncompressed bytes of a body; 0 for the system's own limit. */
  readonly bodyBytesMax: number;
  readonly disk: Disk;
  readonly clock: Clock;
}

type Inflate = (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;
const INFLATE: Readonly<Record<string, Inflate>> = {
  gzip: promisify<Uint8Array, zlib.ZlibOptions, Uint8Array>(zlib.gunzip),
  deflate: promisify<Uint8Array, zlib.ZlibOptions, Uint8Array>(zlib.inflate),
  br: promisify<Uint8Array, zlib.BrotliOptions, Uint8Array>(zlib.brotliDecompress),
  zstd: promisify<Uint8Array, zlib.ZstdOptions, Uint8Array>(zlib.zstdDecompress),
};

function failed(message: string, cause?: unknown): MonError {
  return new MonError('MON_SCRAPE_FAILED', message, { cause });
}

function tooLarge(max: number): MonError {
  return new MonError('MON_BODY_TOO_LARGE', `the body is larger than ${max} bytes`);
}

async function readBody(reply: IncomingMessage, max: number): Promise<Uint8Array> {
  if (Number(reply.headers['content-length'] ?? 0) > max) {
    reply.destroy();
    throw tooLarge(max);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of reply as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    // Leaving the loop destroys the reply.
    if (size > max) throw tooLarge(max);
    chunks.push(chunk);
  }
  if (!reply.complete) throw failed('the connection was closed within the body');
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}

async function inflated(body: Uint8Array, encoding: string, max: number): Promise<Uint8Array> {
  const name = encoding.trim().toLowerCase();
  if (name === '' || name === 'identity') return body;
  const inflate = Object.hasOwn(INFLATE, name) ? INFLATE[name] : undefined;
  if (inflate === undefined) throw failed('the body has an unknown Content-Encoding');
  try {
    return await inflate(body, { maxOutputLength: max });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(max);
    throw failed(`the body is not ${name}: ${messageOf(thrown)}`, thrown);
  }
}

/** The connections and credentials of one job. */
export class HttpScraper {
  readonly #options: HttpOptions;
  readonly #access: HttpAccess;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#access = new HttpAccess(options);
  }

  close(): void {
    this.#access.close();
  }

  /**
   * Brings one body. @throws MonError MON_SCRAPE_FAILED or MON_BODY_TOO_LARGE; the reason of the
   * signal when that fired.
   */
  async scrape(url: string, timeoutMs: number, signal: AbortSignal): Promise<ScrapeReply> {
    const max = this.#options.bodyBytesMax || SCRAPE_BYTES_MAX;
    try {
      const reply = await this.#get(url, timeoutMs, signal);
      const body = await readBody(reply, max);
      const encoding = reply.headers['content-encoding'] ?? '';
      const bytes = await inflated(body, encoding, max);
      return { bytes, contentType: reply.headers['content-type'] ?? '' };
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      throw thrown instanceof MonError ? thrown : failed(messageOf(thrown), thrown);
    }
  }

  async #get(first: string, timeoutMs: number, signal: AbortSignal): Promise<IncomingMessage> {
    let url = new URL(first);
    const home = url.origin;
    for (let hop = 0; hop <= SCRAPE_REDIRECTS_MAX; hop++) {
      const headers = await this.#headers(timeoutMs, url.origin === home);
      const reply = await this.#access.send(url, { headers, signal });
      const status = reply.statusCode ?? 0;
      const { location } = reply.headers;
      if (status === 200) return reply;
      // Whatever it would still say, nobody reads it.
      reply.destroy();
      const moved = status > 300 && status < 309 && location !== undefined;
      if (!moved || !this.#options.followRedirects) {
        throw failed(`the server answered HTTP status ${status} ${reply.statusMessage ?? ''}`);
      }
      const next = URL.parse(location, url.href);
      if (next === null || !/^https?:$/.test(next.protocol)) {
        throw failed('the redirect leads to no http or https address');
      }
      url = next;
    }
    throw failed(`more than ${SCRAPE_REDIRECTS_MAX} redirects`);
  }

  async #headers(timeoutMs: number, home: boolean): Promise<Record<string, string>> {
    const headers: Record<string, string> = {
      Accept: this.#options.nativeHistograms === true ? ACCEPT_PROTOBUF + ACCEPT : ACCEPT,
      'User-Agent': 'mon',
      'Accept-Encoding': this.#options.compression ? 'gzip' : 'identity',
      'X-Prometheus-Scrape-Timeout-Seconds': String(timeoutMs / 1000),
    };
    const authorization = home ? await this.#access.authorization() : undefined;
    if (authorization !== undefined) headers.Authorization = authorization;
    return headers;
  }
}
