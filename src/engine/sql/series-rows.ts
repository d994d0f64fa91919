// The rows of one view that were handed over, and the labels of their series. Under the tables of a
// statement: the first rows go into a table of DuckDB, and where they are many the others into a
// Parquet file beside it, which costs a fifth and no memory. Easy to get wrong: rows keep their
// order, table first, since an export writes them as they came.
import { DOUBLE, DuckDBMapValue, MAP, TIMESTAMPTZ, UINTEGER, VARCHAR } from '@duckdb/node-api';
import type { DuckDBAppender, DuckDBType } from '@duckdb/node-api';
import { NAME, labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { Disk } from '../runtime/disk.ts';
import { ColumnAppender } from './column-appender.ts';
import type { ByteColumn } from './column-appender.ts';
import { quotedText } from './duck.ts';
import type { Duck } from './duck.ts';
import { PlainParquet } from './plain-parquet.ts';
import type { PlainColumn } from './plain-parquet.ts';

const WORD = 2 ** 32;
export const LABELS_TYPE = MAP(VARCHAR, VARCHAR);
export const LABEL_COLUMNS = 'metric VARCHAR, labels MAP(VARCHAR, VARCHAR)';

/** Where rows go that are too many for a table. */
export interface Spill {
  readonly disk: Disk;
  readonly folder: string;
  /** Rows of a view that lie in its table. */
  readonly tableRows: number;
}

/** Names of the tables behind a view. */
export function rowTable(view: string): string {
  return `rows_of_${view}`;
}
export function seriesTable(view: string): string {
  return `series_of_${view}`;
}

/** The columns `metric` and `labels` of a row. */
export function appendLabels(appender: DuckDBAppender, labels: Labels): void {
  let metric = '';
  const entries: { key: string; value: string }[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] === NAME) metric = labels[i + 1];
    else entries.push({ key: labels[i], value: labels[i + 1] });
  }
  appender.appendVarchar(metric);
  appender.appendMap(new DuckDBMapValue(entries), LABELS_TYPE);
}

interface Shape {
  readonly view: string;
  readonly values: readonly string[];
}

/** Rows of one view and their series. */
export class SeriesRows {
  readonly #shape: Shape;
  readonly #rows: ColumnAppender;
  readonly #labels: DuckDBAppender;
  readonly #spill: Spill;
  readonly #known = new Map<string, number>();
  #refs = new Uint32Array(0);
  #times = new Uint32Array(0);
  #count = 0;
  #parquet: PlainParquet | undefined;
  #closed = false;
  /** The file of the rows that the table does not hold; undefined while there are none. */
  file: string | undefined;

  private constructor(shape: Shape, spill: Spill, rows: ColumnAppender, labels: DuckDBAppender) {
    this.#shape = shape;
    this.#spill = spill;
    this.#rows = rows;
    this.#labels = labels;
  }

  static async make(duck: Duck, spill: Spill, shape: Shape): Promise<SeriesRows> {
    const { view, values } = shape;
    const columns = values.map((name) => `"${name}" DOUBLE`).join(', ');
    const [rows, series] = [rowTable(view), seriesTable(view)];
    await duck.run(`CREATE TABLE ${rows} (series UINTEGER, ts TIMESTAMPTZ, ${columns})`);
    await duck.run(`CREATE TABLE ${series} (series UINTEGER, ${LABEL_COLUMNS})`);
    const types: DuckDBType[] = [UINTEGER, TIMESTAMPTZ, ...values.map(() => DOUBLE)];
    const appender = new ColumnAppender(await duck.connection.createAppender(rows), types);
    const labels = await duck.connection.createAppender(series);
    return new SeriesRows(shape, spill, appender, labels);
  }

  /** What stands behind FROM for all rows. */
  get relation(): string {
    const table = rowTable(this.#shape.view);
    if (this.file === undefined) return table;
    return `(FROM ${table} UNION ALL FROM read_parquet(${quotedText(this.file)}))`;
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

  /** Makes room for the series and times of so many rows. */
  room(rows: number): void {
    if (rows <= this.#refs.length) return;
    this.#refs = new Uint32Array(rows);
    this.#times = new Uint32Array(rows * 2);
  }

  /** Series and times of a run of rows. */
  put(number: number, timestamps: Float64Array, from: number, to: number): void {
    this.#refs.fill(number, from, to);
    for (let i = from; i < to; i++) this.#putTime(i, timestamps[i]);
  }

  putOne(row: number, number: number, ms: number): void {
    this.#refs[row] = number;
    this.#putTime(row, ms);
  }

  /** Microseconds as the two words of an integer; times have less than 2^53 of them. */
  #putTime(row: number, ms: number): void {
    const micros = ms * 1000;
    const high = Math.floor(micros / WORD);
    this.#times[row * 2] = micros - high * WORD;
    this.#times[row * 2 + 1] = high;
  }

  /** Takes the rows that were put, with their values. @throws MonError when the disk fails. */
  async append(values: readonly Float64Array[], count: number): Promise<void> {
    const columns: ByteColumn[] = [
      { view: this.#refs, width: 4 },
      { view: this.#times, width: 8 },
      ...values.map((view): ByteColumn => ({ view, width: 8 })),
    ];
    this.#count += count;
    if (this.#count <= this.#spill.tableRows && this.#parquet === undefined) {
      this.#rows.append(columns, count);
      return;
    }
    this.#parquet ??= await this.#open();
    await this.#parquet.append(columns, count);
  }

  async #open(): Promise<PlainParquet> {
    const { disk, folder } = this.#spill;
    const { view, values } = this.#shape;
    this.file = `${folder}/${rowTable(view)}.parquet`;
    const columns: PlainColumn[] = [
      { name: 'series', type: 'uinteger' },
      { name: 'ts', type: 'timestamptz' },
      ...values.map((name) => ({ name, type: 'double' as const })),
    ];
    return new PlainParquet(await disk.open(this.file, 'w+'), columns);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#rows.close();
    this.#labels.closeSync();
    await this.#parquet?.close();
  }

  /** Removes the file, when nothing reads it any more. */
  async remove(): Promise<void> {
    if (this.file !== undefined) await this.#spill.disk.remove(this.file).catch(() => undefined);
  }
}
