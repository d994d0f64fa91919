// The answer of a query in every form that `-o` knows. The last station of a sample on its way to a
// shell. Easy to get wrong: a series without a value at an instant has no row there; and exposition
// text needs a name, which many results do not have.
import { UserError } from '../engine/errors.ts';
import { NAME, compareText, labelValue, labelsObject } from '../engine/model/labels.ts';
import type { ShownHistogram } from '../engine/model/histogram.ts';
import type { Labels } from '../engine/model/labels.ts';
import type { QueryAnswer } from '../engine/model/query-result.ts';
import { shownText } from '../engine/promql/histogram-text.ts';
import { classicLines, histogramObject } from './histogram-form.ts';
import { jsonLine, jsonText } from './json-text.ts';
import { API_VERSION, csvLine, listingChunks, safeChunks } from './listing.ts';
import type { Cell, Listing, OutputFormat, Surface } from './listing.ts';
import { jsonValue, seriesText, valueText } from './series-text.ts';
import type { TimeText } from './times.ts';

/**
 * One sample of a result. `labels` is empty for a scalar; a string result has a text as value, a
 * native histogram its text and the histogram.
 */
export interface AnswerRow {
  readonly labels: Labels;
  readonly timeMs: number;
  readonly value: number | string;
  readonly histogram?: ShownHistogram;
}

/** All samples of a result in its order, series by series. */
export function* answerRows(answer: QueryAnswer): Generator<AnswerRow, void, void> {
  const { result } = answer;
  if (result.type === 'scalar' || result.type === 'string') {
    yield { labels: [], timeMs: result.timeMs, value: result.value };
  } else if (result.type === 'samples') {
    const { labels, from, timestamps, values } = result.raw;
    for (let s = 0; s < labels.length; s++) {
      for (let i = from[s]; i < from[s + 1]; i++) {
        yield rowOf(answer, i, { labels: labels[s], timeMs: timestamps[i], value: values[i] });
      }
    }
  } else {
    const { labels, steps, present, values } = result.matrix;
    const start = result.type === 'vector' ? result.timeMs : result.grid.start;
    const step = result.type === 'vector' ? 0 : result.grid.step;
    for (let i = 0; i < labels.length * steps; i++) {
      if (present[i] === 0) continue;
      const timeMs = start + (i % steps) * step;
      yield rowOf(answer, i, { labels: labels[Math.floor(i / steps)], timeMs, value: values[i] });
    }
  }
}

function rowOf({ shown }: QueryAnswer, cell: number, row: AnswerRow): AnswerRow {
  const histogram = shown?.[cell];
  return histogram === undefined ? row : { ...row, value: shownText(histogram), histogram };
}

export interface AnswerStyle {
  readonly format: OutputFormat;
  /** For people's forms; JSON and YAML always say UTC. */
  readonly time: TimeText;
  readonly utc: TimeText;
  readonly surface: Surface;
  readonly query: string;
  /** Told in the document, for forms that are one. */
  readonly stats?: object;
}

/** The answer as chunks of text. @throws UserError when the form cannot hold the result. */
export async function answerChunks(
  answer: QueryAnswer,
  style: AnswerStyle,
): Promise<Iterable<string>> {
  const { format, surface } = style;
  switch (format) {
    case 'table':
      return await listingChunks(answerListing(answer, style.time), 'table', surface);
    case 'json':
      return [jsonText(answerDocument(answer, style))];
    case 'yaml': {
      const { yamlText } = await import('./yaml-text.ts');
      return [yamlText(answerDocument(answer, style))];
    }
    case 'jsonl':
      return jsonLines(answer, style.utc);
    case 'csv':
      return await safeChunks(() => csvLines(answer, style.time), surface);
    case 'prom':
      return await safeChunks(() => promLines(answer), surface);
    case 'value':
      return await safeChunks(() => valueLines(answer), surface);
  }
}

function answerListing(answer: QueryAnswer, time: TimeText): Listing {
  const rows: Cell[][] = [];
  for (const row of answerRows(answer)) {
    rows.push([time(row.timeMs), seriesText(row.labels), row.value]);
  }
  const columns = [
    { name: 'time' },
    { name: 'series' },
    { name: 'value', align: 'right' },
  ] as const;
  if (isInstant(answer)) {
    const narrow = rows.map((row) => row.slice(1));
    return { kind: 'QueryResult', columns: columns.slice(1), rows: narrow, valueColumn: 1 };
  }
  return { kind: 'QueryResult', columns, rows, valueColumn: 2 };
}

