// One GET over node:http with its whole body, for who asks thousands of servers again and again:
// no stream iterators, no abort signal within node:http, headers as a list that is made once. It
// stands under scraping. Easy to get wrong: whatever ends it, the listener on the signal goes, and
// a kept connection that the server had just closed is tried anew, once.
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, request } from 'node:http';
import type { RequestOptions } from 'node:https';
import { MonError } from '../errors.ts';

export interface HttpAnswer {
  readonly status: number;
  /** Words of the status line. */
  readonly words: string;
  readonly headers: IncomingHttpHeaders;
  /** Empty unless the status is 200. */
  readonly body: Uint8Array;
}

/** What a GET needs besides its target. */
export interface GetBounds {
  /** As they come, before anything is inflated. */
  readonly bytesMax: number;
  readonly signal: AbortSignal;
  /** Throws where nothing may be sent any more: asked at the last moment before it is. */
  readonly may?: (() => void) | undefined;
}

type Send = typeof request;

/** The failure of a body past its bound. */
export function bodyTooLarge(max: number): MonError {
  return new MonError('MON_BODY_TOO_LARGE', `the body is larger than ${max} bytes`);
}

/**
 * Asks and reads; rejects with the signal's reason when that fires, with what node:http says, or
 * with MON_BODY_TOO_LARGE.
 */
export function getWhole(
  send: Send,
  options: RequestOptions,
  bounds: GetBounds,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    new Getting({ send, options, bounds, resolve, reject }).begin(false);
  });
}

interface GettingOptions {
  readonly send: Send;
  readonly options: RequestOptions;
  readonly bounds: GetBounds;
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (reason: unknown) => void;
}

class Getting {
  readonly #options: GettingOptions;
  readonly #stop = (): void => this.#fail(this.#options.bounds.signal.reason);
  readonly #chunks: Uint8Array[] = [];
  #request: ClientRequest | undefined;
  #size = 0;
  #over = false;

  constructor(options: GettingOptions) {
    this.#options = options;
    options.bounds.signal.addEventListener('abort', this.#stop);
  }

  begin(again: boolean): void {
    const { send, options, bounds } = this.#options;
    if (bounds.signal.aborted) return this.#stop();
    if (!this.#may()) return;
    const request = send(options);
    this.#request = request;
    if (bounds.may !== undefined) {
      // A new connection takes its time, in which this process may have slept. What waits for it
      // is written after this listener.
      request.once('socket', (socket) => {
        if (socket.connecting) socket.once('connect', () => void this.#may());
      });
    }
    request.on('response', (reply) => this.#read(reply));
    request.on('error', (thrown: NodeJS.ErrnoException) => {
      const retry = !again && !this.#over && thrown.code === 'ECONNRESET' && request.reusedSocket;
      if (retry) this.begin(true);
      else this.#fail(thrown);
    });
    request.end();
  }

  /** False when it is over. */
  #may(): boolean {
    try {
      this.#options.bounds.may?.();
    } catch (thrown) {
      this.#fail(thrown);
    }
    return !this.#over;
  }

  #read(reply: IncomingMessage): void {
    const { bytesMax } = this.#options.bounds;
    reply.on('error', (thrown) => this.#fail(thrown));
    if (reply.statusCode !== 200) {
      // Whatever it would still say, nobody reads it.
      reply.destroy();
      return this.#settle(reply);
    }
    if (Number(reply.headers['content-length'] ?? 0) > bytesMax) {
      return this.#fail(bodyTooLarge(bytesMax));
    }
    reply.on('data', (chunk: Uint8Array) => {
      this.#size += chunk.length;
      if (this.#size > bytesMax) this.#fail(bodyTooLarge(bytesMax));
      else this.#chunks.push(chunk);
    });
    reply.on('end', () => {
      if (reply.complete) this.#settle(reply);
    });
    reply.on('close', () => {
      // It comes after each body; an error for each would cost as much as the request.
      if (!this.#over) this.#fail(new Error('the connection was closed within the body'));
    });
  }

  #settle(reply: IncomingMessage): void {
    if (!this.#finish()) return;
    const chunks = this.#chunks;
    this.#options.resolve({
      status: reply.statusCode ?? 0,
      words: reply.statusMessage ?? '',
      headers: reply.headers,
      body: chunks.length === 1 ? chunks[0] : Buffer.concat(chunks),
    });
  }

  #fail(reason: unknown): void {
    if (!this.#finish()) return;
    this.#options.reject(reason);
    this.#request?.destroy();
  }

  /** False when it was over before. */
  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#options.bounds.signal.removeEventListener('abort', this.#stop);
    return true;
  }
}
