// The native histograms of one remote-write body on their way through the door: read, checked,
// numbered, held against the window of times, and made into batches of their own. The floats of
// the same body go by the kernels. Easy to get wrong: a body is a view of a copy, because
// numbering a series may move the memory that the request lies in.
import { decodeHistogram } from '../codec/histogram.ts';
import { MonError } from '../errors.ts';
import { HISTOGRAM_BYTES_MAX } from '../limits.ts';
import { refusalOf, type SeriesBook } from '../kernels/series-book.ts';
import type { Batch } from '../model/batch.ts';
import type { Lateness } from '../model/sample.ts';
import type { ApartRule } from './apart.ts';
import { describeSeries, type Refusals } from './refusals.ts';
import { histogramsIn, readLabels } from './remote-write.ts';

/** What a histogram takes in a record beside its body and the labels of its series. */
const ROW_BYTES = 48;

/** Times in ms: below `oldMs` refused, from `lateMs` late, from `liveMs` live, to `lastMs`. */
export interface TimeWindow {
  readonly oldMs: number;
  readonly lateMs: number;
  readonly liveMs: number;
  readonly lastMs: number;
}

/** A histogram with the series that it belongs to. */
export interface Row {
  readonly ref: number;
  readonly timestampMs: number;
  readonly body: Uint8Array;
}

/** The rows of one partition and one class. */
interface Bucket {
  readonly partition: number;
  readonly lateness: Lateness;
  readonly rows: Row[];
}

export class HistogramRows {
  readonly #book: SeriesBook;
  readonly #rule: ApartRule | undefined;
  readonly #rows: Row[] = [];
  /** Rows that a policy has taken away, after place(). */
  dropped = 0;

  /** `rule` decides about series that stand apart. */
  constructor(book: SeriesBook, rule?: ApartRule) {
    this.#book = book;
    this.#rule = rule;
  }

  /** Takes the histograms of a TimeSeries message in kernel memory, which the walk has checked. */
  take(at: number, end: number, refusals: Refusals): void {
    const message = this.#book.kernels.bytes.slice(at, end);
    const read = readLabels(message, 0, message.length);
    const describe = (): string => ('labels' in read ? describeSeries(read.labels) : 'a series');
    const good: Omit<Row, 'ref'>[] = [];
    for (const body of histogramsIn(message)) {
      const timestampMs = timeOf(body);
      if (typeof timestampMs === 'number') good.push({ timestampMs, body });
      else refusals.add(timestampMs, 1, describe);
    }
    if (good.length === 0) return;
    if ('refused' in read) return refusals.add(read.refused, good.length, describe);
    const ref = this.#book.refOfLabels(read.labels);
    if (ref < 0) return refusals.add(refusalOf(ref), good.length, describe);
    for (const row of good) this.#rows.push({ ref, ...row });
  }

  /** Takes a histogram of a series that has its ref. */
  put(row: Row): void {
    this.#rows.push(row);
  }

  /**
   * Sorts out what lies outside the window and copies the columns of the rest to where `room`
   * puts them in kernel memory.
   */
  place(
    window: TimeWindow,
    refusals: Refusals,
    room: (bytes: Uint8Array) => number,
  ): PlacedHistograms | undefined {
    const buckets = new Map<number, Bucket>();
    let count = 0;
    for (const row of this.#rows) {
      const { ref, timestampMs } = row;
      const describe = (): string => describeSeries(this.#book.labels(ref));
      if (!(timestampMs >= window.oldMs)) refusals.add('tooOld', 1, describe);
      else if (timestampMs > window.lastMs) refusals.add('tooNew', 1, describe);
      else {
        this.#book.touch(ref);
        if (this.#isDropped(ref, timestampMs)) continue;
        const partition = this.#book.partition(ref);
        const lateness = timestampMs >= window.liveMs ? 0 : timestampMs >= window.lateMs ? 1 : 2;
        const key = partition * 3 + lateness;
        const bucket = buckets.get(key) ?? { partition, lateness, rows: [] };
        buckets.set(key, bucket);
        bucket.rows.push(row);
        count++;
      }
    }
    if (count === 0) return undefined;
    const sorted = [...buckets].sort((a, b) => a[0] - b[0]).map(([, bucket]) => bucket);
    return new PlacedHistograms(this.#book, sorted, room(columnsOf(sorted, count)));
  }

  #isDropped(ref: number, timestampMs: number): boolean {
    if (this.#rule === undefined || !this.#book.isApart(ref)) return false;
    if (this.#rule.keeps(ref, timestampMs, false)) return false;
    this.dropped++;
    return true;
  }
}

/** The timestamp of a histogram, or why it is refused. */
function timeOf(body: Uint8Array): number | string {
  if (body.length > HISTOGRAM_BYTES_MAX) return 'histogramTooLarge';
  try {
    const { timestampMs } = decodeHistogram(body);
    return Number.isSafeInteger(timestampMs) ? timestampMs : 'histogram';
  } catch (thrown) {
    if (!(thrown instanceof MonError)) throw thrown;
    return 'histogram';
  }
}

/** All timestamps, then all refs. */
function columnsOf(buckets: readonly Bucket[], count: number): Uint8Array {
  const rows = buckets.flatMap((bucket) => bucket.rows);
  const bytes = new Uint8Array(count * 12);
  new Float64Array(bytes.buffer, 0, count).set(rows.map((row) => row.timestampMs));
  new Uint32Array(bytes.buffer, count * 8, count).set(rows.map((row) => row.ref));
  return bytes;
}

/** Histograms whose columns lie in kernel memory. */
class PlacedHistograms {
  readonly count: number;
  readonly #book: SeriesBook;
  readonly #buckets: readonly Bucket[];
  readonly #at: number;

  constructor(book: SeriesBook, buckets: readonly Bucket[], at: number) {
    this.#book = book;
    this.#buckets = buckets;
    this.#at = at;
    this.count = buckets.reduce((sum, { rows }) => sum + rows.length, 0);
  }

  /** Batches whose records stay under `recordBytes`, in order within each partition and class. */
  batches(receivedMs: number, recordBytes: number): Batch[] {
    const { buffer } = this.#book.kernels.memory;
    const batches: Batch[] = [];
    let first = 0;
    for (const { partition, lateness, rows } of this.#buckets) {
      for (let from = 0; from < rows.length;) {
        const count = this.#cut(rows, from, recordBytes);
        const histograms = {
          refs: new Uint32Array(buffer, this.#at + this.count * 8 + first * 4, count),
          timestamps: new Float64Array(buffer, this.#at + first * 8, count),
          bodies: rows.slice(from, from + count).map((row) => row.body),
        };
        batches.push({ partition, receivedMs, lateness, histograms });
        from += count;
        first += count;
      }
    }
    return batches;
  }

  /** How many rows from `from` on fit in a record; at least one. */
  #cut(rows: readonly Row[], from: number, recordBytes: number): number {
    const x = this.#book.kernels.exports;
    let sum = 0;
    for (let i = from; i < rows.length; i++) {
      sum += ROW_BYTES + rows[i].body.length + x.bookBytesLength(rows[i].ref);
      if (sum > recordBytes) return Math.max(1, i - from);
    }
    return rows.length - from;
  }
}
