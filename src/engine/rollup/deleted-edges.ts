// What a deletion leaves of windows that it cuts through, where the samples themselves are gone:
// the wider windows at its ends are made anew from narrower ones that lie outside of it. Under
// rollup-partition.ts. Easy to get wrong: windows are left-open, so the sample at their end is in
// them; and only series of the deletion may be touched, since others have their windows still.
import type { Matcher } from '../model/matcher.ts';
import { RESOLUTIONS } from '../model/rollup.ts';
import { dayOf } from './dirty-hours.ts';
import { foldRows } from './fold.ts';
import { DAY_MS, HOUR_MS } from './hour-fold.ts';
import type { JoinedFile } from './joining.ts';
import { rowsSeries } from './lanes.ts';
import { joinedRows, matchesLabels } from './row-merge.ts';
import { Rows } from './rows.ts';
import type { LiveRollup } from './rollup-files.ts';
import type { RollupTombstone } from './rollup-state.ts';

/** A window that holds deleted samples and others: of resolution `index`, (after, to]. */
export interface DeletedEdge {
  readonly index: number;
  readonly after: number;
  readonly to: number;
}

/** Windows between the narrowest, which nothing can tell, and a day, which its hours tell. */
const BETWEEN = [1, 2];

/** Windows that a deletion cuts through, narrow ones first, where samples are gone. */
export function edgesOf(
  { minMs, maxMs }: Pick<RollupTombstone, 'minMs' | 'maxMs'>,
  goneMs: number,
): DeletedEdge[] {
  return BETWEEN.flatMap((index) => {
    const { ms } = RESOLUTIONS[index];
    const starts = new Set([minMs, maxMs].map((at) => Math.floor((at - 1) / ms) * ms));
    return [...starts].flatMap((after) => {
      const whole = minMs <= after + 1 && maxMs >= after + ms;
      // Hours that have all their samples are folded anew from these.
      const hour = Math.floor(after / HOUR_MS) * HOUR_MS;
      return whole || after < 0 || hour >= goneMs ? [] : [{ index, after, to: after + ms }];
    });
  });
}

/** The window of the deleted series from the finest rows that there are; undefined without any. */
export function edgeFile(
  { index, after, to }: DeletedEdge,
  matchers: readonly Matcher[],
  live: readonly LiveRollup[],
  tombstones: readonly RollupTombstone[],
): JoinedFile | undefined {
  const tier = RESOLUTIONS.findIndex((_, i) => i < index && isCovered(live, i, { after, to }));
  if (tier < 0) return undefined;
  const touches = ({ entry }: LiveRollup): boolean =>
    entry.tiers.includes(tier) && entry.afterMs < to && entry.toMs > after;
  const out = new Rows();
  const span = { index: tier, after, to };
  const series = joinedRows(live.filter(touches), span, tombstones, (labels, rows) => {
    if (!matchesLabels(matchers, labels)) return undefined;
    out.clear();
    foldRows(rows, [0, rows.count], out, to - after);
    return rowsSeries(labels, index, out);
  });
  return { tiers: [index], afterMs: after, toMs: to, series };
}

function isCovered(
  live: readonly LiveRollup[],
  tier: number,
  { after, to }: Pick<DeletedEdge, 'after' | 'to'>,
): boolean {
  return live.some(({ entry }) => {
    return entry.tiers.includes(tier) && entry.afterMs <= after && entry.toMs >= to;
  });
}

/** Days of which files hold rows within a deletion. */
export function daysTouched(
  live: readonly LiveRollup[],
  minMs: number,
  maxMs: number,
): Set<number> {
  const days = new Set<number>();
  for (const { entry } of live) {
    const begin = Math.max(entry.afterMs, dayOf(Math.max(0, minMs - 1)));
    for (let day = dayOf(begin); day < Math.min(entry.toMs, maxMs); day += DAY_MS) days.add(day);
  }
  return days;
}
