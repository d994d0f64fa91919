// What a mixed range function sees of a window: the floats and the histograms in it, each in time
// order. Indices point into arrays that belong to the whole series.
import type { Extension } from './plan-node.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { Notes } from './notes.ts';

/** The samples of one kind; those of the window are from `from` to `to`, end excluded. */
export interface Points<T> {
  readonly times: Float64Array;
  readonly values: T;
  /** Start timestamps, undefined when they do not count. */
  readonly starts: Float64Array | undefined;
  from: number;
  to: number;
}

export interface MixedWindow {
  readonly floats: Points<Float64Array>;
  readonly histograms: Points<readonly FloatHistogram[]>;
  /** The window is (end - windowMs, end], in ms. */
  end: number;
  readonly windowMs: number;
  readonly extension: Extension | undefined;
  readonly notes: Notes;
  readonly name: string;
}

/** The answer of a step: a float, a histogram, or nothing. */
export type MixedFunction = (window: MixedWindow) => number | FloatHistogram | undefined;

export function sizeOf(points: Points<unknown>): number {
  return points.to - points.from;
}

/**
 * Whether a sample's start timestamp shows that the counter began anew since the sample before.
 * A start at the time of the sample before means that in deltas only.
 */
export function startShowsReset(points: Points<unknown>, at: number): boolean {
  const { starts, times } = points;
  if (starts === undefined || at === 0) return false;
  return startsAnew(
    { start: starts[at - 1], time: times[at - 1] },
    { start: starts[at], time: times[at] },
  );
}

/** A sample's start and own time in ms; a start of 0 is unknown. */
export interface Started {
  readonly start: number;
  readonly time: number;
}

export function startsAnew(before: Started, now: Started): boolean {
  if (now.start === 0 || now.start >= now.time || now.start < before.time) return false;
  if (now.start > before.time) return true;
  return before.start <= before.time && before.start !== 0 && before.start !== before.time;
}

/** Whether a start lies before the sample before without being the same start. */
export function startOverlaps(points: Points<unknown>, at: number): boolean {
  const { starts, times } = points;
  if (starts === undefined) return false;
  const start = starts[at];
  return start !== 0 && start < times[at - 1] && start !== starts[at - 1];
}
