// The contracts of whole samples: reading them page by page as they are stored, and answering SQL
// over them. They stand beside ports.ts, which they are too long for. Easy to get wrong: a page is
// what was stored, stale markers and NaN payloads included, and not what a query shows of it.
import type { Labels } from './model/labels.ts';
import type { Matcher } from './model/matcher.ts';
import type { SqlTables } from './model/sql.ts';

/** Which samples: those of series that match any selection, with minMs <= t <= maxMs. */
export interface SamplesAsk {
  readonly selections: readonly (readonly Matcher[])[];
  readonly minMs: number;
  readonly maxMs: number;
  /** Partitions that are read; all by default. */
  readonly only?: readonly number[];
  /** Archived stretches that the asker can read by itself. */
  readonly archived?: readonly ArchivedStretch[];
}

/** All that is archived of a partition in [minMs, maxMs]. */
export interface ArchivedStretch {
  readonly id: number;
  readonly partition: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** A reading that was begun. */
export interface OpenedScan {
  readonly id: number;
  /** Stretches that it leaves to the asker: nothing newer lies in them. */
  readonly left: readonly number[];
  /** Samples before these times are not shown any more, by partition. */
  readonly floors: ReadonlyMap<number, number>;
}

/**
 * A page of samples: run r is of the series `labels[r]` and has rows from[r] to from[r + 1], in
 * order of time. A series may go on in the next page. `bodies` has the message of a native
 * histogram (prompb.Histogram) where the row is one; the value beside it is its sum.
 */
export interface SamplePage {
  readonly labels: readonly Labels[];
  readonly from: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly bodies?: readonly (Uint8Array | undefined)[];
  /** What could not be read on the way to it. */
  readonly warnings?: readonly string[];
}

/** One shard's samples, page by page; every sample once, the first in log order. */
export interface SampleScans {
  /** Begins a reading. @throws MON_QUERY_BUSY when too many are open. */
  openScan(ask: SamplesAsk): Promise<OpenedScan>;
  /** The next page; undefined at the end, which closes it. @throws MON_ABORTED when it is gone. */
  nextScan(id: number): Promise<SamplePage | undefined>;
  closeScan(id: number): Promise<void>;
}

/** All samples of the process. */
export interface Samples {
  /**
   * Everything that was acknowledged before is on the pages; series of shards come in any order.
   * `left` is told what each shard leaves to the asker, before its pages.
   */
  pages(
    ask: SamplesAsk,
    signal?: AbortSignal,
    left?: (opened: OpenedScan) => void,
  ): AsyncIterable<SamplePage>;
  /** A bound from above. */
  estimate(ask: SamplesAsk): Promise<{ readonly series: number; readonly samples: number }>;
  /** Sentences for an answer that lacks something of this range. */
  missing(minMs: number, maxMs: number): Promise<readonly string[]>;
}

/** How an SQL answer is wanted. */
export interface SqlWish {
  /** Rows at most; what is beyond is cut, and the answer says so. */
  readonly maxRows?: number;
  /** Lines of JSON, or one Parquet file. */
  readonly form: 'lines' | 'parquet';
  /** Zone of times in the statement; UTC when left out. */
  readonly zone?: string;
  readonly signal: AbortSignal;
  /** The user of every limit. */
  readonly user: string;
  /** Told what the answer lacks, before its first page, where that is anything. */
  readonly lacks?: (warnings: readonly string[]) => void;
}

/**
 * Answers one SELECT statement over the views of model/sql.ts, as pages of bytes.
 * @throws UserError with the place for what is no such statement, MonError MON_QUERY_LIMIT,
 *   MON_QUERY_BUSY, MON_QUERY_FAILED, MON_TIMEOUT, MON_ABORTED; after the first page a line
 *   tells it.
 */
export interface SqlAsk {
  sql(text: string, wish: SqlWish): Promise<AsyncIterable<Uint8Array>>;
  tables(): SqlTables;
}

/** Who asks: the user of every limit, and when he has left. */
export interface Asker {
  readonly user: string;
  readonly signal: AbortSignal;
}

/** What exports and imports need beside the intake. */
export interface Transfer {
  readonly samples: Samples;
  /** Names of the metrics that an export of this will have. */
  metrics(ask: SamplesAsk): Promise<readonly string[]>;
  /** Packs a body with snappy, as remote write has it. */
  pack(body: Uint8Array): Promise<Uint8Array>;
  /** The samples as one Parquet file. @throws what SqlAsk throws. */
  writeParquet(ask: SamplesAsk, asker: Asker): Promise<AsyncIterable<Uint8Array>>;
  /** A Parquet file as bodies of remote write 1.0. @throws UserError for another file. */
  readParquet(file: AsyncIterable<Uint8Array>, asker: Asker): Promise<AsyncIterable<Uint8Array>>;
}
