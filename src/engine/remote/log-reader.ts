// A reader of another process's log. When the connection breaks it comes back to where it was and
// goes on; who reads does not notice. Easy to get wrong: what was delivered is not yet released, so
// a reader that comes back has to hold what it held; and an answer that was under way when somebody
// gave up holds records that the next call has to deliver.
import { MonError, assert } from '../errors.ts';
import type { Delivery, LogReader, Offset } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { RemoteLink } from './link.ts';
import { takeNumber } from './log-wire.ts';
import { unpackDeliveries } from './shard-protocol.ts';
import type { PackedDeliveries } from './shard-protocol.ts';

export interface RemoteReaderOptions {
  readonly link: RemoteLink;
  readonly clock: Clock;
  readonly name: string;
  /** Fires when the log is closed. */
  readonly closed: AbortSignal;
}

/** Between two tries to come back, ms. */
const AGAIN_MS = 200;
const CLOSE_MS = 2000;

export class RemoteReader implements LogReader {
  readonly #options: RemoteReaderOptions;
  readonly #next: Map<number, Offset>;
  readonly #held: Map<number, Offset>;
  readonly #closing = new AbortController();
  /** Number of the far reader; undefined while there is none. */
  #session: number | undefined;
  #busy = false;

  private constructor(options: RemoteReaderOptions, from: ReadonlyMap<number, Offset>) {
    this.#options = options;
    this.#next = new Map(from);
    this.#held = new Map(from);
    options.link.onDown(() => (this.#session = undefined));
  }

  static async open(
    options: RemoteReaderOptions,
    from: ReadonlyMap<number, Offset>,
  ): Promise<RemoteReader> {
    const reader = new RemoteReader(options, from);
    await reader.#open();
    return reader;
  }

  async next(signal?: AbortSignal): Promise<readonly Delivery[]> {
    assert(!this.#busy, 'one call of next at a time');
    this.#busy = true;
    const closing = AbortSignal.any([this.#closing.signal, this.#options.closed]);
    const ended = signal === undefined ? closing : AbortSignal.any([signal, closing]);
    try {
      while (!ended.aborted) {
        const found = await this.#ask(ended);
        if (closing.aborted) return [];
        if (found.length > 0) return found;
      }
      return [];
    } finally {
      this.#busy = false;
    }
  }

  release(partition: number, offset: Offset): void {
    if ((this.#held.get(partition) ?? Infinity) >= offset) return;
    this.#held.set(partition, offset);
    if (this.#session !== undefined) {
      this.#options.link.tell('release', [this.#session, partition, offset]);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const { link } = this.#options;
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined || !link.connected) return;
    // Answered when the releases before it have been made. A log that goes away has closed it too.
    await link.call('unread', [session], { ms: CLOSE_MS }).catch(ignore);
  }

  async #open(signal?: AbortSignal): Promise<void> {
    const { link, name } = this.#options;
    const args = [name, this.#next, this.#held];
    const session = takeNumber(await link.call('read', args, { signal }));
    if (link.connected) this.#session = session;
  }

  /** Deliveries, or none when the reader was away and has come back. */
  async #ask(signal: AbortSignal): Promise<readonly Delivery[]> {
    const { link, clock } = this.#options;
    try {
      if (this.#session === undefined) await this.#open(signal);
      if (this.#session === undefined) return [];
      const options = { ms: Infinity, signal, patient: true };
      const packed = await link.call('next', [this.#session], options);
      return this.#took(unpackDeliveries(packed as PackedDeliveries));
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      if (thrown.code === 'MON_ABORTED' || signal.aborted) return [];
      const away = thrown.code === 'MON_SERVER_UNREACHABLE' || thrown.code === 'MON_NOT_FOUND';
      if (!away && thrown.kind !== 'retry') throw thrown;
      this.#session = undefined;
      await clock.sleep(AGAIN_MS, signal);
      return [];
    }
  }

  #took(deliveries: readonly Delivery[]): readonly Delivery[] {
    for (const { partition, offset, definitionsOnly } of deliveries) {
      if (!definitionsOnly) this.#next.set(partition, offset + 1);
    }
    return deliveries;
  }
}

function ignore(): void {}
