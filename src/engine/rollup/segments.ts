// Which rows answer which stretch of time: the resolution that was asked for as far back as there
// is any, wider ones before that, and samples behind the seam. Easy to get wrong: a stretch ends
// where a window of the wider rows ends, or a window would count on both sides or on none.
import { RESOLUTIONS, type FragmentRollup } from '../model/rollup.ts';
import type { ReadableRollup } from './rollup-files.ts';

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

export interface SegmentsFrom {
  readonly live: readonly ReadableRollup[];
  readonly foldedTo: number;
  /** Days, by their start, whose own windows are not there or not right yet. */
  readonly openDays: readonly number[];
  readonly floorMs: number;
  readonly rollup: FragmentRollup;
}

const HOUR_TIER = 2;
const DAY_TIER = 3;
const HOUR_MS = RESOLUTIONS[HOUR_TIER].ms;
const DAY_MS = RESOLUTIONS[DAY_TIER].ms;

export function segmentsOf(from: SegmentsFrom): Segments {
  const { live, foldedTo, floorMs, rollup } = from;
  const { resolutionMs, prefer } = rollup;
  const main = RESOLUTIONS.findIndex(({ ms }) => ms === resolutionMs);
  // A day is made of hours until all of it has been joined.
  const unit = Math.min(resolutionMs, HOUR_MS);
  const gone = Math.ceil(floorMs / unit) * unit;
  const seamMs = floorTo(prefer === 'rows' ? foldedTo : Math.min(foldedTo, gone), unit);
  const segments: Segment[] = [];
  let to = seamMs;
  for (let index = main; index < DAY_TIER && to > -Infinity; index++) {
    const end = index === main ? to : floorTo(to, RESOLUTIONS[index].ms);
    const after = oldest(live, index);
    if (after >= end) continue;
    segments.unshift({ index, after, to: end });
    to = after;
  }
  return { segments: [...daySegments(from, to, main === DAY_TIER), ...segments], seamMs };
}

/** Days up to a time; such as are not ready, and what is left of the last one, by their hours. */
function daySegments({ openDays }: SegmentsFrom, to: number, hoursToo: boolean): Segment[] {
  const whole = floorTo(to, DAY_MS);
  const out: Segment[] = [];
  let after = -Infinity;
  for (const day of openDays.toSorted((a, b) => a - b)) {
    if (day >= whole) break;
    if (day > after) out.push({ index: DAY_TIER, after, to: day });
    after = day + DAY_MS;
    out.push({ index: HOUR_TIER, after: day, to: after });
  }
  if (whole > after) out.push({ index: DAY_TIER, after, to: whole });
  if (hoursToo && to > whole) out.push({ index: HOUR_TIER, after: whole, to });
  return out;
}

function floorTo(ms: number, width: number): number {
  return Number.isFinite(ms) ? Math.floor(ms / width) * width : -Infinity;
}

function oldest(live: readonly ReadableRollup[], index: number): number {
  let ms = Infinity;
  for (const { entry } of live) if (entry.tiers.includes(index)) ms = Math.min(ms, entry.afterMs);
  return ms;
}
