// Series that rules make, on their way into the log: recorded values, ALERTS, ALERTS_FOR_STATE,
// and the markers that end a series. One append a stage of a tick, through the same door as
// everything. Easy to get wrong: a stale marker is a pattern of bits that a JavaScript number may
// lose; and a series ends one step after it was last written, not when nobody asks any more.
import type { FloatHistogram } from '../model/histogram.ts';
import { labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import { putStale } from '../model/sample.ts';

/** Where outputs go: resolves when they are durable. */
export interface SampleWriter {
  /** The number of a series; negative when the door refuses it. */
  refOf(labels: Labels): number;
  release(refs: Iterable<number>): void;
  append(columns: {
    readonly refs: Uint32Array;
    readonly timestamps: Float64Array;
    readonly values: Float64Array;
    readonly count: number;
    readonly histograms: readonly HistogramOutput[];
  }): Promise<void>;
}

/** A recorded native histogram. */
export interface HistogramOutput {
  readonly ref: number;
  readonly timestampMs: number;
  readonly histogram: FloatHistogram;
}

interface Known {
  readonly ref: number;
  /** The group of rules that keeps the series alive. */
  used: number;
}

/** Numbers of series that are asked for so many ticks ago are let go. */
const IDLE_TICKS = 600;

/** Collects samples of one stage and appends them. */
export class RuleOutputs {
  readonly #writer: SampleWriter;
  readonly #known = new Map<string, Known>();
  #refs: number[] = [];
  #times: number[] = [];
  #values: number[] = [];
  #stales: number[] = [];
  #histograms: HistogramOutput[] = [];
  #tick = 0;
  /** Samples written and series refused, since the start. */
  readonly counts = { written: 0, refused: 0 };

  constructor(writer: SampleWriter) {
    this.#writer = writer;
  }

  /** Whether a series of the door is one that rules write. */
  isOwn(ref: number): boolean {
    return this.#own.has(ref);
  }

  readonly #own = new Set<number>();

  /** @param key that of the labels, where it is known. */
  add(labels: Labels, timeMs: number, value: number, key = labelsKey(labels)): void {
    const ref = this.#refOf(labels, key);
    if (ref < 0) return void this.counts.refused++;
    this.#refs.push(ref);
    this.#times.push(timeMs);
    this.#values.push(value);
  }

  addHistogram(labels: Labels, timestampMs: number, histogram: FloatHistogram): void {
    const ref = this.#refOf(labels);
    if (ref < 0) return void this.counts.refused++;
    this.#histograms.push({ ref, timestampMs, histogram });
  }

  /** Ends a series at this time. */
  end(labels: Labels, timeMs: number): void {
    const ref = this.#refOf(labels);
    if (ref < 0) return;
    this.#stales.push(this.#refs.length);
    this.#refs.push(ref);
    this.#times.push(timeMs);
    this.#values.push(0);
  }

  /** Appends what was collected. @throws MonError, of kind 'retry' when the log is full. */
  async flush(): Promise<void> {
    const count = this.#refs.length;
    const histograms = this.#histograms;
    if (count + histograms.length === 0) return;
    const values = Float64Array.from(this.#values);
    const words = new Uint32Array(values.buffer);
    for (const i of this.#stales) putStale(words, i);
    const refs = Uint32Array.from(this.#refs);
    const timestamps = Float64Array.from(this.#times);
    this.drop();
    await this.#writer.append({ refs, timestamps, values, count, histograms });
    this.counts.written += count + histograms.length;
  }

  /** Forgets what was collected. */
  drop(): void {
    this.#refs = [];
    this.#times = [];
    this.#values = [];
    this.#stales = [];
    this.#histograms = [];
  }

  /** A tick is over; series that nobody has written for long are let go. */
  turn(): void {
    this.#tick++;
    if (this.#tick % IDLE_TICKS !== 0) return;
    const idle: number[] = [];
    for (const [key, known] of this.#known) {
      if (this.#tick - known.used <= IDLE_TICKS) continue;
      this.#known.delete(key);
      this.#own.delete(known.ref);
      idle.push(known.ref);
    }
    this.#writer.release(idle);
  }

  #refOf(labels: Labels, key = labelsKey(labels)): number {
    const known = this.#known.get(key);
    if (known !== undefined) {
      known.used = this.#tick;
      return known.ref;
    }
    const ref = this.#writer.refOf(labels);
    if (ref < 0) return ref;
    this.#known.set(key, { ref, used: this.#tick });
    this.#own.add(ref);
    return ref;
  }
}
