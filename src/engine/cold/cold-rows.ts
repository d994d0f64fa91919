// Series on their way into Parquet: samples, windows and the table of series as feeds of columns.
// Between whoever reads blocks and duck.ts. Easy to get wrong: rows of one series stay together and
// in order of time, a number is a dozen bytes of columns and never an object, and bits of values go
// from words to words.
import {
  BIGINT,
  BLOB,
  DOUBLE,
  MAP,
  UBIGINT,
  UINTEGER,
  UTINYINT,
  VARCHAR,
  blobValue,
  mapValue,
} from '@duckdb/node-api';
import type {
  DuckDBBlobVector,
  DuckDBDataChunk,
  DuckDBMapVector,
  DuckDBVarCharVector,
} from '@duckdb/node-api';
import { PIECE_KINDS, type Piece } from '../codec/block.ts';
import { decodeHistogram } from '../codec/histogram.ts';
import { assert } from '../errors.ts';
import { labelValue, NAME, type Labels } from '../model/labels.ts';
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import { ROWS_AT_ONCE, type Feed } from './duck.ts';
import { allMissing, flush, numbersOf, putMs, wordsOf } from './duck-vectors.ts';

/** Added to the kind of a stale marker, so that whoever counts samples need not look at values. */
export const STALE_KIND = 4;

/** A series of an object to be. Series come in the order of their canonical bytes. */
export interface ColdSeries {
  readonly labels: Labels;
  /** The identity hash. */
  readonly hash: bigint;
}

export interface RawSeries extends ColdSeries {
  /** In order of time; may be reused after the next one was asked for. */
  pieces(): Iterable<Piece>;
}

/** What is counted of each series while its rows pass. */
export interface SeriesCount {
  readonly series: ColdSeries;
  /** Its number in the object; its place in the list where it is left out. */
  readonly number?: number;
  minMs: number;
  maxMs: number;
  rows: number;
}

/** Samples as rows. `counts` has a line for each series that has any, numbered by its place. */
export class SampleFeed implements Feed {
  readonly columns = [
    ['series', UINTEGER],
    ['timestamp', BIGINT],
    ['value', DOUBLE],
    ['histogram', BLOB],
    ['kind', UTINYINT],
  ] as const;
  readonly counts: SeriesCount[] = [];
  bodies = false;
  stale = false;
  readonly #series: Iterator<RawSeries>;
  readonly #rowsMax: number;
  #pieces: Iterator<Piece> | undefined;
  #piece: Piece | undefined;
  #at = 0;
  #open: RawSeries | undefined;
  #rows = 0;

  /** @throws (while it is read) when there are more rows than the object may have. */
  constructor(series: Iterable<RawSeries>, rowsMax = Infinity) {
    this.#series = series[Symbol.iterator]();
    this.#rowsMax = rowsMax;
  }

  get rows(): number {
    return this.#rows;
  }

