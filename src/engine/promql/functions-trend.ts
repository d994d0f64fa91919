// deriv, predict_linear and double_exponential_smoothing: the trend of a gauge in a window. Easy
// to get wrong: the line of predict_linear is laid through the time of evaluation, which an offset
// moves away from the window's end; its second argument here is that distance in ms.
import { evaluationFailed } from './query-failure.ts';
import { isInfinite, Sum } from './sum.ts';
import { argAt } from './windows.ts';
import type { RangeFunction, RangeInput } from './windows.ts';

const sumX = new Sum();
const sumY = new Sum();
const sumXY = new Sum();
const sumXX = new Sum();
/** The line of the last call: least squares, by compensated sums. */
const line = { slope: 0, intercept: 0 };

function fitLine({ timestamps, values }: RangeInput, from: number, to: number, zeroMs: number) {
  for (const sum of [sumX, sumY, sumXY, sumXX]) sum.reset();
  let constant = true;
  for (let i = from; i < to; i++) {
    if (values[i] !== values[from]) constant = false;
    const x = (timestamps[i] - zeroMs) / 1000;
    sumX.add(x);
    sumY.add(values[i]);
    sumXY.add(x * values[i]);
    sumXX.add(x * x);
  }
  if (constant) {
    const endless = isInfinite(values[from]);
    line.slope = endless ? NaN : 0;
    line.intercept = endless ? NaN : values[from];
    return;
  }
  const n = to - from;
  const x = sumX.total;
  const y = sumY.total;
  const covariance = sumXY.total - (x * y) / n;
  const variance = sumXX.total - (x * x) / n;
  line.slope = covariance / variance;
  line.intercept = y / n - (line.slope * x) / n;
}

export const deriv: RangeFunction = (input, out, present, at) => {
  const { timestamps, lo, hi, windows } = input;
  for (let i = 0; i < windows.count; i++) {
    if (hi[i] - lo[i] < 2) continue;
    fitLine(input, lo[i], hi[i], timestamps[lo[i]]);
    out[at + i] = line.slope;
    present[at + i] = 1;
  }
};

export const predictLinear: RangeFunction = (input, out, present, at) => {
  const { lo, hi, windows } = input;
  for (let i = 0; i < windows.count; i++) {
    if (hi[i] - lo[i] < 2) continue;
    const now = windows.first + i * windows.step + argAt(input, 1, i);
    fitLine(input, lo[i], hi[i], now);
    out[at + i] = line.slope * argAt(input, 0, i) + line.intercept;
    present[at + i] = 1;
  }
};

function checkFactor(value: number, name: string, letters: string): void {
  // As in Prometheus, NaN is taken and makes NaN.
  if (!(value <= 0 || value >= 1)) return;
  const got = Number.isFinite(value) ? value.toFixed(6) : String(value).replace('Infinity', 'Inf');
  const rule = `Expected: 0 < ${letters} < 1`;
  throw evaluationFailed(`invalid ${name} factor. ${rule}, got: ${got}`);
}

/** Holt's linear method. Source: Prometheus' documentation of the function. */
export const doubleExponentialSmoothing: RangeFunction = (input, out, present, at) => {
  const { values, lo, hi, windows } = input;
  for (let i = 0; i < windows.count; i++) {
    if (hi[i] === lo[i]) continue;
    const smoothing = argAt(input, 0, i);
    const trend = argAt(input, 1, i);
    checkFactor(smoothing, 'smoothing', 'sf');
    checkFactor(trend, 'trend', 'tf');
    if (hi[i] - lo[i] < 2) continue;
    let before = 0;
    let level = values[lo[i]];
    let slope = values[lo[i] + 1] - values[lo[i]];
    for (let j = lo[i] + 1; j < hi[i]; j++) {
      const raw = smoothing * values[j];
      if (j > lo[i] + 1) slope = trend * (level - before) + (1 - trend) * slope;
      const next = raw + (1 - smoothing) * (level + slope);
      before = level;
      level = next;
    }
    out[at + i] = level;
    present[at + i] = 1;
  }
};
