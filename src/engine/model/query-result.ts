// What a query answers: Prometheus' four result types, over columns instead of objects. Timestamps
// are milliseconds.
import type { Grid, Matrix, RawSamples } from './fragment.ts';

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
  /** The whole as JSON, made elsewhere for who asked for it so; the result is empty then. */
  readonly pages?: AsyncIterable<Uint8Array>;
}
