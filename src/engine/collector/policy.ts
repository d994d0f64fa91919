// Policies at the door as plain data: what becomes of samples of series that nobody asks for, that
// come too often, or that one label multiplies. The configuration makes them, the door follows
// them. Easy to get wrong: the first policy that matches a series decides, so their order counts.
import type { Matcher } from '../model/matcher.ts';

interface Any {
  /** How it is told of; unique among the policies. */
  readonly name: string;
  /** Only counts what it would do. */
  readonly dryRun: boolean;
}

/** Drops metrics that nobody has asked for in so long. */
export interface UnqueriedPolicy extends Any {
  readonly kind: 'unqueried';
  readonly idleMs: number;
  /** Anchored expressions for names of metrics that stay. */
  readonly except: readonly string[];
}

/** Keeps one sample of each series in an interval: the first that comes. */
export interface KeepEveryPolicy extends Any {
  readonly kind: 'keep_every';
  readonly matchers: readonly Matcher[];
  /** The selector as it was written. */
  readonly match: string;
  readonly everyMs: number;
}

/** Takes labels away and adds up, or keeps the last of, what becomes one series. */
export interface AggregatePolicy extends Any {
  readonly kind: 'aggregate';
  readonly matchers: readonly Matcher[];
  readonly match: string;
  readonly without: readonly string[];
  readonly how: 'sum' | 'last';
}

export type Policy = UnqueriedPolicy | KeepEveryPolicy | AggregatePolicy;

/** What a policy has done since the process started. */
export interface PolicyCounts {
  /** Series that it decides about now. */
  series: number;
  /** Samples that it took away, and that it let through. */
  dropped: number;
  kept: number;
}
