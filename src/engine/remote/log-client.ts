// The Log of another process. Appends go out in the order they were made; while the log is being
// started again they wait, a bounded time and a bounded number of bytes. Easy to get wrong: a
// connection is a dictionary, so what was encoded for one must never be sent on another; and an
// append whose answer was lost may stand in the log: the sender sends again, and the head drops
// what is there twice.
import { MonError, assert } from '../errors.ts';
import { REMOTE_CALL_MS, REMOTE_CONNECT_MS_MAX, REMOTE_DICTIONARY_MS } from '../limits-links.ts';
import { REMOTE_PENDING_BYTES_MAX } from '../limits-links.ts';
import type { Batch } from '../model/batch.ts';
import type { Appended, Log, LogReader, Offset } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { RemoteLink } from './link.ts';
import { RemoteReader } from './log-reader.ts';
import { takeAppended, takeFacts, takeNumber } from './log-wire.ts';
import type { FarEncoder, LogFacts } from './log-wire.ts';

export interface RemoteLogOptions {
  readonly link: RemoteLink;
  readonly clock: Clock;
  /** Without it nothing can be appended: this process only reads. */
  readonly encoder?: FarEncoder;
}

interface Pending {
  readonly records: readonly Uint8Array[];
  readonly bytes: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: unknown) => void;
}

export class RemoteLog implements Log {
  readonly #options: RemoteLogOptions;
  #facts: LogFacts;
  /** Waits for the link; all of it in the newest dictionary. */
  #queue: Pending[] = [];
  #queuedBytes = 0;
  /** Calls that were sent and are not answered. */
  #sent = 0;
  #idle: (() => void)[] = [];
  #sequence = 0;
  #sequenceMs: number;
  #used = false;
  readonly #closing = new AbortController();

  private constructor(options: RemoteLogOptions, facts: LogFacts) {
    const { link, clock } = options;
    this.#options = options;
    this.#facts = facts;
    this.#sequenceMs = clock.monotonic();
    link.onDown(() => this.#broken());
    link.onUp((value) => this.#up(takeFacts(value)));
  }

  /** Connects and learns what the log is. @throws MonError when it is not there in time. */
  static async open(options: RemoteLogOptions): Promise<RemoteLog> {
    return new RemoteLog(options, takeFacts(await options.link.facts()));
  }

  get partitions(): number {
    return this.#facts.partitions;
  }

  get generation(): number {
    return this.#facts.generation;
  }

  async append(batches: readonly Batch[]): Promise<readonly Appended[]> {
    const { encoder } = this.#options;
    assert(encoder !== undefined, 'a log that is only read takes nothing');
    const refusal = this.#refusal();
    if (refusal !== undefined) return batches.map(() => ({ error: refusal }));
    this.#age();
    const records: Uint8Array[] = [];
    const refused = new Map<number, MonError>();
    let bytes = 0;
    batches.forEach((batch, i) => {
      try {
        const record = encoder.encode(batch, { epoch: 1, sequence: this.#sequence }).slice();
        records.push(record);
        bytes += record.length;
      } catch (thrown) {
        if (!(thrown instanceof MonError)) throw thrown;
        refused.set(i, thrown);
      }
    });
    if (records.length > 0) this.#used = true;
    const answers = records.length === 0 ? [] : await this.#deliver(records, bytes);
    let next = 0;
    return batches.map((_, i): Appended => {
      const error = refused.get(i);
      return error === undefined ? answers[next++] : { error };
    });
  }

  async start(partition: number): Promise<Offset> {
    return (await this.starts())[partition];
  }

  async end(partition: number): Promise<Offset> {
    return (await this.ends())[partition];
  }

  /** The first offsets of all partitions. */
  starts(): Promise<number[]> {
    return this.#offsets('starts');
  }

  /** The durable ends of all partitions, in one question. */
  ends(ms?: number): Promise<number[]> {
    return this.#offsets('ends', ms);
  }

  async read(reader: string, from: ReadonlyMap<number, Offset>): Promise<LogReader> {
    if (this.#closing.signal.aborted) throw logClosed();
    const { link, clock } = this.#options;
    const closed = this.#closing.signal;
    return RemoteReader.open({ link, clock, name: reader, closed }, from);
  }

  /** Waits for what was appended, then takes nothing more. The link is the caller's. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#sent + this.#queue.length === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #offsets(method: string, ms?: number): Promise<number[]> {
    const list = await this.#options.link.call(method, [], { ms });
    if (Array.isArray(list) && list.length === this.partitions) return list.map(takeNumber);
    throw new MonError('MON_SERVER_FAILED', 'the log answered something else');
  }

  #refusal(): MonError | undefined {
    if (this.#closing.signal.aborted) return logClosed();
    if (this.#queuedBytes < REMOTE_PENDING_BYTES_MAX) return undefined;
    return new MonError('MON_LOG_BUSY', 'the log does not keep up with what is appended', {
      hint: 'send again a little later',
    });
  }

  /** Begins a new dictionary now and then, so that the far book may forget what is gone. */
  #age(): void {
    const now = this.#options.clock.monotonic();
    if (now - this.#sequenceMs >= REMOTE_DICTIONARY_MS) this.#begin();
  }

  #begin(): void {
    this.#sequence++;
    this.#sequenceMs = this.#options.clock.monotonic();
    this.#used = false;
  }

  async #deliver(records: readonly Uint8Array[], bytes: number): Promise<readonly Appended[]> {
    try {
      const value = await new Promise<unknown>((resolve, reject) => {
        this.#queue.push({ records, bytes, resolve, reject });
        this.#queuedBytes += bytes;
        if (this.#options.link.connected) this.#flush();
        else this.#await();
      });
      return takeAppended(value, records.length);
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      return records.map(() => ({ error: thrown }));
    }
  }

  /** Sends what waits on the connection that stands. */
  #flush(): void {
    for (const one of this.#queue.splice(0)) {
      this.#sent++;
      this.#options.link
        .call('append', [one.records], { ms: REMOTE_CALL_MS })
        .then(one.resolve, one.reject)
        .finally(() => {
          this.#sent--;
          this.#queuedBytes -= one.bytes;
          this.#rest();
        });
    }
  }

  /** Connects; when that takes too long, all that waits has failed. */
  #await(): void {
    const { link } = this.#options;
    link.facts().catch((thrown: unknown) => {
      if (!link.connected) this.#fail(thrown);
    });
  }

  #fail(failure: unknown): void {
    // What these records defined is nowhere: the next ones define it anew.
    this.#begin();
    for (const one of this.#queue.splice(0)) {
      this.#queuedBytes -= one.bytes;
      one.reject(failure);
    }
    this.#rest();
  }

  #up(facts: LogFacts): void {
    const { partitions, generation } = this.#facts;
    if (facts.partitions !== partitions || facts.generation !== generation) {
      const words = `the log has ${facts.partitions} partitions now, it had ${partitions}`;
      return this.#fail(new MonError('MON_CONFIG_INVALID', words, { hint: 'start mon again' }));
    }
    this.#flush();
  }

  /** The dictionary of that connection is gone with it. */
  #broken(): void {
    if (this.#used) this.#begin();
  }

  #rest(): void {
    if (this.#sent + this.#queue.length > 0) return;
    for (const call of this.#idle.splice(0)) call();
  }
}

function logClosed(): MonError {
  return new MonError('MON_LOG_CLOSED', 'the log is closed', {
    hint: `an append waits at most ${REMOTE_CONNECT_MS_MAX / 1000} s for a log that is away`,
  });
}
