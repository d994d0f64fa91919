// The *_over_time family: one number from all samples of a window. Sums are compensated and means
// taken as Prometheus takes them, window by window, so that results are equal to the last bit;
// extremes keep a queue of candidates, counts and ends need no pass over the window at all.
import { badQuantile } from './notes.ts';
import { quantileOf } from './quantile.ts';
import { Sum, isInfinite, lostBy } from './sum.ts';
import { argAt } from './windows.ts';
import type { RangeFunction, RangeInput } from './windows.ts';

/** A function of each window that is not empty, by the indices of its samples. */
function each(
  value: (input: RangeInput, from: number, to: number, step: number) => number,
): RangeFunction {
  return (input, out, present, at) => {
    const { lo, hi, windows } = input;
    for (let i = 0; i < windows.count; i++) {
      if (hi[i] === lo[i]) continue;
      out[at + i] = value(input, lo[i], hi[i], i);
      present[at + i] = 1;
    }
  };
}

export const countOverTime = each((_, from, to) => to - from);
export const presentOverTime = each(() => 1);
export const firstOverTime = each(({ values }, from) => values[from]);
export const lastOverTime = each(({ values }, _, to) => values[to - 1]);
export const tsOfFirst = each(({ timestamps }, from) => timestamps[from] / 1000);
export const tsOfLast = each(({ timestamps }, _, to) => timestamps[to - 1] / 1000);

export const sumOverTime = each(({ values }, from, to) => sumOf(values, from, to));

/** The compensated sum of a run of values. */
export function sumOf(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  let lost = 0;
  for (let i = from; i < to; i++) {
    const value = values[i];
    const next = sum + value;
    lost = isInfinite(next) ? 0 : lost + lostBy(sum, value, next);
    sum = next;
  }
  return isInfinite(sum) ? sum : sum + lost;
}

export const avgOverTime = each(({ values }, from, to) => meanOf(values, from, to));

/** The mean by the sum; once that would overflow, by a mean that moves with each sample. */
export function meanOf(values: Float64Array, from: number, to: number): number {
  let sum = values[from];
  let lost = 0;
  for (let i = from + 1; i < to; i++) {
    const next = sum + values[i];
    if (isInfinite(next)) return movingMean(values, { from, at: i, to }, { sum, lost });
    lost += lostBy(sum, values[i], next);
    sum = next;
  }
  const count = to - from;
  return sum / count + lost / count;
}

function movingMean(
  values: Float64Array,
  { from, at, to }: { from: number; at: number; to: number },
  before: { sum: number; lost: number },
): number {
  let mean = before.sum / (at - from);
  let lost = before.lost / (at - from);
  for (let i = at; i < to; i++) {
    const count = i - from + 1;
    const share = (count - 1) / count;
    const old = share * mean;
    const value = values[i] / count;
    const next = old + value;
    lost = isInfinite(next) ? 0 : share * lost + lostBy(old, value, next);
    mean = next;
  }
  return mean + lost;
}

/**
 * Extremes by a queue of indices: each sample enters and leaves once. NaN counts only when alone.
 */
function extreme(
  beats: (challenger: number, held: number) => boolean,
  answer: (input: RangeInput, index: number) => number,
): RangeFunction {
  let queue = new Uint32Array(256);
  return (input, out, present, at) => {
    const { values, count, lo, hi, windows } = input;
    if (queue.length < count) queue = new Uint32Array(count * 2);
    let head = 0;
    let tail = 0;
    let next = 0;
    for (let i = 0; i < windows.count; i++) {
      if (hi[i] === lo[i]) continue;
      if (next < lo[i]) next = lo[i];
      for (; next < hi[i]; next++) {
        if (Number.isNaN(values[next])) continue;
        while (tail > head && beats(values[next], values[queue[tail - 1]])) tail--;
        queue[tail++] = next;
      }
      while (head < tail && queue[head] < lo[i]) head++;
      // Without a number the first NaN of the window stands for all.
      const index = head < tail ? queue[head] : -1;
      out[at + i] = index < 0 ? answerNan(input, i, answer) : answer(input, index);
      present[at + i] = 1;
    }
  };
}

function answerNan(
  input: RangeInput,
  step: number,
  answer: (input: RangeInput, index: number) => number,
): number {
  return answer(input, input.hi[step] - 1);
}

const valueAt = ({ values }: RangeInput, index: number): number => values[index];
const timeAt = ({ timestamps }: RangeInput, index: number): number => timestamps[index] / 1000;

export const maxOverTime = extreme((a, b) => a > b, valueAt);
export const minOverTime = extreme((a, b) => a < b, valueAt);
export const tsOfMax = extreme((a, b) => a >= b, timeAt);
export const tsOfMin = extreme((a, b) => a <= b, timeAt);

/** Variance by Welford's method with compensation. */
function variance({ values }: RangeInput, from: number, to: number): number {
  mean.reset();
  squares.reset();
  for (let i = from; i < to; i++) {
    const difference = values[i] - mean.total;
    mean.add(difference / (i - from + 1));
    squares.add(difference * (values[i] - mean.total));
  }
  return squares.total / (to - from);
}
const mean = new Sum();
const squares = new Sum();

export const stdvarOverTime = each(variance);
export const stddevOverTime = each((input, from, to) => Math.sqrt(variance(input, from, to)));

let scratch = new Float64Array(256);

/** A copy of the window that may be sorted. */
function copyOf(values: Float64Array, from: number, to: number): Float64Array {
  if (scratch.length < to - from) scratch = new Float64Array((to - from) * 2);
  const copy = scratch.subarray(0, to - from);
  copy.set(values.subarray(from, to));
  return copy;
}

export const quantileOverTime = each((input, from, to, step) => {
  const q = argAt(input, 0, step);
  if (!(q >= 0 && q <= 1)) input.notes.warn(badQuantile(q));
  return quantileOf(q, copyOf(input.values, from, to));
});

/** Median of the distances from the median. */
export const madOverTime = each(({ values }, from, to) => {
  for (let i = from; i < to; i++) if (Number.isNaN(values[i])) return NaN;
  const copy = copyOf(values, from, to);
  const median = quantileOf(0.5, copy);
  for (let i = 0; i < copy.length; i++) copy[i] = Math.abs(copy[i] - median);
  return quantileOf(0.5, copy);
});
