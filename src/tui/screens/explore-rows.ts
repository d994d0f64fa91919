// From figures to rows of the explorer's lists: what each column shows, how it is sorted, what a
// filter finds. Only the rows in sight become cells: there may be ten thousand. Easy to get wrong:
// a figure that nobody knows is not 0, and says so; and colour never says anything alone.
import type { CardinalityReport } from '../../engine/model/cardinality-report.ts';
import type { Exploration, ExploreMetric } from '../../engine/model/exploration.ts';
import type { Labels } from '../../engine/model/labels.ts';
import { bar } from '../draw/blocks.ts';
import { STYLE } from '../draw/styles.ts';
import type { TableCell, TableColumn } from '../draw/table.ts';
import { formatValue } from '../draw/units.ts';
import { pairKey } from './explore-state.ts';
import type { ExploreView, ViewKind } from './explore-state.ts';

/** One row before it is drawn. */
export interface ExploreRow {
  /** The name by which it is chosen. */
  readonly key: string;
  /** What a filter looks into. */
  readonly text: string;
  /** By column: what it is sorted by. Text sorts upwards, numbers downwards. */
  readonly order: readonly (number | string)[];
  readonly cells: () => readonly TableCell[];
}

export interface ExploreList {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly ExploreRow[];
}

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const MONTH_MS = 30 * DAY_MS;
const BAR_CELLS = 8;

const plain = (text: string): TableCell => ({ text });
const dim = (text: string): TableCell => ({ text, style: STYLE.dim });

/** A whole number as people read it. */
export function countText(value: number): string {
  return value < 10_000 ? String(Math.round(value)) : formatValue(value);
}

/** Growth against yesterday: a sign says what the colour says. */
function growthCell(now: number, before: number | null): TableCell {
  if (before === null) return dim('·');
  const more = now - before;
  if (more === 0) return dim('=');
  const text = `${more > 0 ? '+' : '-'}${countText(Math.abs(more))}`;
  if (more < 0) return { text, style: STYLE.good };
  return { text, style: before > 0 && more / before > 0.1 ? STYLE.bad : STYLE.warn };
}

function churnCell(count: number, sign: string): TableCell {
  return count === 0 ? dim('·') : plain(`${sign}${countText(count)}`);
}

