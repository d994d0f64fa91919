// A leaf fragment: the part of a query that runs where the samples are. Plain data, so that it
// crosses threads and sockets; what comes back is columns. A window is left-open: (t - windowMs,
// t]. The planner has already applied offset and @, so that `start` to `end` is the grid on which
// samples are looked at.
import type { FloatHistogram } from './histogram.ts';
import type { Labels } from './labels.ts';
import type { Matcher } from './matcher.ts';
import type { FragmentRollup } from './rollup.ts';

/**
 * Instants start, start + step, … up to end, in ms; one instant when start = end (step is then 1).
 */
export interface Grid {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Number of instants in a grid. */
export function gridSize(grid: Grid): number {
  return Math.floor((grid.end - grid.start) / grid.step) + 1;
}

/** Partial aggregate of a fragment's series; `by` keeps the names, otherwise they are dropped. */
export interface FragmentAggregate {
  readonly op: 'sum' | 'count' | 'min' | 'max' | 'avg' | 'group' | 'stddev' | 'stdvar';
  readonly by: boolean;
  readonly names: readonly string[];
}

/**
 * `fn` is 'last' (an instant selector, windowMs = lookback), 'raw' (the window's samples
 * themselves, one instant only), or the name of a range function; `args` are its further scalar
 * arguments.
 */
export interface Fragment {
  readonly matchers: readonly Matcher[];
  readonly grid: Grid;
  readonly windowMs: number;
  readonly fn: string;
  readonly args: readonly number[];
  readonly keepName: boolean;
  readonly aggregate?: FragmentAggregate;
  readonly maxSeries: number;
  readonly maxSamples: number;
  /** Samples around the window count too: up to `lookbackMs` before it and, smoothed, behind it. */
  readonly extend?: 'anchored' | 'smoothed';
  readonly lookbackMs?: number;
  /** Start timestamps of samples tell resets of counters. */
  readonly starts?: boolean;
  /** Only count and sum of histograms are wanted; buckets are looked at for resets and left out. */
  readonly figures?: boolean;
  /** Rows of rollups may stand for samples, or must. */
  readonly rollup?: FragmentRollup;
}

/**
 * Histograms beside a column of floats: where one stands, the float beside it means nothing.
 * Undefined altogether when there are only floats.
 */
export type HistogramColumn = readonly (FloatHistogram | undefined)[];

/** What a cell of a partial sum or mean has met: bits of `Matrix.mixes`. */
export const MIX = { float: 1, histogram: 2, incompatible: 4, reset: 8, noReset: 16 } as const;

/**
 * Row-major matrix: value of series s at instant i is `values[s * steps + i]`, and it is there
 * only if `present[s * steps + i]` is 1. A partial avg, stddev or stdvar also carries counts and,
 * for the latter two, sums of squared differences (Welford), so that the root can merge; a partial
 * sum may carry what rounding lost, so that the sum does not depend on how series are spread over
 * shards.
 */
export interface Matrix {
  readonly labels: readonly Labels[];
  readonly steps: number;
  readonly values: Float64Array;
  readonly present: Uint8Array;
  readonly counts?: Float64Array;
  readonly squares?: Float64Array;
  readonly lost?: Float64Array;
  readonly histograms?: HistogramColumn;
  /** Only in partial sums and means that met histograms: bits of MIX, for each cell. */
  readonly mixes?: Uint8Array;
}

/**
 * The samples of each series in the window of a 'raw' fragment: series s has rows from[s] to
 * from[s+1].
 */
export interface RawSamples {
  readonly labels: readonly Labels[];
  readonly from: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly histograms?: HistogramColumn;
  /** Start timestamps in ms, 0 where unknown. */
  readonly starts?: Float64Array;
}

export interface FragmentResult {
  readonly matrix?: Matrix;
  readonly raw?: RawSamples;
  readonly seriesRead: number;
  readonly samplesRead: number;
  /** Sentences for the user, as Prometheus words them. */
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** True when something that should be in it could not be asked; the warnings say what. */
  readonly partial?: boolean;
  /** What the partial aggregation had to say; it has another place in the query. */
  readonly aggregateWarnings?: readonly string[];
  readonly aggregateInfos?: readonly string[];
}

/** What a batch of fragments answered; a fragment that cannot run answers its failure. */
export interface BatchAnswer {
  readonly results: readonly (FragmentResult | Error)[];
  /** False when a source is missing from the answers. */
  readonly whole: boolean;
  /** Partitions whose sealed blocks were looked at: 0 while windows lie in the heads. */
  readonly storeReads: number;
}
