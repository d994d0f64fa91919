// Quantiles, fractions and the spread of one native histogram. Within a bucket observations are
// taken to be spread evenly on a logarithmic scale, in the zero bucket and in custom buckets on a
// linear one. Easy to get wrong: NaN observations are in the count but in no bucket.
// Source: Prometheus' documentation of histogram_quantile and histogram_fraction.
import { bucketsOf, isCustom } from '../model/histogram.ts';
import { add, pair } from './histogram-lists.ts';
import type { Bucket, FloatHistogram } from '../model/histogram.ts';

/** What NaN observations did to an answer. */
export type NanEffect = 'none' | 'result' | 'skewed' | 'excluded';

export interface NativeAnswer {
  readonly value: number;
  readonly nan: NanEffect;
}

const plain = (value: number): NativeAnswer => ({ value, nan: 'none' });

/** The q-quantile; out of 0 to 1 infinite, of nothing NaN. */
export function nativeQuantile(q: number, histogram: FloatHistogram): NativeAnswer {
  if (q < 0) return plain(-Infinity);
  if (q > 1) return plain(Infinity);
  const { count: all, sum } = histogram;
  if (all === 0 || Number.isNaN(q)) return plain(NaN);
  const forward = Number.isNaN(sum) || q < 0.5;
  const buckets = bucketsOf(histogram);
  if (!forward) buckets.reverse();
  let rank = (forward ? q : 1 - q) * all;
  let count = 0;
  let at = 0;
  let bucket: Bucket = { lower: 0, upper: 0, lowerInside: false, upperInside: false, count: 0 };
  for (; at < buckets.length; at++) {
    bucket = buckets[at];
    if (bucket.count === 0) continue;
    count += bucket.count;
    if (count >= rank) break;
  }
  const limits = limitsOf(bucket, histogram);
  if (typeof limits === 'number') return plain(limits);
  if (count > all) count = all;
  if (count < rank) {
    return Number.isNaN(sum) ? { value: NaN, nan: 'result' } : plain(limits.upper);
  }
  rank = forward ? rank - (count - bucket.count) : count - rank;
  let nan: NanEffect = 'none';
  if (Number.isNaN(sum)) {
    for (let i = at + 1; i < buckets.length; i++) count += buckets[i].count;
    if (count < all) nan = 'skewed';
  }
  return { value: within(limits, rank / bucket.count, isCustom(histogram)), nan };
}

interface Limits {
  readonly lower: number;
  readonly upper: number;
}

/** Where a quantile may lie within a bucket, or the one value that it can only be. */
function limitsOf(bucket: Bucket, histogram: FloatHistogram): Limits | number {
  const { lower, upper } = bucket;
  if (isCustom(histogram)) {
    if (lower === -Infinity) return upper <= 0 ? upper : { lower: 0, upper };
    return upper === Infinity ? lower : { lower, upper };
  }
  return lower < 0 && upper > 0 ? oneSided(bucket, histogram) : { lower, upper };
}

/** The zero bucket ends at 0 where the other side has no buckets. */
function oneSided({ lower, upper }: Limits, { positive, negative }: FloatHistogram): Limits {
  const above = positive.indexes.length > 0;
  const below = negative.indexes.length > 0;
  if (above && !below) return { lower: 0, upper };
  return below && !above ? { lower, upper: 0 } : { lower, upper };
}

function within({ lower, upper }: Limits, fraction: number, linear: boolean): number {
  if (linear || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction;
  const low = Math.log2(Math.abs(lower));
  const high = Math.log2(Math.abs(upper));
  if (lower > 0) return 2 ** (low + (high - low) * fraction);
  return -(2 ** (high + (low - high) * (1 - fraction)));
}

/** The share of a bucket that lies at or below a value strictly inside its finite limits. */
export function shareBelow({ lower, upper }: Limits, value: number, linear: boolean): number {
  if (linear) return (value - lower) / (upper - lower);
  const low = Math.log2(Math.abs(lower));
  const high = Math.log2(Math.abs(upper));
  const here = Math.log2(Math.abs(value));
  return value > 0 ? (here - low) / (high - low) : 1 - (here - high) / (low - high);
}

/** The share of observations between two values. */
export function nativeFraction(
  lower: number,
  upper: number,
  histogram: FloatHistogram,
): NativeAnswer {
  const { count: all, sum } = histogram;
  if (all === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return plain(NaN);
  if (lower >= upper) return plain(0);
  const buckets = bucketsOf(histogram);
  let counted = 0;
  for (const bucket of buckets) counted += bucket.count;
  const hasNan = Number.isNaN(sum);
  const limit = hasNan ? counted : all;
  const from = rankOf(lower, buckets, { histogram, limit });
  const to = rankOf(upper, buckets, { histogram, limit });
  return { value: (to - from) / all, nan: hasNan && counted < all ? 'excluded' : 'none' };
}

/** How many observations lie below a value, at most `limit`. */
function rankOf(
  value: number,
  buckets: readonly Bucket[],
  { histogram, limit }: { histogram: FloatHistogram; limit: number },
): number {
  let rank = 0;
  for (const bucket of buckets) {
    const zero = bucket.lower <= 0 && bucket.upper >= 0;
    const limits = zero ? oneSided(bucket, histogram) : bucket;
    if (limits.lower >= value) return Math.min(rank, limit);
    if (limits.upper > value) {
      const linear = isCustom(histogram) || zero;
      const found =
        linear && limits.lower === -Infinity
          ? bucket.count
          : rank + bucket.count * shareBelow(limits, value, linear);
      return found > limit ? limit : found;
    }
    rank += bucket.count;
  }
  return limit;
}

/** The variance of observations, each taken to be in the middle of its bucket. */
export function nativeVariance(histogram: FloatHistogram): number {
  const mean = histogram.sum / histogram.count;
  const custom = isCustom(histogram);
  pair.sum = 0;
  pair.lost = 0;
  for (const { lower, upper, count } of bucketsOf(histogram)) {
    if (count === 0) continue;
    let middle = 0;
    if (custom) middle = (upper + lower) / 2;
    else if (!(lower <= 0 && upper >= 0)) {
      middle = Math.sqrt(upper * lower) * (upper < 0 ? -1 : 1);
    }
    const difference = middle - mean;
    add(count * difference * difference);
  }
  return (pair.sum + pair.lost) / histogram.count;
}
