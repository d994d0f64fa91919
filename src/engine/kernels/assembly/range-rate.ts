// rate, increase, delta, irate, idelta, changes, resets over the windows of one series. Twin of
// promql/functions-rate.ts, operation by operation, so that results are equal to the last bit.
import {
  count,
  extra,
  first as gridFirst,
  high,
  low,
  notesFilled,
  notesKept,
  put,
  step,
  steps,
  timeOf,
  valueOf,
  windowMs,
  windowNotes,
} from './range-state';

/** Indices of samples lower than the one before them, into `extra`; how many. */
function findResets(): u32 {
  let many: u32 = 0;
  for (let i: u32 = 1; i < count; i++) {
    if (!(valueOf(i) < valueOf(i - 1))) continue;
    store<u32>(extra + ((<usize>many) << 2), i);
    many++;
  }
  return many;
}

// @ts-ignore: decorator
@inline
function resetAt(r: u32): u32 {
  return load<u32>(extra + ((<usize>r) << 2));
}

/**
 * What the times say of each window: seconds sampled, those before and behind that count too, and
 * the factor that all of them make.
 */
function reachWindows(): void {
  for (let i: u32 = 0; i < steps; i++) {
    const first = low(i);
    const end = high(i);
    if (end <= first + 1) continue;
    const last = end - 1;
    const endTime = gridFirst + <f64>i * step;
    const toStart = (timeOf(first) - (endTime - windowMs)) / 1000;
    const toEnd = (endTime - timeOf(last)) / 1000;
    const sampled = (timeOf(last) - timeOf(first)) / 1000;
    const average = sampled / <f64>(last - first);
    const threshold = average * 1.1;
    const at = noteAt(i);
    store<f64>(at, sampled);
    const left = toStart >= threshold ? average / 2 : toStart;
    const right = toEnd >= threshold ? average / 2 : toEnd;
    store<f64>(at, left, 8);
    store<f64>(at, right, 16);
    store<f64>(at, sampled == 0 ? 1 : (sampled + left + right) / sampled, 24);
  }
  notesFilled();
}

// @ts-ignore: decorator
@inline
function noteAt(i: u32): usize {
  return windowNotes + ((<usize>i) << 5);
}

export function extrapolated(isCounter: bool, isRate: bool): void {
  const resets = isCounter ? findResets() : 0;
  const seconds = windowMs / 1000;
  let nextReset: u32 = 0;
  if (!notesKept) reachWindows();
  for (let i: u32 = 0; i < steps; i++) {
    const first = low(i);
    const end = high(i);
    if (end <= first + 1) continue;
    const last = end - 1;
    const firstValue = valueOf(first);
    let result = valueOf(last) - firstValue;
    if (resets != 0) {
      while (nextReset < resets && resetAt(nextReset) <= first) nextReset++;
      for (let r = nextReset; r < resets && resetAt(r) <= last; r++) {
        result += valueOf(resetAt(r) - 1);
      }
    }
    const at = noteAt(i);
    let factor = load<f64>(at, 24);
    if (isCounter && !(result <= 0) && !(firstValue < 0)) {
      const sampled = load<f64>(at);
      const toZero = sampled * (firstValue / result);
      if (toZero < load<f64>(at, 8) && sampled != 0) {
        factor = (sampled + toZero + load<f64>(at, 16)) / sampled;
      }
    }
    if (isRate) factor /= seconds;
    put(i, result * factor);
  }
}

export function lastTwo(isRate: bool): void {
  for (let i: u32 = 0; i < steps; i++) {
    const end = high(i);
    if (end <= low(i) + 1) continue;
    const last = end - 1;
    const ms = timeOf(last) - timeOf(last - 1);
    if (ms == 0) continue;
    const now = valueOf(last);
    const before = valueOf(last - 1);
    const moved = isRate && now < before ? now : now - before;
    put(i, isRate ? moved / (ms / 1000) : moved);
  }
}

/** Neighbours that differ, or with `falls` only those that are lower: one prefix sum a series. */
export function counted(falls: bool): void {
  if (count == 0) return;
  store<u32>(extra, 0);
  let sum: u32 = 0;
  for (let i: u32 = 1; i < count; i++) {
    const before = valueOf(i - 1);
    const now = valueOf(i);
    const differs = falls ? now < before : before != now && (before == before || now == now);
    sum += <u32>differs;
    store<u32>(extra + ((<usize>i) << 2), sum);
  }
  for (let i: u32 = 0; i < steps; i++) {
    if (high(i) == low(i)) continue;
    const from = load<u32>(extra + ((<usize>low(i)) << 2));
    const to = load<u32>(extra + ((<usize>(high(i) - 1)) << 2));
    put(i, <f64>(to - from));
  }
}