function isInstant(answer: QueryAnswer): boolean {
  return answer.result.type !== 'matrix' && answer.result.type !== 'samples';
}

function answerDocument(answer: QueryAnswer, style: AnswerStyle): object {
  return {
    apiVersion: API_VERSION,
    kind: 'QueryResult',
    query: style.query,
    resultType: answer.result.type === 'samples' ? 'matrix' : answer.result.type,
    result: isInstant(answer) ? instantItems(answer, style.utc) : rangeItems(answer, style.utc),
    warnings: answer.warnings,
    infos: answer.infos,
    ...(answer.whole ? {} : { partial: true }),
    ...(style.stats === undefined ? {} : { stats: style.stats }),
  };
}

function instantItems(answer: QueryAnswer, time: TimeText): object[] {
  return Array.from(answerRows(answer), (row) => rowObject(row, time));
}

function rangeItems(answer: QueryAnswer, time: TimeText): object[] {
  const items: RangeItem[] = [];
  let last: Labels | undefined;
  for (const row of answerRows(answer)) {
    if (row.labels !== last) items.push({ labels: labelsObject(row.labels), values: [] });
    last = row.labels;
    const item = items[items.length - 1];
    if (row.histogram === undefined) item.values.push([time(row.timeMs), rowValue(row)]);
    else (item.histograms ??= []).push([time(row.timeMs), histogramObject(row.histogram)]);
  }
  return items;
}

interface RangeItem {
  readonly labels: Record<string, string>;
  readonly values: [string, number | string][];
  histograms?: [string, object][];
}

function rowObject(row: AnswerRow, time: TimeText): object {
  const head = { time: time(row.timeMs), labels: labelsObject(row.labels) };
  if (row.histogram !== undefined) return { ...head, histogram: histogramObject(row.histogram) };
  return { ...head, value: rowValue(row) };
}

function rowValue(row: AnswerRow): number | string {
  return typeof row.value === 'number' ? jsonValue(row.value) : row.value;
}

function* jsonLines(answer: QueryAnswer, time: TimeText): Iterable<string> {
  for (const row of answerRows(answer)) yield `${jsonLine(rowObject(row, time))}\n`;
}

// A column for each label, so that a spreadsheet can sort and filter by them.
function* csvLines(answer: QueryAnswer, time: TimeText): Iterable<string> {
  const names = [...labelNamesOf(answer)].sort(compareText);
  const heads = names.map((name) => (name === 'time' || name === 'value' ? `label_${name}` : name));
  yield csvLine(['time', ...heads, 'value']);
  for (const row of answerRows(answer)) {
    const labels = names.map((name) => labelValue(row.labels, name));
    yield csvLine([time(row.timeMs), ...labels, row.value]);
  }
}

function labelNamesOf(answer: QueryAnswer): Set<string> {
  const { result } = answer;
  const names = new Set<string>();
  if (result.type === 'scalar' || result.type === 'string') return names;
  for (const labels of result.type === 'samples' ? result.raw.labels : result.matrix.labels) {
    for (let i = 0; i < labels.length; i += 2) names.add(labels[i]);
  }
  return names;
}

function* valueLines(answer: QueryAnswer): Iterable<string> {
  for (const { value } of answerRows(answer)) {
    yield `${typeof value === 'number' ? valueText(value) : value}\n`;
  }
}

// All lines of one metric stand together, as the format demands.
function* promLines(answer: QueryAnswer): Iterable<string> {
  const byName = new Map<string, AnswerRow[]>();
  for (const row of answerRows(answer)) {
    const name = labelValue(row.labels, NAME);
    if (name === '') throw nameless(answer);
    const rows = byName.get(name);
    if (rows === undefined) byName.set(name, [row]);
    else rows.push(row);
  }
  for (const name of [...byName.keys()].sort(compareText)) {
    for (const row of byName.get(name) ?? []) {
      if (row.histogram !== undefined) {
        yield* classicLines(name, row.labels, row.histogram, row.timeMs);
        continue;
      }
      yield `${seriesText(row.labels)} ${valueText(row.value as number)} ${row.timeMs}\n`;
    }
  }
}

function nameless(answer: QueryAnswer): UserError {
  const { type } = answer.result;
  const what = type === 'scalar' || type === 'string' ? `a ${type}` : 'this result';
  return new UserError(`-o prom needs metric names and ${what} has none`, {
    hint: 'name it: label_replace(EXPR, "__name__", "my_metric", "", "")',
  });
}
