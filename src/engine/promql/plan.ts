// Syntax tree -> plan: which fragments run beside the samples, and what the root makes of them.
// The heart of "one plan, two drivers". Easy to get wrong: offset and @ move only the grid of the
// samples, a range function's results stay on the query's grid; and names may be dropped in the
// shard only where that cannot hide two series of the same labels.
import { UserError, assert } from '../errors.ts';
import { gridSize } from '../model/fragment.ts';
import { LOOKBACK_MS, QUERY_SAMPLES_MAX, QUERY_SERIES_MAX } from '../limits.ts';
import { Invariance, constantOf, durationOf, timeFunction } from './duration.ts';
import { KEEPS_NAME } from './functions.ts';
import { anchorOf, infoSelection } from './info-plan.ts';
import { useWithin } from './histogram-use.ts';
import { checkExtended, extensionOf, modifiersOf } from './extended.ts';
import { format } from './format.ts';
import { isRangeFunction } from './range-functions.ts';
import { tooManySamples } from './query-failure.ts';
import { absentLabels } from './absent.ts';
import { typeOf, typeWords } from './check.ts';
import { unparen } from './ast.ts';
import type { Aggregate, Call, Expr, Modifiers, RangeSelector, Subquery, Span } from './ast.ts';
import type { Fragment, FragmentAggregate, Grid } from '../model/fragment.ts';
import type { HistogramUse } from './histogram-use.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Plan, PlanNode, RangeSource, WindowGrid } from './plan-node.ts';
import type { QueryTimes } from './duration.ts';

export interface PlanOptions {
  /** The query's text, for the places in messages. */
  readonly source: string;
  readonly grid: Grid;
  readonly instant: boolean;
  readonly lookbackMs?: number;
  /** Step of a subquery that names none; Prometheus takes its evaluation interval. */
  readonly defaultStepMs?: number;
  readonly delayedNames?: boolean;
  /** Start timestamps of samples tell resets of counters, and start_timestamp() answers. */
  readonly startTimestamps?: boolean;
  readonly maxSeries?: number;
  readonly maxSamples?: number;
}

/** Aggregations that a shard can do in part. */
const PARTIAL: ReadonlySet<string> = new Set([
  'sum',
  'count',
  'min',
  'max',
  'avg',
  'group',
  'stddev',
  'stdvar',
]);

/** Plans a checked expression. @throws UserError for what only the times of the query can show. */
export function plan(expr: Expr, options: PlanOptions): Plan {
  const type = typeOf(expr);
  if (!options.instant && type !== 'scalar' && type !== 'vector') {
    const got = typeWords(type);
    const words = `invalid expression type "${got}" for range query`;
    const hint =
      type === 'matrix' ? { hint: `a function makes it one: rate(${format(expr)})` } : {};
    const { source } = options;
    const place = { source, start: 0, end: source.length, ...hint };
    throw new UserError(`${words}, must be Scalar or instant Vector`, place);
  }
  const planner = new Planner(options);
  const root = type === 'matrix' ? planner.samples(expr) : planner.plan(expr, options.grid);
  return {
    root,
    type,
    fragments: planner.fragments,
    grid: options.grid,
    instant: options.instant,
    source: options.source,
    delayedNames: options.delayedNames ?? false,
    maxSamples: options.maxSamples ?? QUERY_SAMPLES_MAX,
  };
}

interface Leaf {
  readonly fragment: Omit<Fragment, 'maxSeries' | 'maxSamples'>;
  readonly drops: boolean;
  readonly span: Span;
  readonly outer?: Span;
}

/** Functions that ask when a counter began. */
const ASKS_STARTS: ReadonlySet<string> = new Set([
  'increase',
  'irate',
  'rate',
  'resets',
  'start_timestamp',
]);

class Planner {
  readonly fragments: Fragment[] = [];
  readonly #keys = new Map<string, number>();
  readonly #options: PlanOptions;
  readonly #times: QueryTimes;
  readonly #invariance = new Invariance();
  /** What is wanted of histograms where the planner stands. */
  #wanted: HistogramUse = 'samples';

  constructor(options: PlanOptions) {
    this.#options = options;
    this.#times = options;
  }

  plan(expr: Expr, grid: Grid): PlanNode {
    const literal = expr.kind === 'number' || expr.kind === 'string';
    if (!literal && gridSize(grid) > 1 && this.#invariance.holds(expr)) {
      const one = { start: grid.start, end: grid.start, step: 1 };
      return { kind: 'once', inner: this.plan(expr, one), grid };
    }
    const before = this.#wanted;
    this.#wanted = useWithin(expr, before);
    const node = this.#planned(expr, grid);
    this.#wanted = before;
    return node;
  }