/** How long ago, in the one unit that matters: a column of them stays calm. */
export function agoText(ms: number): string {
  if (ms < 60_000) return 'now';
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)}m`;
  if (ms < DAY_MS) return `${Math.floor(ms / 3_600_000)}h`;
  return `${Math.floor(ms / DAY_MS)}d`;
}

/** Who asked last, and when. */
function askedCell(metric: ExploreMetric, { atMs, countedSinceMs }: Exploration): TableCell {
  const { queriedMs, dashboardMs, ruleMs, policy } = metric;
  const last = Math.max(queriedMs, dashboardMs, ruleMs);
  if (policy !== '' && metric.series === 0) return { text: 'dropped', style: STYLE.warn };
  if (countedSinceMs === 0) return dim('·');
  // Who has just begun to count has nothing to reproach anybody with.
  if (last === 0 && atMs - countedSinceMs < DAY_MS) return dim('never');
  if (last === 0) return { text: '✗ never', style: STYLE.bad };
  const who = last === ruleMs ? 'rule' : last === dashboardMs ? 'dash' : 'query';
  const age = atMs - last;
  const text = `${agoText(age)} ${who}`;
  if (age > MONTH_MS) return { text: `✗ ${text}`, style: STYLE.bad };
  if (age > WEEK_MS) return { text: `! ${text}`, style: STYLE.warn };
  return { text, style: age < DAY_MS ? STYLE.good : STYLE.plain };
}

function shareCell(count: number, all: number): TableCell {
  return { text: bar(all === 0 ? 0 : count / all, BAR_CELLS), style: STYLE.series0 };
}

type Column = TableColumn;

const column = (title: string, min: number, rank: number, more: Partial<Column> = {}): Column => ({
  ...{ title, min, rank, align: 'right' as const },
  ...more,
});
const text = (title: string, min: number, rank: number, max?: number): Column => ({
  ...{ title, min, rank },
  ...(max === undefined ? { grow: true } : { max }),
});
const share = (): Column => ({ title: 'share', min: BAR_CELLS, max: BAR_CELLS, rank: 6 });

const COLUMNS: Readonly<Record<ViewKind, readonly Column[]>> = {
  metrics: [
    text('metric', 30, 0),
    column('series', 6, 1),
    share(),
    column('day', 5, 3),
    column('new/h', 5, 4),
    column('gone/h', 6, 8),
    column('samples/s', 9, 7),
    column('bytes', 8, 5),
    { title: 'asked', min: 9, max: 12, rank: 2 },
  ],
  labels: [
    text('label', 16, 0),
    column('values', 6, 1),
    share(),
    column('day', 5, 3),
    { title: 'asked', min: 7, max: 8, rank: 2 },
  ],
  pairs: [
    text('label', 8, 1, 32),
    text('value', 12, 0),
    column('series', 6, 1),
    share(),
    column('day', 5, 3),
  ],
  values: [text('value', 16, 0), column('series', 6, 1), share()],
  series: [text('series', 20, 0)],
  policies: [
    text('policy', 24, 0),
    text('does', 20, 1, 24),
    column('series', 6, 1),
    column('metrics', 7, 6),
    column('dropped', 7, 2),
    column('kept', 6, 4),
    text('about', 8, 7, 60),
  ],
};

/** Where nothing is known of yesterday there is no column for it. */
function columnsOf(kind: ViewKind, figures: Exploration | undefined): readonly Column[] {
  const columns = COLUMNS[kind];
  if (figures === undefined || figures.dayAgo !== null) return columns;
  return columns.map((one) => (one.title === 'day' ? { ...one, min: 0, max: 0 } : one));
}

/** All rows of a view, in the order of the server. */
export function rowsOf(
  view: ExploreView,
  figures: Exploration | undefined,
  series: readonly Labels[] | undefined,
): ExploreList {
  const columns = columnsOf(view.kind, figures);
  if (view.kind === 'series') return { columns, rows: seriesRows(view, series ?? []) };
  if (figures === undefined) return { columns, rows: [] };
  if (view.kind === 'metrics') {
    return { columns, rows: figures.metrics.map((one) => metricRow(one, figures)) };
  }
  if (view.kind === 'labels') return { columns, rows: labelRows(view, figures) };
  if (view.kind === 'pairs') return { columns, rows: pairRows(figures) };
  if (view.kind === 'policies') return { columns, rows: policyRows(figures) };
  return { columns, rows: valueRows(view, figures) };
}

function metricRow(one: ExploreMetric, figures: Exploration): ExploreRow {
  const { name, series, begunHour, endedHour, perSecond, headBytes, blockBytes, dayAgo } = one;
  const bytes = headBytes + blockBytes;
  const last = Math.max(one.queriedMs, one.dashboardMs, one.ruleMs);
  const grown = dayAgo === null ? -Infinity : series - dayAgo;
  return {
    key: name,
    text: name,
    order: [name, series, series, grown, begunHour, endedHour, perSecond, bytes, -last],
    cells: () => [
      plain(name === '' ? '(no name)' : name),
      { text: countText(series), style: STYLE.bold },
      shareCell(series, figures.totals.series),
      growthCell(series, dayAgo),
      churnCell(begunHour, '+'),
      churnCell(endedHour, '-'),
      perSecond === 0 ? dim('·') : plain(formatValue(perSecond)),
      bytes === 0 ? dim('·') : plain(formatValue(bytes, 'bytes')),
      askedCell(one, figures),
    ],
  };
}

function labelRows({ metric }: ExploreView, figures: Exploration): ExploreRow[] {
  const used = new Map(figures.metrics.find(({ name }) => name === metric)?.labelsUsed);
  const most = figures.labels.reduce((max, one) => Math.max(max, one.values), 0);
  const counts = metric !== undefined && figures.countedSinceMs > 0;
  return figures.labels.map(({ name, values, dayAgo }) => {
    const last = used.get(name) ?? 0;
    const asked = !counts || name === '__name__' ? dim('·') : usedCell(last, figures);
    const grown = dayAgo === null ? -Infinity : values - dayAgo;
    return {
      ...{ key: name, text: name, order: [name, values, values, grown, -last] },
      cells: () => [
        plain(name),
        { text: countText(values), style: STYLE.bold },
        shareCell(values, most),
        growthCell(values, dayAgo),
        asked,
      ],
    };
  });
}

function usedCell(lastMs: number, { atMs: nowMs, countedSinceMs }: Exploration): TableCell {
  if (lastMs === 0 && nowMs - countedSinceMs < DAY_MS) return dim('never');
  if (lastMs === 0) return { text: '✗ never', style: STYLE.warn };
  return { text: agoText(nowMs - lastMs), style: STYLE.good };
}

function pairRows(figures: Exploration): ExploreRow[] {
  return figures.pairs.map(({ name, value, series, dayAgo }) => ({
    key: pairKey(name, value),
    text: `${name}=${value}`,
    order: [name, value, series, series, dayAgo === null ? -Infinity : series - dayAgo],
    cells: () => [
      dim(name),
      plain(value),
      { text: countText(series), style: STYLE.bold },
      shareCell(series, figures.totals.series),
      growthCell(series, dayAgo),
    ],
  }));
}

function valueRows({ label }: ExploreView, figures: Exploration): ExploreRow[] {
  const own = figures.pairs.filter(({ name }) => name === label);
  return own.map(({ value, series }) => ({
    ...{ key: value, text: value, order: [value, series, series] },
    cells: () => [
      plain(value),
      { text: countText(series), style: STYLE.bold },
      shareCell(series, figures.totals.series),
    ],
  }));
}

/** Series by the labels in which they differ: the others are said above the list. */
function seriesRows({ metric, pairs }: ExploreView, series: readonly Labels[]): ExploreRow[] {
  const fixed = new Set(pairs.map(([name]) => name));
  if (metric !== undefined) fixed.add('__name__');
  return series.map((labels) => {
    const shown: string[] = [];
    for (let i = 0; i < labels.length; i += 2) {
      if (!fixed.has(labels[i])) shown.push(`${labels[i]}=${JSON.stringify(labels[i + 1])}`);
    }
    const words = shown.length === 0 ? '(no other label)' : shown.join('  ');
    const key = labels.join('\u0000');
    return { key, text: words, order: [words], cells: () => [plain(words)] };
  });
}

const DOES = { unqueried: 'drop unasked', keep_every: 'thin samples', aggregate: 'aggregate' };

function policyRows({ policies, guard }: Exploration): ExploreRow[] {
  const rows: ExploreRow[] = policies.map((one) => {
    const does = `${DOES[one.kind]}${one.dryRun ? ' (dry run)' : ''}`;
    const about = one.metrics.join(' ');
    return {
      ...{ key: one.name, text: `${one.name} ${does} ${about}` },
      order: [one.name, does, one.series, one.metricCount, one.dropped, one.kept, about],
      cells: () => [
        plain(one.name),
        { text: does, style: one.dryRun ? STYLE.dim : STYLE.good },
        { text: countText(one.series), style: STYLE.bold },
        plain(countText(one.metricCount)),
        one.dropped === 0 ? dim('·') : plain(countText(one.dropped)),
        one.kept === 0 ? dim('·') : plain(countText(one.kept)),
        dim(about),
      ],
    };
  });
  return [...rows, ...guardRows(guard)];
}

const LIMITS = {
  cardinalityLabels: 'labels of a series',
  cardinalityMetric: 'series of a metric',
  cardinalityValues: 'values of a label',
  cardinalityDenied: 'denied labels',
} as const;

/** A limit with its number, as far as the server tells it. */
function limitWords(reason: keyof typeof LIMITS, { limits }: CardinalityReport): string {
  if (limits === undefined) return `limit: ${LIMITS[reason]}`;
  const { labels, seriesOfMetric, valuesOfLabel, allowLabels, denyLabels } = limits;
  if (reason === 'cardinalityDenied') {
    const denied = denyLabels.length === 0 ? 'no labels' : denyLabels.join(', ');
    const allowed = allowLabels.length === 0 ? '' : `; allowed: ${allowLabels.join(', ')}`;
    return `denied: ${denied}${allowed}`;
  }
  const most = {
    ...{ cardinalityLabels: labels, cardinalityMetric: seriesOfMetric },
    ...{ cardinalityValues: valuesOfLabel },
  }[reason];
  const what = LIMITS[reason].replace(' of ', ' ');
  // A round number is short and exact.
  return most === 0
    ? `no limit of ${what}`
    : `at most ${most % 100 === 0 ? countText(most) : most} ${what}`;
}

/** What the limits refused, and whom. */
function guardRows(guard: Exploration['guard']): ExploreRow[] {
  if (guard === null) return [];
  const verb = guard.mode === 'reject' ? 'refuse new' : 'warn of new';
  const limits = Object.keys(LIMITS).map((key): ExploreRow => {
    const reason = key as keyof typeof LIMITS;
    const count = guard.over[reason];
    const words = limitWords(reason, guard);
    return {
      ...{ key: `limit ${reason}`, text: words, order: [words, verb, count, 0, 0, 0, ''] },
      cells: () => [
        plain(words),
        { text: verb, style: guard.mode === 'reject' ? STYLE.good : STYLE.dim },
        { text: countText(count), style: count > 0 ? STYLE.bad : STYLE.dim },
        ...[dim('·'), dim('·'), dim('·'), dim(count > 0 ? 'new series over it' : '')],
      ],
    };
  });
  const examples = guard.examples.map((example, i): ExploreRow => ({
    ...{ key: `example ${i} ${example}`, text: example, order: [example, '', 1, 0, 0, 0, ''] },
    cells: () => [
      { text: `${guard.mode === 'reject' ? '✗' : '!'} ${example}`, style: STYLE.warn },
      { text: guard.mode === 'reject' ? 'refused' : 'let in', style: STYLE.dim },
      ...[dim(''), dim(''), dim(''), dim(''), dim('')],
    ],
  }));
  return [...limits, ...examples];
}

/** The rows that a filter leaves, in the order of the view. */
export function arranged(list: ExploreList, view: ExploreView, filter: string): ExploreRow[] {
  const inverse = filter.startsWith('!');
  const wanted = (inverse ? filter.slice(1) : filter).toLowerCase();
  const rows =
    wanted === ''
      ? [...list.rows]
      : list.rows.filter((row) => row.text.toLowerCase().includes(wanted) !== inverse);
  if (view.sort >= 0) {
    const c = Math.min(view.sort, list.columns.length - 1);
    rows.sort((a, b) => compare(a.order[c], b.order[c]));
  }
  return view.reversed ? rows.reverse() : rows;
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'string' || typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  return a === b ? 0 : b - a;
}
