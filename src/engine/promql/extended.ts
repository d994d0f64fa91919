// Anchored and smoothed ranges outside of rates: which functions may have them, and what they are
// as the whole of a query, where the window gets a sample at both of its ends.
import { floatEnds, endsOf } from './mixed-extended.ts';
import { evaluationFailed } from './query-failure.ts';
import { PlainNotes } from './notes.ts';
import type { Extension } from './plan-node.ts';
import type { Fragment, RawSamples } from '../model/fragment.ts';
import type { Modifiers, RangeSelector, Subquery } from './ast.ts';
import type { MixedWindow, Points } from './mixed-points.ts';

const ALLOWED = {
  anchored: ['changes', 'delta', 'increase', 'rate', 'resets'],
  smoothed: ['delta', 'increase', 'rate'],
} as const;

/** @throws MonError MON_QUERY_FAILED when a function cannot take an extended range. */
export function checkExtended(extend: Extension['kind'], fn: string): void {
  const allowed: readonly string[] = ALLOWED[extend];
  if (allowed.includes(fn)) return;
  const words = `${extend} modifier can only be used with: ${allowed.join(', ')}`;
  throw evaluationFailed(`${words} - not with ${fn}`);
}

export function modifiersOf(expr: RangeSelector | Subquery): Modifiers {
  return expr.kind === 'range' ? expr.selector.modifiers : expr.modifiers;
}

export function extensionOf({
  extend,
  lookbackMs = 0,
}: Pick<Fragment, 'extend' | 'lookbackMs'>): Extension | undefined {
  return extend === undefined ? undefined : { kind: extend, lookbackMs };
}

/**
 * Series of extended samples cut to the window (end - windowMs, end], with samples at its ends.
 * @throws MonError MON_QUERY_FAILED for histograms.
 */
export function cutToWindow(
  raw: RawSamples,
  kind: Extension['kind'],
  { end, windowMs }: { readonly end: number; readonly windowMs: number },
): RawSamples {
  if (raw.histograms?.some((one) => one !== undefined) === true) {
    throw evaluationFailed(`${kind} modifier is not supported with histograms`);
  }
  const labels: RawSamples['labels'][number][] = [];
  const from = [0];
  const timestamps: number[] = [];
  const values: number[] = [];
  raw.labels.forEach((set, s) => {
    const floats: Points<Float64Array> = {
      times: raw.timestamps,
      values: raw.values,
      starts: undefined,
      from: raw.from[s],
      to: raw.from[s + 1],
    };
    const window = windowOf(floats, { end, windowMs }, { kind, lookbackMs: 0 });
    const ends = floats.from === floats.to ? undefined : endsOf(window, floats);
    if (ends === undefined) return;
    const { left, right } = floatEnds(floats, ends, false);
    const put = (time: number, value: number): void => {
      timestamps.push(time);
      values.push(value);
    };
    put(ends.start, left);
    for (let i = ends.first; i <= ends.last; i++) {
      const time = raw.timestamps[i];
      if (time > ends.start && time < ends.end) put(time, raw.values[i]);
    }
    put(ends.end, right);
    labels.push(set);
    from.push(values.length);
  });
  return {
    labels,
    from: Uint32Array.from(from),
    timestamps: Float64Array.from(timestamps),
    values: Float64Array.from(values),
  };
}

function windowOf(
  floats: Points<Float64Array>,
  place: { readonly end: number; readonly windowMs: number },
  extension: Extension,
): MixedWindow {
  const histograms = { times: new Float64Array(0), values: [], starts: undefined, from: 0, to: 0 };
  return { floats, histograms, ...place, extension, notes: new PlainNotes(), name: '' };
}
