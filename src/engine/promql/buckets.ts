// Quantiles and fractions of one classic histogram: a few cumulative buckets. Prometheus' repairs
// come first: equal bounds are added up, tiny decreases are rounding, larger ones are lifted and
// reported. Source: Prometheus' documentation of histogram_quantile.

/** Cumulative counts under their upper bounds, as many as `count` says. Reused between steps. */
export interface Buckets {
  readonly bounds: Float64Array;
  readonly counts: Float64Array;
  count: number;
}

/** Where counts had to be lifted to be cumulative. */
export interface Repair {
  lifted: boolean;
  from: number;
  to: number;
  most: number;
}

export function makeBuckets(capacity: number): Buckets {
  const bounds = new Float64Array(capacity);
  return { bounds, counts: new Float64Array(capacity), count: 0 };
}

/** Relative difference below which a decrease is rounding. */
const TOLERANCE = 1e-12;
const SMALLEST_NORMAL = 2.2250738585072014e-308;

function almostEqual(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < SMALLEST_NORMAL) return difference < TOLERANCE * SMALLEST_NORMAL;
  return difference / Math.min(sum, Number.MAX_VALUE) < TOLERANCE;
}

/** Sorts by bound and adds up equal bounds. False when the last bound is not infinity. */
function arrange(buckets: Buckets): boolean {
  const { bounds, counts, count } = buckets;
  for (let i = 1; i < count; i++) {
    const bound = bounds[i];
    const value = counts[i];
    let j = i - 1;
    for (; j >= 0 && bounds[j] > bound; j--) {
      bounds[j + 1] = bounds[j];
      counts[j + 1] = counts[j];
    }
    bounds[j + 1] = bound;
    counts[j + 1] = value;
  }
  if (count === 0 || bounds[count - 1] !== Infinity) return false;
  let kept = 0;
  for (let i = 1; i < count; i++) {
    if (bounds[i] === bounds[kept]) counts[kept] += counts[i];
    else {
      kept++;
      bounds[kept] = bounds[i];
      counts[kept] = counts[i];
    }
  }
  buckets.count = kept + 1;
  return true;
}

function lift({ bounds, counts, count }: Buckets, repair: Repair): void {
  let before = counts[0];
  for (let i = 1; i < count; i++) {
    const now = counts[i];
    if (now === before) continue;
    if (almostEqual(before, now)) {
      counts[i] = before;
    } else if (now < before) {
      counts[i] = before;
      repair.lifted = true;
      repair.from = Math.min(repair.from, bounds[i]);
      repair.to = Math.max(repair.to, bounds[i]);
      repair.most = Math.max(repair.most, before - now);
    } else {
      before = now;
    }
  }
}

/** The q-quantile, linear within a bucket. Changes the buckets; `repair` tells what was lifted. */
export function bucketQuantile(q: number, buckets: Buckets, repair: Repair): number {
  repair.lifted = false;
  repair.from = Infinity;
  repair.to = -Infinity;
  repair.most = 0;
  if (Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  if (!arrange(buckets)) return NaN;
  lift(buckets, repair);
  const { bounds, counts, count } = buckets;
  if (count < 2) return NaN;
  const all = counts[count - 1];
  if (all === 0) return NaN;
  let rank = q * all;
  let b = 0;
  // The search of the first bucket that reaches the rank; NaN ranks reach none.
  while (b < count - 1 && !(counts[b] >= rank)) b++;
  if (b === count - 1) return bounds[count - 2];
  if (b === 0 && bounds[0] <= 0) return bounds[0];
  let start = 0;
  let within = counts[b];
  if (b > 0) {
    start = bounds[b - 1];
    within -= counts[b - 1];
    rank -= counts[b - 1];
  }
  return start + (bounds[b] - start) * (rank / within);
}

/** The share of observations between two values, linear within a bucket. Changes the buckets. */
export function bucketFraction(lower: number, upper: number, buckets: Buckets): number {
  if (!arrange(buckets)) return NaN;
  const all = buckets.counts[buckets.count - 1];
  if (all === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
  if (lower >= upper) return 0;
  return (rankOf(upper, buckets) - rankOf(lower, buckets)) / all;
}

/** How many observations lie below a value. */
function rankOf(value: number, { bounds, counts, count }: Buckets): number {
  const all = counts[count - 1];
  let below = 0;
  for (let i = 0; i < count; i++) {
    const first = bounds[0] <= 0 ? -Infinity : 0;
    const low = i === 0 ? first : bounds[i - 1];
    if (low >= value) return Math.min(below, all);
    if (bounds[i] > value) {
      const endless = low === -Infinity;
      const share = (value - low) / (bounds[i] - low);
      const rank = endless ? counts[i] : below + (counts[i] - below) * share;
      return Math.min(rank, all);
    }
    below = counts[i];
  }
  return all;
}
