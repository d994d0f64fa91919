// Rows of an SQL answer in every form that `-o` knows, while they come. The last station of a row
// on its way to a shell. Easy to get wrong: what comes from outside may hold anything, so a
// terminal gets it escaped; and a table has to see all rows before it knows how wide its columns
// are.
import { UserError } from '../engine/errors.ts';
import type { SqlColumnHead, SqlEnd, SqlValue } from '../engine/model/sql.ts';
import type { SqlAnswer } from '../engine/remote/sql-client.ts';
import { jsonLine, jsonText } from './json-text.ts';
import { API_VERSION, csvLine, listingChunks, safeChunks } from './listing.ts';
import type { Cell, Listing, Surface } from './listing.ts';
import { seriesText } from './series-text.ts';
import { timeText } from './times.ts';

const SQL_FORMATS = [
  'table',
  'json',
  'jsonl',
  'csv',
  'yaml',
  'markdown',
  'value',
  'parquet',
] as const;
export type SqlFormat = (typeof SQL_FORMATS)[number];
export type SqlTextFormat = Exclude<SqlFormat, 'parquet'>;

export interface SqlStyle {
  readonly format: SqlTextFormat;
  readonly tz: string | undefined;
  readonly surface: Surface;
}

type Print = (chunks: Iterable<string>) => Promise<void>;
type Row = readonly SqlValue[];

/** Prints the answer and tells its end. @throws what reading the answer throws. */
export async function printSql(answer: SqlAnswer, style: SqlStyle, print: Print): Promise<SqlEnd> {
  const { format, surface } = style;
  if (format === 'jsonl' || format === 'csv' || format === 'value') {
    const cells = cellsOf(answer.columns, format === 'csv' ? style.tz : undefined);
    if (format === 'csv') await print(await safeChunks(() => [header(answer)], surface));
    for (;;) {
      const next = await answer.rows.next();
      if (next.done === true) return next.value;
      const lines = (): string[] => next.value.map((row) => lineOf(row, answer, format, cells));
      await print(await safeChunks(lines, surface));
    }
  }
  const rows: Row[] = [];
  for (;;) {
    const next = await answer.rows.next();
    if (next.done !== true) {
      rows.push(...next.value);
      continue;
    }
    await print(await documentChunks(answer.columns, rows, next.value, style));
    return next.value;
  }
}

function header({ columns }: SqlAnswer): string {
  return csvLine(columns.map(({ name }) => name));
}

type CellOf = (value: SqlValue, column: number) => Cell;

function lineOf(
  row: Row,
  { columns }: SqlAnswer,
  format: 'jsonl' | 'csv' | 'value',
  cellOf: CellOf,
): string {
  if (format === 'jsonl') return `${jsonLine(rowObject(columns, row))}\n`;
  if (format === 'csv') return csvLine(row.map(cellOf));
  return `${cellOf(row[0], 0)}\n`;
}

async function documentChunks(
  columns: readonly SqlColumnHead[],
  rows: readonly Row[],
  end: SqlEnd,
  { format, tz, surface }: SqlStyle,
): Promise<Iterable<string>> {
  if (format === 'json' || format === 'yaml') {
    const items = rows.map((row) => rowObject(columns, row));
    const document = { apiVersion: API_VERSION, kind: 'SqlResult', columns, rows: items };
    const partial = end.warnings.length === 0 ? {} : { partial: true };
    const whole = { ...document, cut: end.cut, warnings: end.warnings, ...partial };
    if (format === 'json') return [jsonText(whole)];
    const { yamlText } = await import('./yaml-text.ts');
    return [yamlText(whole)];
  }
  const cellOf = cellsOf(columns, tz);
  const cells = rows.map((row) => row.map(cellOf));
  if (format === 'markdown') return await markdown(columns, cells, surface);
  return await listingChunks(await listingOf(columns, cells), 'table', surface);
}

async function listingOf(
  columns: readonly SqlColumnHead[],
  rows: readonly Cell[][],
): Promise<Listing> {
  const { textToolsFor } = await import('./terminal-text.ts');
  const tools = await textToolsFor(columns.map(({ name }) => name));
  const heads = columns.map(({ name, type }) => {
    const head = { name, title: tools.safe(name) };
    return isNumber(type) ? ({ ...head, align: 'right' } as const) : head;
  });
  return { kind: 'SqlResult', columns: heads, rows, valueColumn: 0 };
}

async function markdown(
  columns: readonly SqlColumnHead[],
  rows: readonly Cell[][],
  surface: Surface,
): Promise<Iterable<string>> {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const ruler = columns.map(({ type }) => (isNumber(type) ? '---:' : '---'));
  const lines = [columns.map(({ name }) => markdownText(name)), ruler];
  for (const row of rows) lines.push(row.map((cell) => markdownText(String(cell))));
  const { textToolsFor } = await import('./terminal-text.ts');
  const tools = await textToolsFor(lines.flat());
  return await safeChunks(() => lines.map((cells) => line(cells.map(tools.safe))), surface);
}

/** A text that stays within its cell, whatever it holds. */
function markdownText(text: string): string {
  const plain = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('|', '\\|');
  return plain.replaceAll(/\r?\n/g, '<br>').replaceAll('`', '\\`');
}

function isNumber(type: string): boolean {
  return /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DOUBLE|FLOAT|DECIMAL\b.*|U?INTEGER)$/.test(
    type,
  );
}

function rowObject(columns: readonly SqlColumnHead[], row: Row): Record<string, SqlValue> {
  const out = Object.create(null) as Record<string, SqlValue>;
  columns.forEach(({ name }, i) => (out[name] = row[i]));
  return out;
}

const LABELS = 'MAP(VARCHAR, VARCHAR)';
const TIMES = /^TIMESTAMP WITH TIME ZONE$/;

/** Values as cells: times in the zone, label sets as series are written, nothing as nothing. */
export function cellsOf(columns: readonly SqlColumnHead[], tz: string | undefined): CellOf {
  const time = timeText(tz);
  return (value, column) => {
    const { type } = columns[column];
    if (value === null || value === undefined) return '';
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    if (typeof value === 'string') return TIMES.test(type) ? zoned(value, time) : value;
    if (type !== LABELS) return JSON.stringify(value);
    return seriesText(Object.entries(value as Record<string, string>).flat());
  };
}

function zoned(text: string, time: (ms: number) => string): string {
  const ms = Date.parse(text);
  // Microseconds, and times beyond those of JavaScript, stay as they are.
  return Number.isNaN(ms) || /\.\d{4,}/.test(text) ? text : time(ms);
}

/** @throws UserError for a file that would go to a terminal. */
export function checkBinary(surface: Surface, what: string): void {
  if (!surface.isTerminal) return;
  throw new UserError(`${what} is no text for a terminal`, { hint: 'send it into a file: > FILE' });
}
