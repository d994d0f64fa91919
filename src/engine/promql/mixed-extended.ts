// Anchored and smoothed rate, increase and delta: no extrapolation. Anchored windows measure from
// the last sample before them; smoothed ones from values laid linearly onto their ends. Source:
// Prometheus' documentation of extended range selectors.
import { HINT, isCustom } from '../model/histogram.ts';
import { combine, compacted, divided, multiplied } from './histogram-math.ts';
import { wasReset } from './histogram-reset.ts';
import { mixedSchemas, notCounter, notGauge, reconciled } from './notes.ts';
import { sizeOf } from './mixed-points.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { MixedWindow, Points } from './mixed-points.ts';
import type { Notes } from './notes.ts';

interface Kind {
  readonly isCounter: boolean;
  readonly isRate: boolean;
}

/** The growth over an extended window of one kind of samples. */
export function extendedRate(window: MixedWindow, kind: Kind): number | FloatHistogram | undefined {
  const { floats, histograms } = window;
  if (sizeOf(histograms) > 0) return ofHistograms(window, kind);
  return sizeOf(floats) > 0 ? ofFloats(window, kind) : undefined;
}

interface Ends {
  readonly first: number;
  readonly last: number;
  readonly start: number;
  readonly end: number;
  readonly smoothed: boolean;
}

/** The samples that a window is measured between; undefined when it has nothing to measure. */
export function endsOf(window: MixedWindow, points: Points<unknown>): Ends | undefined {
  const { end, windowMs, extension } = window;
  const { times, from, to } = points;
  const start = end - windowMs;
  const smoothed = extension?.kind === 'smoothed';
  let last = to - 1;
  let first = from;
  // Windows of days have most of their samples behind their start.
  let behind = last;
  while (first < behind) {
    const middle = (first + behind + 1) >> 1;
    if (times[middle] <= start) first = middle;
    else behind = middle - 1;
  }
  if (smoothed) {
    let at = from;
    while (at < last && times[at] < end) at++;
    last = at;
  }
  if (times[last] <= start) return undefined;
  if (smoothed && times[first] > end) return undefined;
  return { first, last, start, end, smoothed };
}

/** The value at a time on the line between two samples; after a counter's reset it began at 0. */
export function interpolated(
  { times, values }: Points<Float64Array>,
  at: number,
  time: number,
  isCounter: boolean,
): number {
  const right = values[at + 1];
  const left = isCounter && right < values[at] ? 0 : values[at];
  return left + ((right - left) * (time - times[at])) / (times[at + 1] - times[at]);
}

export function floatEnds(
  floats: Points<Float64Array>,
  { first, last, start, end, smoothed }: Ends,
  isCounter: boolean,
): { left: number; right: number } {
  const { times, values, from } = floats;
  const before = smoothed && times[first] < start;
  const behind = smoothed && last > from && times[last] > end;
  return {
    left: before ? interpolated(floats, first, start, isCounter) : values[first],
    right: behind ? interpolated(floats, last - 1, end, isCounter) : values[last],
  };
}

function ofFloats(window: MixedWindow, { isCounter, isRate }: Kind): number | undefined {
  const { floats, windowMs } = window;
  const ends = endsOf(window, floats);
  if (ends === undefined) return undefined;
  const { left, right } = floatEnds(floats, ends, isCounter);
  let grown = right - left;
  if (isCounter) {
    const { times, values } = floats;
    const from = times[ends.first] <= ends.start ? ends.first + 1 : ends.first;
    const to = times[ends.last] >= ends.end ? ends.last - 1 : ends.last;
    let before = left;
    // Added up alone, as in Prometheus: the order decides what is rounded away.
    let fallen = 0;
    for (let i = from; i <= to; i++) {
      if (values[i] < before) fallen += before;
      before = values[i];
    }
    if (right < before) fallen += before;
    grown += fallen;
  }
  return isRate ? grown / (windowMs / 1000) : grown;
}

interface HistogramAt {
  readonly time: number;
  readonly histogram: FloatHistogram;
}

