// What a collector does while Kafka is away: records go, packed as they would have gone out, into
// a bounded log on this machine's disk, and are drained in order when Kafka is back. A record is
// acknowledged when it is durable in either place. Easy to get wrong: while anything lies in the
// spool all that is new has to go behind it, or a partition's order would change.
import { MonError } from '../errors.ts';
import type { Batch } from '../model/batch.ts';
import type { Appended, Delivery, Log, LogReader, Offset } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { KEY_BYTES } from './message-key.ts';
import type { Outgoing } from './outgoing.ts';

/** A batch that is a record already: what the spool's encoder is given. */
interface PackedBatch extends Batch {
  readonly packed: Uint8Array;
}

/** The encoder of a log that is used as a spool: the bytes as they are. */
export const spoolEncoder = {
  encode: (batch: Batch): Uint8Array => (batch as PackedBatch).packed,
};

/** A log on this machine's disk, and what is remembered of it. */
export interface Spool {
  /** Made with `spoolEncoder` and as many partitions as the topic. */
  readonly log: Log;
  /** Bytes that it takes on disk. */
  bytes(): number;
  readonly bytesMax: number;
  /** Offsets up to which it was drained, as of the last save. */
  load(): Promise<ReadonlyMap<number, Offset>>;
  save(drained: ReadonlyMap<number, Offset>): Promise<void>;
}

export interface SpillOptions {
  readonly spool: Spool;
  readonly clock: Clock;
  readonly push: (out: Outgoing) => void;
  /** Called when the first record goes to the spool (true), and when it is empty again (false). */
  readonly changed: (active: boolean) => void;
  readonly failed: (error: unknown) => void;
}

/** Durable here; its offset in Kafka is not known yet. */
const OFFSET_LATER: Offset = -1;

const READER = 'kafka';
const RETRY_MS = 1_000;

export class Spill {
  active = false;
  /** Records that were taken and that were drained since the process began. */
  readonly counts = { taken: 0, drained: 0 };
  readonly #options: SpillOptions;
  readonly #abort = new AbortController();
  readonly #drained = new Map<number, Offset>();
  #putting = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SpillOptions) {
    this.#options = options;
  }

  /** Begins to drain what the last process has left. */
  async open(): Promise<void> {
    const { log } = this.#options.spool;
    const saved = await this.#options.spool.load();
    for (let p = 0; p < log.partitions; p++) {
      const [start, end] = [await log.start(p), await log.end(p)];
      // A spool that was removed by hand begins at 0 again.
      const from = Math.min(Math.max(saved.get(p) ?? 0, start), end);
      this.#drained.set(p, from);
    }
    if (!(await this.#empty())) this.#begin();
  }

  get full(): boolean {
    const { spool } = this.#options;
    return spool.bytes() >= spool.bytesMax;
  }

  /** The failure that a sender is told when nothing more fits. */
  refusal(): MonError {
    const words = 'Kafka is away and the spool on disk is full';
    return new MonError('MON_SPOOL_FULL', words, { hint: 'send again later' });
  }

  /** Takes records in order; settles each when it is durable. */
  put(all: readonly Outgoing[]): void {
    if (all.length === 0) return;
    if (!this.active) this.#begin();
    this.#putting++;
    const batches = all.map((out): PackedBatch => {
      const { partition } = out;
      return { partition, receivedMs: 0, lateness: 0, packed: packedOf(out) };
    });
    void this.#options.spool.log.append(batches).then((answers) => {
      this.#putting--;
      all.forEach((out, i) => {
        const answer: Appended = answers[i];
        if ('error' in answer) return out.settle(answer.error);
        this.counts.taken++;
        out.settle(OFFSET_LATER);
      });
    });
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    await this.#options.spool.log.close();
  }

  #begin(): void {
    this.active = true;
    this.#options.changed(true);
    this.#running = this.#run().catch((thrown: unknown) => this.#options.failed(thrown));
  }

  async #empty(): Promise<boolean> {
    const { log } = this.#options.spool;
    for (const [partition, offset] of this.#drained) {
      if (offset < (await log.end(partition))) return false;
    }
    return this.#putting === 0;
  }

  async #run(): Promise<void> {
    const { log } = this.#options.spool;
    const { signal } = this.#abort;
    const reader = await log.read(READER, this.#drained);
    while (!signal.aborted) {
      const run = await reader.next(signal);
      if (run.length > 0) await this.#drain(reader, run);
      if (await this.#empty()) break;
    }
    await reader.close();
    if (signal.aborted) return;
    // A record may have come while the reader closed. The last look and the end are one turn.
    const empty = await this.#empty();
    if (!empty || this.#putting > 0) return await this.#run();
    this.active = false;
    this.#options.changed(false);
  }

  /** Sends a run of records until all of it is acknowledged. */
  async #drain(reader: LogReader, run: readonly Delivery[]): Promise<void> {
    const { clock, push, spool, failed } = this.#options;
    const { signal } = this.#abort;
    let left = run.filter(({ definitionsOnly }) => !definitionsOnly);
    while (left.length > 0) {
      const sent = left.map((one) => this.#sendOne(one, push));
      const results = await Promise.race([Promise.all(sent), aborted(signal)]);
      if (results === undefined) return;
      const refused = results.filter((at) => at instanceof Error);
      if (refused.length === 0) break;
      // Never dropped: it was acknowledged. What refuses it can be mended.
      failed(refused[0]);
      left = left.filter((_, i) => results[i] instanceof Error);
      await clock.sleep(RETRY_MS, signal);
      if (signal.aborted) return;
    }
    for (const { partition, offset, definitionsOnly } of run) {
      if (!definitionsOnly) this.#drained.set(partition, offset + 1);
    }
    this.counts.drained += run.length;
    await spool.save(this.#drained);
    for (const [partition, offset] of this.#drained) reader.release(partition, offset);
  }

  #sendOne({ partition, bytes }: Delivery, push: (out: Outgoing) => void): Promise<Offset | Error> {
    const { clock } = this.#options;
    return new Promise((settle) => {
      const [key, value] = [bytes.subarray(0, KEY_BYTES), bytes.subarray(KEY_BYTES)];
      push({ partition, key, value, sinceMs: clock.monotonic(), settle });
    });
  }
}

function packedOf({ key, value }: Outgoing): Uint8Array {
  const bytes = new Uint8Array(key.length + value.length);
  bytes.set(key);
  bytes.set(value, key.length);
  return bytes;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
