// Aggregation at work: reads the log, folds what rules match into windows, writes what windows
// became, and keeps its state with its place in the log. Easy to get wrong: what a record led to is
// durable before the state that has passed the record is, and the log keeps the record until then;
// so a crash at any point means only that the same is done again, with the same result.
import { MonError } from '../../errors.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import {
  AGGREGATE_IDLE_MS,
  AGGREGATE_SAVE_LOG_BYTES,
  AGGREGATE_SAVE_MS,
  AGGREGATE_SAVE_SHARE,
} from '../../limits-aggregate.ts';
import type { Log, LogReader, Offset } from '../../ports.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Disk } from '../../runtime/disk.ts';
import { AggregateOutputs } from './aggregate-outputs.ts';
import type { AggregateWriter } from './aggregate-outputs.ts';
import { ruleKey } from './aggregate-rule.ts';
import type { AggregateRule } from './aggregate-rule.ts';
import { decodeAggregates, encodeAggregates } from './aggregate-state.ts';
import { WindowCloser } from './close-windows.ts';
import type { OutputRow } from './close-windows.ts';
import { FoldState } from './fold-state.ts';
import type { GivenOn } from './fold-state.ts';
import { LiveRule } from './live-rule.ts';
import { RecordFold } from './record-fold.ts';

export interface AggregatorOptions {
  readonly log: Log;
  readonly writer: AggregateWriter;
  /** Any kernel memory of this thread; records are opened in it. */
  readonly kernels: Kernels;
  readonly disk: Disk;
  readonly clock: Clock;
  /** The file of the state. */
  readonly path: string;
  /** The living series of a producer, for rules that come later. */
  readonly seriesOf: () => {
    readonly epoch: number;
    readonly canonicals: Iterable<readonly [number, Uint8Array]>;
  };
  readonly warn: (words: string) => void;
  /** Where it begins without a state; at the end by default. */
  readonly begin?: 'start' | 'end';
  /** Called once when it ends by a failure that does not pass. */
  readonly failed: (thrown: unknown) => void;
  /** A place where a test may end it. */
  readonly point?: (name: string) => void;
}

const READER = 'aggregate';
const PAUSE_MS = 1000;

/** What is written to the log and not yet durable there. */
interface Pending {
  given: GivenOn | undefined;
  rows: readonly OutputRow[] | undefined;
}

export class Aggregator {
  readonly #options: AggregatorOptions;
  readonly #abort = new AbortController();
  #state: FoldState;
  #fold: RecordFold;
  #closer: WindowCloser;
  #outputs: AggregateOutputs;
  #offsets: Offset[] = [];
  #reader: LogReader | undefined;
  #running: Promise<void> = Promise.resolve();
  readonly #pending: Pending = { given: undefined, rows: undefined };
  #savedAt = 0;
  #saveMs = 0;
  #bytesSince = 0;
  /** Who waits for a state with the newest rules. */
  #waiting: (() => void)[] = [];
  #idle = true;

  constructor(options: AggregatorOptions) {
    this.#options = options;
    this.#state = new FoldState(options.log.partitions);
    this.#fold = new RecordFold(options.kernels, this.#state);
    this.#closer = new WindowCloser(this.#state);
    this.#outputs = this.#outputsOf(this.#state);
  }

