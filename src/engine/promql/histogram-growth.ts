// By how much a histogram series grew within a window, over resets for counters. The last sample
// less the first, plus what stood before each reset. Easy to get wrong: with a reset right after
// the first sample the first counts for nothing, so that its layout may be anything.
import { HINT, isCustom } from '../model/histogram.ts';
import { combine, compacted, reduced, zeroLike } from './histogram-math.ts';
import { wasReset } from './histogram-reset.ts';
import { mixedSchemas, notCounter, notGauge, reconciled } from './notes.ts';
import { startShowsReset } from './mixed-points.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { MixedWindow } from './mixed-points.ts';

/** The growth as a gauge without empty buckets; undefined, with a warning, when there is none. */
export function counterGrowth(window: MixedWindow, isCounter: boolean): FloatHistogram | undefined {
  const { histograms, notes, name } = window;
  const { values, from, to } = histograms;
  const last = values[to - 1];
  const fail = (): undefined => void notes.warn(mixedSchemas(name));
  let first = values[from];
  let gauges = isCounter && (first.hint === HINT.gauge || last.hint === HINT.gauge);
  if (isCounter) {
    const second = values[from + 1];
    if (startShowsReset(histograms, from + 1) || wasReset(second, first)) first = zeroLike(second);
  }
  const custom = isCustom(first);
  if (isCustom(last) !== custom) {
    if (gauges) notes.warn(notCounter(name));
    return fail();
  }
  let schema = Math.min(last.schema, first.schema);
  for (let i = from + 1; isCounter && i < to - 1; i++) {
    // Here the layout is all that is told of, as in Prometheus.
    if (isCustom(values[i]) !== custom) return fail();
    if (values[i].hint === HINT.gauge) gauges = true;
    schema = Math.min(schema, values[i].schema);
  }
  if (gauges) notes.warn(notCounter(name));
  const moved = combine(reduced(last, schema), first, -1);
  if (moved === undefined) return fail();
  if (moved.reconciled) notes.info(reconciled('subtraction'));
  let grown = moved.histogram;
  let before = first;
  for (let i = from + 1; isCounter && i < to; i++) {
    if (startShowsReset(histograms, i) || wasReset(values[i], before)) {
      const more = combine(grown, before, 1);
      if (more === undefined) return fail();
      if (more.reconciled) notes.info(reconciled('addition'));
      grown = more.histogram;
    }
    before = values[i];
  }
  if (!isCounter && (first.hint !== HINT.gauge || last.hint !== HINT.gauge)) {
    notes.warn(notGauge(name));
  }
  return compacted({ ...grown, hint: HINT.gauge });
}
