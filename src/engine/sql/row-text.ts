// Rows of an answer as lines of JSON: the first line tells the columns, each further one is a row,
// the last one how many there were. From DuckDB's values to bytes. Easy to get wrong: a number that
// JSON or JavaScript cannot hold goes as a text, as everywhere in this API; times are UTC.
import {
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBArrayValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
} from '@duckdb/node-api';
import type { DuckDBValue } from '@duckdb/node-api';

const DIGITS_SAFE = 15;
const MICROS_MAX = 8_640_000_000_000_000_000n;

/** The JSON of one value. */
export function valueJson(value: DuckDBValue): string {
  switch (typeof value) {
    case 'number':
      return numberJson(value);
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`;
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return String(value);
    default:
  }
  if (value === null || value === undefined) return 'null';
  if (value instanceof DuckDBTimestampTZValue) return `"${timeText(value.micros)}Z"`;
  if (value instanceof DuckDBTimestampValue) return `"${timeText(value.micros)}"`;
  if (value instanceof DuckDBMapValue) {
    const pairs = value.entries.map(({ key, value: one }) => `${keyJson(key)}:${valueJson(one)}`);
    return `{${pairs.join(',')}}`;
  }
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    return `[${value.items.map(valueJson).join(',')}]`;
  }
  if (value instanceof DuckDBStructValue) {
    const pairs = Object.entries(value.entries);
    return `{${pairs.map(([key, one]) => `${JSON.stringify(key)}:${valueJson(one)}`).join(',')}}`;
  }
  if (value instanceof DuckDBBlobValue) {
    return JSON.stringify(Buffer.from(value.bytes).toString('hex'));
  }
  if (value instanceof DuckDBDecimalValue) {
    const text = value.toString();
    return text.replace(/\D/g, '').length <= DIGITS_SAFE ? text : JSON.stringify(text);
  }
  return JSON.stringify(String(value));
}

function keyJson(key: DuckDBValue): string {
  return JSON.stringify(typeof key === 'string' ? key : String(key));
}

/** As in the answers of a query. */
function numberJson(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '"-0"' : String(value);
  if (Number.isNaN(value)) return '"NaN"';
  return value > 0 ? '"+Inf"' : '"-Inf"';
}

/** RFC 3339 to the ms, to the microsecond where there are some; without its zone. */
function timeText(micros: bigint): string {
  if (micros > MICROS_MAX || micros < -MICROS_MAX) return micros > 0n ? 'infinity' : '-infinity';
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const text = new Date(Number((micros - rest) / 1000n)).toISOString().slice(0, -1);
  return rest === 0n ? text : text + String(rest).padStart(3, '0');
}

/** The line that comes first. */
export function columnsLine(names: readonly string[], types: readonly string[]): string {
  const columns = names.map((name, i) => ({ name, type: types[i] }));
  return `${JSON.stringify({ columns })}\n`;
}

/** The line that comes last. */
export function endLine(rows: number, cut: boolean, warnings: readonly string[]): string {
  return `${JSON.stringify({ end: { rows, cut, warnings } })}\n`;
}
