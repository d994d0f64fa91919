// The syntax tree of PromQL: plain data with places in the query's text. The parser makes it, the
// check types it, the planner cuts it into leaf fragments and a root. Easy to get wrong: `offset`
// and `@` of a range selector belong to its vector selector, as in Prometheus; a subquery has its
// own.
import type { Matcher } from '../model/matcher.ts';

/** A place in the query's text in UTF-16 units, end excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Prometheus' four types of expressions; `matrix` is a range vector. */
export type ValueType = 'scalar' | 'string' | 'vector' | 'matrix';

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';
export type ComparisonOp = '==' | '!=' | '<' | '>' | '<=' | '>=';
export type SetOp = 'and' | 'or' | 'unless';
/** `</` and `>/` cut buckets off native histograms. */
export type TrimOp = '</' | '>/';
export type BinaryOp = ArithmeticOp | ComparisonOp | SetOp | TrimOp;

/** A length of time; `step()` and `range()` are known only when the grid is. */
export type Duration =
  | ({ readonly kind: 'seconds'; readonly seconds: number; readonly text: string } & Span)
  | ({ readonly kind: 'step' | 'range' } & Span)
  | ({ readonly kind: 'group'; readonly inner: Duration } & Span)
  | ({ readonly kind: 'sign'; readonly op: '+' | '-'; readonly inner: Duration } & Span)
  | ({
      readonly kind: 'pair';
      readonly op: '+' | '-' | '*' | '/' | '%' | '^' | 'min_of' | 'max_of';
      readonly left: Duration;
      readonly right: Duration;
    } & Span);

/** An offset by nothing, in whole nanoseconds, is as good as none. */
export function isNoOffset(offset: Duration): boolean {
  return offset.kind === 'seconds' && Math.round(offset.seconds * 1e9) === 0;
}

/** The `@` modifier: a fixed time in ms, or an end of the query's own range. */
export type AtTime =
  { readonly at: 'start' | 'end' } | { readonly at: 'time'; readonly ms: number };

/** What may stand behind a selector or a subquery. */
export interface Modifiers {
  readonly offset?: Duration;
  readonly at?: AtTime;
  readonly extend?: 'anchored' | 'smoothed';
}

export interface NumberLiteral extends Span {
  readonly kind: 'number';
  readonly value: number;
  /** True when it was written as a duration: only matters to print it again. */
  readonly duration: boolean;
}

export interface StringLiteral extends Span {
  readonly kind: 'string';
  readonly value: string;
}

export interface VectorSelector extends Span {
  readonly kind: 'selector';
  /** The name in front of the braces, '' when there is none. */
  readonly name: string;
  /** All matchers, the one of `name` last. */
  readonly matchers: readonly Matcher[];
  readonly modifiers: Modifiers;
}

export interface RangeSelector extends Span {
  readonly kind: 'range';
  readonly selector: VectorSelector;
  readonly range: Duration;
}

export interface Subquery extends Span {
  readonly kind: 'subquery';
  readonly inner: Expr;
  readonly range: Duration;
  /** Absent: the default step. */
  readonly step?: Duration;
  readonly modifiers: Modifiers;
}

export interface Call extends Span {
  readonly kind: 'call';
  readonly fn: string;
  readonly args: readonly Expr[];
}

export interface Aggregate extends Span {
  readonly kind: 'aggregate';
  readonly op: string;
  readonly without: boolean;
  /** Whether by or without was written. */
  readonly grouped: boolean;
  readonly names: readonly string[];
  readonly param?: Expr;
  readonly inner: Expr;
}

/** How the sides of a binary operator find each other. */
export interface Matching {
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';
  readonly on: boolean;
  readonly labels: readonly string[];
  /** Labels that group_left or group_right copies from the "one" side. */
  readonly include: readonly string[];
  readonly fillLeft?: number;
  readonly fillRight?: number;
}

export interface Binary extends Span {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly bool: boolean;
  readonly matching: Matching;
  readonly left: Expr;
  readonly right: Expr;
}

export interface Unary extends Span {
  readonly kind: 'unary';
  readonly op: '+' | '-';
  readonly inner: Expr;
}

export interface Paren extends Span {
  readonly kind: 'paren';
  readonly inner: Expr;
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | RangeSelector
  | Subquery
  | Call
  | Aggregate
  | Binary
  | Unary
  | Paren;

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '>', '<=', '>=']);
const SETS: ReadonlySet<string> = new Set(['and', 'or', 'unless']);

export function isComparison(op: BinaryOp): op is ComparisonOp {
  return COMPARISONS.has(op);
}

export function isSetOp(op: BinaryOp): op is SetOp {
  return SETS.has(op);
}

export function isTrim(op: BinaryOp): op is TrimOp {
  return op === '</' || op === '>/';
}

/** The expression without parentheses around it. */
export function unparen(expr: Expr): Expr {
  let inner = expr;
  while (inner.kind === 'paren') inner = inner.inner;
  return inner;
}

/** The direct parts of an expression that are expressions themselves. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return [];
    case 'range':
      return [expr.selector];
    case 'call':
      return expr.args;
    case 'aggregate':
      return expr.param === undefined ? [expr.inner] : [expr.param, expr.inner];
    case 'binary':
      return [expr.left, expr.right];
    case 'subquery':
    case 'unary':
    case 'paren':
      return [expr.inner];
  }
}
