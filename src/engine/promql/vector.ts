// What a root node evaluates to: an instant vector for all steps at once, as rows of columns, or a
// scalar for all steps. Easy to get wrong: a value may be absent, which is not NaN; the order of
// rows is the order of an instant answer; with delayed name removal a row only remembers that its
// name goes.
import { compareLabels, labelsKey } from '../model/labels.ts';
import { filledRows, gatherMarks, gatherValues } from './gather-rows.ts';
import { withoutName } from './names.ts';
import { sameLabels, tooManySamples } from './query-failure.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { HistogramColumn } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';

/** Row-major: the value of row r at step i is values[r * steps + i], there if present is 1. */
export interface Vector {
  readonly labels: readonly Labels[];
  /** 1 where the name is to be dropped at the end of the query. */
  readonly drops: Uint8Array;
  readonly steps: number;
  readonly values: Float64Array;
  readonly present: Uint8Array;
  /** Beside the values; undefined when there are only floats. */
  readonly histograms?: HistogramColumn | undefined;
}

export type Value =
  | { readonly type: 'vector'; readonly vector: Vector }
  | { readonly type: 'scalar'; readonly values: Float64Array }
  | { readonly type: 'string'; readonly text: string };

/** With every member, in one order: what has one shape is compiled once. */
export function vectorOf({ labels, drops, steps, values, present, histograms }: Vector): Vector {
  return { labels, drops, steps, values, present, histograms };
}

/** No series. */
export function emptyVector(steps: number): Vector {
  const none = new Uint8Array(0);
  return vectorOf({ labels: [], drops: none, steps, values: new Float64Array(0), present: none });
}

/** Collects rows by labels; two values of the same labels at one step are the query's mistake. */
export class RowBuilder {
  readonly #steps: number;
  readonly #cellsMax: number;
  readonly #rows = new Map<string, number>();
  readonly #labels: Labels[] = [];
  readonly #drops: number[] = [];
  #values: Float64Array;
  #present: Uint8Array;
  #histograms: (FloatHistogram | undefined)[] | undefined;

  constructor(steps: number, cellsMax: number, rowsGuess = 16) {
    this.#steps = steps;
    this.#cellsMax = cellsMax;
    this.#values = new Float64Array(rowsGuess * steps);
    this.#present = new Uint8Array(rowsGuess * steps);
  }

  /** The row of these labels, made when it is new. */
  row(labels: Labels, drops: boolean | number): number {
    const key = labelsKey(labels);
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row = this.#labels.length;
    this.#rows.set(key, row);
    this.#labels.push(labels);
    this.#drops.push(Number(drops));
    this.#grow((row + 1) * this.#steps);
    return row;
  }

