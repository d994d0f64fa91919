// A list of rows in every form that `-o` knows. Commands say what their columns are; this file says
// how a table, JSON, JSON lines, CSV, YAML and bare values look, and tests pin it. Easy to get
// wrong: a table is for people and is escaped; the other forms are data and keep every character,
// except that a terminal never gets a control character.
import { paint } from './color.ts';
import { jsonLine, jsonText } from './json-text.ts';
import { valueText, jsonValue } from './series-text.ts';
import { textToolsFor } from './terminal-text.ts';

export type OutputFormat = 'table' | 'json' | 'jsonl' | 'csv' | 'yaml' | 'prom' | 'value';
export type ListFormat = Exclude<OutputFormat, 'prom'>;

export const API_VERSION = 'mon/v1';

export type Cell = string | number | boolean;

export interface Column {
  /** Key in JSON; the table shows it in capitals. */
  readonly name: string;
  readonly title?: string;
  readonly align?: 'right';
}

export interface Listing {
  /** `kind` of the JSON document. */
  readonly kind: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** Column that `-o value` prints. */
  readonly valueColumn: number;
}

export interface Surface {
  /** Nothing but printable characters may be written. */
  readonly isTerminal: boolean;
  readonly color: boolean;
  /** Cells of a table to be shown as changed. */
  readonly changed?: (row: number, column: number) => boolean;
}

/** The lines of a list; each chunk ends with a line break. */
export async function listingChunks(
  listing: Listing,
  format: ListFormat,
  surface: Surface,
): Promise<Iterable<string>> {
  if (format === 'table') return await tableChunks(listing, surface);
  if (format === 'json') return [jsonText(listDocument(listing))];
  if (format === 'yaml') {
    const { yamlText } = await import('./yaml-text.ts');
    return [yamlText(listDocument(listing))];
  }
  return await safeChunks(() => plainChunks(listing, format), surface);
}

/** Chunks as they are, or escaped line by line when they go to a terminal. */
export async function safeChunks(
  chunks: () => Iterable<string>,
  surface: Surface,
): Promise<Iterable<string>> {
  if (!surface.isTerminal) return chunks();
  const all = [...chunks()];
  const tools = await textToolsFor(all.map((chunk) => chunk.replaceAll('\n', '')));
  return all.map((chunk) => chunk.split('\n').map(tools.safe).join('\n'));
}

function listDocument(listing: Listing): object {
  return {
    apiVersion: API_VERSION,
    kind: listing.kind,
    items: listing.rows.map((row) => rowObject(listing, row)),
  };
}

function rowObject(listing: Listing, row: readonly Cell[]): Record<string, Cell> {
  const out = Object.create(null) as Record<string, Cell>;
  listing.columns.forEach(({ name }, i) => {
    const cell = row[i];
    out[name] = typeof cell === 'number' ? jsonValue(cell) : cell;
  });
  return out;
}

function* plainChunks(listing: Listing, format: 'jsonl' | 'csv' | 'value'): Iterable<string> {
  if (format === 'csv') yield csvLine(listing.columns.map((column) => column.name));
  for (const row of listing.rows) {
    if (format === 'jsonl') yield `${jsonLine(rowObject(listing, row))}\n`;
    else if (format === 'csv') yield csvLine(row);
    else yield `${cellText(row[listing.valueColumn])}\n`;
  }
}

/** A line of RFC 4180, with a bare line feed at its end as on every Unix. */
export function csvLine(cells: readonly Cell[]): string {
  const texts = cells.map((cell) => {
    const text = cellText(cell);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${texts.join(',')}\n`;
}

function cellText(cell: Cell): string {
  return typeof cell === 'number' ? valueText(cell) : String(cell);
}

async function tableChunks(listing: Listing, surface: Surface): Promise<Iterable<string>> {
  const raw = listing.rows.map((row) => row.map(cellText));
  const tools = await textToolsFor(raw.flat());
  const titles = listing.columns.map((column) => column.title ?? column.name.toUpperCase());
  const rows = raw.map((row) => row.map(tools.safe));
  const widths = titles.map((title, i) =>
    rows.reduce((most, row) => Math.max(most, tools.width(row[i])), title.length),
  );
  const pad = (cell: string, column: number): string => {
    const gap = ' '.repeat(Math.max(0, widths[column] - tools.width(cell)));
    return listing.columns[column].align === 'right' ? gap + cell : cell + gap;
  };
  const head = paint(titles.map(pad).join('  ').trimEnd(), 'bold', surface.color);
  const lines = rows.map((row, r) => {
    const cells = row.map((cell, c) => {
      const changed = surface.color && surface.changed?.(r, c) === true;
      return paint(pad(cell, c), 'inverse', changed);
    });
    return `${cells.join('  ').trimEnd()}\n`;
  });
  return [`${head}\n`, ...lines];
}
