// What the explorer shows of a server's series: plain data between the query part, the API and the
// screen. Times are ms since 1970, 0 for never; a day-old figure that nobody knows is null.
import type { CardinalityReport } from './cardinality-report.ts';
import type { Matcher } from './matcher.ts';
import type { MetricUse } from './usage.ts';

/** What is asked: everything, or the series of some matchers, and pairs of one label. */
export interface ExploreQuestion {
  readonly matchers?: readonly Matcher[];
  readonly label?: string;
  readonly rows: number;
}

export interface ExploreTotals {
  readonly series: number;
  /** With a sample in the last five minutes. */
  readonly live: number;
  readonly metrics: number;
  readonly pairs: number;
  readonly begunHour: number;
  readonly endedHour: number;
  readonly begunDay: number;
  readonly endedDay: number;
  readonly perSecond: number;
  readonly headBytes: number;
  readonly blockBytes: number;
}

export interface ExploreMetric {
  readonly name: string;
  readonly series: number;
  readonly live: number;
  readonly begunHour: number;
  readonly endedHour: number;
  readonly begunDay: number;
  readonly endedDay: number;
  readonly perSecond: number;
  /** Estimates: see the explorer. */
  readonly headBytes: number;
  readonly blockBytes: number;
  readonly dayAgo: number | null;
  readonly firstMs: number;
  readonly queriedMs: number;
  readonly queries: number;
  readonly dashboardMs: number;
  readonly ruleMs: number;
  /** Rules that use it now. */
  readonly rules: number;
  /** Labels that queries of it named, by when they last did. */
  readonly labelsUsed: readonly (readonly [label: string, lastMs: number])[];
  /** The policy that drops it, or would in earnest; '' for none. */
  readonly policy: string;
}

export interface ExploreLabel {
  readonly name: string;
  readonly values: number;
  readonly dayAgo: number | null;
}

export interface ExplorePair {
  readonly name: string;
  readonly value: string;
  readonly series: number;
  readonly dayAgo: number | null;
}

/** What a policy of the door has done since the process started. */
export interface PolicyReport {
  readonly name: string;
  readonly kind: 'unqueried' | 'keep_every' | 'aggregate';
  readonly dryRun: boolean;
  /** Series that it decides about now. */
  readonly series: number;
  /** Samples that it took away, and that it let through. */
  readonly dropped: number;
  readonly kept: number;
  /** Metrics that it decides about: some of them, and how many there are. */
  readonly metrics: readonly string[];
  readonly metricCount: number;
}

export interface Exploration {
  readonly atMs: number;
  /** Since when queries are counted. */
  readonly countedSinceMs: number;
  readonly totals: ExploreTotals;
  /** What there was a day ago, or how long ago that is known. */
  readonly dayAgo: { readonly atMs: number; readonly series: number } | null;
  /** Series by hour, the oldest first. */
  readonly history: readonly (readonly [atMs: number, series: number])[];
  readonly metrics: readonly ExploreMetric[];
  readonly labels: readonly ExploreLabel[];
  readonly pairs: readonly ExplorePair[];
  readonly policies: readonly PolicyReport[];
  readonly guard: CardinalityReport | null;
}

/** Who asked for what, since when that is counted. */
export interface Uses {
  readonly sinceMs: number;
  readonly metrics: Iterable<MetricUse>;
}

/** Who counts, as the API asks. */
export interface ExploreView {
  /** Undefined where the sources do not count their series. */
  explore(question: ExploreQuestion): Promise<Exploration | undefined>;
  uses(): Uses | Promise<Uses>;
  /** Somebody takes these selections whole. */
  selected(selections: readonly (readonly Matcher[])[]): void;
}
