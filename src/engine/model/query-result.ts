// What a query answers: Prometheus' four result types, over columns instead of objects. Timestamps
// are milliseconds.
import type { Grid, Matrix, RawSamples } from './fragment.ts';
import type { ShownHistogram } from './histogram.ts';

export type QueryResult =
  | { readonly type: 'scalar'; readonly timeMs: number; readonly value: number }
  | { readonly type: 'string'; readonly timeMs: number; readonly value: string }
  /** One instant: a matrix of one step; series without a value are left out. */
  | { readonly type: 'vector'; readonly timeMs: number; readonly matrix: Matrix }
  | { readonly type: 'matrix'; readonly grid: Grid; readonly matrix: Matrix }
  /** An instant query of a range selector: the samples as they are. */
  | { readonly type: 'samples'; readonly raw: RawSamples };

export interface QueryAnswer {
  readonly result: QueryResult;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** False when a source could not be asked; the warnings say which. */
  readonly whole: boolean;
  readonly seriesRead: number;
  readonly samplesRead: number;
  /** How much of it came out of the result cache, where one was asked. */
  readonly cache?: 'hit' | 'partial' | 'miss';
  /** Bytes that the fragments answered together. */
  readonly bytesRead?: number;
  /** What it was estimated to cost; of an answer in parts, of those computed anew. */
  readonly cost?: number;
  /**
   * Native histograms of an answer that came over HTTP, beside the cells of the matrix or the rows
   * of the samples; the value of such a cell is NaN.
   */
  readonly shown?: readonly (ShownHistogram | undefined)[];
  /** What the server told of the work, when it was asked. */
  readonly stats?: QueryStats;
  /** The whole as JSON, made elsewhere for who asked for it so; the result is empty then. */
  readonly pages?: AsyncIterable<Uint8Array>;
}

/** What a server tells of a query's work; what it does not tell is undefined. */
export interface QueryStats {
  readonly series?: number;
  readonly samples?: number;
  readonly bytes?: number;
  readonly cost?: number;
  /** Ms of the evaluation in the server. */
  readonly ms?: number;
  readonly cache?: string;
}
