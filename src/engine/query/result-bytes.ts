// How much memory the answer to a fragment takes, near enough for a bound. Easy to get wrong: label
// sets share their strings, so a label counts as what points to it.
import { histogramBytes } from '../codec/histogram-column.ts';
import type { FragmentResult, HistogramColumn, Matrix } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';

/** A label set, and each string in it. */
const SET_BYTES = 32;
const STRING_BYTES = 8;
/** The objects of a histogram, beside its figures, and a place in a list. */
const HISTOGRAM_BYTES = 400;

/** Bytes of the columns and labels of a result. */
export function resultBytes({ matrix, raw }: FragmentResult): number {
  let bytes = matrix === undefined ? 0 : matrixBytes(matrix);
  if (raw !== undefined) {
    const { labels, from, timestamps, values, histograms } = raw;
    bytes += labelBytes(labels) + from.byteLength + timestamps.byteLength + values.byteLength;
    bytes += columnBytes(histograms);
  }
  return bytes;
}

/** Bytes of the columns and labels of a matrix. */
export function matrixBytes(matrix: Omit<Matrix, 'steps'>): number {
  const { labels, values, present, counts, squares, lost, histograms } = matrix;
  let bytes = labelBytes(labels) + values.byteLength + present.byteLength;
  for (const column of [counts, squares, lost]) bytes += column?.byteLength ?? 0;
  return bytes + columnBytes(histograms);
}

/** A histogram that stands in many cells, one after the other, is there once. */
function columnBytes(column: HistogramColumn = []): number {
  let bytes = column.length * STRING_BYTES;
  let last: HistogramColumn[number];
  for (const one of column) {
    if (one !== undefined && one !== last) bytes += HISTOGRAM_BYTES + histogramBytes(one);
    last = one;
  }
  return bytes;
}

function labelBytes(sets: readonly Labels[]): number {
  let bytes = sets.length * SET_BYTES;
  for (const set of sets) bytes += set.length * STRING_BYTES;
  return bytes;
}
