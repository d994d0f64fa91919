// The reader of the log that drives rules: it takes ticks, and notes which samples change steps
// that were evaluated already. On the sample's way it stands beside the store, with its own
// offsets. Easy to get wrong: a tick counts when every partition has it; and what rules write
// themselves must not make them run again.
import type { OpenRecord } from '../codec/record.ts';
import { MonError } from '../errors.ts';
import { LATE_MS_MAX } from '../limits.ts';
import { LATENESS } from '../model/sample.ts';
import type { Delivery, Log, LogReader, Offset } from '../ports.ts';
import { ProducerTicks } from './producer-ticks.ts';
import type { RuleEngine, Touched } from './rule-engine.ts';

/** Opens a record; its columns are good until the next. */
export interface OpenRecords {
  open(bytes: Uint8Array): OpenRecord;
  /** The timestamps of the record that was opened last. */
  times(record: OpenRecord): Float64Array;
  /** The numbers of its series. */
  refs(record: OpenRecord): Uint32Array;
}

/** Names of metrics by small numbers: a sample must not cost a string. */
export interface MetricNumbers {
  /** The metric of a series; 0 when nobody knows it. */
  of(ref: number): number;
  name(metric: number): string;
}

/** Series as records define them, for a reader whose own book knows nothing of them. */
export interface FarSeries {
  /** Takes note of what a record defines; good for all later ones of its epoch. */
  learn(record: OpenRecord): void;
  /** The metric of a series, as MetricNumbers has it; 0 when no record has defined it. */
  of(epoch: number, ref: number): number;
  /** Whether rules write series of a metric. */
  isOwn(metric: number): boolean;
  name(metric: number): string;
}

export interface RuleFeedOptions {
  readonly log: Log;
  readonly engine: RuleEngine;
  readonly records: OpenRecords;
  /** The epoch of this process: numbers of series of another one mean something else. */
  readonly epoch: number;
  /** Metrics of the series of this epoch, by numbers; 0 is none. */
  readonly metrics: MetricNumbers;
  /** Takes the place of `epoch` and `metrics` where others number the series. */
  readonly far?: FarSeries;
  /** Several producers tick into each partition: the slowest that is not silent counts. */
  readonly manyProducers?: boolean | undefined;
  /** The name by which the log knows the reader; `rules` by default. */
  readonly reader?: string | undefined;
  /** Called once when the feed ends by a failure that does not pass. */
  readonly failed: (thrown: unknown) => void;
  /** A trouble that may pass, or a beginning that is not where it should be. */
  readonly warn: (words: string) => void;
  /** Called after each tick. */
  readonly ticked: () => void;
  /** Waits a little between two reads, so that the records of several commits come at once. */
  readonly rest?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Waits before the same is tried again. */
  readonly pause: (signal: AbortSignal) => Promise<void>;
}

const READER = 'rules';
/** Where a record's head tells its class; docs/format/batch.md. */
const LATENESS_BYTE = 1;
/** Metrics of late samples that are told apart; more are taken for any. */
const LATE_METRICS_MAX = 10_000;

