// The rows of a leaf's answer, series by series: opened, filled, and kept only when any step has a
// value. The matrix grows by doubling, so that churned series cost nothing.
import { anyMarked } from './gather-rows.ts';
import { tooManySamples } from './query-failure.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { Matrix } from '../model/fragment.ts';

/**
 * Room that is taken before anything is known, 150 MB at most: as much as an answer may have, since
 * growing 36 MB held a shard for 17 ms. What is never written costs no memory.
 */
const CELLS_AT_ONCE = 1 << 24;

/** Room as it comes: wiping 32 MB of it at once held a shard for 107 ms. */
function cellsOf(cells: number): Pick<RowList, 'values' | 'present'> {
  const values = new Float64Array(Buffer.allocUnsafeSlow(cells * 8).buffer);
  return { values, present: new Uint8Array(Buffer.allocUnsafeSlow(cells).buffer) };
}

export class RowList {
  values: Float64Array;
  present: Uint8Array;
  /** Where the open row begins. */
  at = 0;
  #histograms: (FloatHistogram | undefined)[] | undefined;
  readonly #labels: Labels[] = [];
  readonly #steps: number;
  readonly #cellsMax: number;

  constructor(steps: number, rowsGuess: number, cellsMax: number) {
    const most = Math.floor(Math.min(CELLS_AT_ONCE, cellsMax) / steps);
    const rows = Math.max(1, Math.min(rowsGuess, most));
    this.#steps = steps;
    this.#cellsMax = cellsMax;
    ({ values: this.values, present: this.present } = cellsOf(rows * steps));
  }

  /** Begins an empty row, in the place of one that was not kept. */
  open(): void {
    this.#place(1);
    this.values.fill(0, this.at, this.at + this.#steps);
    this.present.fill(0, this.at, this.at + this.#steps);
  }

  /** Goes to the next row, with room for so many, where anything may lie. */
  #place(rows: number): void {
    const steps = this.#steps;
    this.at = this.#labels.length * steps;
    const end = this.at + rows * steps;
    if (end <= this.present.length) return;
    if (end > this.#cellsMax) throw tooManySamples();
    const { values, present } = cellsOf(Math.max(end, this.present.length * 2));
    values.set(this.values);
    present.set(this.present);
    this.values = values;
    this.present = present;
  }

  putHistogram(step: number, histogram: FloatHistogram): void {
    this.#histograms ??= [];
    this.#histograms[this.at + step] = histogram;
  }

  any(): boolean {
    return anyMarked(this.present, this.at, this.#steps);
  }

  /** Whether any step of the open row is a float. */
  anyFloat(): boolean {
    if (this.#histograms === undefined) return this.any();
    for (let i = this.at; i < this.at + this.#steps; i++) {
      if (this.present[i] !== 0 && this.#histograms[i] === undefined) return true;
    }
    return false;
  }

  keep(labels: Labels): void {
    this.#labels.push(labels);
  }

  /** Rows of floats that were filled elsewhere, side by side. */
  add(labels: readonly Labels[], values: Float64Array, present: Uint8Array, from: number): void {
    const to = from + labels.length * this.#steps;
    this.#place(labels.length);
    this.values.set(values.subarray(from, to), this.at);
    this.present.set(present.subarray(from, to), this.at);
    for (const one of labels) this.#labels.push(one);
  }

  matrix(): Matrix {
    const cells = this.#labels.length * this.#steps;
    const whole = cells === this.present.length;
    // A copy of what is used: it will be transferred to another thread with its whole buffer.
    const values = whole ? this.values : this.values.slice(0, cells);
    const present = whole ? this.present : this.present.slice(0, cells);
    const found = this.#histograms;
    const histograms =
      found === undefined ? undefined : Array.from({ length: cells }, (_, i) => found[i]);
    const matrix = { labels: this.#labels, steps: this.#steps, values, present };
    return histograms === undefined ? matrix : { ...matrix, histograms };
  }
}
