// Fills the tables behind the views with what the store handed over, and makes the views of a
// statement. Runs beside DuckDB, in its process. Easy to get wrong: the number of a series means
// something within one set of tables only, and a stale marker is the end of a series, no sample.
import { DOUBLE, DuckDBBlobValue, DuckDBMapValue, MAP } from '@duckdb/node-api';
import { DuckDBTimestampTZValue, TIMESTAMPTZ, UINTEGER, VARCHAR } from '@duckdb/node-api';
import type { DuckDBAppender, DuckDBType } from '@duckdb/node-api';
import { NAME, labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import { ROLLUP_FIGURES } from '../model/sql.ts';
import type { SamplePage } from '../ports-sql.ts';
import { ColumnAppender } from './column-appender.ts';
import type { ByteColumn } from './column-appender.ts';
import type { Duck } from './duck.ts';
import type { AlertRow, RollupPage } from './sql-protocol.ts';

const WORD = 2 ** 32;
const LABELS_TYPE = MAP(VARCHAR, VARCHAR);
const LABEL_COLUMNS = 'metric VARCHAR, labels MAP(VARCHAR, VARCHAR)';
const ALERT_COLUMNS =
  'ts TIMESTAMPTZ, incident VARCHAR, event VARCHAR, who VARCHAR, note VARCHAR, severity VARCHAR, ' +
  'status VARCHAR, receiver VARCHAR, started TIMESTAMPTZ, resolved TIMESTAMPTZ, ' +
  'labels MAP(VARCHAR, VARCHAR)';

/** Names of the tables behind a view. */
export function rowTable(view: string): string {
  return `rows_of_${view}`;
}
export function seriesTable(view: string): string {
  return `series_of_${view}`;
}
export const HISTOGRAM_TABLE = 'histograms_of_samples';

/** The columns `metric` and `labels` of a row. */
function appendLabels(appender: DuckDBAppender, labels: Labels): void {
  let metric = '';
  const entries: { key: string; value: string }[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] === NAME) metric = labels[i + 1];
    else entries.push({ key: labels[i], value: labels[i + 1] });
  }
  appender.appendVarchar(metric);
  appender.appendMap(new DuckDBMapValue(entries), LABELS_TYPE);
}

/** Microseconds as the two words of an integer; times have less than 2^53 of them. */
function putTime(words: Uint32Array, row: number, ms: number): void {
  const micros = Math.round(ms * 1000);
  words[row * 2] = micros % WORD;
  words[row * 2 + 1] = Math.floor(micros / WORD);
}

function timeValue(ms: number): DuckDBTimestampTZValue | null {
  return ms === 0 ? null : new DuckDBTimestampTZValue(BigInt(Math.round(ms)) * 1000n);
}

/** Rows of one view and their series. */
class SeriesRows {
  readonly #rows: ColumnAppender;
  readonly #labels: DuckDBAppender;
  readonly #known = new Map<string, number>();
  #refs = new Uint32Array(0);
  #times = new Uint32Array(0);

  private constructor(rows: ColumnAppender, labels: DuckDBAppender) {
    this.#rows = rows;
    this.#labels = labels;
  }

  static async make(duck: Duck, view: string, values: readonly string[]): Promise<SeriesRows> {
    const columns = values.map((name) => `"${name}" DOUBLE`).join(', ');
    const [rows, series] = [rowTable(view), seriesTable(view)];
    await duck.run(`CREATE TABLE ${rows} (series UINTEGER, ts TIMESTAMPTZ, ${columns})`);
    await duck.run(`CREATE TABLE ${series} (series UINTEGER, ${LABEL_COLUMNS})`);
    const types: DuckDBType[] = [UINTEGER, TIMESTAMPTZ, ...values.map(() => DOUBLE)];
    const appender = new ColumnAppender(await duck.connection.createAppender(rows), types);
    return new SeriesRows(appender, await duck.connection.createAppender(series));
  }

