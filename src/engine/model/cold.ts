// What is said of the cold tier between a shard and whoever looks after it: what a round of its
// work did, and its figures. Plain data that crosses threads.

/** What a round did, for the program's log and its metrics. */
export interface ColdReport {
  /** Blocks that moved to the warm folder. */
  warmed: number;
  /** Blocks and rollup files that became objects. */
  archived: number;
  /** Objects that were forgotten. */
  removed: number;
  /** What could not be done now and is tried again. */
  postponed: string[];
}

/** Figures since the start, by name; those of several shards add up. */
export type ColdCounts = Readonly<Record<string, number>>;

/** The work of tiers on what a store holds. */
export interface ColdWork {
  workCold(nowMs: number): Promise<ColdReport>;
  coldCounts(): Promise<ColdCounts>;
}

export function noColdWork(): ColdReport {
  return { warmed: 0, archived: 0, removed: 0, postponed: [] };
}

export function addColdWork(into: ColdReport, more: ColdReport): void {
  into.warmed += more.warmed;
  into.archived += more.archived;
  into.removed += more.removed;
  into.postponed.push(...more.postponed);
}
