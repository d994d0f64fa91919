// An answer as the prompt shows it: columns for labels that differ, one line for those that all
// series share, a table of the newest values with a small picture for a range, lines for a chart.
// Pure. Easy to get wrong: an answer may have many thousand series, and only the rows in sight may
// be made.
import type { Labels } from '../../engine/model/labels.ts';
import { NAME, labelValue } from '../../engine/model/labels.ts';
import type { QueryAnswer } from '../../engine/model/query-result.ts';
import { shownText } from '../../engine/promql/histogram-text.ts';
import { formatFloat, quote, quoteName } from '../../engine/promql/literals.ts';
import { sparkline } from '../draw/blocks.ts';
import { gridTimes, seriesStats } from '../draw/graph.ts';
import type { GraphSeries } from '../draw/plot.ts';
import { STYLE } from '../draw/styles.ts';
import type { TableCell, TableColumn } from '../draw/table.ts';
import { formatValue } from '../draw/units.ts';
import { LocalTime } from '../draw/scale.ts';

/** Series that decide which labels differ; more would cost more than they tell. */
const LABELS_LOOKED_AT = 2000;
/** Columns of labels; what is more stands together in the last one. */
const LABEL_COLUMNS_MAX = 8;
const SPARK_CELLS = 16;

/** How the series of an answer are told apart. */
export interface SeriesShape {
  /** Labels that differ, the name first. */
  readonly differing: readonly string[];
  /** `job="node"` for each that all have alike. */
  readonly shared: string;
  /** The names of those. */
  readonly alike: readonly string[];
  /** How many of the differing labels a series has, as a share: 1 when it has all. */
  readonly filled: number;
}

/** A table whose rows are made when they are seen. */
export interface ResultTable {
  readonly columns: readonly TableColumn[];
  readonly count: number;
  readonly shared: string;
  row(index: number): readonly TableCell[];
}

function labelsOf({ result }: QueryAnswer): readonly Labels[] {
  if (result.type === 'samples') return result.raw.labels;
  return result.type === 'vector' || result.type === 'matrix' ? result.matrix.labels : [];
}

/** Which labels differ among the series, and which are alike. */
export function shapeOf(answer: QueryAnswer): SeriesShape {
  const series = labelsOf(answer).slice(0, LABELS_LOOKED_AT);
  const values = new Map<string, { first: string; count: number; same: boolean }>();
  for (const labels of series) {
    for (let i = 0; i < labels.length; i += 2) {
      const known = values.get(labels[i]);
      if (known === undefined)
        values.set(labels[i], { first: labels[i + 1], count: 1, same: true });
      else {
        known.count++;
        known.same &&= known.first === labels[i + 1];
      }
    }
  }
  const names = [...values.keys()].sort((a, b) =>
    a === NAME ? -1 : b === NAME ? 1 : a < b ? -1 : 1,
  );
  const alike = (name: string): boolean => {
    const known = values.get(name);
    return known !== undefined && known.same && known.count === series.length && series.length > 1;
  };
  const common = names.filter(alike);
  const shared = common.map((name) => {
    const first = values.get(name)?.first ?? '';
    return name === NAME ? first : `${quoteName(name)}=${quote(first)}`;
  });
  const differing = names.filter((name) => !alike(name));
  const there = differing.reduce((sum, name) => sum + (values.get(name)?.count ?? 0), 0);
  const filled = there / Math.max(1, differing.length * series.length);
  return { differing, shared: shared.join('  '), alike: common, filled };
}

function labelColumns({ differing }: SeriesShape): TableColumn[] {
  const own = differing.slice(0, LABEL_COLUMNS_MAX);
  const columns = own.map((name, i): TableColumn => {
    return { title: name === NAME ? 'metric' : name, min: 6, max: 60, rank: i + 2 };
  });
  if (differing.length > own.length) {
    columns.push({ title: 'more labels', min: 8, max: 60, rank: 20 });
  }
  if (columns.length === 0) columns.push({ title: 'series', min: 12, rank: 1, grow: true });
  return columns;
}

function labelCells(labels: Labels, { differing, alike }: SeriesShape): TableCell[] {
  if (differing.length === 0) return [{ text: seriesName(labels, alike) }];
  const own = differing.slice(0, LABEL_COLUMNS_MAX);
  const cells = own.map((name): TableCell => ({ text: labelValue(labels, name) }));
  const rest = differing.slice(own.length).filter((name) => labelValue(labels, name) !== '');
  if (differing.length > own.length) {
    cells.push({ text: rest.map((name) => pair(name, labelValue(labels, name))).join(' ') });
  }
  return cells;
}

/** `{a="b"}` of the labels that are not left out, with the name before. */
export function seriesName(labels: Labels, leftOut: readonly string[]): string {
  const parts: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] === NAME || leftOut.includes(labels[i])) continue;
    parts.push(pair(labels[i], labels[i + 1]));
  }
  const name = leftOut.includes(NAME) ? '' : labelValue(labels, NAME);
  return parts.length === 0 && name !== '' ? name : `${name}{${parts.join(', ')}}`;
}

function pair(name: string, value: string): string {
  return `${quoteName(name)}=${quote(value)}`;
}

function valueCell(answer: QueryAnswer, cell: number, value: number): TableCell {
  const histogram = answer.shown?.[cell];
  if (histogram !== undefined) return { text: shownText(histogram), style: STYLE.bold };
  return { text: formatFloat(value), style: Number.isNaN(value) ? STYLE.dim : STYLE.bold };
}

