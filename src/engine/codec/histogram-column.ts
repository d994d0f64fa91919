// A column of native histograms <-> bytes: what a cache keeps of a query's answer. Every bit of a
// figure is kept, and what no sender could send as well: counts below zero, a zero bucket of any
// kind. Cells that share a histogram share it again afterwards. Easy to get wrong: the bytes may
// come from a shared cache, so every length is held against what is there before anything is made.
import { CUSTOM_SCHEMA, HINT, SCHEMA_MAX, SCHEMA_MIN } from '../model/histogram.ts';
import type { HistogramColumn } from '../model/fragment.ts';
import type { FloatHistogram, ResetHint } from '../model/histogram.ts';

/** Cells, histograms, floats, whole numbers behind the cells: u32 each. */
const HEAD_BYTES = 16;
/** Hint, schema, lengths of the negative, positive and custom lists. */
const HEAD_INTS = 5;
/** Zero threshold, zero count, count, sum. */
const HEAD_FLOATS = 4;

/** Bytes that the histogram takes in a column, without its cells. */
export function histogramBytes({ negative, positive, custom }: FloatHistogram): number {
  const buckets = negative.indexes.length + positive.indexes.length;
  return (HEAD_INTS + buckets) * 4 + (HEAD_FLOATS + buckets + custom.length) * 8;
}

/**
 * Layout, little-endian as this machine has to be: head, floats (f64), cells (u32: 0 for none, else
 * 1 + the number of its histogram), whole numbers (i32). Histograms follow one another in both.
 */
export function encodeHistogramColumn(column: HistogramColumn): Uint8Array {
  const numbers = new Map<FloatHistogram, number>();
  let [ints, floats] = [0, 0];
  for (const one of column) {
    if (one === undefined || numbers.has(one)) continue;
    numbers.set(one, numbers.size + 1);
    const buckets = one.negative.indexes.length + one.positive.indexes.length;
    ints += HEAD_INTS + buckets;
    floats += HEAD_FLOATS + buckets + one.custom.length;
  }
  const buffer = new ArrayBuffer(HEAD_BYTES + floats * 8 + (column.length + ints) * 4);
  new Uint32Array(buffer, 0, 4).set([column.length, numbers.size, floats, ints]);
  const figures = new Float64Array(buffer, HEAD_BYTES, floats);
  const cells = new Uint32Array(buffer, HEAD_BYTES + floats * 8, column.length);
  const words = new Int32Array(buffer, HEAD_BYTES + floats * 8 + column.length * 4, ints);
  for (let i = 0; i < column.length; i++) {
    const one = column[i];
    if (one !== undefined) cells[i] = numbers.get(one) as number;
  }
  let [atInt, atFloat] = [0, 0];
  for (const one of numbers.keys()) {
    const { hint, schema, negative, positive, custom } = one;
    const { length: below } = negative.indexes;
    const { length: above } = positive.indexes;
    words.set([hint, schema, below, above, custom.length], atInt);
    words.set(negative.indexes, atInt + HEAD_INTS);
    words.set(positive.indexes, atInt + HEAD_INTS + below);
    atInt += HEAD_INTS + below + above;
    figures.set([one.zeroThreshold, one.zeroCount, one.count, one.sum], atFloat);
    figures.set(negative.counts, atFloat + HEAD_FLOATS);
    figures.set(positive.counts, atFloat + HEAD_FLOATS + below);
    figures.set(custom, atFloat + HEAD_FLOATS + below + above);
    atFloat += HEAD_FLOATS + below + above + custom.length;
  }
  return new Uint8Array(buffer);
}

/** The column, or undefined for bytes that are none. Never throws. */
export function decodeHistogramColumn(bytes: Uint8Array): HistogramColumn | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  // A copy of its own: aligned, and not the cache's.
  const { buffer } = new Uint8Array(bytes);
  const [length, count, floats, ints] = new Uint32Array(buffer, 0, 4);
  if (HEAD_BYTES + floats * 8 + (length + ints) * 4 !== bytes.length) return undefined;
  const figures = new Float64Array(buffer, HEAD_BYTES, floats);
  const cells = new Uint32Array(buffer, HEAD_BYTES + floats * 8, length);
  const words = new Int32Array(buffer, HEAD_BYTES + floats * 8 + length * 4, ints);
  const read: FloatHistogram[] = [];
  let [atInt, atFloat] = [0, 0];
  while (read.length < count) {
    const one = histogramAt(words, atInt, figures, atFloat);
    if (one === undefined) return undefined;
    const buckets = one.negative.indexes.length + one.positive.indexes.length;
    atInt += HEAD_INTS + buckets;
    atFloat += HEAD_FLOATS + buckets + one.custom.length;
    read.push(one);
  }
  if (atInt !== ints || atFloat !== floats || cells.some((cell) => cell > count)) return undefined;
  return Array.from(cells, (cell) => (cell === 0 ? undefined : read[cell - 1]));
}

function histogramAt(
  words: Int32Array,
  atInt: number,
  figures: Float64Array,
  atFloat: number,
): FloatHistogram | undefined {
  if (atInt + HEAD_INTS > words.length) return undefined;
  const [hint, schema, below, above, bounds] = words.subarray(atInt, atInt + HEAD_INTS);
  if (hint < 0 || hint > HINT.gauge || below < 0 || above < 0 || bounds < 0) return undefined;
  const custom = schema === CUSTOM_SCHEMA;
  if (!custom && (schema < SCHEMA_MIN || schema > SCHEMA_MAX || bounds > 0)) return undefined;
  if (atInt + HEAD_INTS + below + above > words.length) return undefined;
  if (atFloat + HEAD_FLOATS + below + above + bounds > figures.length) return undefined;
  const lows = atInt + HEAD_INTS;
  const counts = atFloat + HEAD_FLOATS;
  const negative = {
    indexes: words.slice(lows, lows + below),
    counts: figures.slice(counts, counts + below),
  };
  const positive = {
    indexes: words.slice(lows + below, lows + below + above),
    counts: figures.slice(counts + below, counts + below + above),
  };
  if (!rises(negative.indexes) || !rises(positive.indexes)) return undefined;
  return {
    hint: hint as ResetHint,
    schema,
    zeroThreshold: figures[atFloat],
    zeroCount: figures[atFloat + 1],
    count: figures[atFloat + 2],
    sum: figures[atFloat + 3],
    positive,
    negative,
    custom: figures.slice(counts + below + above, counts + below + above + bounds),
  };
}

function rises(indexes: Int32Array): boolean {
  for (let i = 1; i < indexes.length; i++) if (indexes[i] <= indexes[i - 1]) return false;
  return true;
}
