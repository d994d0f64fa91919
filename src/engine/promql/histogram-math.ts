// Arithmetic of native histograms: sums, differences, scaling, resets. What two histograms do not
// share is brought together first: the lower resolution, a zero bucket that ends at a bound of
// both, the custom bounds that both have. Pure: histograms go in and new ones come out. Semantics
// are Prometheus', so that every program answers alike.
import { CUSTOM_SCHEMA, HINT, boundOf, isCustom } from '../model/histogram.ts';
import {
  add,
  coarser,
  mapToBounds,
  mergeLists,
  pair,
  sameNumbers,
  sharedBounds,
  tracked,
  withoutEmpty,
} from './histogram-lists.ts';
import { reconcileZero, work } from './histogram-zero.ts';
import type { BucketList, FloatHistogram, ResetHint } from '../model/histogram.ts';
import type { HistogramLoss, TrackedList } from './histogram-lists.ts';

export interface Combined {
  readonly histogram: FloatHistogram;
  readonly lost: HistogramLoss;
  /** One side said "reset", the other "no reset". */
  readonly collision: boolean;
  /** Custom bounds differed and were reduced to those in common. */
  readonly reconciled: boolean;
}

/** a + sign * b, or undefined when one has custom buckets and the other exponential ones. */
export function combine(
  a: FloatHistogram,
  b: FloatHistogram,
  sign: 1 | -1,
  lost?: HistogramLoss,
): Combined | undefined {
  if (isCustom(a) !== isCustom(b)) return undefined;
  const hint = jointHint(a.hint, b.hint);
  const head = { collision: hint === undefined, hint: hint ?? HINT.unknown };
  return isCustom(a)
    ? combineCustom(a, b, { sign, lost, ...head })
    : combineExponential(a, b, { sign, lost, ...head });
}

interface How {
  readonly sign: 1 | -1;
  readonly lost: HistogramLoss | undefined;
  readonly hint: ResetHint;
  readonly collision: boolean;
}

/** The hint of a sum; undefined when the two contradict each other. */
function jointHint(a: ResetHint, b: ResetHint): ResetHint | undefined {
  if (a === b) return a;
  if (a === HINT.gauge || b === HINT.gauge) return HINT.gauge;
  return a === HINT.unknown || b === HINT.unknown ? HINT.unknown : undefined;
}

function summed(a: number, lost: number, b: number): { sum: number; lost: number } {
  pair.sum = a;
  pair.lost = lost;
  add(b);
  return { sum: pair.sum, lost: pair.lost };
}

const NEVER = (): boolean => false;

function combineCustom(a: FloatHistogram, b: FloatHistogram, how: How): Combined {
  const { sign, lost } = how;
  const reconciled = !sameNumbers(a.custom, b.custom);
  let left: TrackedList = { ...a.positive, lost: lost?.positive ?? tracked(a.positive).lost };
  let right = tracked(b.positive);
  let { custom } = a;
  if (reconciled) {
    custom = sharedBounds(a.custom, b.custom);
    left = mapToBounds(left, a.custom, custom);
    right = mapToBounds(right, b.custom, custom);
  }
  const merged = mergeLists(left, right, sign, NEVER);
  const positive = reconciled ? withoutEmpty(merged) : merged;
  const count = summed(a.count, lost?.count ?? 0, sign * b.count);
  const sum = summed(a.sum, lost?.sum ?? 0, sign * b.sum);
  const histogram: FloatHistogram = {
    ...a,
    hint: how.hint,
    count: count.sum,
    sum: sum.sum,
    custom,
    positive: bare(positive),
  };
  return {
    histogram,
    collision: how.collision,
    reconciled,
    lost: {
      zeroCount: 0,
      count: count.lost,
      sum: sum.lost,
      positive: positive.lost,
      negative: new Float64Array(0),
    },
  };
}

function combineExponential(a: FloatHistogram, b: FloatHistogram, how: How): Combined {
  const { sign } = how;
  const left = work(a, how.lost);
  const right = work(b, undefined);
  const zeroOfB = reconcileZero(left, right);
  pair.sum = left.zeroCount;
  pair.lost = left.zeroLost;
  add(sign * zeroOfB.count);
  if (zeroOfB.lost !== 0) add(sign * zeroOfB.lost);
  const zero = { sum: pair.sum, lost: pair.lost };
  const schema = Math.min(a.schema, b.schema);
  const { zeroThreshold } = left;
  const covered = (index: number): boolean => boundOf(index, schema, a.custom) <= zeroThreshold;
  const merge = (x: TrackedList, y: TrackedList): TrackedList =>
    mergeLists(coarser(x, a.schema - schema), coarser(y, b.schema - schema), sign, covered);
  const positive = merge(left.positive, tracked(b.positive));
  const negative = merge(left.negative, tracked(b.negative));
  const count = summed(a.count, how.lost?.count ?? 0, sign * b.count);
  const sum = summed(a.sum, how.lost?.sum ?? 0, sign * b.sum);
  return {
    histogram: {
      hint: how.hint,
      schema,
      zeroThreshold,
      zeroCount: zero.sum,
      count: count.sum,
      sum: sum.sum,
      positive: bare(positive),
      negative: bare(negative),
      custom: a.custom,
    },
    lost: {
      zeroCount: zero.lost,
      count: count.lost,
      sum: sum.lost,
      positive: positive.lost,
      negative: negative.lost,
    },
    collision: how.collision,
    reconciled: false,
  };
}

