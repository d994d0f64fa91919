// Single numbers of a panel: each series of the range reduced, each row of an instant as it is.
// Pure, for stats, gauges, bars and tables. Easy to get wrong: NaN is no value, and the mean of
// nothing is nothing, not zero.
import {
  levelOf,
  type DashPanel,
  type Level,
  type Reduction,
} from '../../engine/dash/dashboard.ts';
import { NAME, compareText, type Labels } from '../../engine/model/labels.ts';
import type { GraphSeries } from '../draw/plot.ts';
import { STYLE } from '../draw/styles.ts';
import type { TableCell, TableColumn } from '../draw/table.ts';
import { formatValue } from '../draw/units.ts';
import type { DashPanelData } from '../feed/dash-snapshot.ts';
import type { FeedSeries } from '../feed/snapshot.ts';

/** One number with its name, and its history where there is one. */
export interface Figure {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  readonly query: number;
  readonly series: FeedSeries | undefined;
}

/** One number for a series; undefined when it has no value. */
export function reduceSeries(series: GraphSeries, how: Reduction): number | undefined {
  let [count, sum, first, last] = [0, 0, 0, 0];
  let [min, max] = [Infinity, -Infinity];
  for (let i = 0; i < series.values.length; i++) {
    const value = series.values[i];
    if (series.present[i] === 0 || Number.isNaN(value)) continue;
    if (count === 0) first = value;
    last = value;
    sum += value;
    min = Math.min(min, value);
    max = Math.max(max, value);
    count++;
  }
  if (count === 0) return undefined;
  return { last, first, min, max, sum, mean: sum / count }[how];
}

/** All numbers of a panel, in the order of its queries. */
export function figuresOf(panel: DashPanel, data: DashPanelData): Figure[] {
  const rows: Figure[] = data.rows.map((row) => ({ ...row, series: undefined }));
  for (const series of data.series) {
    const value = reduceSeries(series, panel.reduce);
    if (value === undefined) continue;
    const { name, labels } = series;
    rows.push({ name, labels, value, query: 0, series });
  }
  return rows;
}

const LEVEL_STYLES: Readonly<Record<Level, number>> = {
  good: STYLE.good,
  info: STYLE.accent,
  warn: STYLE.warn,
  bad: STYLE.bad,
};

export function levelStyle(level: Level): number {
  return LEVEL_STYLES[level];
}

/** The style of a value by the panel's thresholds; `usual` where it has none. */
export function valueStyle(panel: DashPanel, value: number, usual: number): number {
  const level = levelOf(value, panel.thresholds);
  return level === undefined ? usual : LEVEL_STYLES[level];
}

/** The signs of alarm that stand beside a colour. */
export function levelSign(panel: DashPanel, value: number): string {
  const level = levelOf(value, panel.thresholds);
  return level === 'bad' ? '▲' : level === 'warn' ? '△' : '';
}

export interface FigureTable {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly TableCell[])[];
}

/** The numbers as a table: a column for each label, and one for each query. */
export function figureTable(panel: DashPanel, figures: readonly Figure[]): FigureTable {
  const names = labelNames(figures);
  const queries = [...new Set(figures.map(({ query }) => query))].toSorted((a, b) => a - b);
  const rows = new Map<string, { labels: Map<string, string>; values: (number | undefined)[] }>();
  for (const { labels, value, query } of figures) {
    const own = new Map<string, string>();
    for (let i = 0; i < labels.length; i += 2) {
      if (labels[i] !== NAME) own.set(labels[i], labels[i + 1]);
    }
    const key = JSON.stringify([...own]);
    const row = rows.get(key) ?? { labels: own, values: queries.map(() => undefined) };
    row.values[queries.indexOf(query)] = value;
    rows.set(key, row);
  }
  const list = [...rows.values()];
  const columns: TableColumn[] = names.map((title, i) => ({
    title,
    min: 6,
    max: 40,
    // What is the same in every row says least, and leaves first.
    rank: sameEverywhere(list, title) ? 20 + i : 2 + i,
    grow: i === 0,
  }));
  for (const query of queries) {
    const { legend = '' } = panel.queries[query] ?? {};
    const title = legend !== '' && !legend.includes('{{') ? legend : 'value';
    columns.push({ title, align: 'right', min: 8, max: 24, rank: 0 });
  }
  const cells = list.map(({ labels, values }) => [
    ...names.map((name): TableCell => ({ text: labels.get(name) ?? '' })),
    ...values.map((value) => valueCell(panel, value)),
  ]);
  return { columns, rows: cells };
}

function valueCell(panel: DashPanel, value: number | undefined): TableCell {
  if (value === undefined) return { text: '–', style: STYLE.dim };
  const sign = levelSign(panel, value);
  const text = formatValue(value, panel.unit);
  return {
    text: sign === '' ? text : `${sign} ${text}`,
    style: valueStyle(panel, value, STYLE.bold),
  };
}

function labelNames(figures: readonly Figure[]): string[] {
  const names = new Set<string>();
  for (const { labels } of figures) {
    for (let i = 0; i < labels.length; i += 2) if (labels[i] !== NAME) names.add(labels[i]);
  }
  return [...names].toSorted(compareText);
}

function sameEverywhere(
  rows: readonly { readonly labels: ReadonlyMap<string, string> }[],
  name: string,
): boolean {
  const first = rows[0]?.labels.get(name);
  return rows.length > 1 && rows.every(({ labels }) => labels.get(name) === first);
}

/** Series that stand on one another: each is the sum of itself and those before. */
export function stacked(series: readonly FeedSeries[]): FeedSeries[] {
  const [first] = series;
  if (first === undefined) return [];
  const sum = new Float64Array(first.values.length);
  return series.map((one) => {
    const values = one.values.map((value, i) => {
      if (one.present[i] === 1 && !Number.isNaN(value)) sum[i] += value;
      return sum[i];
    });
    return { ...one, values };
  });
}
