// The zero buckets of two histograms brought together: the wider one wins, and buckets that it
// covers are taken into it. Easy to get wrong: a threshold may not end within a bucket that has
// observations, so it grows to that bucket's end, which may in turn be too wide for the other
// histogram.
import { boundOf } from '../model/histogram.ts';
import { add, pair, tracked, withoutEmpty } from './histogram-lists.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { HistogramLoss, TrackedList } from './histogram-lists.ts';

/** An exponential histogram that is being added to. */
export interface Work {
  readonly schema: number;
  readonly custom: Float64Array;
  zeroThreshold: number;
  zeroCount: number;
  zeroLost: number;
  positive: TrackedList;
  negative: TrackedList;
}

export function work(histogram: FloatHistogram, lost: HistogramLoss | undefined): Work {
  const { schema, custom, zeroThreshold, zeroCount, positive, negative } = histogram;
  return {
    schema,
    custom,
    zeroThreshold,
    zeroCount,
    zeroLost: lost?.zeroCount ?? 0,
    positive: lost === undefined ? tracked(positive) : { ...positive, lost: lost.positive },
    negative: lost === undefined ? tracked(negative) : { ...negative, lost: lost.negative },
  };
}

interface Zero {
  count: number;
  lost: number;
  threshold: number;
}

/** What the zero bucket would hold with a threshold at least as wide as the one given. */
export function zeroFor(one: Work, least: number): Zero {
  if (least === one.zeroThreshold) {
    return { count: one.zeroCount, lost: one.zeroLost, threshold: least };
  }
  let threshold = least;
  for (;;) {
    pair.sum = one.zeroCount;
    pair.lost = one.zeroLost;
    threshold = take(one, one.positive, threshold);
    const wider = take(one, one.negative, threshold);
    if (wider === threshold) return { count: pair.sum, lost: pair.lost, threshold };
    // The positive side has to be counted anew with the wider threshold.
    threshold = wider;
  }
}

/** Adds the buckets within the threshold to `pair` and says where the last of them ends. */
function take(one: Work, list: TrackedList, threshold: number): number {
  const { schema, custom } = one;
  for (let i = 0; i < list.indexes.length; i++) {
    if (boundOf(list.indexes[i] - 1, schema, custom) >= threshold) break;
    add(list.counts[i]);
    add(list.lost[i]);
    const upper = boundOf(list.indexes[i], schema, custom);
    if (upper > threshold) return list.counts[i] === 0 ? threshold : upper;
  }
  return threshold;
}

/** Widens the zero bucket of `one` as needed and answers what the other's would hold. */
export function reconcileZero(one: Work, other: Work): { count: number; lost: number } {
  let answer: Zero = { count: other.zeroCount, lost: 0, threshold: other.zeroThreshold };
  while (answer.threshold !== one.zeroThreshold) {
    if (one.zeroThreshold > answer.threshold) answer = zeroFor(other, one.zeroThreshold);
    if (answer.threshold > one.zeroThreshold) widen(one, answer.threshold);
  }
  return answer;
}

function widen(one: Work, least: number): void {
  const zero = zeroFor(one, least);
  one.zeroCount = zero.count;
  one.zeroLost = zero.lost;
  one.zeroThreshold = zero.threshold;
  one.positive = withoutCovered(one, one.positive);
  one.negative = withoutCovered(one, one.negative);
}

/** The list without the buckets that the zero bucket has swallowed, and without empty ones. */
function withoutCovered(one: Work, list: TrackedList): TrackedList {
  let from = 0;
  const lower = (at: number): number => boundOf(list.indexes[at] - 1, one.schema, one.custom);
  while (from < list.indexes.length && lower(from) < one.zeroThreshold) from++;
  return withoutEmpty({
    indexes: list.indexes.subarray(from),
    counts: list.counts.subarray(from),
    lost: list.lost.subarray(from),
  });
}