  #planned(expr: Expr, grid: Grid): PlanNode {
    switch (expr.kind) {
      case 'number':
        return { kind: 'number', value: expr.value, grid };
      case 'string':
        return { kind: 'string', value: expr.value };
      case 'paren':
        return this.plan(expr.inner, grid);
      case 'unary': {
        const inner = this.plan(expr.inner, grid);
        return expr.op === '-' ? { kind: 'negate', inner, grid } : inner;
      }
      case 'selector':
        return this.#leafNode(this.#leafOf(expr, grid) as Leaf, grid);
      case 'binary': {
        const left = this.plan(expr.left, grid);
        return { kind: 'binary', expr, left, right: this.plan(expr.right, grid), grid };
      }
      case 'aggregate':
        return this.#aggregate(expr, grid);
      case 'call':
        return this.#call(expr, grid);
      case 'range':
      case 'subquery':
        throw new UserError('a range vector cannot stand here', { source: this.#options.source });
    }
  }

  /** The plan of a range selector or subquery that is the whole of an instant query. */
  samples(expr: Expr): PlanNode {
    const bare = unparen(expr);
    assert(bare.kind === 'range' || bare.kind === 'subquery', 'only these are range vectors');
    const { source, windows, windowMs } = this.#rangeSource(bare, this.#options.grid);
    const { extend } = modifiersOf(bare);
    return { kind: 'samples', source, extend, end: windows.first, windowMs, span: bare };
  }

  /** The grid on which samples are looked at: moved by offset, or fixed by @. */
  #shift(modifiers: Modifiers, grid: Grid): Grid {
    const offset = modifiers.offset;
    const by = offset === undefined ? 0 : durationOf(offset, this.#times, false);
    const { at } = modifiers;
    if (at === undefined) {
      return by === 0 ? grid : { start: grid.start - by, end: grid.end - by, step: grid.step };
    }
    const own = this.#options.grid;
    const time = at.at === 'time' ? at.ms : at.at === 'start' ? own.start : own.end;
    return { start: time - by, end: time - by, step: 1 };
  }

  #leafNode(leaf: Leaf, grid: Grid): PlanNode {
    const { drops, span, outer } = leaf;
    const named = drops && leaf.fragment.keepName;
    const fragment = this.#add(leaf.fragment);
    return { kind: 'leaf', fragment, grid, drops, named, span, ...(outer && { outer }) };
  }

