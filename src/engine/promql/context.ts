// What every root function may need of the query it runs in. Made once a query by the root; plain
// data, so that tests can make their own.
import type { QueryNotes } from './notes.ts';

export interface EvalContext {
  readonly notes: QueryNotes;
  /** Names go at the end of the query instead of at once. */
  readonly delayed: boolean;
  /** One step: the order of rows is the order of the answer. */
  readonly instant: boolean;
  /** Cells a vector may have. */
  readonly cellsMax: number;
}
