// rate, increase, delta, irate, idelta, changes, resets: functions of how a series moves in a
// window. Arithmetic as in Prometheus 3: extrapolation to the window's ends up to 1.1 average
// intervals, a counter never below zero. Resets are found once a series and shared by overlapping
// windows.
import type { RangeFunction, RangeInput } from './windows.ts';

/** Indices of samples lower than the one before them. */
function resetsOf(input: RangeInput): Uint32Array {
  const { values, count } = input;
  let many = 0;
  for (let i = 1; i < count; i++) if (values[i] < values[i - 1]) many++;
  const out = new Uint32Array(many);
  let at = 0;
  for (let i = 1; i < count && at < many; i++) if (values[i] < values[i - 1]) out[at++] = i;
  return out;
}

/** Seconds from the window's start to what counts as the series' start. */
function leftSeconds(
  seconds: number,
  limits: { threshold: number; average: number },
  counter: { first: number; increase: number; sampled: number } | undefined,
): number {
  const toStart = seconds >= limits.threshold ? limits.average / 2 : seconds;
  if (counter === undefined || counter.increase <= 0 || counter.first < 0) return toStart;
  const toZero = counter.sampled * (counter.first / counter.increase);
  return toZero < toStart ? toZero : toStart;
}

function extrapolated(isCounter: boolean, isRate: boolean): RangeFunction {
  return (input, out, present, at) => {
    const { timestamps, values, lo, hi, windows, windowMs } = input;
    const resets = isCounter ? resetsOf(input) : undefined;
    const limits = { threshold: 0, average: 0 };
    const counter = isCounter ? { first: 0, increase: 0, sampled: 0 } : undefined;
    let nextReset = 0;
    for (let i = 0; i < windows.count; i++) {
      const first = lo[i];
      const last = hi[i] - 1;
      if (last <= first) continue;
      let result = values[last] - values[first];
      if (resets !== undefined && resets.length > 0) {
        while (nextReset < resets.length && resets[nextReset] <= first) nextReset++;
        for (let r = nextReset; r < resets.length && resets[r] <= last; r++) {
          result += values[resets[r] - 1];
        }
      }
      const end = windows.first + i * windows.step;
      const toStart = (timestamps[first] - (end - windowMs)) / 1000;
      const toEnd = (end - timestamps[last]) / 1000;
      const sampled = (timestamps[last] - timestamps[first]) / 1000;
      limits.average = sampled / (last - first);
      limits.threshold = limits.average * 1.1;
      if (counter !== undefined) {
        counter.first = values[first];
        counter.increase = result;
        counter.sampled = sampled;
      }
      const left = leftSeconds(toStart, limits, counter);
      const right = toEnd >= limits.threshold ? limits.average / 2 : toEnd;
      let factor = sampled === 0 ? 1 : (sampled + left + right) / sampled;
      if (isRate) factor /= windowMs / 1000;
      out[at + i] = result * factor;
      present[at + i] = 1;
    }
  };
}

/** Per-second increase of a counter. */
export const rate = extrapolated(true, true);
/** Increase of a counter over the window. */
export const increase = extrapolated(true, false);
/** Difference of a gauge over the window. */
export const delta = extrapolated(false, false);

function lastTwo(isRate: boolean): RangeFunction {
  return (input, out, present, at) => {
    const { timestamps, values, lo, hi, windows } = input;
    for (let i = 0; i < windows.count; i++) {
      const last = hi[i] - 1;
      if (last <= lo[i]) continue;
      const ms = timestamps[last] - timestamps[last - 1];
      if (ms === 0) continue;
      const reset = isRate && values[last] < values[last - 1];
      const moved = reset ? values[last] : values[last] - values[last - 1];
      out[at + i] = isRate ? moved / (ms / 1000) : moved;
      present[at + i] = 1;
    }
  };
}

/** Per-second increase between the last two samples. */
export const irate = lastTwo(true);
/** Difference between the last two samples. */
export const idelta = lastTwo(false);

/**
 * Counts in each window the neighbours that differ in the way asked for: one prefix sum a series.
 */
function counted(differs: (before: number, now: number) => boolean): RangeFunction {
  let prefix = new Uint32Array(256);
  return (input, out, present, at) => {
    const { values, count, lo, hi, windows } = input;
    if (prefix.length < count) prefix = new Uint32Array(count * 2);
    if (count > 0) prefix[0] = 0;
    for (let i = 1; i < count; i++) {
      prefix[i] = prefix[i - 1] + (differs(values[i - 1], values[i]) ? 1 : 0);
    }
    for (let i = 0; i < windows.count; i++) {
      if (hi[i] === lo[i]) continue;
      out[at + i] = prefix[hi[i] - 1] - prefix[lo[i]];
      present[at + i] = 1;
    }
  };
}

/** How often the value changed; NaN is equal to NaN. */
export const changes = counted((a, b) => a !== b && !(Number.isNaN(a) && Number.isNaN(b)));
/** How often a counter fell. */
export const resets = counted((a, b) => b < a);
