// What files of rollups become: the windows of a day from those of its hours, where these did not
// come all at once, and one file from many of a resolution. Under rollup-partition.ts, which writes
// and publishes. Easy to get wrong: a file never spans more than a tenth of its retention, which
// drops whole files.
import type { BlockSeries } from '../codec/block.ts';
import { RESOLUTIONS } from '../model/rollup.ts';
import { foldRows } from './fold.ts';
import { DAY_MS } from './hour-fold.ts';
import { rowsSeries } from './lanes.ts';
import { joinedRows, type RowSpan } from './row-merge.ts';
import { Rows } from './rows.ts';
import type { RollupPlan } from './rollup-draft.ts';
import type { LiveRollup } from './rollup-files.ts';
import type { RollupTombstone } from './rollup-state.ts';

/** A file to be: what it covers and what it holds. */
export type JoinedFile = Pick<RollupPlan, 'tiers' | 'afterMs' | 'toMs'> & {
  readonly series: Iterable<BlockSeries>;
};

/** Spans of files by resolution: a tenth of its time, so that nothing is kept much too long. */
const SPANS_MS = [DAY_MS, 8 * DAY_MS, 32 * DAY_MS, 64 * DAY_MS];
const HOUR_TIER = 2;
const DAY_TIER = 3;
/** Fewer files than this are not worth the writing. */
const JOIN_FILES = 4;

/** The windows of a day from all its hours that count. Read when it is written. */
export function dayFile(
  day: number,
  live: readonly LiveRollup[],
  tombstones: readonly RollupTombstone[],
): JoinedFile {
  const cover = { afterMs: day, toMs: day + DAY_MS };
  const touches = ({ entry }: LiveRollup): boolean =>
    entry.tiers.includes(HOUR_TIER) && entry.afterMs < cover.toMs && entry.toMs > day;
  const hours = { index: HOUR_TIER, after: day, to: cover.toMs };
  const out = new Rows();
  const series = joinedRows(live.filter(touches), hours, tombstones, (labels, rows) => {
    out.clear();
    foldRows(rows, [0, rows.count], out, DAY_MS);
    return rowsSeries(labels, DAY_TIER, out);
  });
  return { ...cover, tiers: [DAY_TIER], series };
}

function sameRows(
  files: readonly LiveRollup[],
  span: RowSpan,
  tombstones: readonly RollupTombstone[],
): Iterable<BlockSeries> {
  return joinedRows(files, span, tombstones, (labels, rows) =>
    rowsSeries(labels, span.index, rows),
  );
}

export interface SpanPlan {
  readonly sources: readonly LiveRollup[];
  readonly file: JoinedFile;
}

/** Files of one resolution in one span to join next; undefined when there are none. */
export function planSpan(
  live: readonly LiveRollup[],
  tombstones: readonly RollupTombstone[],
  closedMs: number,
): SpanPlan | undefined {
  for (const [index, wide] of RESOLUTIONS.flatMap((_, i) =>
    SPANS_MS.slice(0, i + 1).map((span) => [i, span] as const),
  )) {
    const windows = new Map<number, LiveRollup[]>();
    for (const one of live) {
      const { tiers, afterMs, toMs } = one.entry;
      const window = Math.floor(afterMs / wide);
      const end = (window + 1) * wide;
      if (tiers[0] !== index || toMs > end || end > closedMs) continue;
      windows.set(window, [...(windows.get(window) ?? []), one]);
    }
    for (const [window, sources] of windows) {
      if (sources.length < JOIN_FILES) continue;
      const cover = { afterMs: window * wide, toMs: (window + 1) * wide };
      const span = { index, after: cover.afterMs, to: cover.toMs };
      const series = sameRows(sources, span, tombstones);
      return { sources, file: { ...cover, tiers: [index], series } };
    }
  }
  return undefined;
}
