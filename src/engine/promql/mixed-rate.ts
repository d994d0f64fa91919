// rate, increase, delta, irate and idelta where a window may have histograms or start timestamps.
// Arithmetic as for plain floats (functions-rate.ts). Easy to get wrong: a start timestamp within
// the window stands for a sample of zero, so that one sample is enough for a rate.
import { HINT } from '../model/histogram.ts';
import { combine, divided, multiplied, compacted } from './histogram-math.ts';
import { wasReset } from './histogram-reset.ts';
import { counterGrowth } from './histogram-growth.ts';
import { extendedRate } from './mixed-extended.ts';
import { bothKinds } from './mixed-over-time.ts';
import { mixedKinds, mixedSchemas, notCounter, notGauge, reconciled } from './notes.ts';
import { sizeOf, startOverlaps, startShowsReset, startsAnew } from './mixed-points.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { MixedFunction, MixedWindow, Points, Started } from './mixed-points.ts';

export interface RateKind {
  readonly isCounter: boolean;
  readonly isRate: boolean;
}

function extrapolated(kind: RateKind): MixedFunction {
  return (window) => {
    if (bothKinds(window)) return undefined;
    if (window.extension !== undefined) return extendedRate(window, kind);
    const { floats, histograms } = window;
    if (sizeOf(histograms) === 0) {
      return sizeOf(floats) === 0 ? undefined : floatRate(window, kind);
    }
    return histogramRate(window, kind);
  };
}

export const rate = extrapolated({ isCounter: true, isRate: true });
export const increase = extrapolated({ isCounter: true, isRate: false });
export const delta = extrapolated({ isCounter: false, isRate: false });

function floatRate(window: MixedWindow, kind: RateKind): number | undefined {
  const { floats } = window;
  const { values, from, to } = floats;
  let grown = values[to - 1] - values[from];
  if (kind.isCounter) {
    noteOverlap(window, floats);
    for (let i = from + 1; i < to; i++) {
      if (values[i] < values[i - 1] || startShowsReset(floats, i)) grown += values[i - 1];
    }
  }
  const start = startWithin(window, floats, kind);
  if (start !== undefined) grown += values[from];
  else if (to - from < 2) return undefined;
  const zero = kind.isCounter && grown > 0 && values[from] >= 0 ? values[from] / grown : undefined;
  return grown * factorOf(window, floats, kind, { start, zero });
}

function histogramRate(window: MixedWindow, kind: RateKind): FloatHistogram | undefined {
  const { histograms, notes, name } = window;
  const { values, from, to } = histograms;
  let grown: FloatHistogram | undefined;
  if (to - from > 1) {
    if (kind.isCounter) noteOverlap(window, histograms);
    grown = counterGrowth(window, kind.isCounter);
    if (grown === undefined) return undefined;
  }
  const start = startWithin(window, histograms, kind);
  if (start !== undefined) {
    const first = values[from];
    const sum = grown === undefined ? undefined : combine(grown, first, 1);
    if (grown !== undefined && sum === undefined) {
      notes.warn(mixedSchemas(name));
      return undefined;
    }
    if (sum?.reconciled === true) notes.info(reconciled('addition'));
    grown = sum?.histogram ?? first;
  }
  if (grown === undefined) return undefined;
  const { count } = values[from];
  const zero = kind.isCounter && grown.count > 0 && count >= 0 ? count / grown.count : undefined;
  return multiplied(grown, factorOf(window, histograms, kind, { start, zero }));
}

function noteOverlap({ notes, name }: MixedWindow, points: Points<unknown>): void {
  for (let i = points.from + 1; i < points.to; i++) {
    if (startOverlaps(points, i)) return notes.overlap(name);
  }
}

/** The start of the first sample when it lies within the window. */
function startWithin(
  { end, windowMs }: MixedWindow,
  { starts, times, from }: Points<unknown>,
  { isCounter }: RateKind,
): number | undefined {
  const start = starts?.[from] ?? 0;
  const inside = isCounter && start !== 0 && start > end - windowMs && start < times[from];
  return inside ? start : undefined;
}

/** By what the growth between the samples is multiplied. `zero` is the share back to zero. */
function factorOf(
  { end, windowMs }: MixedWindow,
  { times, from, to }: Points<unknown>,
  { isRate }: RateKind,
  { start, zero }: { start: number | undefined; zero: number | undefined },
): number {
  const last = times[to - 1];
  const covered = (last - times[from]) / 1000;
  const average = to - from > 1 ? covered / (to - from - 1) : 0;
  const threshold = average * 1.1;
  let left = 0;
  let sampled = covered;
  if (start !== undefined) {
    sampled = (last - start) / 1000;
  } else {
    left = (times[from] - (end - windowMs)) / 1000;
    if (left >= threshold) left = average / 2;
    if (zero !== undefined && covered * zero < left) left = covered * zero;
  }
  let right = (end - last) / 1000;
  if (right >= threshold) right = average / 2;
  const factor = sampled === 0 ? 1 : (sampled + left + right) / sampled;
  return isRate ? factor / (windowMs / 1000) : factor;
}

interface Latest extends Started {
  readonly value: number | FloatHistogram;
}

/** The last two samples of a window, whichever their kind; undefined when there are fewer. */
function lastTwo({ floats, histograms }: MixedWindow): readonly [Latest, Latest] | undefined {
  const found: Latest[] = [];
  for (const points of [floats, histograms]) {
    for (let i = Math.max(points.from, points.to - 2); i < points.to; i++) {
      const start = points.starts?.[i] ?? 0;
      found.push({ value: points.values[i], time: points.times[i], start });
    }
  }
  if (found.length < 2) return undefined;
  found.sort((a, b) => a.time - b.time);
  return [found[found.length - 2], found[found.length - 1]];
}

function instantRate(isRate: boolean): MixedFunction {
  return (window) => {
    const two = lastTwo(window);
    if (two === undefined) return undefined;
    const [before, now] = two;
    const seconds = (now.time - before.time) / 1000;
    if (seconds === 0) return undefined;
    const { value: a } = before;
    const { value: b } = now;
    const anew = isRate && startsAnew(before, now);
    if (typeof a === 'number' && typeof b === 'number') {
      const moved = isRate && (b < a || anew) ? b : b - a;
      return isRate ? moved / seconds : moved;
    }
    if (typeof a === 'number' || typeof b === 'number') {
      window.notes.warn(mixedKinds(window.name));
      return undefined;
    }
    const moved = movedBetween(window, a, b, { isRate, anew });
    if (moved === undefined) return undefined;
    return isRate ? divided(moved, seconds) : moved;
  };
}

export const irate = instantRate(true);
export const idelta = instantRate(false);

function movedBetween(
  { notes, name }: MixedWindow,
  before: FloatHistogram,
  now: FloatHistogram,
  { isRate, anew }: { isRate: boolean; anew: boolean },
): FloatHistogram | undefined {
  const gauges = Number(before.hint === HINT.gauge) + Number(now.hint === HINT.gauge);
  if (isRate && gauges > 0) notes.warn(notCounter(name));
  if (!isRate && gauges < 2) notes.warn(notGauge(name));
  if (isRate && (anew || wasReset(now, before))) {
    return compacted({ ...now, hint: HINT.gauge });
  }
  const moved = combine(now, before, -1);
  if (moved === undefined) {
    notes.warn(mixedSchemas(name));
    return undefined;
  }
  if (moved.reconciled) notes.info(reconciled('subtraction'));
  return compacted({ ...moved.histogram, hint: HINT.gauge });
}