  set(row: number, step: number, value: number): void {
    const at = row * this.#steps + step;
    if (this.#present[at] !== 0) throw sameLabels();
    this.#present[at] = 1;
    this.#values[at] = value;
  }

  setHistogram(row: number, step: number, histogram: FloatHistogram): void {
    this.set(row, step, 0);
    this.#histograms ??= [];
    this.#histograms[row * this.#steps + step] = histogram;
  }

  /** A float or a histogram. */
  put(row: number, step: number, value: number | FloatHistogram): void {
    if (typeof value === 'number') this.set(row, step, value);
    else this.setHistogram(row, step, value);
  }

  /** Copies a whole row of another vector where it is present. */
  addRow(row: number, from: Vector, fromRow: number): void {
    const steps = this.#steps;
    const base = fromRow * steps;
    for (let i = 0; i < steps; i++) {
      if (from.present[base + i] === 0) continue;
      this.put(row, i, from.histograms?.[base + i] ?? from.values[base + i]);
    }
  }

  /** The rows that have a value at any step. */
  vector(): Vector {
    const steps = this.#steps;
    const isFilled = filledRows(this.#present, steps);
    const kept = this.#labels.map((_, row) => row).filter(isFilled);
    const labels = kept.map((row) => this.#labels[row]);
    const histograms = this.#histograms && pickCells(this.#histograms, kept, steps);
    return {
      labels,
      drops: Uint8Array.from(kept, (row) => this.#drops[row]),
      steps,
      values: gatherValues(this.#values, kept, steps),
      present: gatherMarks(this.#present, kept, steps),
      histograms,
    };
  }

  #grow(cells: number): void {
    if (cells <= this.#present.length) return;
    if (cells > this.#cellsMax) throw tooManySamples();
    const size = Math.max(cells, this.#present.length * 2);
    const values = new Float64Array(size);
    values.set(this.#values);
    const present = new Uint8Array(size);
    present.set(this.#present);
    this.#values = values;
    this.#present = present;
  }
}

/** The cells of the rows given, in that order. */
export function pickCells(
  cells: HistogramColumn,
  rows: readonly number[],
  steps: number,
): HistogramColumn {
  return rows.flatMap((row) => Array.from({ length: steps }, (_, i) => cells[row * steps + i]));
}

/** The histogram in a cell, if one stands there. */
export function histogramAt({ histograms }: Vector, at: number): FloatHistogram | undefined {
  return histograms?.[at];
}

/** The vector with only its floats; rows may be left without a value. */
export function floatsOf(vector: Vector): Vector {
  const { histograms } = vector;
  if (histograms === undefined) return vector;
  const present = vector.present.map((mark, at) => (histograms[at] === undefined ? mark : 0));
  return vectorOf({ ...vector, present, histograms: undefined });
}

/** The vector with other labels; rows that become the same are joined, at most one value a step. */
export function relabelled(vector: Vector, labels: readonly Labels[], drops: Uint8Array): Vector {
  if (!anyTwins(labels)) return vectorOf({ ...vector, labels, drops });
  const builder = new RowBuilder(vector.steps, Infinity);
  labels.forEach((set, row) => builder.addRow(builder.row(set, drops[row]), vector, row));
  return builder.vector();
}

/** What a function that changes the meaning of values does to names: now, or a mark for the end. */
export function dropNames(vector: Vector, delayed: boolean): Vector {
  if (delayed) {
    const drops = new Uint8Array(vector.labels.length).fill(1);
    return vectorOf({ ...vector, drops });
  }
  return relabelled(vector, vector.labels.map(withoutName), vector.drops);
}

/** The end of a query with delayed name removal. */
export function dropMarked(vector: Vector): Vector {
  const { labels, drops } = vector;
  const bare = labels.map((set, row) => (drops[row] === 0 ? set : withoutName(set)));
  return relabelled(vector, bare, drops);
}

/** True when two rows have the same labels. */
export function hasTwins(vector: Vector): boolean {
  return anyTwins(vector.labels);
}

/** True when two of the label sets are equal. Sorted ones, as most are, need no keys to tell. */
function anyTwins(sets: readonly Labels[]): boolean {
  for (let i = 1; i < sets.length; i++) {
    if (compareLabels(sets[i - 1], sets[i]) >= 0) return twinsByKey(sets);
  }
  return false;
}

/** The first pair ends it: without their names, the series of several metrics have one early. */
function twinsByKey(sets: readonly Labels[]): boolean {
  const seen = new Set<string>();
  for (let i = 0; i < sets.length; i++) {
    seen.add(labelsKey(sets[i]));
    if (seen.size <= i) return true;
  }
  return false;
}

/** The vector without rows that have no value at all. */
export function withoutEmptyRows(vector: Vector): Vector {
  const { labels, steps, present } = vector;
  const isFilled = filledRows(present, steps);
  const filled = labels.map((_, row) => isFilled(row));
  return filled.every(Boolean) ? vector : pickRows(vector, filled);
}

/** The rows marked. */
function pickRows(vector: Vector, marked: readonly boolean[]): Vector {
  const rows = vector.labels.map((_, row) => row).filter((row) => marked[row]);
  return arrangeRows(vector, rows);
}

/** The rows given, in the order given. */
export function arrangeRows(vector: Vector, rows: ArrayLike<number>): Vector {
  const { steps } = vector;
  const order = Array.from(rows);
  const values = gatherValues(vector.values, order, steps);
  const present = gatherMarks(vector.present, order, steps);
  const labels = order.map((row) => vector.labels[row]);
  const drops = Uint8Array.from(order, (row) => vector.drops[row]);
  const histograms = vector.histograms && pickCells(vector.histograms, order, steps);
  return { labels, drops, steps, values, present, histograms };
}

/** Every float replaced; `value` gets it and its step. Histograms are left out. */
export function mapValues(whole: Vector, value: (v: number, step: number) => number): Vector {
  const vector = whole.histograms === undefined ? whole : withoutEmptyRows(floatsOf(whole));
  const { values, present, steps, labels } = vector;
  const out = new Float64Array(values.length);
  for (let r = 0; r < labels.length; r++) {
    for (let i = 0; i < steps; i++) {
      const at = r * steps + i;
      if (present[at] !== 0) out[at] = value(values[at], i);
    }
  }
  return vectorOf({ ...vector, values: out });
}
