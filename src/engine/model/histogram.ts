// A native histogram as one sample holds it: plain data over typed arrays, so that it crosses
// threads by structured clone. Counts are absolute floats; buckets are a sparse list of index and
// count, which is what spans say in other formats. Histograms are never changed in place:
// arithmetic makes new ones. Easy to get wrong: with custom buckets only the positive list is used,
// and its indexes count from the first bound. Source: Prometheus' specification of native
// histograms.
import { assert } from '../errors.ts';
import { exponentialBound } from './histogram-bounds.ts';

/** What is known of the step from the sample before: nothing, a reset, none, or it is a gauge. */
export const HINT = { unknown: 0, reset: 1, notReset: 2, gauge: 3 } as const;
export type ResetHint = (typeof HINT)[keyof typeof HINT];

/** The schema of custom buckets; the others, -4 to 8, are powers of two by 2^-schema. */
export const CUSTOM_SCHEMA = -53;
export const SCHEMA_MIN = -4;
export const SCHEMA_MAX = 8;

/** Buckets by rising index; an index may be listed with a count of 0. */
export interface BucketList {
  readonly indexes: Int32Array;
  readonly counts: Float64Array;
}

export interface FloatHistogram {
  readonly hint: ResetHint;
  readonly schema: number;
  /** Observations within [-threshold, threshold] are in the zero bucket. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly count: number;
  readonly sum: number;
  readonly positive: BucketList;
  /** Indexed by absolute value. */
  readonly negative: BucketList;
  /** Upper bounds of custom buckets without the last, which is infinity. */
  readonly custom: Float64Array;
}

/** One bucket with its limits. */
export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly lowerInside: boolean;
  readonly upperInside: boolean;
  readonly count: number;
}

/**
 * A histogram as an answer tells it: schema and threshold are gone, buckets have their limits.
 */
export interface ShownHistogram {
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly Bucket[];
}

const NO_BUCKETS: BucketList = {
  indexes: new Int32Array(0),
  counts: new Float64Array(0),
};
const NO_BOUNDS = new Float64Array(0);

/** A histogram of the parts given, everything else empty. */
export function makeHistogram(parts: Partial<FloatHistogram>): FloatHistogram {
  return {
    hint: HINT.unknown,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 0,
    sum: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS,
    custom: NO_BOUNDS,
    ...parts,
  };
}

export function isCustom(histogram: FloatHistogram): boolean {
  return histogram.schema === CUSTOM_SCHEMA;
}

/** The upper bound of a bucket of the positive list. */
export function boundOf(index: number, schema: number, custom: Float64Array): number {
  if (schema !== CUSTOM_SCHEMA) return exponentialBound(index, schema);
  if (index < 0) return -Infinity;
  return index < custom.length ? custom[index] : Infinity;
}

/**
 * All buckets that are listed and the zero bucket if it has any, from the lowest to the highest.
 * Those that reach into the zero bucket are cut there, unless they are wanted `whole`.
 */
export function bucketsOf(histogram: FloatHistogram, whole = false): Bucket[] {
  const { negative, positive, zeroThreshold, zeroCount } = histogram;
  const out: Bucket[] = [];
  for (let i = negative.indexes.length - 1; i >= 0; i--) {
    const bucket = negativeBucket(histogram, i);
    const overlaps = !whole && bucket.upper < 0 && bucket.upper > -zeroThreshold;
    out.push(overlaps ? { ...bucket, upper: -zeroThreshold } : bucket);
  }
  if (zeroCount > 0) {
    const limits = { lower: -zeroThreshold, upper: zeroThreshold };
    out.push({ ...limits, lowerInside: true, upperInside: true, count: zeroCount });
  }
  for (let i = 0; i < positive.indexes.length; i++) {
    const bucket = positiveBucket(histogram, i);
    const overlaps = !whole && bucket.lower > 0 && bucket.lower < zeroThreshold;
    out.push(overlaps ? { ...bucket, lower: zeroThreshold } : bucket);
  }
  return out;
}

/** What an answer would tell of it. */
export function shownOf(histogram: FloatHistogram): ShownHistogram {
  return { count: histogram.count, sum: histogram.sum, buckets: bucketsOf(histogram) };
}

/** The bucket at a place of the positive list. */
export function positiveBucket(histogram: FloatHistogram, at: number): Bucket {
  const { positive, schema, custom } = histogram;
  const index = positive.indexes[at];
  const lower = boundOf(index - 1, schema, custom);
  const upper = boundOf(index, schema, custom);
  const count = positive.counts[at];
  if (isCustom(histogram)) {
    return { lower, upper, lowerInside: index === 0, upperInside: true, count };
  }
  return { lower, upper, lowerInside: false, upperInside: true, count };
}

/** The bucket at a place of the negative list. */
export function negativeBucket(histogram: FloatHistogram, at: number): Bucket {
  const { negative, schema, custom } = histogram;
  const index = negative.indexes[at];
  const lower = -boundOf(index, schema, custom);
  const upper = -boundOf(index - 1, schema, custom);
  const count = negative.counts[at];
  return { lower, upper, lowerInside: true, upperInside: false, count };
}

/**
 * Runs of neighbouring indexes as `[offset, length, offset, length, …]`, offsets to the run before.
 */
export function spansOf({ indexes }: BucketList): number[] {
  const out: number[] = [];
  let end = 0;
  for (let i = 0; i < indexes.length; i++) {
    if (i > 0 && indexes[i] === end) out[out.length - 1]++;
    else out.push(indexes[i] - end, 1);
    end = indexes[i] + 1;
  }
  return out;
}

/** The indexes that spans describe. `spans` is `[offset, length, …]`. */
export function indexesOf(spans: ArrayLike<number>): Int32Array {
  let total = 0;
  for (let i = 1; i < spans.length; i += 2) total += spans[i];
  const out = new Int32Array(total);
  let index = 0;
  let at = 0;
  for (let i = 0; i < spans.length; i += 2) {
    index += spans[i];
    for (let j = 0; j < spans[i + 1]; j++) out[at++] = index++;
  }
  assert(at === total, 'spans fill their indexes');
  return out;
}