  fill(chunk: DuckDBDataChunk): void {
    chunk.rowCount = ROWS_AT_ONCE;
    const series = numbersOf(chunk, 0);
    const times = wordsOf(chunk, 1);
    const values = wordsOf(chunk, 2);
    const bodies = chunk.getColumnVector(3) as DuckDBBlobVector;
    const kinds = numbersOf(chunk, 4);
    allMissing(bodies);
    let row = 0;
    while (row < ROWS_AT_ONCE && this.#next()) {
      const piece = this.#piece as Piece;
      const count = Math.min(ROWS_AT_ONCE - row, piece.timestamps.length - this.#at);
      const line = this.#line();
      series.fill(this.counts.length - 1, row, row + count);
      kinds.fill(PIECE_KINDS[piece.kind], row, row + count);
      for (let i = 0; i < count; i++) putMs(times, row + i, piece.timestamps[this.#at + i]);
      if (piece.kind === 'float') {
        values.set(piece.words.subarray(this.#at * 2, (this.#at + count) * 2), row * 2);
      } else {
        this.#histograms(piece.bodies, { values, bodies }, row, count);
      }
      this.#markStale(values, kinds, row, row + count);
      line.minMs = Math.min(line.minMs, piece.timestamps[this.#at]);
      line.maxMs = Math.max(line.maxMs, piece.timestamps[this.#at + count - 1]);
      line.rows += count;
      this.#at += count;
      row += count;
    }
    this.#rows += row;
    assert(this.#rows <= this.#rowsMax, 'an object has no more rows than it was planned for');
    flush(chunk, row);
  }

  #markStale(
    values: Uint32Array,
    kinds: ReturnType<typeof numbersOf>,
    from: number,
    to: number,
  ): void {
    for (let i = from; i < to; i++) {
      if (values[i * 2] !== STALE_LOW || values[i * 2 + 1] !== STALE_HIGH) continue;
      this.stale = true;
      kinds[i] += STALE_KIND;
    }
  }

  #histograms(
    from: readonly Uint8Array[],
    into: { readonly values: Uint32Array; readonly bodies: DuckDBBlobVector },
    row: number,
    count: number,
  ): void {
    this.bodies = true;
    const one = new Float64Array(1);
    const words = new Uint32Array(one.buffer);
    for (let i = 0; i < count; i++) {
      const body = from[this.#at + i];
      const { histogram, stale } = decodeHistogram(body);
      one[0] = histogram.sum;
      into.values.set(stale ? [STALE_LOW, STALE_HIGH] : words, (row + i) * 2);
      into.bodies.setItem(row + i, blobValue(body));
    }
  }

  /** Moves to a piece with rows left; false at the end. */
  #next(): boolean {
    while (this.#piece === undefined || this.#at >= this.#piece.timestamps.length) {
      const piece = this.#pieces?.next();
      if (piece !== undefined && piece.done !== true) {
        this.#piece = piece.value;
        this.#at = 0;
        continue;
      }
      const series = this.#series.next();
      if (series.done === true) return false;
      this.#open = series.value;
      this.#pieces = series.value.pieces()[Symbol.iterator]();
      this.#piece = undefined;
    }
    return true;
  }

  /** The count of the series that is open; a new line when these are its first rows. */
  #line(): SeriesCount {
    const last = this.counts[this.counts.length - 1];
    if (last !== undefined && last.series === this.#open) return last;
    const line = {
      series: this.#open as RawSeries,
      ...{ minMs: Infinity, maxMs: -Infinity, rows: 0 },
    };
    this.counts.push(line);
    return line;
  }
}

/** The table of series of an object, from what was counted while their rows passed. */
export class SeriesFeed implements Feed {
  readonly columns = [
    ['series', UINTEGER],
    ['metric', VARCHAR],
    ['labels', MAP(VARCHAR, VARCHAR)],
    ['hash', UBIGINT],
    ['min_ms', BIGINT],
    ['max_ms', BIGINT],
    ['rows', BIGINT],
  ] as const;
  readonly #counts: readonly SeriesCount[];
  #at = 0;

  constructor(counts: readonly SeriesCount[]) {
    this.#counts = counts;
  }

  fill(chunk: DuckDBDataChunk): void {
    const rows = Math.min(ROWS_AT_ONCE, this.#counts.length - this.#at);
    chunk.rowCount = rows;
    if (rows === 0) return;
    const numbers = numbersOf(chunk, 0);
    const metrics = chunk.getColumnVector(1) as DuckDBVarCharVector;
    const labels = chunk.getColumnVector(2) as DuckDBMapVector;
    const hashes = wordsOf(chunk, 3);
    const [first, last, counts] = [4, 5, 6].map((c) => wordsOf(chunk, c));
    for (let i = 0; i < rows; i++) {
      const { series, number, minMs, maxMs, rows: own } = this.#counts[this.#at + i];
      numbers[i] = number ?? this.#at + i;
      metrics.setItem(i, labelValue(series.labels, NAME));
      labels.setItem(i, mapOf(series.labels));
      hashes[i * 2] = Number(series.hash & 0xffff_ffffn);
      hashes[i * 2 + 1] = Number(series.hash >> 32n);
      putMs(first, i, minMs);
      putMs(last, i, maxMs);
      putMs(counts, i, own);
    }
    this.#at += rows;
    flush(chunk, rows);
  }
}

function mapOf(labels: Labels): ReturnType<typeof mapValue> {
  const entries: { key: string; value: string }[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] !== NAME) entries.push({ key: labels[i], value: labels[i + 1] });
  }
  return mapValue(entries);
}
