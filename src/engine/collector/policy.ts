// Policies at the door as plain data: what becomes of samples of series that nobody asks for, that
// come too often, or that one label multiplies. The configuration makes them, the door follows
// them. Easy to get wrong: the first policy that matches a series decides, so their order counts.
import { AGGREGATE_GRACE_MS, AGGREGATE_WINDOW_MS } from '../limits-aggregate.ts';
import type { Matcher } from '../model/matcher.ts';
import { DEFAULT_NAME } from './aggregate/aggregate-rule.ts';
import type { AggregateRule, OutputName } from './aggregate/aggregate-rule.ts';

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

/** What becomes of samples whose series are one without the labels that are taken away. */
export const COMBINED = ['sum', 'avg', 'min', 'max'] as const;
export type Combined = (typeof COMBINED)[number];

/** Takes labels away: samples go into windows of aggregation rules, and no further. */
export interface AggregatePolicy extends Any {
  readonly kind: 'aggregate';
  readonly matchers: readonly Matcher[];
  readonly match: string;
  readonly without: readonly string[];
  readonly how: Combined;
}

const OUTPUTS: Readonly<Record<Combined, readonly OutputName[]>> = {
  // Counters have a total, gauges the sum of their last values.
  sum: ['sum_last', 'total'],
  avg: ['avg'],
  min: ['min'],
  max: ['max'],
};

/** The aggregation rules that policies mean. */
export function rulesOf(policies: readonly Policy[] = []): readonly AggregateRule[] {
  return policies.flatMap((policy): readonly AggregateRule[] => {
    if (policy.kind !== 'aggregate' || policy.dryRun) return [];
    const { matchers, without, how } = policy;
    return [
      {
        ...{ match: [matchers], labels: without.toSorted(), without: true, outputs: OUTPUTS[how] },
        ...{ windowMs: AGGREGATE_WINDOW_MS, graceMs: AGGREGATE_GRACE_MS, name: DEFAULT_NAME },
        ...{ keep: false, type: 'auto' },
      },
    ];
  });
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
