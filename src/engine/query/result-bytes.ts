// How much memory the answer to a fragment takes, near enough for a bound. Easy to get wrong: label
// sets share their strings, so a label counts as what points to it.
import type { FragmentResult } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';

/** A label set, and each string in it. */
const SET_BYTES = 32;
const STRING_BYTES = 8;
/** A native histogram with some tens of buckets. */
const HISTOGRAM_BYTES = 512;

/** Bytes of the columns and labels of a result. */
export function resultBytes({ matrix, raw }: FragmentResult): number {
  let bytes = 0;
  if (matrix !== undefined) {
    const { labels, values, present, counts, squares, lost, histograms } = matrix;
    bytes += labelBytes(labels) + values.byteLength + present.byteLength;
    for (const column of [counts, squares, lost]) bytes += column?.byteLength ?? 0;
    bytes += (histograms?.length ?? 0) * HISTOGRAM_BYTES;
  }
  if (raw !== undefined) {
    const { labels, from, timestamps, values, histograms } = raw;
    bytes += labelBytes(labels) + from.byteLength + timestamps.byteLength + values.byteLength;
    bytes += (histograms?.length ?? 0) * HISTOGRAM_BYTES;
  }
  return bytes;
}

function labelBytes(sets: readonly Labels[]): number {
  let bytes = sets.length * SET_BYTES;
  for (const set of sets) bytes += set.length * STRING_BYTES;
  return bytes;
}
