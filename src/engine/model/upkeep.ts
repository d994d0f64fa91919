// What is said between a store and whoever looks after it: what to keep, what a round of upkeep
// did, and which sealed blocks there are. Plain data that crosses threads. Times in ms, sizes in
// bytes.
import type { FloatHistogram } from './histogram.ts';
import type { Matcher } from './matcher.ts';

/** Series of these matchers are kept for so long, instead of the retention of all. */
export interface PatternRetention {
  readonly matchers: readonly Matcher[];
  readonly keepMs: number;
  /** The matchers as somebody wrote them. */
  readonly text?: string;
}

export interface StoreKeep {
  readonly retentionMs: number;
  /** Bytes of all blocks of one store; the oldest go first. */
  readonly bytesMax?: number;
  readonly patterns?: readonly PatternRetention[];
}

/** What a round of upkeep did, for the program's log. */
export interface UpkeepReport {
  sealed: number;
  compactions: number;
  removed: number;
  uploaded: number;
  /** What could not be done now and is tried again. */
  postponed: string[];
}

/** A sealed block as it is told to people. */
export interface BlockStatus {
  readonly partition: number;
  readonly name: string;
  readonly bytes: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly series: number;
  readonly samples: number;
  readonly level: number;
  /** It lies in the warm folder. */
  readonly warm?: boolean;
  /** Set aside: what it held is not served. */
  readonly damaged?: boolean;
}

export function noUpkeep(): UpkeepReport {
  return { sealed: 0, compactions: 0, removed: 0, uploaded: 0, postponed: [] };
}

export function addUpkeep(into: UpkeepReport, more: UpkeepReport): void {
  into.sealed += more.sealed;
  into.compactions += more.compactions;
  into.removed += more.removed;
  into.uploaded += more.uploaded;
  into.postponed.push(...more.postponed);
}

/** A partition as its state file tells it. */
export interface InspectedPartition {
  readonly partition: number;
  readonly generation: number;
  readonly offset: number;
  readonly stateBytes: number;
  readonly headBytes: number;
  readonly tombstones: number;
  readonly blocks: readonly BlockStatus[];
}

export interface InspectedStore {
  readonly partitions: InspectedPartition[];
  /** Sentences on what is not as it should be. */
  readonly problems: string[];
}

/** A block that was read from its first byte to its last, and what is wrong with it. */
export interface BlockVerdict extends BlockStatus {
  readonly failures: readonly string[];
}

export interface DumpedSeries {
  readonly labels: readonly string[];
  readonly count: number;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** Histograms beside the values; undefined when there is none. */
  readonly histograms: readonly (FloatHistogram | undefined)[] | undefined;
}