/** Cells that a column of a label needs to be of use, and those of the figures beside them. */
const LABEL_CELLS = 12;
const FIGURE_CELLS = 24;

/** Where columns of labels would be narrow or mostly empty, one of whole series is read better. */
function shapeFor(answer: QueryAnswer, width: number): SeriesShape {
  const shape = shapeOf(answer);
  const room = Math.max(1, Math.floor((width - FIGURE_CELLS) / LABEL_CELLS));
  const fits = shape.differing.length <= room && shape.filled >= 0.5;
  return fits ? shape : { ...shape, differing: [] };
}

/** What a table is made for. */
export interface TableRoom {
  readonly width: number;
  /** IANA time zone of times; the machine's when undefined. */
  readonly zone: string | undefined;
}

/** The answer as a table; undefined for a scalar or a text. */
export function tableOf(answer: QueryAnswer, room: TableRoom): ResultTable | undefined {
  const { result } = answer;
  const shape = shapeFor(answer, room.width);
  const columns = labelColumns(shape);
  const { shared } = shape;
  if (result.type === 'vector') {
    const { labels, values, present } = result.matrix;
    const rows = [...labels.keys()].filter((s) => present[s] === 1);
    const wide = answer.shown === undefined ? 24 : 200;
    const value: TableColumn = { title: 'value', align: 'right', min: 8, max: wide, rank: 0 };
    return {
      columns: [...columns, value],
      count: rows.length,
      shared,
      row: (r) => [
        ...labelCells(labels[rows[r]], shape),
        valueCell(answer, rows[r], values[rows[r]]),
      ],
    };
  }
  if (result.type === 'matrix') return rangeTable(answer, shape, columns);
  if (result.type !== 'samples') return undefined;
  const { labels, from, timestamps, values } = result.raw;
  const time = new LocalTime(room.zone);
  const seriesOf = (i: number): number => from.findLastIndex((start) => start <= i);
  return {
    columns: [
      { title: 'time', min: 8, max: 23, rank: 1 },
      ...columns,
      { title: 'value', align: 'right', min: 8, max: 40, rank: 0 },
    ],
    count: timestamps.length,
    shared,
    row: (i) => [
      { text: time.clock(timestamps[i]), style: STYLE.dim },
      ...labelCells(labels[Math.min(seriesOf(i), labels.length - 1)], shape),
      valueCell(answer, i, values[i]),
    ],
  };
}

function rangeTable(
  answer: QueryAnswer,
  shape: SeriesShape,
  columns: readonly TableColumn[],
): ResultTable {
  const lines = linesOf(answer, Infinity).series;
  const labels = labelsOf(answer);
  const figure = (title: string, rank: number): TableColumn => {
    return { title, align: 'right', min: 7, max: 12, rank };
  };
  return {
    columns: [
      ...columns,
      { title: 'course', min: SPARK_CELLS, max: SPARK_CELLS, rank: 9 },
      ...[figure('last', 0), figure('min', 6), figure('max', 5), figure('avg', 7)],
    ],
    count: lines.length,
    shared: shape.shared,
    row: (s) => {
      const stats = seriesStats(lines[s]);
      const { present, values } = lines[s];
      const low = stats === undefined ? 0 : stats.min - (stats.max - stats.min) / 7;
      const shown = stats === undefined ? '' : sparkline(values, SPARK_CELLS, { present, low });
      const text = (value: number | undefined): TableCell =>
        value === undefined ? { text: '–', style: STYLE.dim } : { text: formatValue(value) };
      return [
        ...labelCells(labels[s], shape),
        { text: shown, style: STYLE.series0 },
        { ...text(stats?.last), style: STYLE.bold },
        ...[stats?.min, stats?.max, stats?.avg].map(text),
      ];
    },
  };
}

/** The lines of a range, at most so many; `hidden` are the others. */
export function linesOf(
  answer: QueryAnswer,
  most: number,
): { readonly series: readonly GraphSeries[]; readonly hidden: number } {
  const { result } = answer;
  if (result.type !== 'matrix') return { series: [], hidden: 0 };
  const { labels, steps, values, present } = result.matrix;
  const timestamps = gridTimes(result.grid);
  const { differing, alike } = shapeOf(answer);
  const leftOut = differing.length === 0 ? [] : alike;
  const shown = most === Infinity ? labels : labels.slice(0, most);
  const telling = most === Infinity ? undefined : tellingOrder(shown);
  const series = shown.map((one, s) => ({
    name: seriesName(telling?.(one) ?? one, leftOut),
    timestamps,
    values: values.subarray(s * steps, (s + 1) * steps),
    present: present.subarray(s * steps, (s + 1) * steps),
  }));
  return { series, hidden: labels.length - series.length };
}

/** Labels with the most different values first: a name that is cut still tells lines apart. */
function tellingOrder(series: readonly Labels[]): (labels: Labels) => Labels {
  const values = new Map<string, Set<string>>();
  for (const labels of series) {
    for (let i = 0; i < labels.length; i += 2) {
      const known = values.get(labels[i]) ?? new Set<string>();
      values.set(labels[i], known.add(labels[i + 1]));
    }
  }
  const count = (name: string): number => values.get(name)?.size ?? 0;
  return (labels) => {
    const pairs: [name: string, value: string][] = [];
    for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i], labels[i + 1]]);
    return pairs.toSorted(([a], [b]) => count(b) - count(a)).flat();
  };
}

/** The text of a scalar or a string; undefined for what is a table. */
export function singleText({ result }: QueryAnswer): string | undefined {
  if (result.type === 'scalar') return formatFloat(result.value);
  return result.type === 'string' ? result.value : undefined;
}
