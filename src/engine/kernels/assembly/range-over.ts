// The *_over_time family and the instant selectors over the windows of one series. Twin of
// promql/functions-over-time.ts and sum.ts, operation by operation: sums are compensated
// (Neumaier), extremes keep a queue of candidates, NaN counts there only when alone.
import {
  bitsOf,
  count,
  extra,
  high,
  isStale,
  low,
  put,
  putBits,
  steps,
  timeOf,
  valueOf,
} from './range-state';

/** The last sample of each window unless it is the stale marker; its value or its time. */
export function instants(asTime: bool): void {
  for (let i: u32 = 0; i < steps; i++) {
    const end = high(i);
    if (end <= low(i)) continue;
    const bits = bitsOf(end - 1);
    if (isStale(bits)) continue;
    if (asTime) put(i, timeOf(end - 1) / 1000);
    else putBits(i, bits);
  }
}

/** One end of each window: the first or last sample, its value or its time. */
export function ends(last: bool, asTime: bool): void {
  for (let i: u32 = 0; i < steps; i++) {
    if (high(i) == low(i)) continue;
    const at = last ? high(i) - 1 : low(i);
    if (asTime) put(i, timeOf(at) / 1000);
    else putBits(i, bitsOf(at));
  }
}

/** How many samples, or 1 wherever there is one. */
export function counts(present: bool): void {
  for (let i: u32 = 0; i < steps; i++) {
    const many = high(i) - low(i);
    if (many != 0) put(i, present ? 1 : <f64>many);
  }
}

// @ts-ignore: decorator
@inline
function isInfinite(value: f64): bool {
  return abs(value) == Infinity;
}

/** What rounding loses when `value` is added to `before` and `next` is the sum. */
// @ts-ignore: decorator
@inline
function lostBy(before: f64, value: f64, next: f64): f64 {
  const larger = abs(before) >= abs(value);
  // Selected, not branched: which one is larger is not predictable.
  const a = select<f64>(before, value, larger);
  const b = select<f64>(value, before, larger);
  return a - next + b;
}

export function sums(): void {
  for (let i: u32 = 0; i < steps; i++) {
    const to = high(i);
    if (to == low(i)) continue;
    let sum: f64 = 0;
    let lost: f64 = 0;
    for (let j = low(i); j < to; j++) {
      const value = valueOf(j);
      const next = sum + value;
      lost = isInfinite(next) ? 0 : lost + lostBy(sum, value, next);
      sum = next;
    }
    put(i, isInfinite(sum) ? sum : sum + lost);
  }
}

/** The mean by the sum; once that would overflow, by a mean that moves with each sample. */
export function averages(): void {
  for (let i: u32 = 0; i < steps; i++) {
    const from = low(i);
    const to = high(i);
    if (to == from) continue;
    let sum = valueOf(from);
    let lost: f64 = 0;
    let j = from + 1;
    for (; j < to; j++) {
      const value = valueOf(j);
      const next = sum + value;
      if (isInfinite(next)) break;
      lost += lostBy(sum, value, next);
      sum = next;
    }
    if (j < to) {
      end = to;
      put(i, movingMean(from, j, sum, lost));
    } else {
      const many = <f64>(to - from);
      put(i, sum / many + lost / many);
    }
  }
}

/** Where the window of movingMean ends. */
let end: u32 = 0;

function movingMean(from: u32, at: u32, sum: f64, sumLost: f64): f64 {
  let mean = sum / <f64>(at - from);
  let lost = sumLost / <f64>(at - from);
  for (let i = at; i < end; i++) {
    const many = <f64>(i - from + 1);
    const share = (many - 1) / many;
    const old = share * mean;
    const value = valueOf(i) / many;
    const next = old + value;
    lost = isInfinite(next) ? 0 : share * lost + lostBy(old, value, next);
    mean = next;
  }
  return mean + lost;
}

// @ts-ignore: decorator
@inline
function queued(i: u32): u32 {
  return load<u32>(extra + ((<usize>i) << 2));
}

/** Largest or smallest: the first of equals by value, the last of them by time. */
export function extremes(largest: bool, asTime: bool): void {
  let head: u32 = 0;
  let tail: u32 = 0;
  let next: u32 = 0;
  for (let i: u32 = 0; i < steps; i++) {
    const from = low(i);
    const to = high(i);
    if (to == from) continue;
    if (next < from) next = from;
    for (; next < to; next++) {
      const value = valueOf(next);
      if (value != value) continue;
      while (tail > head) {
        const held = valueOf(queued(tail - 1));
        const beats = largest ? value > held : value < held;
        if (!beats && !(asTime && value == held)) break;
        tail--;
      }
      store<u32>(extra + ((<usize>tail) << 2), next);
      tail++;
    }
    while (head < tail && queued(head) < from) head++;
    const index = head < tail ? queued(head) : to - 1;
    if (asTime) put(i, timeOf(index) / 1000);
    else putBits(i, bitsOf(index));
  }
}

/** Variance or its root by Welford's method with compensation. */
export function deviations(root: bool): void {
  for (let i: u32 = 0; i < steps; i++) {
    const from = low(i);
    const to = high(i);
    if (to == from) continue;
    let mean: f64 = 0;
    let meanLost: f64 = 0;
    let squares: f64 = 0;
    let squaresLost: f64 = 0;
    for (let j = from; j < to; j++) {
      const value = valueOf(j);
      const apart = value - (mean + meanLost);
      const share = apart / <f64>(j - from + 1);
      const nextMean = mean + share;
      meanLost = isInfinite(nextMean) ? 0 : meanLost + lostBy(mean, share, nextMean);
      mean = nextMean;
      const product = apart * (value - (mean + meanLost));
      const nextSquares = squares + product;
      squaresLost = isInfinite(nextSquares)
        ? 0
        : squaresLost + lostBy(squares, product, nextSquares);
      squares = nextSquares;
    }
    const variance = (squares + squaresLost) / <f64>(to - from);
    put(i, root ? sqrt(variance) : variance);
  }
}

