// One GET of a scrape over HTTP or HTTPS: headers, credentials, redirects, size limits,
// decompression. It stands before the parser. Easy to get wrong: the limit holds for what was
// inflated too, and a redirect to another host must not carry the credentials there.
import type { RequestOptions } from 'node:http';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { messageOf, MonError } from '../errors.ts';
import { ACCEPT_PROTOBUF } from '../wire/exposition-protobuf.ts';
import { ACCEPT } from '../wire/exposition.ts';
import { SCRAPE_INFLATE_HERE_BYTES, SCRAPE_INFLATED_HERE_BYTES_MAX } from '../limits-sources.ts';
import { SCRAPE_BYTES_MAX, SCRAPE_REDIRECTS_MAX } from '../limits.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import { HttpAccess } from './http-access.ts';
import type { AuthConfig, TlsConfig } from './access-config.ts';
import type { GetBounds, HttpAnswer } from './http-get.ts';
import { bodyTooLarge, getWhole } from './http-get.ts';

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

interface Encoding {
  /** On a thread of the pool. */
  readonly apart: (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;
  readonly here: (body: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
}

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  gzip: {
    apart: promisify<Uint8Array, zlib.ZlibOptions, Uint8Array>(zlib.gunzip),
    here: zlib.gunzipSync,
  },
  deflate: {
    apart: promisify<Uint8Array, zlib.ZlibOptions, Uint8Array>(zlib.inflate),
    here: zlib.inflateSync,
  },
  br: {
    apart: promisify<Uint8Array, zlib.BrotliOptions, Uint8Array>(zlib.brotliDecompress),
    here: zlib.brotliDecompressSync,
  },
  zstd: {
    apart: promisify<Uint8Array, zlib.ZstdOptions, Uint8Array>(zlib.zstdDecompress),
    here: zlib.zstdDecompressSync,
  },
};

function failed(message: string, cause?: unknown): MonError {
  return new MonError('MON_SCRAPE_FAILED', message, { cause });
}

function isTooLarge(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
}

/** Small bodies are inflated at once: a turn through the pool would cost more than the work. */
function inflatedHere(body: Uint8Array, { here }: Encoding, max: number): Uint8Array | undefined {
  if (body.length > SCRAPE_INFLATE_HERE_BYTES) return undefined;
  try {
    return here(body, { maxOutputLength: Math.min(max, SCRAPE_INFLATED_HERE_BYTES_MAX) });
  } catch (thrown) {
    if (isTooLarge(thrown)) return undefined;
    throw thrown;
  }
}

async function inflated(body: Uint8Array, name: string, max: number): Promise<Uint8Array> {
  const encoding = Object.hasOwn(ENCODINGS, name) ? ENCODINGS[name] : undefined;
  if (encoding === undefined) throw failed('the body has an unknown Content-Encoding');
  try {
    const here = inflatedHere(body, encoding, max);
    return here ?? (await encoding.apart(body, { maxOutputLength: max }));
  } catch (thrown) {
    if (isTooLarge(thrown)) throw bodyTooLarge(max);
    throw failed(`the body is not ${name}: ${messageOf(thrown)}`, thrown);
  }
}

/** What a request to one address always says. */
interface Address {
  readonly url: URL;
  readonly request: {
    readonly host: string;
    readonly port: number;
    readonly path: string;
    /** Names and values in turn. */
    readonly headers: readonly string[];
  };
  /** The same with its agent, once it was needed. */
  plain: RequestOptions | undefined;
}

type FollowBounds = GetBounds & { readonly timeoutMs: number };

/** Brings one body; rejects with the signal's reason when that fires. */
export type ReadTarget = (signal: AbortSignal, may?: () => void) => Promise<ScrapeReply>;

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

  /** As often as it is called. @throws MonError MON_SCRAPE_FAILED or MON_BODY_TOO_LARGE. */
  reader(url: string, timeoutMs: number): ReadTarget {
    const bytesMax = this.#options.bodyBytesMax || SCRAPE_BYTES_MAX;
    let home: Address | undefined;
    return async (signal, may) => {
      try {
        home ??= this.#address(new URL(url), timeoutMs);
        const bounds = { bytesMax, signal, may };
        let answer = await this.#ask(home, home, bounds);
        if (answer.status !== 200)
          answer = await this.#follow(home, answer, { ...bounds, timeoutMs });
        const { body, headers } = answer;
        const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
        const plain = encoding === '' || encoding === 'identity';
        const bytes = plain ? body : await inflated(body, encoding, bytesMax);
        return { bytes, contentType: headers['content-type'] ?? '' };
      } catch (thrown) {
        if (signal.aborted) throw signal.reason;
        throw thrown instanceof MonError ? thrown : failed(messageOf(thrown), thrown);
      }
    };
  }

  /** From an answer that is no body to one that is. */
  async #follow(home: Address, first: HttpAnswer, bounds: FollowBounds): Promise<HttpAnswer> {
    let address = home;
    let answer = first;
    for (let hop = 0; hop < SCRAPE_REDIRECTS_MAX; hop++) {
      const { status, words } = answer;
      const { location } = answer.headers;
      const moved = status > 300 && status < 309 && location !== undefined;
      if (!moved || !this.#options.followRedirects) {
        throw failed(`the server answered HTTP status ${status} ${words}`);
      }
      const next = URL.parse(location, address.url.href);
      if (next === null || !/^https?:$/.test(next.protocol)) {
        throw failed('the redirect leads to no http or https address');
      }
      address = this.#address(next, bounds.timeoutMs);
      answer = await this.#ask(address, home, bounds);
      if (answer.status === 200) return answer;
    }
    throw failed(`more than ${SCRAPE_REDIRECTS_MAX} redirects`);
  }

  #ask(address: Address, home: Address, bounds: GetBounds): Promise<HttpAnswer> {
    const { url, request } = address;
    const signed = this.#options.auth !== undefined && url.origin === home.url.origin;
    if (signed || url.protocol === 'https:') return this.#askSafely(address, signed, bounds);
    const { agent, send } = this.#access.plain;
    // Few names, always the same: node:http copies and looks up each of them several times.
    address.plain ??= { agent, ...request };
    return getWhole(send, address.plain, bounds);
  }

  /** With what files say of secrets and certificates now. */
  async #askSafely(
    { url, request }: Address,
    signed: boolean,
    bounds: GetBounds,
  ): Promise<HttpAnswer> {
    const access = this.#access;
    const { agent, send } = url.protocol === 'https:' ? await access.secure() : access.plain;
    const said = signed ? ['Authorization', (await access.authorization()) ?? ''] : [];
    const headers = [...request.headers, ...said];
    return await getWhole(send, { ...request, agent, headers }, bounds);
  }

  #address(url: URL, timeoutMs: number): Address {
    const headers = [
      ...['Host', url.host],
      ...['Accept', this.#options.nativeHistograms === true ? ACCEPT_PROTOBUF + ACCEPT : ACCEPT],
      ...['User-Agent', 'mon'],
      ...['Accept-Encoding', this.#options.compression ? 'gzip' : 'identity'],
      ...['X-Prometheus-Scrape-Timeout-Seconds', String(timeoutMs / 1000)],
    ];
    const { hostname, pathname, port, protocol, search } = url;
    const usual = protocol === 'https:' ? 443 : 80;
    const request = {
      // An address of version 6 stands in brackets there.
      host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
      port: port === '' ? usual : Number(port),
      path: pathname + search,
      headers,
    };
    return { url, request, plain: undefined };
  }
}
