// Which files of rollups are joined: those of a closed day into one a resolution, with the windows
// of the day itself, and those of many days into one. So retention can drop whole files. Under
// rollup-partition.ts, which writes and publishes. Easy to get wrong: the day's windows are made of
// all hours that count, also of those in files that are not joined now.
import type { BlockSeries } from '../codec/block.ts';
import { RESOLUTIONS } from '../model/rollup.ts';
import { foldRows } from './fold.ts';
import { DAY_MS } from './hour-fold.ts';
import { rowsSeries } from './lanes.ts';
import { joinedRows, type RowSpan } from './row-merge.ts';
import { Rows } from './rows.ts';
import type { LiveRollup, RollupPlan } from './rollup-files.ts';
import type { RollupTombstone } from './rollup-state.ts';

/** A file to be: what it covers and what it holds. */
export type JoinedFile = Pick<RollupPlan, 'tiers' | 'afterMs' | 'toMs'> & {
  readonly series: Iterable<BlockSeries>;
};

/** Spans of files by resolution: a tenth of its time, so that nothing is kept much too long. */
const SPANS_MS = [DAY_MS, 8 * DAY_MS, 32 * DAY_MS, 64 * DAY_MS];
const DAY_TIER = 3;

interface DayFiles {
  /** All files that lie within the day. */
  readonly sources: readonly LiveRollup[];
  /** All files with rows of hours of this day. */
  readonly wide: readonly LiveRollup[];
  readonly tombstones: readonly RollupTombstone[];
}

/** The files of a closed day, in the place of its sources. Each is read when it is written. */
export function* joinDay(day: number, files: DayFiles): Iterable<JoinedFile> {
  const { sources, wide, tombstones } = files;
  const cover = { afterMs: day, toMs: day + DAY_MS };
  for (let index = 0; index < DAY_TIER; index++) {
    const span = { index, after: day, to: day + DAY_MS };
    const those = sources.filter(({ entry }) => entry.tiers.includes(index));
    yield { ...cover, tiers: [index], series: sameRows(those, span, tombstones) };
  }
  const hours = { index: DAY_TIER - 1, after: day, to: day + DAY_MS };
  const out = new Rows();
  const series = joinedRows(wide, hours, tombstones, (labels, rows) => {
    out.clear();
    foldRows(rows, [0, rows.count], out, DAY_MS);
    return rowsSeries(labels, [{ index: DAY_TIER, rows: out }]);
  });
  yield { ...cover, tiers: [DAY_TIER], series };
}

function sameRows(
  files: readonly LiveRollup[],
  span: RowSpan,
  tombstones: readonly RollupTombstone[],
): Iterable<BlockSeries> {
  return joinedRows(files, span, tombstones, (labels, rows) =>
    rowsSeries(labels, [{ index: span.index, rows }]),
  );
}

export interface SpanPlan {
  readonly sources: readonly LiveRollup[];
  readonly file: JoinedFile;
}

/** The files of many closed days to join next; undefined when there are none. */
export function planSpan(
  live: readonly LiveRollup[],
  tombstones: readonly RollupTombstone[],
  closedMs: number,
): SpanPlan | undefined {
  for (let index = 0; index < RESOLUTIONS.length; index++) {
    const wide = SPANS_MS[index];
    const windows = new Map<number, LiveRollup[]>();
    for (const one of live) {
      const { tiers, afterMs, toMs } = one.entry;
      const window = Math.floor(afterMs / wide);
      const end = (window + 1) * wide;
      if (tiers.length > 1 || tiers[0] !== index || toMs > end || end > closedMs) continue;
      windows.set(window, [...(windows.get(window) ?? []), one]);
    }
    for (const [window, sources] of windows) {
      if (sources.length < 2) continue;
      const cover = { afterMs: window * wide, toMs: (window + 1) * wide };
      const span = { index, after: cover.afterMs, to: cover.toMs };
      const series = sameRows(sources, span, tombstones);
      return { sources, file: { ...cover, tiers: [index], series } };
    }
  }
  return undefined;
}
