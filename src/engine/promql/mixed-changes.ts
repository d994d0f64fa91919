// changes and resets where a window may have histograms or an anchor: samples of both kinds are
// walked in the order of time. Easy to get wrong: the change from one kind to the other counts too;
// an anchored window counts from the last sample before it, whichever its kind.
import { sameHistogram } from './histogram-math.ts';
import { wasReset } from './histogram-reset.ts';
import { startsAnew } from './mixed-points.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { MixedFunction, MixedWindow, Points } from './mixed-points.ts';

interface Walked {
  readonly value: number | FloatHistogram;
  readonly time: number;
  readonly start: number;
}

function counted(differs: (before: Walked, now: Walked) => boolean): MixedFunction {
  return (window) => {
    const first = anchorOf(window);
    if (first === undefined) return undefined;
    let before: Walked | undefined;
    let many = 0;
    for (const now of walk(window, first)) {
      if (before !== undefined && differs(before, now)) many++;
      before = now;
    }
    return many;
  };
}

interface First {
  readonly float: number;
  readonly histogram: number;
}

/** Where counting begins; undefined when an anchored window has no sample of its own. */
function anchorOf({
  floats,
  histograms,
  extension,
  end,
  windowMs,
}: MixedWindow): First | undefined {
  if (extension?.kind !== 'anchored') return { float: floats.from, histogram: histograms.from };
  const start = end - windowMs;
  const upTo = (points: Points<unknown>): number => {
    let at = points.from;
    while (at < points.to && points.times[at] <= start) at++;
    return at;
  };
  const float = upTo(floats);
  const histogram = upTo(histograms);
  if (float >= floats.to && histogram >= histograms.to) return undefined;
  const lastFloat = float > floats.from ? floats.times[float - 1] : -Infinity;
  const lastHistogram = histogram > histograms.from ? histograms.times[histogram - 1] : -Infinity;
  if (lastFloat === -Infinity && lastHistogram === -Infinity) return { float, histogram };
  if (lastFloat >= lastHistogram) return { float: float - 1, histogram };
  return { float, histogram: histogram - 1 };
}

function* walk({ floats, histograms }: MixedWindow, first: First): Generator<Walked, void, void> {
  let f = first.float;
  let h = first.histogram;
  while (f < floats.to || h < histograms.to) {
    const float = h >= histograms.to || (f < floats.to && floats.times[f] <= histograms.times[h]);
    if (float) {
      yield { value: floats.values[f], time: floats.times[f], start: floats.starts?.[f] ?? 0 };
      f++;
    } else {
      const start = histograms.starts?.[h] ?? 0;
      yield { value: histograms.values[h], time: histograms.times[h], start };
      h++;
    }
  }
}

export const changes = counted(({ value: a }, { value: b }) => {
  if (typeof a === 'number' && typeof b === 'number') {
    return a !== b && !(Number.isNaN(a) && Number.isNaN(b));
  }
  return typeof a === 'number' || typeof b === 'number' || !sameHistogram(b, a);
});

export const resets = counted((before, now) => {
  const { value: a } = before;
  const { value: b } = now;
  if (typeof a === 'number' && typeof b === 'number') return b < a || startsAnew(before, now);
  if (typeof a === 'number' || typeof b === 'number') return true;
  return startsAnew(before, now) || wasReset(b, a);
});
