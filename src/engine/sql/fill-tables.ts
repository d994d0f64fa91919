// Fills the tables behind the views with what the store handed over, and makes the views of a
// statement. Runs beside DuckDB, in its process. Easy to get wrong: the number of a series means
// something within one set of tables only, and a stale marker is the end of a series, no sample.
import { DuckDBBlobValue, DuckDBMapValue, DuckDBTimestampTZValue } from '@duckdb/node-api';
import { TIMESTAMPTZ } from '@duckdb/node-api';
import type { DuckDBAppender } from '@duckdb/node-api';
import type { Labels } from '../model/labels.ts';
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import { ROLLUP_FIGURES } from '../model/sql.ts';
import type { SamplePage } from '../ports-sql.ts';
import type { Duck } from './duck.ts';
import { LABELS_TYPE, LABEL_COLUMNS, SeriesRows, appendLabels, rowTable } from './series-rows.ts';
import type { Spill } from './series-rows.ts';
import type { AlertRow, RollupPage } from './sql-protocol.ts';

const ALERT_COLUMNS =
  'ts TIMESTAMPTZ, incident VARCHAR, event VARCHAR, who VARCHAR, note VARCHAR, severity VARCHAR, ' +
  'status VARCHAR, receiver VARCHAR, started TIMESTAMPTZ, resolved TIMESTAMPTZ, ' +
  'labels MAP(VARCHAR, VARCHAR)';

export const HISTOGRAM_TABLE = 'histograms_of_samples';

function timeValue(ms: number): DuckDBTimestampTZValue | null {
  return ms === 0 ? null : new DuckDBTimestampTZValue(BigInt(Math.round(ms)) * 1000n);
}

function holdsStale(values: Float64Array): boolean {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  for (let i = 1; i < words.length; i += 2) {
    if (words[i] === STALE_HIGH && words[i - 1] === STALE_LOW) return true;
  }
  return false;
}

/** The tables of one statement. */
export class Tables {
  /** Rows that were taken. */
  rows = 0;
  readonly #duck: Duck;
  readonly #spill: Spill;
  readonly #keepsStale: boolean;
  readonly #views = new Map<string, SeriesRows>();
  readonly #closing: DuckDBAppender[] = [];
  #histograms: DuckDBAppender | undefined;
  #series: DuckDBAppender | undefined;
  #alerts: DuckDBAppender | undefined;
  #values = new Float64Array(0);

  /** An export keeps stale markers, a statement sees none. */
  constructor(duck: Duck, spill: Spill, keepsStale = false) {
    this.#duck = duck;
    this.#spill = spill;
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
    const plain = bodies === undefined && (this.#keepsStale || !holdsStale(values));
    if (!plain) return await this.#oddSamples(page, rows);
    rows.room(timestamps.length);
    for (let r = 0; r < labels.length; r++) {
      rows.put(rows.numberOf(labels[r]), timestamps, from[r], from[r + 1]);
    }
    await rows.append([values], timestamps.length);
    this.rows += timestamps.length;
  }

  /** Samples with histograms or stale markers among them. */
  async #oddSamples(page: SamplePage, rows: SeriesRows): Promise<void> {
    const { labels, from, timestamps, values, bodies } = page;
    const total = timestamps.length;
    if (total > this.#values.length) this.#values = new Float64Array(total);
    const into = new Uint32Array(this.#values.buffer);
    const words = new Uint32Array(values.buffer, values.byteOffset, total * 2);
    rows.room(total);
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
        rows.putOne(count, number, timestamps[i]);
        into[count * 2] = low;
        into[count * 2 + 1] = high;
        count++;
      }
    }
    await rows.append([this.#values], count);
    this.rows += count;
  }

  async rollup(view: string, page: RollupPage): Promise<void> {
    const { labels, from, timestamps, figures } = page;
    const rows = await this.#rowsOf(view, ROLLUP_FIGURES);
    rows.room(timestamps.length);
    for (let r = 0; r < labels.length; r++) {
      rows.put(rows.numberOf(labels[r]), timestamps, from[r], from[r + 1]);
    }
    await rows.append(figures, timestamps.length);
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

  /** What the rows of a view with series are read from. */
  relation(view: string): string {
    return this.#views.get(view)?.relation ?? rowTable(view);
  }

  /** Files that the rows are read from. */
  get files(): readonly string[] {
    return [...this.#views.values()].flatMap(({ file }) => file ?? []);
  }

  /** All rows are there; nothing is appended after. */
  async close(): Promise<void> {
    for (const one of this.#views.values()) await one.close();
    for (const one of this.#closing) one.closeSync();
  }

  /** Removes their files. */
  async remove(): Promise<void> {
    for (const one of this.#views.values()) await one.remove();
  }

  async #rowsOf(view: string, values: readonly string[]): Promise<SeriesRows> {
    let rows = this.#views.get(view);
    if (rows === undefined) {
      rows = await SeriesRows.make(this.#duck, this.#spill, { view, values });
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
