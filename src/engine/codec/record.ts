// What goes into a log record besides the batch, and what comes out of it: the two faces of the
// codec in batch.ts. Easy to get wrong: an open record's columns lie in kernel memory and die
// with the next one.
import type { SeriesBook } from '../kernels/series-book.ts';
import type { ExemplarColumns, HistogramColumns, MetadataEntry, Tick } from '../model/batch.ts';
import type { Lateness } from '../model/sample.ts';

/** Which dictionary a record is written against. */
export interface Dictionary {
  /** Grows each time the producer opens the log; refs of two epochs mean different series. */
  readonly epoch: number;
  /**
   * Number of the dictionary, 0 to 2^32 - 2, never one that this book has had before. A new one
   * defines each series anew: at the start of a segment, and after an append that failed, because
   * later records lean on definitions that are then not in the log.
   */
  readonly sequence: number;
  readonly book: SeriesBook;
}

/**
 * A decoded record. Addresses are into the memory of the codec's kernels and good until the next
 * open() of the same codec; take views after open(), never before. Histograms, exemplars and
 * metadata are copies.
 */
export interface OpenRecord {
  readonly epoch: number;
  readonly sequence: number;
  readonly partition: number;
  readonly receivedMs: number;
  readonly lateness: Lateness;
  readonly floatCount: number;
  /** floatCount u32 refs. */
  readonly refsAt: number;
  /** floatCount f64 timestamps, whole ms, 8-byte aligned. */
  readonly timestampsAt: number;
  /** floatCount u64 value bits, 8-byte aligned. */
  readonly valuesAt: number;
  /** floatCount f64 start timestamps (0: unknown), when the record has them. */
  readonly startsAt?: number;
  readonly definitionCount: number;
  /** definitionCount triples of u32: ref, address and length of the canonical bytes. */
  readonly definitionsAt: number;
  /** Calls with each definition; `canonical` views the kernels' memory: copy what you keep. */
  forEachDefinition(call: (ref: number, canonical: Uint8Array) => void): void;
  readonly metadata: readonly MetadataEntry[];
  readonly tick?: Tick;
  readonly histogramCount: number;
  histograms(): HistogramColumns;
  readonly exemplarCount: number;
  exemplars(): ExemplarColumns;
}