/** The histogram at a time between two; undefined when their schemas do not go together. */
export function interpolatedHistogram(
  a: HistogramAt,
  b: HistogramAt,
  time: number,
  { isCounter, notes }: { isCounter: boolean; notes: Notes },
): FloatHistogram | undefined {
  if (time === a.time) return a.histogram;
  if (time === b.time) return b.histogram;
  const share = (time - a.time) / (b.time - a.time);
  if (isCounter && wasReset(b.histogram, a.histogram)) return multiplied(b.histogram, share);
  const apart = combine(b.histogram, a.histogram, -1);
  if (apart === undefined) return undefined;
  if (apart.reconciled) notes.info(reconciled('subtraction'));
  const here = combine(multiplied(apart.histogram, share), a.histogram, 1);
  if (here?.reconciled === true) notes.info(reconciled('addition'));
  return here?.histogram;
}

function ofHistograms(window: MixedWindow, kind: Kind): FloatHistogram | undefined {
  const { histograms, notes, name, windowMs } = window;
  const ends = endsOf(window, histograms);
  if (ends === undefined || !valid(window, ends, kind.isCounter)) return undefined;
  const { times, values } = histograms;
  const at = (i: number): HistogramAt => ({ time: times[i], histogram: values[i] });
  const { first, last, start, end, smoothed } = ends;
  const how = { isCounter: kind.isCounter, notes };
  const before = smoothed && times[first] < start;
  const behind = smoothed && last > histograms.from && times[last] > end;
  const left = before ? interpolatedHistogram(at(first), at(first + 1), start, how) : values[first];
  const right = behind ? interpolatedHistogram(at(last - 1), at(last), end, how) : values[last];
  const moved = left && right && combine(right, left, -1);
  if (left === undefined || right === undefined || moved === undefined) {
    notes.warn(mixedSchemas(name));
    return undefined;
  }
  if (!kind.isCounter && (left.hint !== HINT.gauge || right.hint !== HINT.gauge)) {
    notes.warn(notGauge(name));
  }
  if (moved.reconciled) notes.info(reconciled('subtraction'));
  let grown: FloatHistogram | undefined = moved.histogram;
  if (kind.isCounter) grown = corrected(window, ends, { left, right, grown });
  if (grown === undefined) return undefined;
  if (kind.isRate) grown = divided(grown, windowMs / 1000);
  return compacted({ ...grown, hint: HINT.gauge });
}

/** False, with a warning, when schemas do not go together; warns of gauges under a counter. */
function valid(window: MixedWindow, { first, last }: Ends, isCounter: boolean): boolean {
  const { histograms, notes, name } = window;
  const custom = isCustom(histograms.values[first]);
  for (let i = first; i <= last; i++) {
    const histogram = histograms.values[i];
    if (isCustom(histogram) !== custom) {
      notes.warn(mixedSchemas(name));
      return false;
    }
    if (isCounter && histogram.hint === HINT.gauge) notes.warn(notCounter(name));
  }
  return true;
}

/** The growth with what stood before each reset between the ends. */
function corrected(
  window: MixedWindow,
  { first, last, start, smoothed }: Ends,
  { left, right, grown }: { left: FloatHistogram; right: FloatHistogram; grown: FloatHistogram },
): FloatHistogram | undefined {
  const { histograms, notes, name } = window;
  const { times, values } = histograms;
  let from = first + 1;
  let before = left;
  if (smoothed && times[first] < start && wasReset(values[first + 1], values[first])) {
    // The line on the left already went through that reset.
    before = values[first + 1];
    from++;
  }
  if (from > last) return grown;
  let total = grown;
  const between = values.slice(from, last);
  for (const now of [...between, right]) {
    if (wasReset(now, before)) {
      const more = combine(total, before, 1);
      if (more === undefined) {
        notes.warn(mixedSchemas(name));
        return undefined;
      }
      if (more.reconciled) notes.info(reconciled('addition'));
      total = more.histogram;
    }
    before = now;
  }
  return total;
}
