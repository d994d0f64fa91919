// The contract between a store and its cold tier: what is handed over to be archived, and what is
// asked back. Easy to get wrong: samples are
// dropped by the store only after archive() has resolved, and a question that began before that is
// asked again.
import type { Labels } from './model/labels.ts';
import type { Matcher } from './model/matcher.ts';

/** Samples (`raw`) or the windows of a resolution. */
export type ColdKind = 'raw' | '1m' | '5m' | '1h' | '1d';

/** What of a file is not to be archived: matching samples in [minMs, maxMs]. */
export interface ColdHidden {
  readonly matchers: readonly Matcher[];
  readonly minMs: number;
  readonly maxMs: number;
}

/** A file of the store, of which objects are made. */
export interface ColdSource {
  readonly path: string;
  /** No other file of the partition ever has this text. */
  readonly name: string;
  readonly bytes: number;
  /** No fewer than it has. */
  readonly rows: number;
  readonly hidden: readonly ColdHidden[];
  /** Rollups: rows of files with a higher one win. */
  readonly sequence?: number;
}

/** Files of one partition that become one object, or several when they are large. */
export interface ArchiveJob {
  readonly partition: number;
  readonly kind: ColdKind;
  /** Of equal samples the first file's counts. */
  readonly sources: readonly ColdSource[];
  /** Only windows: their ends lie in (afterMs, toMs]. */
  readonly afterMs?: number;
  readonly toMs?: number;
  readonly version?: number;
}

/** How far the objects of one kind reach; minMs > maxMs where there are none. */
export interface ColdReach {
  readonly minMs: number;
  readonly maxMs: number;
}

export interface ColdAsk {
  readonly partition: number;
  readonly kind: ColdKind;
  readonly matchers: readonly Matcher[];
  readonly minMs: number;
  readonly maxMs: number;
  /** @throws MON_QUERY_LIMIT past it. */
  readonly rowsMax: number;
}

/**
 * Rows of some series of one object: series s has rows from[s] to from[s + 1], in order of time.
 * `columns` are `[value]` of raw samples, or the columns of windows; each a Float64Array whose bits
 * count.
 */
export interface ColdPart {
  readonly name: string;
  readonly sequence: number;
  readonly afterMs: number;
  readonly toMs: number;
  readonly version: number;
  readonly labels: readonly Labels[];
  readonly from: Uint32Array;
  readonly timestamps: Float64Array;
  readonly columns: readonly Float64Array[];
  /** Rows with histograms: their places, kinds (codec/block.ts) and bodies. */
  readonly histograms?: ColdBodies;
  readonly sketches?: ColdBodies;
}

export interface ColdBodies {
  readonly rows: Uint32Array;
  readonly kinds: Uint8Array;
  readonly bodies: readonly Uint8Array[];
}

/** Which series of a kind have rows in a range. */
export type ColdSeriesAsk = Omit<ColdAsk, 'matchers' | 'rowsMax'> & {
  readonly selections: readonly (readonly Matcher[])[];
};

export interface ColdSeriesAnswer {
  /** Each once, in no order. */
  readonly series: readonly Labels[];
  readonly warnings: readonly string[];
}

export interface ColdAnswer {
  /** In the order in which they count: for raw the first wins, for windows the highest sequence. */
  readonly parts: readonly ColdPart[];
  /** Objects that could not be read, one sentence each: the answer is partial then. */
  readonly warnings: readonly string[];
}

/** How long what is archived is kept, by kind; ms. */
export type ColdKeep = Readonly<Partial<Record<ColdKind, number>>>;

/** The cold tier of the partitions of one store. One writer a partition. */
export interface ColdTier {
  /** What is archived now; undefined before the tier has been opened for the partition. */
  reach(partition: number, kind: ColdKind): ColdReach;
  /**
   * Makes objects of files; durable, named by the manifest and readable when it resolves. Files
   * that were archived before are passed over, so it may be called again after any failure.
   */
  archive(job: ArchiveJob): Promise<void>;
  read(ask: ColdAsk): Promise<ColdAnswer>;
  series(ask: ColdSeriesAsk): Promise<ColdSeriesAnswer>;
  /** Takes matching samples out of all objects. Durable when it resolves. */
  delete(
    partition: number,
    selections: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
  ): Promise<void>;
  /** Forgets objects past their time and removes what nothing names; answers how many went. */
  keepOnly(partition: number, nowMs: number, keep: ColdKeep): Promise<number>;
  close(): Promise<void>;
}