function bare({ indexes, counts }: BucketList): BucketList {
  return { indexes, counts };
}

/** The sum with all that was lost put back. */
export function restored(histogram: FloatHistogram, lost: HistogramLoss): FloatHistogram {
  const back = (list: BucketList, more: Float64Array): BucketList => ({
    indexes: list.indexes,
    counts: list.counts.map((count, i) => count + more[i]),
  });
  return {
    ...histogram,
    zeroCount: histogram.zeroCount + lost.zeroCount,
    count: histogram.count + lost.count,
    sum: histogram.sum + lost.sum,
    positive: back(histogram.positive, lost.positive),
    negative: back(histogram.negative, lost.negative),
  };
}

function mapped(histogram: FloatHistogram, by: (value: number) => number): FloatHistogram {
  const list = ({ indexes, counts }: BucketList): BucketList => ({
    indexes,
    counts: counts.map(by),
  });
  return {
    ...histogram,
    zeroCount: by(histogram.zeroCount),
    count: by(histogram.count),
    sum: by(histogram.sum),
    positive: list(histogram.positive),
    negative: list(histogram.negative),
  };
}

/** All counts and the sum times a factor; a negative one makes a gauge. */
export function multiplied(histogram: FloatHistogram, factor: number): FloatHistogram {
  const out = mapped(histogram, (value) => value * factor);
  return factor < 0 ? { ...out, hint: HINT.gauge } : out;
}

const EMPTY: BucketList = { indexes: new Int32Array(0), counts: new Float64Array(0) };

/** All counts and the sum divided; by zero no bucket is left. */
export function divided(histogram: FloatHistogram, by: number): FloatHistogram {
  const out = mapped(histogram, (value) => value / by);
  if (by === 0) return { ...out, positive: EMPTY, negative: EMPTY };
  return by < 0 ? { ...out, hint: HINT.gauge } : out;
}

/** The loss of a sum that is scaled with it. */
export function scaledLoss(lost: HistogramLoss, factor: number): HistogramLoss {
  return {
    zeroCount: lost.zeroCount * factor,
    count: lost.count * factor,
    sum: lost.sum * factor,
    positive: lost.positive.map((value) => value * factor),
    negative: lost.negative.map((value) => value * factor),
  };
}

/** The histogram without empty buckets. */
export function compacted(histogram: FloatHistogram): FloatHistogram {
  const { positive, negative } = histogram;
  const full = (list: BucketList): boolean => !list.counts.includes(0);
  if (full(positive) && full(negative)) return histogram;
  const cut = (list: BucketList): BucketList => bare(withoutEmpty(tracked(list)));
  return { ...histogram, positive: cut(positive), negative: cut(negative) };
}

/** The histogram in a lower resolution. */
export function reduced(histogram: FloatHistogram, schema: number): FloatHistogram {
  if (schema >= histogram.schema || isCustom(histogram)) return histogram;
  const by = histogram.schema - schema;
  const cut = (list: BucketList): BucketList => bare(coarser(tracked(list), by));
  return {
    ...histogram,
    schema,
    positive: cut(histogram.positive),
    negative: cut(histogram.negative),
  };
}

/** Nothing yet, in the layout of another histogram: what a counter shows right after a reset. */
export function zeroLike({ schema, custom }: FloatHistogram): FloatHistogram {
  const none = { hint: HINT.unknown, zeroThreshold: 0, zeroCount: 0, count: 0, sum: 0 };
  return { ...none, schema, custom, positive: EMPTY, negative: EMPTY };
}

/** Equal in every bit and with the same buckets, also the empty ones. */
export function sameHistogram(a: FloatHistogram, b: FloatHistogram): boolean {
  if (a.schema !== b.schema || a.zeroThreshold !== b.zeroThreshold) return false;
  if (a.schema === CUSTOM_SCHEMA && !sameNumbers(a.custom, b.custom)) return false;
  if (!Object.is(a.count, b.count) || !Object.is(a.sum, b.sum)) return false;
  if (!Object.is(a.zeroCount, b.zeroCount)) return false;
  return sameList(a.positive, b.positive) && sameList(a.negative, b.negative);
}

function sameList(a: BucketList, b: BucketList): boolean {
  if (a.indexes.length !== b.indexes.length) return false;
  for (let i = 0; i < a.indexes.length; i++) {
    if (a.indexes[i] !== b.indexes[i] || !Object.is(a.counts[i], b.counts[i])) return false;
  }
  return true;
}

/** True when any part is infinite: a sum has overflowed. */
export function overflows(h: FloatHistogram): boolean {
  const endless = (value: number): boolean => value === Infinity || value === -Infinity;
  if (endless(h.zeroCount) || endless(h.count) || endless(h.sum)) return true;
  return h.positive.counts.some(endless) || h.negative.counts.some(endless);
}
