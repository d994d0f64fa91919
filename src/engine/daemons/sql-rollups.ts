// Rows of a rollup as SQL sees them, page by page. Wiring between who holds them and the process of
// the statement. Easy to get wrong: they come column by column, each from its own question, and
// have to be put side by side by their times; all columns of a page come from the same holder.
import { SQL_ROLLUP_ROWS_AT_ONCE } from '../limits-sql.ts';
import { matchesLabels } from '../head/match-labels.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import { dropLabels, labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import { RESOLUTIONS, ROLLUP_LABEL } from '../model/rollup.ts';
import { ROLLUP_FIGURES } from '../model/sql.ts';
import type { Source } from '../ports.ts';
import type { RollupPage } from '../sql/sql-protocol.ts';
import type { TableScope } from '../sql/statement-scope.ts';
import { spanOf } from './sample-pages.ts';

/** Who has some of the rows: all of one question is asked of one holder; undefined: of none. */
export interface RollupPart {
  ask<T>(work: (source: Source) => Promise<T>): Promise<T | undefined>;
}

/** The windows of a rollup that end in the scope, a stretch of time after the other. */
export async function* rollupPages(
  parts: readonly RollupPart[],
  { table, minMs, maxMs, selections }: TableScope,
  nowMs: number,
): AsyncGenerator<RollupPage, void, void> {
  const resolution = RESOLUTIONS.find(({ name }) => table === `rollup_${name}`);
  if (resolution === undefined) return;
  const [from, end] = spanOf({ minMs, maxMs }, nowMs);
  for (const [number, matchers] of selections.entries()) {
    const earlier = selections.slice(0, number);
    const whole = fragmentOf(matchers, resolution.ms, { from, to: end });
    const room = async (source: Source) => await source.estimate?.(whole);
    const rooms = await Promise.all(parts.map((part) => part.ask(room)));
    const rows = rooms.reduce((sum, one) => sum + (one?.samples ?? 0), 0);
    const stretches = Math.max(1, Math.ceil(rows / SQL_ROLLUP_ROWS_AT_ONCE));
    // Whole windows, so that none falls between two stretches.
    const width = Math.ceil((end - from) / stretches / resolution.ms) * resolution.ms;
    for (let at = from; at <= end; at += width) {
      const span = { from: at, to: Math.min(end, at + width - 1) };
      const asked = (source: Source) => rollupPage(source, matchers, resolution.ms, span);
      for (const part of parts) {
        const page = without(earlier, (await part.ask(asked)) ?? NO_ROWS);
        if (page.timestamps.length > 0 || page.warnings !== undefined) yield page;
      }
    }
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function fragmentOf(matchers: Fragment['matchers'], resolutionMs: number, { from, to }: Span) {
  const rollup = { resolutionMs, prefer: 'rows', aligned: true, column: 'count' } as const;
  return {
    ...{ matchers, fn: 'raw', args: [], keepName: true, rollup },
    grid: { start: to, end: to, step: 1 },
    windowMs: Math.max(1, to - from + 1),
    maxSeries: Number.MAX_SAFE_INTEGER,
    maxSamples: Number.MAX_SAFE_INTEGER,
  } satisfies Fragment;
}

async function rollupPage(
  source: Source,
  matchers: Fragment['matchers'],
  resolutionMs: number,
  span: Span,
): Promise<RollupPage> {
  const asked = fragmentOf(matchers, resolutionMs, span);
  const results = await Promise.all(
    ROLLUP_FIGURES.map((column) =>
      source.fragment({ ...asked, rollup: { ...asked.rollup, column } }),
    ),
  );
  const warnings = [...new Set(results.flatMap((one) => one.warnings))];
  return { ...besides(results), ...(warnings.length === 0 ? {} : { warnings }) };
}

/** The page without series that a selection before has brought. */
function without(earlier: readonly Fragment['matchers'][], page: RollupPage): RollupPage {
  const { labels, from, timestamps, figures } = page;
  const known = (one: Labels): boolean => earlier.some((all) => matchesLabels(all, one));
  const kept = labels.flatMap((one, r) => (known(one) ? [] : [r]));
  if (kept.length === labels.length) return page;
  const ends = [0];
  for (const r of kept) ends.push((ends.at(-1) ?? 0) + from[r + 1] - from[r]);
  const some = (column: Float64Array): Float64Array => {
    const out = new Float64Array(ends.at(-1) ?? 0);
    kept.forEach((r, k) => out.set(column.subarray(from[r], from[r + 1]), ends[k]));
    return out;
  };
  return {
    ...page,
    labels: kept.map((r) => labels[r]),
    from: Uint32Array.from(ends),
    timestamps: some(timestamps),
    figures: figures.map(some),
  };
}

const NAMES = new Set([ROLLUP_LABEL]);

/** Columns side by side: the windows of the first one, NaN where another has none. */
function besides(results: readonly FragmentResult[]): RollupPage {
  const [first, ...others] = results.map(({ raw }) => raw);
  if (first === undefined) return NO_ROWS;
  const total = first.timestamps.length;
  const labels = first.labels.map((one) => dropLabels(one, NAMES));
  const figures = others.map((other) => {
    const values = new Float64Array(total).fill(NaN);
    if (other === undefined) return values;
    const rowOf = new Map(other.labels.map((one, row) => [keyOf(one), row]));
    labels.forEach((one, row) => {
      const theirs = rowOf.get(labelsKey(one));
      if (theirs === undefined) return;
      let at = other.from[theirs];
      for (let i = first.from[row]; i < first.from[row + 1]; i++) {
        while (at < other.from[theirs + 1] && other.timestamps[at] < first.timestamps[i]) at++;
        if (at >= other.from[theirs + 1]) break;
        if (other.timestamps[at] === first.timestamps[i]) values[i] = other.values[at];
      }
    });
    return values;
  });
  const { from, timestamps, values } = first;
  return { labels, from, timestamps, figures: [values, ...figures] };
}

function keyOf(labels: Labels): string {
  return labelsKey(dropLabels(labels, NAMES));
}

export const NO_ROWS: RollupPage = {
  labels: [],
  from: new Uint32Array(1),
  timestamps: new Float64Array(0),
  figures: ROLLUP_FIGURES.map(() => new Float64Array(0)),
};
