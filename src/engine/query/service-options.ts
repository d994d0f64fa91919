// What a query service is made of: its sources, its limits, and whom it tells. Easy to get wrong:
// V8 compiles the way of a query for the shapes of the objects that it has seen, and what is
// rehearsed must not look different from what is asked.
import type { AdmissionLimits } from './admission.ts';
import type { AskedUses } from './asked-uses.ts';
import type { Apart, Source } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CostLimits } from './cost.ts';
import type { ResultCache } from './result-cache.ts';
import type { RollupHorizons } from './choose-rollup.ts';
import type { Warming } from './warming.ts';

export interface QueryServiceOptions extends AdmissionLimits {
  readonly sources: readonly Source[];
  readonly clock: Clock;
  readonly lookbackMs?: number;
  readonly timeoutMs?: number;
  /** Step of a subquery that names none; one minute, as Prometheus' evaluation interval. */
  readonly defaultStepMs?: number;
  /** Start timestamps of samples tell resets of counters. */
  readonly startTimestamps?: boolean;
  /** Drop metric names only at the end of a query; off as in Prometheus' server. */
  readonly delayedNames?: boolean;
  readonly seriesMax?: number;
  readonly samplesMax?: number;
  /** What the fragments of one query may answer together. */
  readonly bytesMax?: number;
  readonly cost?: CostLimits;
  /** What is kept as rollups; without it all is answered from samples. */
  readonly rollups?: RollupHorizons;
  /** Without it every range is computed anew. */
  readonly results?: ResultCache;
  /** What dashboards ask is refreshed before they ask again, at each warm(). */
  readonly warming?: Warming;
  /** Told of each query that is asked, before it is answered. */
  readonly asked?: AskedUses;
  /** Where costly queries go whose answer is wanted as JSON; without it they run here. */
  readonly apart?: Apart;
}

/** The same with every member, in one order, whatever is given. */
export function oneShape(given: QueryServiceOptions): QueryServiceOptions {
  return {
    sources: given.sources,
    clock: given.clock,
    lookbackMs: given.lookbackMs,
    timeoutMs: given.timeoutMs,
    defaultStepMs: given.defaultStepMs,
    startTimestamps: given.startTimestamps,
    delayedNames: given.delayedNames,
    seriesMax: given.seriesMax,
    samplesMax: given.samplesMax,
    bytesMax: given.bytesMax,
    cost: given.cost,
    rollups: given.rollups,
    results: given.results,
    warming: given.warming,
    asked: given.asked,
    apart: given.apart,
    concurrentPerUser: given.concurrentPerUser,
    waitingPerUser: given.waitingPerUser,
    dashboardRunning: given.dashboardRunning,
    adhocRunning: given.adhocRunning,
  };
}
