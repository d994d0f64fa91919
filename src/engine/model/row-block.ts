// A leaf function over many series at once: what a reader is asked to evaluate where its samples
// lie, and the rows it answers in blocks. Plain data. Easy to get wrong: a block may be a view of
// memory that the next block writes over.

/** A leaf function over windows that end at first, first + step, … and are `windowMs` wide; ms. */
export interface RowWork {
  readonly fn: string;
  readonly args: readonly number[];
  readonly first: number;
  readonly step: number;
  readonly steps: number;
  readonly windowMs: number;
  /** How many series there are in all. */
  readonly series: number;
}

/** A row for each id asked for. A series without samples in the range has a row of zero marks. */
export interface RowBlock {
  /** Row-major, `steps` a row; there only where `present` is 1. */
  readonly values: Float64Array;
  readonly present: Uint8Array;
  /** Samples read for each row. */
  readonly samples: Uint32Array;
}

/** Evaluates one piece of work for series after series. */
export interface RowEvaluator {
  /** Ids that one block takes at most. */
  readonly rowsMax: number;
  /** False for a series that it cannot evaluate: one with histograms. Without it: any can be. */
  takes?(id: number): boolean;
  /** The rows of these series, good until the next call. */
  block(ids: Uint32Array): RowBlock;
}