  /** Figures of its work since it was made. */
  get counts() {
    const { folded, double, missed } = this.#state.counts;
    const { closed } = this.#closer;
    return { folded, double, missed, windows: closed, ...this.#outputs.counts };
  }

  get sizes() {
    const { slots } = this.#state;
    return { points: slots.points, slots: slots.slots, rules: [...this.#state.live()].length };
  }

  /**
   * Goes on where the saved state ends and works by these rules from now on. Must have resolved
   * before anything is held back for them. Without rules, now or before, it does nothing.
   * @throws MonError.
   */
  async start(rules: readonly AggregateRule[]): Promise<void> {
    const { disk, path, log, begin = 'end' } = this.#options;
    const before = await disk.exists(path);
    if (!before && rules.length === 0 && begin === 'end') return;
    this.#idle = false;
    const from = before ? await this.#restore() : undefined;
    for (let partition = 0; partition < log.partitions; partition++) {
      this.#offsets[partition] = from?.[partition] ?? (await log[begin](partition));
    }
    this.#reader = await this.#open();
    this.#adopt(rules);
    await this.#save();
    this.#run(this.#reader);
  }

  /** Works by these rules from the next window on; resolves when that is durable or it stops. */
  async replace(rules: readonly AggregateRule[]): Promise<void> {
    if (this.#idle) return await this.start(rules);
    this.#adopt(rules);
    const { epoch, canonicals } = this.#options.seriesOf();
    this.#fold.showAgain(epoch, canonicals);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    if (this.#idle) return;
    this.#abort.abort();
    await this.#running;
    await this.#save().catch((thrown: unknown) => this.#mayPass(thrown));
    for (const done of this.#waiting.splice(0)) done();
    await this.#reader?.close();
  }

  /** Reads the state; answers its offsets when they are of this log. */
  async #restore(): Promise<readonly Offset[] | undefined> {
    const { disk, path, kernels, log, warn } = this.#options;
    const { state, place } = decodeAggregates(await disk.readFile(path), path);
    if (place.generation !== log.generation || place.offsets.length !== log.partitions) {
      warn('the aggregates are of another log: open windows of it are lost');
      return undefined;
    }
    this.#state = state;
    this.#fold = new RecordFold(kernels, state);
    this.#closer = new WindowCloser(state);
    this.#outputs = this.#outputsOf(state);
    return place.offsets;
  }

  #outputsOf(state: FoldState): AggregateOutputs {
    const { writer, clock } = this.#options;
    return new AggregateOutputs(writer, state, () => clock.now());
  }

  async #open(): Promise<LogReader> {
    const { log, warn } = this.#options;
    const reading = (): Promise<LogReader> => {
      return log.read(READER, new Map(this.#offsets.map((offset, i) => [i, offset])));
    };
    try {
      return await reading();
    } catch (thrown) {
      if (!(thrown instanceof MonError) || !thrown.code.startsWith('MON_LOG_OFFSET')) throw thrown;
      warn(`aggregation begins at the end of the log: ${thrown.message}`);
      for (const partition of this.#offsets.keys()) {
        this.#offsets[partition] = await log.end(partition);
      }
      return await reading();
    }
  }

  /** Rules that stay go on; others end with the window of now, new ones begin after it. */
  #adopt(rules: readonly AggregateRule[]): void {
    const nowMs = this.#options.clock.now();
    const wanted = new Map(rules.map((rule) => [ruleKey(rule), rule]));
    for (const [, live] of this.#state.live()) {
      if (live.untilMs !== Infinity) continue;
      if (!wanted.delete(live.key)) live.retire(nowMs);
    }
    for (const rule of wanted.values()) {
      const live = new LiveRule(rule, nowMs);
      this.#state.rules.push(live);
    }
  }

  #run(reader: LogReader): void {
    this.#savedAt = this.#options.clock.monotonic();
    this.#running = this.#loop(reader).catch((thrown: unknown) => {
      if (!this.#abort.signal.aborted) this.#options.failed(thrown);
    });
  }

  async #loop(reader: LogReader): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const deliveries = await reader.next(signal);
      if (deliveries.length === 0) return;
      for (const one of deliveries) {
        this.#fold.take(one);
        this.#bytesSince += one.bytes.length;
        if (!one.definitionsOnly) this.#offsets[one.partition] = one.offset + 1;
      }
      await this.#flush();
      if (!signal.aborted && this.#saveDue()) {
        await this.#save().catch((thrown: unknown) => this.#mayPass(thrown));
      }
    }
  }

  /** Writes what is due until it is durable; what may pass is tried again. */
  async #flush(): Promise<void> {
    const { clock, warn } = this.#options;
    const { signal } = this.#abort;
    let told = '';
    while (!signal.aborted) {
      try {
        await this.#writeDue();
        return;
      } catch (thrown) {
        if (!(thrown instanceof MonError) || thrown.kind !== 'retry') throw thrown;
        if (thrown.message !== told) warn(`aggregates are waiting: ${thrown.message}`);
        told = thrown.message;
        await clock.sleep(PAUSE_MS, signal);
      }
    }
  }

  async #writeDue(): Promise<void> {
    const { point } = this.#options;
    const pending = this.#pending;
    for (;;) {
      const given = (pending.given ??= this.#state.takeGiven());
      if (given.series.length > 0) await this.#outputs.giveOn(given);
      pending.given = undefined;
      const rows = (pending.rows ??= this.#closer.next());
      if (rows === undefined) return;
      point?.('window closed');
      await this.#outputs.write(rows);
      pending.rows = undefined;
      point?.('window written');
    }
  }

  #saveDue(): boolean {
    if (this.#waiting.length > 0 || this.#bytesSince >= AGGREGATE_SAVE_LOG_BYTES) return true;
    const age = this.#options.clock.monotonic() - this.#savedAt;
    return age >= Math.max(AGGREGATE_SAVE_MS, this.#saveMs * AGGREGATE_SAVE_SHARE);
  }

  /** Writes the state; only when all that its records led to is durable. */
  async #save(): Promise<void> {
    const { given, rows } = this.#pending;
    const { clock, disk, path, log, point } = this.#options;
    if (given !== undefined || rows !== undefined || this.#closer.due) return;
    const begun = clock.monotonic();
    this.#savedAt = begun;
    this.#bytesSince = 0;
    this.#state.sweep(this.#state.clockMs - AGGREGATE_IDLE_MS, (rule, group) => {
      this.#outputs.drop(rule, group);
    });
    const waiting = this.#waiting.splice(0);
    const offsets = [...this.#offsets];
    const place = { generation: log.generation, offsets };
    try {
      await disk.replaceFile(path, encodeAggregates(this.#state, place));
    } catch (thrown) {
      this.#waiting.unshift(...waiting);
      throw thrown;
    }
    point?.('state saved');
    offsets.forEach((offset, partition) => this.#reader?.release(partition, offset));
    for (const done of waiting) done();
    this.#saveMs = clock.monotonic() - begun;
  }

  #mayPass(thrown: unknown): void {
    if (!(thrown instanceof MonError) || thrown.kind !== 'retry') throw thrown;
    this.#options.warn(`the state of aggregates waits: ${thrown.message}`);
  }
}
