// Windows on their way into Parquet: a feed of columns beside that of samples. Easy to get wrong:
// the columns of a series are used again by the next one, so its rows are taken out before that is
// asked.
import { BIGINT, BLOB, DOUBLE, UINTEGER, UTINYINT, blobValue } from '@duckdb/node-api';
import type { DuckDBBlobVector, DuckDBDataChunk } from '@duckdb/node-api';
import type { ColdSeries, SeriesCount } from './cold-rows.ts';
import { ROWS_AT_ONCE, type Feed } from './duck.ts';
import { allMissing, flush, numbersOf, putMs, wordsOf } from './duck-vectors.ts';

/** The rows of one series; columns in the order of docs/format/rollup.md. */
export interface WindowRows {
  readonly count: number;
  readonly ends: Float64Array;
  readonly columns: readonly Float64Array[];
  readonly increases: Float64Array;
  readonly histograms: readonly (Uint8Array | undefined)[] | undefined;
  readonly sketches: readonly (Uint8Array | undefined)[] | undefined;
}

export interface WindowSeries extends ColdSeries {
  windows(): WindowRows;
}

/** Places of the file's columns, and the column of a row that each is. */
const NUMBERS = [
  [3, 1],
  [4, 2],
  [5, 3],
  [6, 4],
  [7, 5],
  [11, 8],
] as const;
const WHOLE = [
  [2, 0],
  [9, 6],
  [10, 7],
] as const;
const INCREASE = 8;
const ENDED = 12;
const HISTOGRAM = 13;
const SKETCH = 14;

export class WindowFeed implements Feed {
  readonly columns = [
    ['series', UINTEGER],
    ['timestamp', BIGINT],
    ['count', BIGINT],
    ['sum', DOUBLE],
    ['min', DOUBLE],
    ['max', DOUBLE],
    ['first', DOUBLE],
    ['last', DOUBLE],
    ['increase', DOUBLE],
    ['from_ms', BIGINT],
    ['to_ms', BIGINT],
    ['resets', DOUBLE],
    ['ended', UTINYINT],
    ['histogram', BLOB],
    ['sketch', BLOB],
  ] as const;
  readonly counts: SeriesCount[] = [];
  bodies = false;
  readonly #series: Iterator<WindowSeries>;
  #rows: WindowRows | undefined;
  #at = 0;

  constructor(series: Iterable<WindowSeries>) {
    this.#series = series[Symbol.iterator]();
  }

  fill(chunk: DuckDBDataChunk): void {
    chunk.rowCount = ROWS_AT_ONCE;
    const bodies = [HISTOGRAM, SKETCH].map((c) => chunk.getColumnVector(c) as DuckDBBlobVector);
    bodies.forEach(allMissing);
    let row = 0;
    while (row < ROWS_AT_ONCE && this.#next()) {
      const rows = this.#rows as WindowRows;
      const count = Math.min(ROWS_AT_ONCE - row, rows.count - this.#at);
      this.bodies ||= (rows.histograms ?? rows.sketches) !== undefined;
      this.#copy(chunk, rows, row, count);
      for (let i = 0; i < count; i++) {
        const [histogram, sketch] = [rows.histograms, rows.sketches].map(
          (list) => list?.[this.#at + i],
        );
        if (histogram !== undefined) bodies[0].setItem(row + i, blobValue(histogram));
        if (sketch !== undefined) bodies[1].setItem(row + i, blobValue(sketch));
      }
      this.#at += count;
      row += count;
    }
    flush(chunk, row);
  }

  #copy(chunk: DuckDBDataChunk, rows: WindowRows, row: number, count: number): void {
    const from = this.#at;
    const to = from + count;
    numbersOf(chunk, 0).fill(this.counts.length - 1, row, row + count);
    const times = wordsOf(chunk, 1);
    for (let i = 0; i < count; i++) putMs(times, row + i, rows.ends[from + i]);
    for (const [place, column] of NUMBERS) {
      numbersOf(chunk, place).set(rows.columns[column].subarray(from, to), row);
    }
    numbersOf(chunk, INCREASE).set(rows.increases.subarray(from, to), row);
    for (const [place, column] of WHOLE) {
      const words = wordsOf(chunk, place);
      for (let i = 0; i < count; i++) putMs(words, row + i, rows.columns[column][from + i]);
    }
    const ended = numbersOf(chunk, ENDED);
    for (let i = 0; i < count; i++) ended[row + i] = rows.columns[9][from + i];
  }

  /** Moves to a series with rows left; false at the end. */
  #next(): boolean {
    while (this.#rows === undefined || this.#at >= this.#rows.count) {
      const next = this.#series.next();
      if (next.done === true) return false;
      const series = next.value;
      const rows = series.windows();
      this.#rows = rows;
      this.#at = 0;
      if (rows.count === 0) continue;
      const [minMs, maxMs] = [rows.ends[0], rows.ends[rows.count - 1]];
      this.counts.push({ series, minMs, maxMs, rows: rows.count });
    }
    return true;
  }
}
