// The planned query: a tree of root nodes over leaf fragments. Plain data. Each node knows nothing
// of series, only what is computed over which grid, so that the same plan can be pulled by a query
// or pushed by the log. Easy to get wrong: a node's grid is its own; subqueries have finer ones.
import type { Aggregate, Binary, Span, ValueType } from './ast.ts';
import type { Fragment, Grid } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';

/**
 * The ends of the windows of a range function: first, first + step, …; step 0 when `@` fixes them.
 */
export interface WindowGrid {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** `anchored` looks at the sample before the window too, `smoothed` also at the one behind it. */
export interface Extension {
  readonly kind: 'anchored' | 'smoothed';
  readonly lookbackMs: number;
}

/** Where a range function at the root takes its samples from. */
export type RangeSource =
  | { readonly kind: 'raw'; readonly fragment: number }
  | { readonly kind: 'subquery'; readonly inner: PlanNode; readonly grid: Grid };

/** A range function that has to run at the root: over a subquery, or with arguments that vary. */
export interface RangeNode {
  readonly kind: 'range';
  readonly fn: string;
  readonly source: RangeSource;
  readonly args: readonly PlanNode[];
  readonly grid: Grid;
  readonly windows: WindowGrid;
  readonly windowMs: number;
  readonly extension?: Extension | undefined;
  readonly span: Span;
}

export type PlanNode =
  | { readonly kind: 'number'; readonly value: number; readonly grid: Grid }
  | { readonly kind: 'string'; readonly value: string }
  /** No step at all, and so no series. */
  | { readonly kind: 'empty' }
  /** time(): the instants themselves, in seconds. */
  | { readonly kind: 'time'; readonly grid: Grid }
  /**
   * `drops`: the function drops the name; `named`: the fragment still carries it, to be dropped
   * here.
   */
  | {
      readonly kind: 'leaf';
      readonly fragment: number;
      readonly grid: Grid;
      readonly drops: boolean;
      readonly named: boolean;
      readonly span: Span;
      /** The place of what a partial aggregation is over. */
      readonly outer?: Span;
    }
  | RangeNode
  | {
      readonly kind: 'call';
      readonly fn: string;
      readonly args: readonly PlanNode[];
      readonly spans: readonly Span[];
      readonly grid: Grid;
      readonly span: Span;
    }
  | {
      readonly kind: 'absent';
      readonly inner: PlanNode;
      readonly labels: Labels;
      readonly drops: boolean;
      readonly grid: Grid;
    }
  | {
      readonly kind: 'aggregate';
      readonly expr: Aggregate;
      readonly param?: PlanNode;
      readonly inner: PlanNode;
      readonly grid: Grid;
    }
  | {
      readonly kind: 'binary';
      readonly expr: Binary;
      readonly left: PlanNode;
      readonly right: PlanNode;
      readonly grid: Grid;
    }
  | {
      /** info(): the labels of info series joined to those of `inner`. */
      readonly kind: 'info';
      readonly inner: PlanNode;
      /** When each info series was last seen, in seconds. */
      readonly fragment: number;
      readonly asked: InfoSelection;
      readonly grid: Grid;
    }
  | { readonly kind: 'negate'; readonly inner: PlanNode; readonly grid: Grid }
  /** One value for all steps: computed at the first and repeated. */
  | { readonly kind: 'once'; readonly inner: PlanNode; readonly grid: Grid }
  /** Only at the top of an instant query: samples as they are. */
  | {
      readonly kind: 'samples';
      readonly source: RangeSource;
      readonly extend?: 'anchored' | 'smoothed' | undefined;
      /** The window is (end - windowMs, end]. */
      readonly end: number;
      readonly windowMs: number;
      readonly span: Span;
    };

/** Which info series info() takes, and which of their labels. */
export interface InfoSelection {
  /** Selects the series. */
  readonly matchers: readonly Matcher[];
  /** Those on the name: a series of `inner` that passes them is an info series itself. */
  readonly names: readonly Matcher[];
  /** Labels asked for; empty for all. */
  readonly labels: readonly Matcher[];
}

/** A whole query, ready to run. */
export interface Plan {
  readonly root: PlanNode;
  readonly type: ValueType;
  readonly fragments: readonly Fragment[];
  readonly grid: Grid;
  readonly instant: boolean;
  readonly source: string;
  /** Names are dropped only at the end of the query (Prometheus' delayed name removal). */
  readonly delayedNames: boolean;
  readonly maxSamples: number;
}
