// How much memory the answer to a fragment takes, near enough for a bound. Labels are counted by
// their letters; easy to get wrong: label sets share their strings, so this is a bound from above.
import type { FragmentResult } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';

const STRING_BYTES = 24;
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
  let bytes = 0;
  for (const set of sets) {
    for (const text of set) bytes += STRING_BYTES + text.length;
  }
  return bytes;
}