  #add(fragment: Leaf['fragment']): number {
    const { maxSeries = QUERY_SERIES_MAX, maxSamples = QUERY_SAMPLES_MAX } = this.#options;
    const figures = this.#wanted === 'figures' ? { figures: true } : {};
    const whole: Fragment = { ...fragment, ...figures, maxSeries, maxSamples };
    const key = JSON.stringify(whole, (_, v: unknown) =>
      typeof v === 'number' && !Number.isFinite(v) ? String(v) : v,
    );
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    this.fragments.push(whole);
    this.#keys.set(key, this.fragments.length - 1);
    return this.fragments.length - 1;
  }

  /** The fragment that answers an expression on its own, if there is one. */
  #leafOf(expr: Expr, grid: Grid): Leaf | undefined {
    if (expr.kind === 'selector') return this.#lastLeaf(expr, 'last', expr, grid);
    if (expr.kind !== 'call') return undefined;
    if (expr.fn === 'timestamp' || expr.fn === 'start_timestamp') {
      const arg = unparen(expr.args[0]);
      const knows = expr.fn === 'timestamp' || this.#options.startTimestamps === true;
      if (arg.kind === 'selector' && knows) return this.#lastLeaf(arg, expr.fn, arg, grid);
    }
    if (!isRangeFunction(expr.fn)) return undefined;
    const ranges = expr.args.map(unparen).find((arg) => arg.kind === 'range');
    if (ranges === undefined) return undefined;
    const args: number[] = [];
    for (const arg of expr.args) {
      if (unparen(arg).kind === 'range') continue;
      const value = constantOf(arg, this.#times);
      if (value === undefined) return undefined;
      args.push(value);
    }
    const { selector } = ranges;
    const at = this.#shift(selector.modifiers, grid);
    if (expr.fn === 'predict_linear') {
      if (gridSize(at) !== gridSize(grid)) return undefined;
      args.push(grid.start - at.start);
    }
    const windowMs = durationOf(ranges.range, this.#times, true);
    const drops = !KEEPS_NAME.has(expr.fn);
    const keepName = !drops || this.#mustKeepName(selector.matchers);
    const { matchers } = selector;
    const { fn } = expr;
    const extension = this.#extension(selector.modifiers, fn);
    const base = { matchers, grid: at, windowMs, fn, args, keepName };
    const fragment = { ...base, ...extension, ...this.#starts(fn) };
    return { fragment, drops, span: unparen(expr.args[0]) };
  }

  #lastLeaf(selector: Expr & { kind: 'selector' }, fn: string, span: Span, grid: Grid): Leaf {
    const { matchers, modifiers } = selector;
    const drops = fn !== 'last';
    const keepName = !drops || this.#mustKeepName(matchers);
    const lookbackMs = this.#lookbackMs;
    const at = this.#shift(modifiers, grid);
    const base = { matchers, grid: at, args: [], keepName };
    if (fn === 'last' && modifiers.extend === 'smoothed') {
      const around = { windowMs: 0, extend: modifiers.extend, lookbackMs };
      return { fragment: { ...base, fn: 'smoothed', ...around }, drops, span };
    }
    const fragment = { ...base, fn, windowMs: lookbackMs, ...this.#starts(fn) };
    return { fragment, drops, span };
  }

  get #lookbackMs(): number {
    return this.#options.lookbackMs ?? LOOKBACK_MS;
  }

  #starts(fn: string): Pick<Fragment, 'starts'> {
    return this.#options.startTimestamps === true && ASKS_STARTS.has(fn) ? { starts: true } : {};
  }

  /** What an extended range adds. @throws MonError for functions that cannot have it. */
  #extension({ extend }: Modifiers, fn: string): Pick<Fragment, 'extend' | 'lookbackMs'> {
    if (extend === undefined) return {};
    checkExtended(extend, fn);
    return { extend, lookbackMs: this.#lookbackMs };
  }

  /** Only one metric name can match: then two series cannot become the same without it. */
  #mustKeepName(matchers: readonly Matcher[]): boolean {
    if (this.#options.delayedNames === true) return true;
    return !matchers.some((m) => m.name === '__name__' && m.op === '=' && m.value !== '');
  }

  #aggregate(expr: Aggregate, grid: Grid): PlanNode {
    const leaf = PARTIAL.has(expr.op) ? this.#leafOf(unparen(expr.inner), grid) : undefined;
    const safe = leaf !== undefined && (!leaf.drops || !leaf.fragment.keepName);
    if (leaf !== undefined && (safe || this.#options.delayedNames === true)) {
      const op = expr.op as FragmentAggregate['op'];
      const names = [...new Set(expr.names)].toSorted();
      const aggregate: FragmentAggregate = { op, by: !expr.without, names };
      const outer = unparen(expr.inner);
      return this.#leafNode({ ...leaf, fragment: { ...leaf.fragment, aggregate }, outer }, grid);
    }
    const inner = this.plan(unparen(expr.inner), grid);
    const param = expr.param === undefined ? {} : { param: this.plan(expr.param, grid) };
    return { kind: 'aggregate', expr, ...param, inner, grid };
  }

  #call(expr: Call, grid: Grid): PlanNode {
    if (expr.fn === 'time') return { kind: 'time', grid };
    const folded = timeFunction(expr.fn, this.#times);
    if (folded !== undefined) return { kind: 'number', value: folded, grid };
    if (expr.fn === 'info') return this.#info(expr, grid);
    if (expr.fn === 'absent') return this.#absent(expr, grid);
    if (expr.fn === 'absent_over_time') return this.#absentOverTime(expr, grid);
    const leaf = this.#leafOf(expr, grid);
    if (leaf !== undefined) return this.#leafNode(leaf, grid);
    if (isRangeFunction(expr.fn)) return this.#rangeCall(expr, grid);
    const { fn } = expr;
    const spans = expr.args.map(unparen);
    const args = spans.map((arg) => this.plan(arg, grid));
    return { kind: 'call', fn, args, spans, grid, span: expr };
  }

  #info(expr: Call, grid: Grid): PlanNode {
    const inner = this.plan(unparen(expr.args[0]), grid);
    const asked = infoSelection(expr);
    const at = this.#shift(anchorOf(expr.args[0], this.#times), grid);
    const windowMs = this.#lookbackMs;
    const { matchers } = asked;
    const one = { matchers, grid: at, windowMs, fn: 'info', args: [], keepName: true };
    return { kind: 'info', inner, fragment: this.#add(one), asked, grid };
  }

  #absent(expr: Call, grid: Grid): PlanNode {
    const arg = unparen(expr.args[0]);
    const labels = absentLabels(arg);
    const leaf = arg.kind === 'selector' ? this.#leafOf(arg, grid) : undefined;
    const inner = leaf === undefined ? this.plan(arg, grid) : this.#anyOf(leaf, grid);
    return { kind: 'absent', inner, labels, drops: false, grid };
  }

  #absentOverTime(expr: Call, grid: Grid): PlanNode {
    const arg = unparen(expr.args[0]);
    const labels = absentLabels(arg);
    const present: Call = { ...expr, fn: 'present_over_time' };
    const leaf = this.#leafOf(present, grid);
    const inner = leaf === undefined ? this.#rangeCall(present, grid) : this.#anyOf(leaf, grid);
    return { kind: 'absent', inner, labels, drops: true, grid };
  }

  /** One row that has a value wherever any series of the leaf has one. */
  #anyOf(leaf: Leaf, grid: Grid): PlanNode {
    const aggregate: FragmentAggregate = { op: 'group', by: true, names: [] };
    const fragment = { ...leaf.fragment, aggregate };
    return this.#leafNode({ ...leaf, fragment, drops: false }, grid);
  }

  #rangeCall(expr: Call, grid: Grid): PlanNode {
    const at = expr.args.findIndex((arg) => ['range', 'subquery'].includes(unparen(arg).kind));
    assert(at >= 0, 'a range function has a range vector');
    const ranges = unparen(expr.args[at]) as RangeSelector | Subquery;
    const others = expr.args.filter((_, i) => i !== at);
    const args = others.map((arg) => this.plan(unparen(arg), grid));
    const { source, windows, windowMs } = this.#rangeSource(ranges, grid);
    const span = unparen(expr.args[0]);
    const extension = extensionOf(this.#extension(modifiersOf(ranges), expr.fn));
    return { kind: 'range', fn: expr.fn, source, args, grid, windows, windowMs, extension, span };
  }

  #rangeSource(
    expr: RangeSelector | Subquery,
    grid: Grid,
  ): { source: RangeSource; windows: WindowGrid; windowMs: number } {
    const modifiers = modifiersOf(expr);
    const at = this.#shift(modifiers, grid);
    const count = gridSize(grid);
    const windowMs = durationOf(expr.range, this.#times, true);
    const fixed = modifiers.at !== undefined;
    const windows: WindowGrid = { first: at.start, step: fixed ? 0 : grid.step, count };
    const last = at.start + windows.step * (count - 1);
    if (expr.kind === 'range') {
      const reach = { start: last, end: last, step: 1 };
      const wide = last - at.start + windowMs;
      const { matchers } = expr.selector;
      const fragment = { matchers, grid: reach, windowMs: wide, fn: 'raw', args: [] };
      const { extend } = modifiers;
      const around = extend === undefined ? {} : { extend, lookbackMs: this.#lookbackMs };
      const starts = this.#options.startTimestamps === true ? { starts: true } : {};
      const index = this.#add({ ...fragment, ...around, ...starts, keepName: true });
      return { source: { kind: 'raw', fragment: index }, windows, windowMs };
    }
    const inner = this.#subqueryGrid(expr, at.start - windowMs, last);
    const empty = inner.end < inner.start;
    const before = this.#wanted;
    this.#wanted = useWithin(expr, before);
    const planned: PlanNode = empty ? { kind: 'empty' } : this.plan(expr.inner, inner);
    this.#wanted = before;
    return { source: { kind: 'subquery', inner: planned, grid: inner }, windows, windowMs };
  }

  /** The instants of a subquery: the multiples of its step after `after` up to `end`. */
  #subqueryGrid(expr: Subquery, after: number, end: number): Grid {
    const { defaultStepMs = 60_000 } = this.#options;
    const written = expr.step;
    const step = written === undefined ? defaultStepMs : durationOf(written, this.#times, true);
    if (step < 1) {
      throw new UserError('subquery step must be at least 1ms', { source: this.#options.source });
    }
    const start = (Math.floor(after / step) + 1) * step;
    const { maxSamples = QUERY_SAMPLES_MAX } = this.#options;
    if ((end - start) / step > maxSamples) throw tooManySamples();
    return { start, end, step };
  }
}
