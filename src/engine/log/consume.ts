// The consume loop, written once for every reader of the log: read, hand to a sink, checkpoint, and
// only then release the log. Failures are judged here: the data's fault is the sink's to count;
// ours stops the loop without releasing anything, so that a restart reads the same records again.
import { MonError } from '../errors.ts';
import { CHECKPOINT_LOG_BYTES, CHECKPOINT_MS, HANDED_BYTES } from '../limits.ts';
import type { Delivery, Log, LogReader, Offset, Sink } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { ShortRest } from './short-rest.ts';

export interface ConsumerOptions {
  readonly name: string;
  readonly log: Log;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly checkpointMs?: number;
  readonly checkpointBytes?: number;
  /** How long records gather before they are handed on, unless somebody waits; 0 by default. */
  readonly gatherMs?: number;
  /** Called once when the loop ends by a failure that does not pass. */
  readonly failed: (error: unknown) => void;
  /** Called when a checkpoint could not be written now and will be tried again. */
  readonly postponed: (error: MonError) => void;
}

/**
 * Runs of deliveries on their way into the sink: more would only lengthen what a query waits for.
 */
const IN_FLIGHT_MAX = 4;

interface Waiter {
  readonly until: ReadonlyMap<number, Offset>;
  readonly resolve: () => void;
  readonly reject: (failure: unknown) => void;
}

export class Consumer {
  readonly #options: ConsumerOptions;
  readonly #abort = new AbortController();
  /** Next offset of each partition that was handed to the sink. */
  readonly #handed = new Map<number, Offset>();
  #reader: LogReader | undefined;
  #running: Promise<void> = Promise.resolve();
  #waiting: Waiter[] = [];
  /** Ends the gathering of further records. */
  readonly #rest: ShortRest;
  #bytesSince = 0;
  #lastCheckpoint: number;
  #failure: unknown;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#lastCheckpoint = options.clock.monotonic();
    this.#rest = new ShortRest(options.clock);
  }

  async start(): Promise<void> {
    const from = await this.#options.sink.resumeAt();
    for (const [partition, offset] of from) this.#handed.set(partition, offset);
    this.#reader = await this.#options.log.read(this.#options.name, from);
    this.#running = this.#run(this.#reader).catch((thrown: unknown) => {
      this.#failure = thrown;
      for (const waiter of this.#waiting.splice(0)) waiter.reject(thrown);
      this.#options.failed(thrown);
    });
  }

  /**
   * Resolves when the sink has been handed all that the log held durably at the time of the call.
   * @throws what ended the loop, if that came before: who asks must not take less for all.
   */
  async caughtUp(): Promise<void> {
    const until = new Map<number, Offset>();
    // All at once: a log that is far away answers them in one go.
    const ends = [...this.#handed.keys()].map(async (partition) => {
      until.set(partition, await this.#options.log.end(partition));
    });
    await Promise.all(ends);
    await this.reach(until);
  }

  /** The same for offsets that somebody else looked up; partitions not read here do not count. */
  async reach(until: ReadonlyMap<number, Offset>): Promise<void> {
    if (this.#reached(until)) return;
    if (this.#failure !== undefined) throw this.#failure;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ until, resolve, reject });
      this.#rest.end();
    });
  }

  /** Next offset of each partition that was handed over. */
  get handed(): ReadonlyMap<number, Offset> {
    return this.#handed;
  }

  /** Stops reading, lets the sink write a last checkpoint, and closes the reader. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#rest.end();
    await this.#running;
    if (this.#failure === undefined) await this.#checkpoint();
    this.#releaseWaiters();
    await this.#reader?.close();
  }

  async #run(reader: LogReader): Promise<void> {
    const inFlight: Promise<unknown>[] = [];
    while (!this.#abort.signal.aborted) {
      const deliveries = await reader.next(this.#abort.signal);
      if (deliveries.length === 0) break;
      const applied = this.#options.sink.apply(deliveries);
      // A failure wakes the loop at once; it is thrown where the run is awaited below.
      applied.catch(() => this.#abort.abort());
      inFlight.push(applied);
      const bytes = this.#note(deliveries);
      if (inFlight.length >= IN_FLIGHT_MAX) await inFlight.shift();
      if (this.#checkpointDue()) {
        await Promise.all(inFlight.splice(0));
        await this.#checkpoint();
      }
      if (bytes < HANDED_BYTES) await this.#gather();
    }
    await Promise.all(inFlight);
  }

  /** Each hand-over wakes another thread: under load one carries the records of several commits. */
  async #gather(): Promise<void> {
    const { gatherMs = 0 } = this.#options;
    if (gatherMs === 0 || this.#waiting.length > 0 || this.#abort.signal.aborted) return;
    await this.#rest.rest(gatherMs);
  }

  /** Answers how many bytes these are. */
  #note(deliveries: readonly Delivery[]): number {
    let bytes = 0;
    for (const one of deliveries) {
      if (!one.definitionsOnly) this.#handed.set(one.partition, one.offset + 1);
      bytes += one.bytes.length;
    }
    this.#bytesSince += bytes;
    this.#releaseReached();
    return bytes;
  }

  #releaseReached(): void {
    if (this.#waiting.length === 0) return;
    this.#waiting = this.#waiting.filter((waiter) => {
      if (!this.#reached(waiter.until)) return true;
      waiter.resolve();
      return false;
    });
  }

  #reached(until: ReadonlyMap<number, Offset>): boolean {
    for (const [partition, offset] of until) {
      if ((this.#handed.get(partition) ?? Infinity) < offset) return false;
    }
    return true;
  }

  #releaseWaiters(): void {
    for (const waiter of this.#waiting.splice(0)) waiter.resolve();
  }

  #checkpointDue(): boolean {
    const age = this.#options.clock.monotonic() - this.#lastCheckpoint;
    return (
      this.#bytesSince >= (this.#options.checkpointBytes ?? CHECKPOINT_LOG_BYTES) ||
      age >= (this.#options.checkpointMs ?? CHECKPOINT_MS)
    );
  }

  async #checkpoint(): Promise<void> {
    this.#bytesSince = 0;
    this.#lastCheckpoint = this.#options.clock.monotonic();
    try {
      const held = await this.#options.sink.checkpoint();
      for (const [partition, offset] of held) this.#reader?.release(partition, offset);
    } catch (thrown) {
      // A full disk may pass: the log keeps what it has, and the next due time tries again.
      if (!(thrown instanceof MonError) || thrown.kind !== 'retry') throw thrown;
      this.#options.postponed(thrown);
    }
  }
}