  numberOf(labels: Labels): number {
    const key = labelsKey(labels);
    let number = this.#known.get(key);
    if (number === undefined) {
      number = this.#known.size;
      this.#known.set(key, number);
      this.#labels.appendUInteger(number);
      appendLabels(this.#labels, labels);
      this.#labels.endRow();
    }
    return number;
  }

  /** Columns of series and times for so many rows; good until the next call. */
  room(rows: number): { readonly refs: Uint32Array; readonly times: Uint32Array } {
    if (rows > this.#refs.length) {
      this.#refs = new Uint32Array(rows);
      this.#times = new Uint32Array(rows * 2);
    }
    return { refs: this.#refs, times: this.#times };
  }

  append(values: readonly Float64Array[], count: number): void {
    const columns: ByteColumn[] = [
      { view: this.#refs, width: 4 },
      { view: this.#times, width: 8 },
      ...values.map((view): ByteColumn => ({ view, width: 8 })),
    ];
    this.#rows.append(columns, count);
  }

  close(): void {
    this.#rows.close();
    this.#labels.closeSync();
  }
}

/** The tables of one statement. */
export class Tables {
  /** Rows that were taken. */
  rows = 0;
  readonly #duck: Duck;
  readonly #keepsStale: boolean;
  readonly #views = new Map<string, SeriesRows>();
  readonly #closing: DuckDBAppender[] = [];
  #histograms: DuckDBAppender | undefined;
  #series: DuckDBAppender | undefined;
  #alerts: DuckDBAppender | undefined;
  #values = new Float64Array(0);

  /** An export keeps stale markers, a statement sees none. */
  constructor(duck: Duck, keepsStale = false) {
    this.#duck = duck;
    this.#keepsStale = keepsStale;
  }

  get hasHistograms(): boolean {
    return this.#histograms !== undefined;
  }

  /** Makes the tables behind a view, if they are not there. */
  async make(view: string): Promise<void> {
    if (view === 'samples') await this.#rowsOf(view, ['value']);
    else if (view === 'series') this.#series ??= await this.#table('series', LABEL_COLUMNS);
    else if (view === 'alerts') this.#alerts ??= await this.#table('alerts', ALERT_COLUMNS);
    else await this.#rowsOf(view, ROLLUP_FIGURES);
  }

  async samples(page: SamplePage): Promise<void> {
    const { labels, from, timestamps, values, bodies } = page;
    const rows = await this.#rowsOf('samples', ['value']);
    const total = timestamps.length;
    if (total > this.#values.length) this.#values = new Float64Array(total);
    const into = new Uint32Array(this.#values.buffer);
    const words = new Uint32Array(values.buffer, values.byteOffset, total * 2);
    const { refs, times } = rows.room(total);
    let count = 0;
    for (let r = 0; r < labels.length; r++) {
      const number = rows.numberOf(labels[r]);
      for (let i = from[r]; i < from[r + 1]; i++) {
        const [low, high] = [words[i * 2], words[i * 2 + 1]];
        if (low === STALE_LOW && high === STALE_HIGH && !this.#keepsStale) continue;
        const body = bodies?.[i];
        if (body !== undefined) {
          await this.#histogram(number, timestamps[i], values[i], body);
          continue;
        }
        refs[count] = number;
        putTime(times, count, timestamps[i]);
        into[count * 2] = low;
        into[count * 2 + 1] = high;
        count++;
      }
    }
    rows.append([this.#values], count);
    this.rows += count;
  }

  async rollup(view: string, page: RollupPage): Promise<void> {
    const { labels, from, timestamps, figures } = page;
    const rows = await this.#rowsOf(view, ROLLUP_FIGURES);
    const { refs, times } = rows.room(timestamps.length);
    for (let r = 0; r < labels.length; r++) {
      const number = rows.numberOf(labels[r]);
      for (let i = from[r]; i < from[r + 1]; i++) {
        refs[i] = number;
        putTime(times, i, timestamps[i]);
      }
    }
    rows.append(figures, timestamps.length);
    this.rows += timestamps.length;
  }

  async series(all: readonly Labels[]): Promise<void> {
    await this.make('series');
    for (const labels of all) {
      appendLabels(this.#series as DuckDBAppender, labels);
      this.#series?.endRow();
    }
  }

  async alerts(all: readonly AlertRow[]): Promise<void> {
    await this.make('alerts');
    const into = this.#alerts as DuckDBAppender;
    for (const one of all) {
      const texts = [one.incident, one.event, one.who, one.note, one.severity, one.status];
      into.appendValue(timeValue(one.atMs), TIMESTAMPTZ);
      for (const text of [...texts, one.receiver]) into.appendVarchar(text);
      into.appendValue(timeValue(one.startedMs), TIMESTAMPTZ);
      into.appendValue(timeValue(one.resolvedMs), TIMESTAMPTZ);
      const entries = one.labels.flatMap((key, i, list) =>
        i % 2 === 0 ? [{ key, value: list[i + 1] }] : [],
      );
      into.appendMap(new DuckDBMapValue(entries), LABELS_TYPE);
      into.endRow();
    }
  }

  /** All rows are there; nothing is appended after. */
  close(): void {
    for (const one of this.#views.values()) one.close();
    for (const one of this.#closing) one.closeSync();
  }

  async #rowsOf(view: string, values: readonly string[]): Promise<SeriesRows> {
    let rows = this.#views.get(view);
    if (rows === undefined) {
      rows = await SeriesRows.make(this.#duck, view, values);
      this.#views.set(view, rows);
    }
    return rows;
  }

  async #table(view: string, columns: string): Promise<DuckDBAppender> {
    await this.#duck.run(`CREATE TABLE ${rowTable(view)} (${columns})`);
    const appender = await this.#duck.connection.createAppender(rowTable(view));
    this.#closing.push(appender);
    return appender;
  }

  async #histogram(number: number, ms: number, sum: number, body: Uint8Array): Promise<void> {
    if (this.#histograms === undefined) {
      const columns = 'series UINTEGER, ts TIMESTAMPTZ, value DOUBLE, histogram BLOB';
      await this.#duck.run(`CREATE TABLE ${HISTOGRAM_TABLE} (${columns})`);
      this.#histograms = await this.#duck.connection.createAppender(HISTOGRAM_TABLE);
      this.#closing.push(this.#histograms);
    }
    const into = this.#histograms;
    into.appendUInteger(number);
    into.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(Math.round(ms)) * 1000n));
    into.appendDouble(sum);
    into.appendBlob(new DuckDBBlobValue(body).bytes);
    into.endRow();
    this.rows++;
  }
}
