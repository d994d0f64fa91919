// How a query is answered, as a tree: what runs where, what it should cost, what it did cost. Plain
// data for the API and the command line. Easy to get wrong: an estimate is a bound from above, and
// a step's time holds that of the steps under it.

/** What a step is expected to do. */
export interface StepEstimate {
  readonly series: number;
  readonly samples: number;
  /** Values it makes: series times steps. */
  readonly cells: number;
  readonly cost: number;
}

/** What a step did. */
export interface StepActual {
  readonly rows: number;
  readonly samples: number;
  readonly bytes: number;
  /** With the steps under it; of a fragment, until its answer was there. */
  readonly ms: number;
}

/** One step of a plan. `where`: beside the samples, or once at the root. */
export interface PlanStep {
  readonly kind: string;
  readonly where: 'shard' | 'root';
  /** The function, operator or aggregation, with what belongs to it. */
  readonly what: string;
  /** The part of the query it answers. */
  readonly text: string;
  readonly estimate: StepEstimate;
  readonly actual?: StepActual;
  readonly children: readonly PlanStep[];
}

export interface Explanation {
  readonly query: string;
  /** In its canonical spelling. */
  readonly canonical: string;
  readonly steps: number;
  readonly cost: number;
  readonly maxCost: number;
  /** Whether its results are kept, and if not, why. */
  readonly cacheable: boolean;
  readonly whyNot: string;
  readonly plan: PlanStep;
  /** Ms of the whole, when it was run. */
  readonly ms?: number;
  readonly warnings: readonly string[];
}
