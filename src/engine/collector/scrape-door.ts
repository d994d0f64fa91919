// The narrow side of the collector's door that scraping needs: refs for label sets, columns in,
// durable or not. The door itself (hashing, limits, lateness, batches, the log) is behind it; tests
// put a double in its place. Easy to get wrong: values may be stale markers, so columns are filled
// as bits.
import type { Labels } from '../model/labels.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { PushOutcome } from '../ports.ts';
import { putStale } from '../model/sample.ts';

/** A native histogram of a series: the body that a record holds, see codec/histogram.ts. */
export interface HistogramSample {
  readonly ref: number;
  readonly timestampMs: number;
  readonly body: Uint8Array;
}

/** Rows 0 to count - 1 of three columns. Timestamps are whole ms. */
export interface SampleColumns {
  readonly refs: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly count: number;
  /** Beside the rows. */
  readonly histograms?: readonly HistogramSample[];
}

export interface ScrapeDoor {
  /**
   * The ref of a series, below 2^31, or a negative number when the door refuses it. A ref stays
   * good until it was released as often as it was asked for.
   */
  refOf(labels: Labels): number;
  /** The caller keeps these refs no longer; negative ones are passed over. */
  release(refs: Iterable<number>): void;
  /**
   * Reads the columns before it returns its promise; resolves when what it accepted is durable.
   * @throws MonError kind 'retry' when the log takes nothing now: nothing of it was taken.
   */
  append(columns: SampleColumns, receivedMs: number): Promise<PushOutcome>;
  metadata(entries: readonly MetadataEntry[]): void;
}

/**
 * What a loop that ended leaves: whoever takes it over marks the live refs stale, releases the
 * held.
 */
export interface LeftBehind {
  /** Refs whose last sample is a value. */
  readonly live: readonly number[];
  /** Every ref that was asked for, as often as it was. */
  readonly held: readonly number[];
}

/** Columns that are filled row by row and used again and again. */
export class ColumnBuffer implements SampleColumns {
  count = 0;
  refs = new Uint32Array(1024);
  timestamps = new Float64Array(1024);
  values = new Float64Array(1024);
  /** The words of `values`. */
  words = new Uint32Array(this.values.buffer);
  readonly histograms: HistogramSample[] = [];

  clear(): void {
    this.count = 0;
    this.histograms.length = 0;
  }

  /** Room for `rows` more rows: fetch the arrays after this call, not before. */
  reserve(rows: number): void {
    const need = this.count + rows;
    if (need <= this.refs.length) return;
    const size = Math.max(need, this.refs.length * 2);
    const { refs, timestamps, words } = this;
    this.refs = new Uint32Array(size);
    this.refs.set(refs);
    this.timestamps = new Float64Array(size);
    this.timestamps.set(timestamps);
    this.values = new Float64Array(size);
    this.words = new Uint32Array(this.values.buffer);
    this.words.set(words);
  }

  /** Adds a number (no NaN payload survives this way; see `words`). */
  put(ref: number, timeMs: number, value: number): void {
    this.reserve(1);
    const i = this.count++;
    this.refs[i] = ref;
    this.timestamps[i] = timeMs;
    this.values[i] = value;
  }

  /** Adds the stale marker. */
  putStale(ref: number, timeMs: number): void {
    this.reserve(1);
    const i = this.count++;
    this.refs[i] = ref;
    this.timestamps[i] = timeMs;
    putStale(this.words, i);
  }
}
