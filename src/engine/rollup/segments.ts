// Which rows answer which stretch of time: the resolution that was asked for as far back as there is
// any, wider ones before that, and samples behind the seam. Easy to get wrong: a stretch ends where
// a window of the wider rows ends, or a window would be counted on both sides or on none.
import { RESOLUTIONS, type FragmentRollup } from '../model/rollup.ts';
import type { LiveRollup } from './rollup-files.ts';

/** Rows of the resolution at `index` that end in (after, to]. */
export interface Segment {
  readonly index: number;
  readonly after: number;
  readonly to: number;
}

export interface Segments {
  /** In order of time. */
  readonly segments: readonly Segment[];
  /** Samples count behind this time only. */
  readonly seamMs: number;
}

export function segmentsOf(from: {
  readonly live: readonly LiveRollup[];
  readonly foldedTo: number;
  readonly floorMs: number;
  readonly rollup: FragmentRollup;
}): Segments {
  const { live, foldedTo, floorMs, rollup } = from;
  const { resolutionMs, prefer } = rollup;
  const main = RESOLUTIONS.findIndex(({ ms }) => ms === resolutionMs);
  const gone = Math.ceil(floorMs / resolutionMs) * resolutionMs;
  // Windows of a day exist once the day has been joined.
  const ready = Math.min(foldedTo, main < 3 ? foldedTo : latest(live, main));
  const seamMs = floorTo(prefer === 'rows' ? ready : Math.min(ready, gone), resolutionMs);
  const segments: Segment[] = [];
  let to = seamMs;
  for (let index = main; index < RESOLUTIONS.length && to > -Infinity; index++) {
    const end = index === main ? to : floorTo(to, RESOLUTIONS[index].ms);
    const after = oldest(live, index);
    if (after >= end) continue;
    segments.unshift({ index, after, to: end });
    to = after;
  }
  return { segments, seamMs };
}

function floorTo(ms: number, width: number): number {
  return Number.isFinite(ms) ? Math.floor(ms / width) * width : -Infinity;
}

function oldest(live: readonly LiveRollup[], index: number): number {
  let ms = Infinity;
  for (const { entry } of live) if (entry.tiers.includes(index)) ms = Math.min(ms, entry.afterMs);
  return ms;
}

function latest(live: readonly LiveRollup[], index: number): number {
  let ms = -Infinity;
  for (const { entry } of live) if (entry.tiers.includes(index)) ms = Math.max(ms, entry.toMs);
  return ms;
}
