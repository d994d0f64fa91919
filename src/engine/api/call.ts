// One request while it is answered: what a handler needs of it, and no more. Made by the server,
// used by one handler, then gone. Easy to get wrong: parameters may stand in the URL, in a form, or
// in both; the form comes first, as in Prometheus.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { MonError } from '../errors.ts';
import { FORM_BYTES_MAX } from '../limits.ts';
import { header } from './access.ts';
import { readBody } from './read-body.ts';
import type { Body, BodyPool } from './read-body.ts';
import type { Head } from './respond.ts';

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
const PROXY_HEADERS = ['x-forwarded-for', 'forwarded', 'via'];
const FORM_TYPE = 'application/x-www-form-urlencoded';

export class Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The path as sent, still percent-encoded, and what stands behind the question mark. */
  readonly path: string;
  readonly search: string;
  /** The user of every limit. */
  readonly user: string;
  readonly #pool: BodyPool;
  /** The sender waits for a word before it sends its body. */
  readonly #expects: boolean;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    more: { pool: BodyPool; user: string; expects: boolean },
  ) {
    this.request = request;
    this.response = response;
    const url = request.url ?? '/';
    const cut = url.indexOf('?');
    this.path = cut < 0 ? url : url.slice(0, cut);
    this.search = cut < 0 ? '' : url.slice(cut + 1);
    this.user = more.user;
    this.#pool = more.pool;
    this.#expects = more.expects;
  }

  /** A header's value, or the empty string. */
  header(name: string): string {
    return header(this.request, name);
  }

  /** The media type of the body in small letters, without its parameters. */
  mediaType(): string {
    const type = this.header('content-type');
    const cut = type.indexOf(';');
    return (cut < 0 ? type : type.slice(0, cut)).trim().toLowerCase();
  }

  head(status: number, type: string): Head {
    const gzip = takesGzip(this.header('accept-encoding')) && !this.#isNear();
    return { status, type, gzip };
  }

  /** Reads the body, hands it to `use`, and takes the memory back when that has resolved. */
  async withBody<T>(bytesMax: number, use: (bytes: Buffer) => Promise<T>): Promise<T> {
    const declared = this.#declaredBytes();
    if (this.#expects && declared <= bytesMax) this.response.writeContinue();
    const body: Body = await readBody(this.request, this.#pool, declared, bytesMax);
    try {
      return await use(body.bytes);
    } finally {
      this.#pool.give(body.buffer);
    }
  }

  /** The parameters of the form, if there is one, then those of the URL. */
  async params(): Promise<URLSearchParams> {
    if (this.request.method !== 'POST' || this.mediaType() !== FORM_TYPE) {
      return new URLSearchParams(this.search);
    }
    const form = await this.withBody(FORM_BYTES_MAX, async (bytes) => bytes.toString('utf8'));
    const params = new URLSearchParams(form);
    for (const [name, value] of new URLSearchParams(this.search)) params.append(name, value);
    return params;
  }

  /** Fires when the asker goes away before it has its answer. */
  gone(): AbortSignal {
    const { response } = this;
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort(new MonError('MON_ABORTED', 'the asker left'));
    });
    return gone.signal;
  }

  /**
   * The asker is on this machine, where packing costs more than bytes, and says of nobody to whom
   * it passes the answer on.
   */
  #isNear(): boolean {
    if (!LOOPBACK.test(this.request.socket.remoteAddress ?? '')) return false;
    return PROXY_HEADERS.every((name) => this.header(name) === '');
  }

  #declaredBytes(): number {
    const text = this.header('content-length');
    return /^\d{1,15}$/.test(text) ? Number(text) : -1;
  }
}

function takesGzip(accepts: string): boolean {
  if (!accepts.includes('gzip')) return false;
  return !/gzip\s*;\s*q=0(\.0*)?\s*(,|$)/.test(accepts);
}
