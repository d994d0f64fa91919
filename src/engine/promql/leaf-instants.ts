// What an instant selector answers at the leaf: the last sample of each window, its time, its
// start, or a value smoothed between neighbours. Easy to get wrong: a stale marker ends a series
// here, while for a smoothed selector it is simply no sample.
import { HINT, isCustom } from '../model/histogram.ts';
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import { interpolatedHistogram } from './mixed-extended.ts';
import { mixedKinds, mixedSchemas } from './notes.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { MixedRow } from './mixed-window.ts';
import type { RangeInput } from './windows.ts';
import type { SampleBuffer } from '../ports.ts';

type Instant = (input: RangeInput, index: number) => number;

const INSTANTS: ReadonlyMap<string, Instant> = new Map<string, Instant>([
  ['last', ({ values }, index) => values[index]],
  ['timestamp', ({ timestamps }, index) => timestamps[index] / 1000],
  // When an info series was last seen; a histogram is none, and shows as itself.
  ['info', ({ timestamps }, index) => timestamps[index] / 1000],
  ['start_timestamp', ({ starts }, index) => (starts?.[index] ?? 0) / 1000],
]);

export function isInstant(fn: string): boolean {
  return INSTANTS.has(fn);
}

/** The last sample of each window unless it is the stale marker. */
export function runInstant(
  fn: string,
  buffer: SampleBuffer,
  input: RangeInput,
  row: MixedRow,
): void {
  const value = INSTANTS.get(fn) as Instant;
  const { lo, hi, windows } = input;
  const { words } = buffer;
  const { values, present, at } = row;
  const histograms = fn === 'last' || fn === 'info' ? input.histograms : undefined;
  for (let i = 0; i < windows.count; i++) {
    const last = hi[i] - 1;
    if (last < lo[i]) continue;
    if (words[last * 2] === STALE_LOW && words[last * 2 + 1] === STALE_HIGH) continue;
    present[at + i] = 1;
    const histogram = histograms?.[last];
    if (histogram === undefined) values[at + i] = value(input, last);
    else row.putHistogram(i, histogram);
  }
}

/** A value on the line between the samples before and behind each instant. */
export function runSmoothed(input: RangeInput, row: MixedRow): void {
  const { lo, hi, windows, timestamps, values, histograms, notes } = input;
  for (let i = 0; i < windows.count; i++) {
    if (lo[i] === hi[i]) continue;
    const time = windows.first + i * windows.step;
    let next = lo[i];
    while (next < hi[i] && timestamps[next] < time) next++;
    const exact = next < hi[i] && timestamps[next] === time;
    let kinds = 0;
    for (let j = lo[i]; j < hi[i]; j++) kinds |= histograms?.[j] === undefined ? 1 : 2;
    if (kinds === 3) {
      notes.warn(mixedKinds(input.name));
      continue;
    }
    if (!exact && next === lo[i]) continue;
    if (kinds === 2) {
      const found = smoothedHistogram(input, { next, end: hi[i], time, exact });
      if (found === undefined) continue;
      row.putHistogram(i, found);
    } else if (exact || next === hi[i]) {
      row.values[row.at + i] = values[exact ? next : next - 1];
    } else {
      const share = (time - timestamps[next - 1]) / (timestamps[next] - timestamps[next - 1]);
      row.values[row.at + i] = values[next - 1] + (values[next] - values[next - 1]) * share;
    }
    row.present[row.at + i] = 1;
  }
}

function smoothedHistogram(
  input: RangeInput,
  place: { next: number; end: number; time: number; exact: boolean },
): FloatHistogram | undefined {
  const { timestamps, histograms, notes, name } = input;
  const { next, end, time, exact } = place;
  const at = (i: number): FloatHistogram => histograms?.[i] as FloatHistogram;
  if (exact) return at(next);
  const before = at(next - 1);
  // A hint speaks of the step between two samples, which this is not.
  if (next === end) return { ...before, hint: HINT.unknown };
  const behind = at(next);
  const isCounter = before.hint !== HINT.gauge || behind.hint !== HINT.gauge;
  const found =
    isCustom(before) === isCustom(behind)
      ? interpolatedHistogram(
          { time: timestamps[next - 1], histogram: before },
          { time: timestamps[next], histogram: behind },
          time,
          { isCounter, notes },
        )
      : undefined;
  if (found === undefined) notes.warn(mixedSchemas(name));
  return found;
}
