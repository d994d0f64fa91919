// `</` and `>/`: what is above or below a value is cut off a histogram; the bucket in which the
// value lies is divided. Easy to get wrong: the new sum is an estimate from the middles of what
// is left, and is taken only when anything was cut; of an endless bucket nothing is known, so it
// goes or stays.
// Source: Prometheus' documentation of the trim operators.
import { isCustom, negativeBucket, positiveBucket } from '../model/histogram.ts';
import { compacted } from './histogram-math.ts';
import { shareBelow } from './histogram-quantile-native.ts';
import type { Bucket, BucketList, FloatHistogram } from '../model/histogram.ts';

interface Cut {
  readonly at: number;
  /** True for `</`: what lies above is cut. */
  readonly above: boolean;
  readonly custom: boolean;
}

/** What a bucket keeps, and where its middle then is. */
interface Kept {
  readonly count: number;
  readonly middle: number;
}

/** The histogram with only the observations below (`</`) or above (`>/`) a value. */
export function trimmed(histogram: FloatHistogram, at: number, above: boolean): FloatHistogram {
  const cut: Cut = { at, above, custom: isCustom(histogram) };
  const total = { count: 0, sum: 0, changed: false };
  const lists = {
    positive: cutList(histogram, 'positive', cut, total),
    negative: cutList(histogram, 'negative', cut, total),
  };
  let { zeroCount } = histogram;
  if (zeroCount > 0) {
    const kept = cutZero(histogram, cut);
    if (kept.count !== zeroCount) total.changed = true;
    total.sum += kept.middle * kept.count;
    total.count += kept.count;
    zeroCount = kept.count;
  }
  if (!total.changed) return histogram;
  return compacted({ ...histogram, ...lists, zeroCount, count: total.count, sum: total.sum });
}

function cutList(
  histogram: FloatHistogram,
  side: 'positive' | 'negative',
  cut: Cut,
  total: { count: number; sum: number; changed: boolean },
): BucketList {
  const list = histogram[side];
  const read = side === 'positive' ? positiveBucket : negativeBucket;
  const counts = list.counts.map((count, i) => {
    if (count === 0) return 0;
    const kept = cutBucket(read(histogram, i), cut, side === 'positive');
    if (kept.count !== count) total.changed = true;
    total.count += kept.count;
    total.sum += kept.middle * kept.count;
    return kept.count;
  });
  return { indexes: list.indexes, counts };
}

function cutBucket(bucket: Bucket, { at, above, custom }: Cut, positive: boolean): Kept {
  const { lower, upper, count } = bucket;
  const middle = { positive, linear: custom };
  const whole = above ? upper <= at : lower >= at;
  if (whole) return { count, middle: middleOf(lower, upper, middle) };
  const touched = above ? lower < at : upper > at;
  if (!touched) return { count: 0, middle: 0 };
  if (lower === -Infinity || upper === Infinity) return cutEndless(bucket, at, above);
  const below = count * shareBelow(bucket, at, custom);
  return above
    ? { count: below, middle: middleOf(lower, at, middle) }
    : { count: count - below, middle: middleOf(at, upper, middle) };
}

function cutEndless({ lower, upper, count }: Bucket, at: number, above: boolean): Kept {
  const nothing = { count: 0, middle: 0 };
  if (upper === Infinity && lower !== -Infinity) {
    return above || at < lower ? nothing : { count, middle: at };
  }
  // A custom bucket without lower bound counts from 0 when its upper bound is above 0.
  const bounded = upper > 0 && upper !== Infinity;
  if (above) {
    if (at > 0 && bounded) return { count: (count * at) / upper, middle: at / 2 };
    return upper <= 0 ? { count, middle: at } : nothing;
  }
  if (at === -Infinity) return { count, middle: 0 };
  if (at >= 0 && upper > at && upper !== Infinity) {
    return { count: count * (1 - at / upper), middle: (at + upper) / 2 };
  }
  return nothing;
}

function cutZero(histogram: FloatHistogram, { at, above }: Cut): Kept {
  const filled = (list: BucketList): boolean => list.counts.some((count) => count !== 0);
  const hasPositive = filled(histogram.positive);
  const hasNegative = filled(histogram.negative);
  const { zeroThreshold, zeroCount: count } = histogram;
  const upper = hasNegative && !hasPositive ? 0 : zeroThreshold;
  const lower = hasPositive && !hasNegative ? 0 : -zeroThreshold;
  const all = { count, middle: (lower + upper) / 2 };
  const nothing = { count: 0, middle: 0 };
  if (at <= lower) return above ? nothing : all;
  if (at >= upper) return above ? all : nothing;
  const width = upper - lower;
  return above
    ? { count: count * ((at - lower) / width), middle: (lower + at) / 2 }
    : { count: count * ((upper - at) / width), middle: (at + upper) / 2 };
}

function middleOf(
  lower: number,
  upper: number,
  { positive, linear }: { positive: boolean; linear: boolean },
): number {
  const endless = (value: number): boolean => value === Infinity || value === -Infinity;
  if (endless(lower)) {
    if (endless(upper)) return 0;
    return upper > 0 ? upper / 2 : upper;
  }
  if (endless(upper)) return lower;
  if (linear) return (lower + upper) / 2;
  const middle = Math.sqrt(Math.abs(lower * upper));
  return positive ? middle : -middle;
}
