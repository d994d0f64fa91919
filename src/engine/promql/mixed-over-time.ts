// sum, avg, count, first and last over time where a window may have histograms. A window of both
// kinds has no sum; it says so.
import { HistogramSum } from './histogram-sum.ts';
import { meanOf, sumOf } from './functions-over-time.ts';
import { collision, mixedKinds, mixedSchemas, reconciled } from './notes.ts';
import { sizeOf } from './mixed-points.ts';
import type { MixedFunction, MixedWindow } from './mixed-points.ts';
import type { FloatHistogram } from '../model/histogram.ts';

export const countOverTime: MixedFunction = ({ floats, histograms }) =>
  sizeOf(floats) + sizeOf(histograms);

export const presentOverTime: MixedFunction = () => 1;

export const firstOverTime: MixedFunction = ({ floats, histograms }) => {
  const later =
    sizeOf(histograms) === 0 ||
    (sizeOf(floats) > 0 && floats.times[floats.from] < histograms.times[histograms.from]);
  return later ? floats.values[floats.from] : histograms.values[histograms.from];
};

export const lastOverTime: MixedFunction = ({ floats, histograms }) => {
  const f = floats.to - 1;
  const h = histograms.to - 1;
  const float =
    sizeOf(histograms) === 0 || (sizeOf(floats) > 0 && histograms.times[h] < floats.times[f]);
  return float ? floats.values[f] : histograms.values[h];
};

export const tsOfFirst: MixedFunction = ({ floats, histograms }) => {
  const f = sizeOf(floats) > 0 ? floats.times[floats.from] : Infinity;
  const h = sizeOf(histograms) > 0 ? histograms.times[histograms.from] : Infinity;
  return Math.min(f, h) / 1000;
};

export const tsOfLast: MixedFunction = ({ floats, histograms }) => {
  const f = sizeOf(floats) > 0 ? floats.times[floats.to - 1] : 0;
  const h = sizeOf(histograms) > 0 ? histograms.times[histograms.to - 1] : 0;
  return Math.max(f, h) / 1000;
};

export const sumOverTime: MixedFunction = (window) => {
  const { floats } = window;
  if (bothKinds(window)) return undefined;
  if (sizeOf(floats) > 0) return sumOf(floats.values, floats.from, floats.to);
  return totalled(window, false);
};

export const avgOverTime: MixedFunction = (window) => {
  const { floats } = window;
  if (bothKinds(window)) return undefined;
  if (sizeOf(floats) > 0) return meanOf(floats.values, floats.from, floats.to);
  return totalled(window, true);
};

/** True, with a warning, when a window has floats and histograms. */
export function bothKinds({ floats, histograms, notes, name }: MixedWindow): boolean {
  if (sizeOf(floats) === 0 || sizeOf(histograms) === 0) return false;
  notes.warn(mixedKinds(name));
  return true;
}

function totalled(window: MixedWindow, mean: boolean): FloatHistogram | undefined {
  const { histograms, notes, name } = window;
  const { values, from, to } = histograms;
  const total = new HistogramSum(values[from], mean);
  for (let i = from + 1; i < to; i++) total.add(values[i]);
  if (total.incompatible) {
    notes.warn(mixedSchemas(name));
    return undefined;
  }
  if (total.collision) notes.warn(collision('aggregation'));
  if (total.reconciled) notes.info(reconciled('aggregation'));
  return total.result();
}
