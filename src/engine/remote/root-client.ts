// The near side of the thread for costly queries: an ask goes over, pages come back and wait for
// whoever sends them on. Easy to get wrong: an ask lives until its last page was read or given up,
// not until it is answered; and its end is told once, whatever ends it.
import { MonError } from '../errors.ts';
import { thrownError } from './shard-protocol.ts';
import type { QueryAnswer } from '../model/query-result.ts';
import type { ApartAsk } from '../model/asking.ts';
import type { RootReply, RootRequest } from './root-protocol.ts';
import type { Channel } from './shard-protocol.ts';

/** Pages on their way from the thread to a socket. */
class Pages implements AsyncIterable<Uint8Array> {
  readonly #id: number;
  readonly #send: (request: RootRequest) => void;
  readonly #ready: Uint8Array[] = [];
  #over = false;
  #failure: Error | undefined;
  #wake: () => void = nothing;

  constructor(id: number, send: (request: RootRequest) => void) {
    this.#id = id;
    this.#send = send;
  }

  put(page: Uint8Array): void {
    this.#ready.push(page);
    this.#wake();
  }

  end(failure?: Error): void {
    this.#over = true;
    this.#failure = failure;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    try {
      for (;;) {
        const page = this.#ready.shift();
        if (page !== undefined) {
          this.#send({ more: this.#id });
          yield page;
        } else if (this.#over) {
          if (this.#failure !== undefined) throw this.#failure;
          return;
        } else {
          await new Promise<void>((resolve) => (this.#wake = resolve));
        }
      }
    } finally {
      if (!this.#over) this.#send({ cancel: this.#id });
    }
  }
}

interface Waiting {
  readonly pages: Pages;
  /** With the first page, or without it. */
  readonly begun: (failure?: Error) => void;
  readonly over: () => void;
}

export class RootClient {
  readonly #channel: Channel;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.on('message', (value) => this.#answered(value as RootReply));
  }

  /** Asks that have not ended. */
  get running(): number {
    return this.#waiting.size;
  }

  /** The thread has died: everything that has not ended fails with this. */
  fail(error: Error): void {
    for (const id of [...this.#waiting.keys()]) this.#end(id, error);
  }

  /**
   * Resolves with the first page; the rest comes through `pages` of the answer.
   * @throws whatever the service in the thread throws; MON_ABORTED when the signal fires.
   */
  ask(asked: ApartAsk): Promise<QueryAnswer> {
    const id = ++this.#lastId;
    const { query, times, json, signal, ended } = asked;
    const { lookbackMs, timeoutMs, maxCost, user, signal: gone } = asked.options;
    const pages = new Pages(id, (request) => this.#channel.postMessage(request));
    const cancel = (): void => this.#channel.postMessage({ cancel: id });
    return new Promise((resolve, reject) => {
      const begun = (failure?: Error): void => {
        signal.removeEventListener('abort', abort);
        if (failure === undefined) resolve(answerOf(pages));
        else reject(failure);
      };
      const abort = (): void => {
        cancel();
        begun(new MonError('MON_ABORTED', 'the query was given up'));
      };
      const over = (): void => {
        gone?.removeEventListener('abort', cancel);
        ended();
      };
      this.#waiting.set(id, { pages, begun, over });
      gone?.addEventListener('abort', cancel, { once: true });
      signal.addEventListener('abort', abort, { once: true });
      const options = { lookbackMs, timeoutMs, maxCost, user };
      this.#channel.postMessage({ ask: { id, query, times, options, json } });
      if (signal.aborted) abort();
    });
  }

  #answered(reply: RootReply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    if ('error' in reply) return this.#end(reply.id, thrownError(reply.error));
    if ('page' in reply) {
      waiting.pages.put(reply.page);
      return waiting.begun();
    }
    this.#end(reply.id);
  }

  #end(id: number, failure?: Error): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    waiting.pages.end(failure);
    waiting.begun(failure);
    waiting.over();
  }
}

function answerOf(pages: AsyncIterable<Uint8Array>): QueryAnswer {
  const said = { warnings: [], infos: [], whole: true, seriesRead: 0, samplesRead: 0 };
  return { result: { type: 'string', timeMs: 0, value: '' }, ...said, pages };
}

function nothing(): void {}
