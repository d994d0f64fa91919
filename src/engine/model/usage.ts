// Who asks for a metric, and when they last did: plain data between the query part, the policies of
// the door, and those who show it. All times are ms since 1970, 0 for never.

/** People and scripts, dashboards, and rules. */
export type Asker = 'query' | 'dashboard' | 'rule';

export const ASKERS: readonly Asker[] = ['query', 'dashboard', 'rule'];

export interface AskedBy {
  readonly lastMs: number;
  readonly count: number;
}

/** The use of one metric. */
export interface MetricUse {
  readonly name: string;
  /** When it was first seen here; 0 for one that was only asked for. */
  readonly firstMs: number;
  readonly by: Readonly<Record<Asker, AskedBy>>;
  /** Labels that queries of it named, by when they last did. */
  readonly labels: readonly (readonly [label: string, lastMs: number])[];
}

/** The latest time that anybody asked for it. */
export function lastAsked({ by }: Pick<MetricUse, 'by'>): number {
  return Math.max(by.query.lastMs, by.dashboard.lastMs, by.rule.lastMs);
}
