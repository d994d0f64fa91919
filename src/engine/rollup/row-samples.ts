// Rows as samples: one column as a series of its own, or what is left of a series for functions
// that need samples: the last one of each window. Under the reader. Easy to get wrong: samples come
// in order of time, floats and histograms of one row included.
import type { FloatHistogram } from '../model/histogram.ts';
import type { RollupColumn } from '../model/rollup.ts';
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import type { SampleBuffer } from '../ports.ts';
import { COLUMN, type Rows } from './rows.ts';
import { binOf, quantileOfSketch, type Sketch } from './sketch.ts';

/** Both ends belong to it; ms. */
export interface SampleRange {
  readonly minMs: number;
  readonly maxMs: number;
}

function makeRoom(into: SampleBuffer, size: number): void {
  if (size <= into.timestamps.length) return;
  const room = Math.max(size, into.timestamps.length * 2, 256);
  into.timestamps = new Float64Array(room);
  into.values = new Float64Array(room);
  into.words = new Uint32Array(into.values.buffer);
}

/** A sample at the end of each window that has numbers and ends in the range. */
export function columnSamples(
  rows: Rows,
  column: RollupColumn,
  { minMs, maxMs }: SampleRange,
  into: SampleBuffer,
): number {
  makeRoom(into, rows.count);
  let count = 0;
  let before = NaN;
  let end = NaN;
  for (let i = 0; i < rows.count; i++) {
    if (rows.columns[COLUMN.count][i] === 0) continue;
    // The step from the window before counts when that one is right before.
    const value = cellOf(rows, i, column, rows.ends[i] - rows.widths[i] === end ? before : NaN);
    before = rows.columns[COLUMN.last][i];
    end = rows.ends[i];
    if (rows.ends[i] < minMs || rows.ends[i] > maxMs) continue;
    into.timestamps[count] = rows.ends[i];
    into.values[count++] = value;
  }
  return count;
}

function cellOf(rows: Rows, i: number, column: RollupColumn, before: number): number {
  const [counts, sums, mins, maxs, firsts, lasts, , , resets] = rows.columns;
  switch (column) {
    case 'count':
      return counts[i];
    case 'sum':
      return sums[i];
    case 'avg':
      return sums[i] / counts[i];
    case 'min':
      return mins[i];
    case 'max':
      return maxs[i];
    case 'first':
      return firsts[i];
    case 'last':
      return lasts[i];
    case 'increase':
      return increaseOf(firsts[i], lasts[i], before) + resets[i];
    case 'p50':
    case 'p95':
    case 'p99':
      return quantileOfSketch(sketchOf(rows, i), Number(column.slice(1)) / 100);
  }
}

/** With the step from the window before, so that windows add up to the whole; without resets. */
function increaseOf(first: number, last: number, before: number): number {
  if (Number.isNaN(before)) return last - first;
  return last - before + (first < before ? before : 0);
}

function sketchOf(rows: Rows, i: number): Sketch {
  const own = rows.sketches?.[i];
  if (own !== undefined) return own;
  const last = rows.columns[COLUMN.last][i];
  return { bins: Int32Array.of(binOf(last)), counts: Float64Array.of(1) };
}

/** The last sample of each row, then the samples behind the rows. */
export function lastSamples(
  rows: Rows,
  { minMs, maxMs }: SampleRange,
  behind: { readonly buffer: SampleBuffer; readonly count: number },
  into: SampleBuffer,
): number {
  const { columns, histograms } = rows;
  makeRoom(into, rows.count * 2 + behind.count);
  const found: (FloatHistogram | undefined)[] = [];
  let mixed = behind.buffer.histograms !== undefined;
  let count = 0;
  const put = (time: number, histogram?: FloatHistogram): boolean => {
    if (time < minMs || time > maxMs) return false;
    into.timestamps[count] = time;
    found[count++] = histogram;
    return true;
  };
  for (let i = 0; i < rows.count; i++) {
    const end = rows.ends[i];
    const at = end - columns[COLUMN.to][i];
    const histogram = histograms?.[i];
    if (columns[COLUMN.count][i] > 0 && (histogram === undefined || at < end) && put(at)) {
      into.values[count - 1] = columns[COLUMN.last][i];
    }
    if (columns[COLUMN.ended][i] !== 0 && at < end && put(end)) {
      into.words.set([STALE_LOW, STALE_HIGH], count * 2 - 2);
    } else if (histogram !== undefined && put(end, histogram)) {
      into.values[count - 1] = histogram.sum;
      mixed = true;
    }
  }
  const { timestamps, words, histograms: others } = behind.buffer;
  into.timestamps.set(timestamps.subarray(0, behind.count), count);
  into.words.set(words.subarray(0, behind.count * 2), count * 2);
  for (let i = 0; mixed && i < behind.count; i++) found[count + i] = others?.[i];
  if (mixed) into.histograms = found;
  return count + behind.count;
}
