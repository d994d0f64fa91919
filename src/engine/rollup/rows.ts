// The rows of a rollup: one a window of a series, a column for each figure, in typed arrays that
// are used again. Between the samples of the store and everything that folds, writes and reads
// windows. Easy to get wrong: windows are left-open, (end - resolution, end]; the first value of a
// row and the last one before it make the step over the seam, so both are kept.
import type { FloatHistogram } from '../model/histogram.ts';
import type { Sketch } from './sketch.ts';

/** Columns by their lane in a block; docs/format/rollup.md. Offsets are ms before the end. */
export const COLUMN = {
  count: 0,
  sum: 1,
  min: 2,
  max: 3,
  first: 4,
  last: 5,
  /** How long before the window's end its first and its last sample lie. */
  from: 6,
  to: 7,
  /** What a counter had reached before each reset within the window, added up. */
  resets: 8,
  /** 1 when the newest thing in the window is the stale marker. */
  ended: 9,
} as const;
export const COLUMNS = 10;
/** Lanes of rows of bytes. */
export const LANE_HISTOGRAM = 10;
export const LANE_SKETCH = 11;
export const LANES = 16;

/** Rows of one series in order of their ends. Columns grow together. */
export class Rows {
  count = 0;
  ends = new Float64Array(64);
  /** How wide the window of each row is; 0 for a single sample. */
  widths = new Float64Array(64);
  readonly columns: Float64Array[] = Array.from({ length: COLUMNS }, () => new Float64Array(64));
  /** Beside the rows; undefined while no row has one. The last histogram of the window. */
  histograms: (FloatHistogram | undefined)[] | undefined;
  sketches: (Sketch | undefined)[] | undefined;

  clear(): void {
    this.count = 0;
    this.histograms = undefined;
    this.sketches = undefined;
  }

  /** Makes room for so many rows; what is there is kept. */
  room(size: number): void {
    if (size <= this.ends.length) return;
    const wider = Math.max(size, this.ends.length * 2);
    this.ends = grown(this.ends, wider);
    this.widths = grown(this.widths, wider);
    for (let c = 0; c < COLUMNS; c++) this.columns[c] = grown(this.columns[c], wider);
  }

  /** A new row at the end, all zero but for its window; answers its index. */
  open(end: number, width: number): number {
    const row = this.count++;
    this.room(this.count);
    this.ends[row] = end;
    this.widths[row] = width;
    for (let c = 0; c < COLUMNS; c++) this.columns[c][row] = 0;
    return row;
  }

  /** Appends rows [from, to) of others as they are. */
  append(other: Rows, from: number, to: number): void {
    const at = this.count;
    this.count += to - from;
    this.room(this.count);
    this.ends.set(other.ends.subarray(from, to), at);
    this.widths.set(other.widths.subarray(from, to), at);
    for (let c = 0; c < COLUMNS; c++) {
      this.columns[c].set(other.columns[c].subarray(from, to), at);
    }
    for (let i = from; i < to; i++) {
      this.keep(at + i - from, other.histograms?.[i], other.sketches?.[i]);
    }
  }

  /** Puts a histogram and a sketch beside a row, where there are such. */
  keep(row: number, histogram: FloatHistogram | undefined, sketch: Sketch | undefined): void {
    if (histogram !== undefined) (this.histograms ??= [])[row] = histogram;
    if (sketch !== undefined) (this.sketches ??= [])[row] = sketch;
  }
}

function grown(array: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(size);
  out.set(array);
  return out;
}