export class RuleFeed {
  readonly #options: RuleFeedOptions;
  readonly #abort = new AbortController();
  readonly #offsets = new Map<number, Offset>();
  readonly #ticks = new Map<number, ProducerTicks>();
  #liveMs = Infinity;
  #late = new Map<string, number>();
  /** Of the record at hand: the earliest late time by metric, and the metrics that have one. */
  #earliest = new Float64Array(64).fill(Infinity);
  readonly #touched: number[] = [];
  #lastTickMs = NaN;
  /** Records of the log that this reader has not seen, as of the last tick. */
  lagRecords = 0;
  #reader: LogReader | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: RuleFeedOptions) {
    this.#options = options;
  }

  /** Begins to read at the offsets given; partitions without one begin at their end. */
  async start(from: ReadonlyMap<number, Offset>): Promise<void> {
    const { log, failed } = this.#options;
    this.#reader = await this.#open(from);
    for (let partition = 0; partition < log.partitions; partition++) {
      this.#ticks.set(partition, new ProducerTicks(this.#options.manyProducers === true));
    }
    this.#running = this.#run(this.#reader).catch((thrown: unknown) => {
      if (!this.#abort.signal.aborted) failed(thrown);
    });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    await this.#reader?.close();
  }

  async #open(from: ReadonlyMap<number, Offset>): Promise<LogReader> {
    const { log, warn } = this.#options;
    const at = new Map<number, Offset>();
    for (let partition = 0; partition < log.partitions; partition++) {
      at.set(partition, from.get(partition) ?? (await log.end(partition)));
    }
    try {
      return await this.#reading(at);
    } catch (thrown) {
      if (!(thrown instanceof MonError) || !thrown.code.startsWith('MON_LOG_OFFSET')) throw thrown;
      warn(`the rules begin at the end of the log: ${thrown.message}`);
      for (const partition of at.keys()) at.set(partition, await log.end(partition));
      return await this.#reading(at);
    }
  }

  #reading(at: ReadonlyMap<number, Offset>): Promise<LogReader> {
    for (const [partition, offset] of at) this.#offsets.set(partition, offset);
    return this.#options.log.read(this.#options.reader ?? READER, at);
  }

  async #run(reader: LogReader): Promise<void> {
    const { engine } = this.#options;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const deliveries = await reader.next(signal);
      if (deliveries.length === 0) return;
      for (const one of deliveries) {
        if (one.definitionsOnly) this.#learn(one);
        else this.#absorb(one);
      }
      const tickMs = Math.min(...Array.from(this.#ticks.values(), ({ timeMs }) => timeMs));
      if (Number.isNaN(tickMs) || tickMs === this.#lastTickMs) {
        await this.#options.rest?.(signal);
        continue;
      }
      this.#lastTickMs = tickMs;
      const touched: Touched = { liveMs: this.#liveMs, late: this.#late };
      this.#liveMs = Infinity;
      this.#late = new Map();
      const offsets = new Map(this.#offsets);
      await this.#untilDone(() => engine.tick({ tickMs, touched, offsets }));
      this.#options.ticked();
      this.lagRecords = await this.#lag();
      for (const [partition, offset] of engine.saved) reader.release(partition, offset);
    }
  }

  async #lag(): Promise<number> {
    let lag = 0;
    for (const [partition, offset] of this.#offsets) {
      lag += Math.max(0, (await this.#options.log.end(partition)) - offset);
    }
    return lag;
  }

  /** What may pass is tried again: a full disk, a shard that is away. */
  async #untilDone(work: () => Promise<void>): Promise<void> {
    const { warn, pause } = this.#options;
    const { signal } = this.#abort;
    let told = '';
    while (!signal.aborted) {
      try {
        return await work();
      } catch (thrown) {
        if (!(thrown instanceof MonError) || thrown.kind !== 'retry') throw thrown;
        if (thrown.message !== told) warn(`rules are waiting: ${thrown.message}`);
        told = thrown.message;
        await pause(signal);
      }
    }
  }

  #record(bytes: Uint8Array): OpenRecord | undefined {
    try {
      return this.#options.records.open(bytes);
    } catch (thrown) {
      // The store counts what is malformed; rules only pass it.
      if (thrown instanceof MonError && thrown.kind === 'data') return undefined;
      throw thrown;
    }
  }

  #learn({ bytes }: Delivery): void {
    const { far } = this.#options;
    if (far === undefined) return;
    const record = this.#record(bytes);
    if (record !== undefined) far.learn(record);
  }

  #absorb({ partition, offset, bytes }: Delivery): void {
    this.#offsets.set(partition, offset + 1);
    const { records, far } = this.#options;
    // No alert for the past, nor for what is only aggregated: both are opened only for the series
    // that they define.
    const passed = bytes[LATENESS_BYTE] >= LATENESS.backfill;
    if (passed && far === undefined) return;
    const record = this.#record(bytes);
    if (record === undefined) return;
    far?.learn(record);
    if (passed) return;
    if (record.tick !== undefined) {
      this.#ticks.get(partition)?.take(record.epoch, record.tick.timeMs);
    }
    const late = record.lateness === 1;
    const { histogramCount, epoch } = record;
    const of = this.#metricsOf(epoch);
    if (record.floatCount > 0) {
      const refs = records.refs(record);
      const own = this.#isOwn(epoch, refs[0]);
      if (own && far === undefined) return;
      if (!late && !own) this.#live(records.times(record));
      else if (!late) this.#liveOfOthers(records.times(record), refs, epoch);
      else this.#noteLate(records.times(record), refs, of);
    }
    if (histogramCount > 0) {
      const { refs, timestamps } = record.histograms();
      if (!late) this.#live(timestamps);
      else this.#noteLate(timestamps, refs, of);
    }
  }

  #isOwn(epoch: number, ref: number): boolean {
    const { far, engine } = this.#options;
    if (far !== undefined) return far.isOwn(far.of(epoch, ref));
    return epoch === this.#options.epoch && engine.outputs.isOwn(ref);
  }

  /** The metric of a series of a record; 0 when nobody knows it. */
  #metricsOf(epoch: number): (ref: number) => number {
    const { far, metrics } = this.#options;
    if (far !== undefined) return (ref) => far.of(epoch, ref);
    return epoch === this.#options.epoch ? (ref) => metrics.of(ref) : () => 0;
  }

  #live(times: Float64Array): void {
    for (let i = 0; i < times.length; i++) if (times[i] < this.#liveMs) this.#liveMs = times[i];
  }

  /** A record that begins like one of ours may be somebody else's. */
  #liveOfOthers(times: Float64Array, refs: Uint32Array, epoch: number): void {
    for (let i = 0; i < times.length; i++) {
      if (times[i] < this.#liveMs && !this.#isOwn(epoch, refs[i])) this.#liveMs = times[i];
    }
  }

  #noteLate(times: Float64Array, refs: Uint32Array, of: (ref: number) => number): void {
    const oldest = (this.#lastTickMs || 0) - LATE_MS_MAX;
    const { metrics, far } = this.#options;
    const touched = this.#touched;
    for (let i = 0; i < times.length; i++) {
      if (times[i] < oldest) continue;
      const metric = of(refs[i]);
      if (metric >= this.#earliest.length) this.#grow(metric);
      if (times[i] >= this.#earliest[metric]) continue;
      if (this.#earliest[metric] === Infinity) touched.push(metric);
      this.#earliest[metric] = times[i];
    }
    for (const metric of touched.splice(0)) {
      this.#lateOf((far ?? metrics).name(metric), this.#earliest[metric]);
      this.#earliest[metric] = Infinity;
    }
  }

  #lateOf(metric: string, timeMs: number): void {
    const full = !this.#late.has(metric) && this.#late.size >= LATE_METRICS_MAX;
    const name = full ? '' : metric;
    this.#late.set(name, Math.min(timeMs, this.#late.get(name) ?? Infinity));
  }

  #grow(metric: number): void {
    const larger = new Float64Array(Math.max(metric + 1, this.#earliest.length * 2)).fill(Infinity);
    larger.set(this.#earliest);
    this.#earliest = larger;
  }
}
