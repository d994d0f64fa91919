// Folds the samples of a series into windows, and windows into wider ones. Pure: what the store
// holds goes in, so that order of arrival, doubles and restarts cannot change a figure. Easy to get
// wrong: the stale marker is no sample but ends the series; NaN counts, and is no extreme unless it
// is alone; a counter's step over the seam of two windows counts once, in the wider one.
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import type { SampleBuffer } from '../ports.ts';
import { COLUMN, type Rows } from './rows.ts';
import { mergeSketches, SketchFold, type Sketch } from './sketch.ts';

/** The end of the window in which a time lies. */
export function windowEnd(ms: number, resolutionMs: number): number {
  return Math.ceil(ms / resolutionMs) * resolutionMs;
}

const sketchFold = new SketchFold();

/**
 * Appends the windows of the first `count` samples of a buffer, times rising. With `sketches` each
 * row gets one. A resolution of 0 makes every sample a row of its own.
 */
export function foldSamples(
  from: SampleBuffer,
  count: number,
  into: Rows,
  { resolutionMs, sketches }: { readonly resolutionMs: number; readonly sketches: boolean },
): void {
  const { timestamps } = from;
  for (let at = 0; at < count;) {
    const first = timestamps[at];
    const end = resolutionMs === 0 ? first : windowEnd(first, resolutionMs);
    let next = at + 1;
    while (next < count && timestamps[next] <= end) next++;
    foldWindow(from, [at, next], into, into.open(end, resolutionMs));
    if (sketches) addSketch(from, [at, next], into);
    at = next;
  }
}

/** Writes into a row, whose end is set, what the samples [at, next) are; there is at least one. */
function foldWindow(
  { timestamps, values, words, histograms }: SampleBuffer,
  [at, next]: readonly [number, number],
  into: Rows,
  row: number,
): void {
  const end = into.ends[row];
  let count = 0;
  let sum = 0;
  let lost = 0;
  let min = NaN;
  let max = NaN;
  let first = NaN;
  let last = NaN;
  let from = 0;
  let to = 0;
  let resets = 0;
  let ended = 0;
  let histogram = -1;
  for (let i = at; i < next; i++) {
    const value = values[i];
    if (value !== value && words[i * 2] === STALE_LOW && words[i * 2 + 1] === STALE_HIGH) {
      ended = 1;
      continue;
    }
    ended = 0;
    if (histograms?.[i] !== undefined) {
      histogram = i;
      continue;
    }
    if (count === 0) {
      first = value;
      from = end - timestamps[i];
      min = value;
      max = value;
    } else {
      if (value < min || min !== min) min = value;
      if (value > max || max !== max) max = value;
      if (value < last) resets += last;
    }
    count++;
    const sofar = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - sofar + value : value - sofar + sum;
    sum = sofar;
    last = value;
    to = end - timestamps[i];
  }
  const { columns } = into;
  columns[COLUMN.count][row] = count;
  // Where the sum is no number, or infinite, what was lost means nothing.
  columns[COLUMN.sum][row] = Number.isFinite(sum) ? sum + lost : sum;
  columns[COLUMN.min][row] = min;
  columns[COLUMN.max][row] = max;
  columns[COLUMN.first][row] = first;
  columns[COLUMN.last][row] = last;
  columns[COLUMN.from][row] = from;
  columns[COLUMN.to][row] = to;
  columns[COLUMN.resets][row] = resets;
  columns[COLUMN.ended][row] = ended;
  if (histogram >= 0) into.keep(row, histograms?.[histogram], undefined);
}

function addSketch(
  { values, histograms }: SampleBuffer,
  [at, next]: readonly [number, number],
  into: Rows,
): void {
  sketchFold.clear();
  // Stale markers are no numbers, and a sketch takes none.
  for (let i = at; i < next; i++) if (histograms?.[i] === undefined) sketchFold.add(values[i]);
  const sketch = sketchFold.take();
  if (sketch !== undefined) into.keep(into.count - 1, undefined, sketch);
}

/** Appends the wider windows of rows [from, to); `resolutionMs` is a multiple of theirs. */
export function foldRows(
  rows: Rows,
  [from, to]: readonly [number, number],
  into: Rows,
  resolutionMs: number,
): void {
  for (let at = from; at < to;) {
    const end = windowEnd(rows.ends[at], resolutionMs);
    let next = at + 1;
    while (next < to && rows.ends[next] <= end) next++;
    const row = into.open(end, resolutionMs);
    joinRows(rows, [at, next], into, row);
    at = next;
  }
}

/** Writes into a row, whose end is set, what the rows [at, next) are together. */
export function joinRows(
  rows: Rows,
  [at, next]: readonly [number, number],
  into: Rows,
  row: number,
): void {
  const [counts, sums, mins, maxs, firsts, lasts, froms, tos, resets, ended] = rows.columns;
  const end = into.ends[row];
  let count = 0;
  let sum = 0;
  let lost = 0;
  let min = NaN;
  let max = NaN;
  let first = NaN;
  let last = NaN;
  let fromMs = 0;
  let toMs = 0;
  let fallen = 0;
  for (let i = at; i < next; i++) {
    if (counts[i] === 0) continue;
    if (count === 0) {
      first = firsts[i];
      fromMs = end - (rows.ends[i] - froms[i]);
    } else if (firsts[i] < last) fallen += last;
    count += counts[i];
    const value = sums[i];
    const sofar = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - sofar + value : value - sofar + sum;
    sum = sofar;
    if (mins[i] < min || min !== min) min = mins[i];
    if (maxs[i] > max || max !== max) max = maxs[i];
    fallen += resets[i];
    last = lasts[i];
    toMs = end - (rows.ends[i] - tos[i]);
  }
  const { columns } = into;
  columns[COLUMN.count][row] = count;
  columns[COLUMN.sum][row] = Number.isFinite(sum) ? sum + lost : sum;
  columns[COLUMN.min][row] = min;
  columns[COLUMN.max][row] = max;
  columns[COLUMN.first][row] = first;
  columns[COLUMN.last][row] = last;
  columns[COLUMN.from][row] = fromMs;
  columns[COLUMN.to][row] = toMs;
  columns[COLUMN.resets][row] = fallen;
  columns[COLUMN.ended][row] = next > at ? ended[next - 1] : 0;
  joinOthers(rows, [at, next], into, row);
}

function joinOthers(
  { histograms, sketches }: Rows,
  [at, next]: readonly [number, number],
  into: Rows,
  row: number,
): void {
  const found = histograms?.slice(at, next).findLast((one) => one !== undefined);
  const parts = sketches?.slice(at, next).filter((one): one is Sketch => one !== undefined) ?? [];
  into.keep(row, found, parts.length === 0 ? undefined : mergeSketches(parts));
}
