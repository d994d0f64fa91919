// A plan as the tree that `explain` shows, with what each step should cost. Also the price of a
// query before it runs. Easy to get wrong: two leaves may share a fragment, which is paid for once;
// and everything here is a bound from above, since nobody has looked at a sample yet.
import { format } from './format.ts';
import { gridSize } from '../model/fragment.ts';
import type { Estimate } from '../ports.ts';
import type { Fragment, Grid } from '../model/fragment.ts';
import type { Plan, PlanNode, RangeSource } from './plan-node.ts';
import type { PlanStep, StepActual, StepEstimate } from '../model/explanation.ts';
import type { Span } from './ast.ts';

/** Functions that look at every sample of a window again at each step. */
const WALKS: ReadonlySet<string> = new Set([
  'avg_over_time',
  'changes',
  'deriv',
  'double_exponential_smoothing',
  'mad_over_time',
  'max_over_time',
  'min_over_time',
  'predict_linear',
  'quantile_over_time',
  'resets',
  'stddev_over_time',
  'stdvar_over_time',
  'sum_over_time',
  'ts_of_max_over_time',
  'ts_of_min_over_time',
]);

/**
 * What a label set costs that leaves its shard, and one that a step of the root handles, in samples
 * read: labels are strings, and strings are dear.
 */
const SERIES_COST = 100;
const ROW_COST = 20;
/** Functions that make new labels, by a regular expression or not. */
const LABEL_ROW_COST = 1000;
const LABEL_FUNCTIONS: ReadonlySet<string> = new Set(['label_replace', 'label_join']);

/** What became of the steps of a plan that was run. */
export interface Actuals {
  readonly nodes: ReadonlyMap<PlanNode, StepActual>;
  readonly fragments: readonly (StepActual | undefined)[];
}

/** What running a fragment costs: samples read, cells made, samples looked at again. */
function fragmentCost(fragment: Fragment, { series, samples }: Estimate): StepEstimate {
  const steps = Math.max(0, gridSize(fragment.grid));
  const { grid, windowMs, fn, aggregate } = fragment;
  if (fn === 'raw') {
    return { series, samples, cells: samples, cost: series * SERIES_COST + samples * 2 };
  }
  const reachMs = grid.end - grid.start + windowMs;
  const inWindow = reachMs > 0 ? samples * Math.min(1, windowMs / reachMs) : samples;
  const again = WALKS.has(fn) ? inWindow * steps : 0;
  const one = aggregate !== undefined && aggregate.by && aggregate.names.length === 0;
  const cells = (one ? Math.min(1, series) : series) * steps;
  const labels = aggregate === undefined ? series * SERIES_COST : 0;
  const cost = Math.ceil(series + samples + series * steps + again + labels);
  return { series, samples, cells, cost };
}

/** The tree of a plan. `estimates` has one entry a fragment. */
export function planSteps(plan: Plan, estimates: readonly Estimate[], actuals?: Actuals): PlanStep {
  return new Steps(plan, estimates, actuals).step(plan.root);
}

/** The cost of all steps together. */
export function totalCost(step: PlanStep): number {
  return step.children.reduce((sum, child) => sum + totalCost(child), step.estimate.cost);
}

interface Size {
  readonly rows: number;
  readonly cells: number;
}

class Steps {
  readonly #plan: Plan;
  readonly #estimates: readonly Estimate[];
  readonly #actuals: Actuals | undefined;
  readonly #paid = new Set<number>();

  constructor(plan: Plan, estimates: readonly Estimate[], actuals: Actuals | undefined) {
    this.#plan = plan;
    this.#estimates = estimates;
    this.#actuals = actuals;
  }

  step(node: PlanNode): PlanStep {
    switch (node.kind) {
      case 'leaf':
        return this.#leaf(node);
      case 'number':
        return this.#of(node, { what: String(node.value) }, [], scalar(node.grid));
      case 'time':
        return this.#of(node, { what: 'time()' }, [], scalar(node.grid));
      case 'string':
        return this.#of(node, { what: JSON.stringify(node.value) }, [], { rows: 0, cells: 0 });
      case 'empty':
        return this.#of(node, { what: 'no step' }, [], { rows: 0, cells: 0 });
      case 'samples':
        return this.#ranged(node, node.source, { what: 'samples', span: node.span });
      case 'range':
        return this.#range(node);
      case 'call':
        return this.#call(node);
      case 'absent':
        return this.#absent(node);
      case 'info':
        return this.#info(node);
      case 'aggregate':
        return this.#aggregate(node);
      case 'binary':
        return this.#binary(node);
      case 'negate':
      case 'once': {
        const inner = this.step(node.inner);
        const what = node.kind === 'once' ? 'once, repeated at all steps' : 'negate';
        const rows = rowsOf(inner);
        return this.#of(node, { what }, [inner], { rows, cells: rows * sizeOf(node.grid) });
      }
    }
  }

  #call(node: PlanNode & { kind: 'call' }): PlanStep {
    const args = node.args.map((arg) => this.step(arg));
    const rows = Math.max(0, ...args.map(rowsOf));
    const size = { rows, cells: rows * sizeOf(node.grid) };
    const step = this.#of(node, { what: `${node.fn}()`, span: node.span }, args, size);
    if (!LABEL_FUNCTIONS.has(node.fn)) return step;
    const cost = step.estimate.cost + rows * LABEL_ROW_COST;
    return { ...step, estimate: { ...step.estimate, cost } };
  }

  #info(node: PlanNode & { kind: 'info' }): PlanStep {
    const inner = this.step(node.inner);
    const told = this.#fragment(node.fragment, { start: 0, end: 0 });
    const size = { rows: rowsOf(inner), cells: rowsOf(inner) * sizeOf(node.grid) };
    return this.#of(node, { what: 'info()' }, [inner, told], size);
  }

  #absent(node: PlanNode & { kind: 'absent' }): PlanStep {
    const inner = this.step(node.inner);
    return this.#of(node, { what: 'absent' }, [inner], { rows: 1, cells: sizeOf(node.grid) });
  }

  #aggregate(node: PlanNode & { kind: 'aggregate' }): PlanStep {
    const { expr, grid } = node;
    const inner = this.step(node.inner);
    const children = node.param === undefined ? [inner] : [this.step(node.param), inner];
    const all = !expr.without && expr.names.length === 0;
    const picks = ['topk', 'bottomk', 'limitk', 'limit_ratio', 'count_values'].includes(expr.op);
    const rows = all && !picks ? Math.min(1, rowsOf(inner)) : rowsOf(inner);
    const by = expr.without ? 'without' : 'by';
    const names = expr.grouped ? ` ${by} (${expr.names.join(', ')})` : '';
    // It walks what comes in, not what goes out.
    const size = { rows, cells: inner.estimate.cells + rows * sizeOf(grid) };
    return this.#of(node, { what: expr.op + names, span: expr }, children, size);
  }

  #binary(node: PlanNode & { kind: 'binary' }): PlanStep {
    const { expr, grid } = node;
    const [left, right] = [this.step(node.left), this.step(node.right)];
    const [l, r] = [rowsOf(left), rowsOf(right)];
    const rows = expr.op === 'or' ? l + r : Math.max(l, r);
    const size = { rows, cells: rows * sizeOf(grid) };
    const what = expr.op + (expr.bool ? ' bool' : '');
    return this.#of(node, { what, span: expr }, [left, right], size);
  }

  #range(node: PlanNode & { kind: 'range' }): PlanStep {
    const { source, windows, windowMs } = node;
    const args = node.args.map((arg) => this.step(arg));
    const step = this.#ranged(node, source, { what: `${node.fn}()`, span: node.span }, args);
    const rows = rowsOf(step);
    const stepMs = source.kind === 'subquery' ? source.grid.step : Infinity;
    const inWindow = Math.max(1, windowMs / stepMs);
    const cells = rows * windows.count;
    const cost = Math.ceil(cells * (WALKS.has(node.fn) ? inWindow : 1)) + step.estimate.cost;
    return { ...step, estimate: { ...step.estimate, cells, cost } };
  }

  /** A step over the samples of a fragment or of a subquery. */
  #ranged(
    node: PlanNode,
    source: RangeSource,
    told: { what: string; span: Span },
    args: readonly PlanStep[] = [],
  ): PlanStep {
    if (source.kind === 'subquery') {
      const inner = this.step(source.inner);
      const what = `${told.what} over a subquery of ${sizeOf(source.grid)} steps`;
      const size = { rows: rowsOf(inner), cells: inner.estimate.cells };
      return this.#of(node, { ...told, what }, [...args, inner], size);
    }
    const leaf = this.#fragment(source.fragment, told.span);
    const size = { rows: leaf.estimate.series, cells: leaf.estimate.samples };
    return this.#of(node, told, [...args, leaf], size);
  }

  #leaf(node: PlanNode & { kind: 'leaf' }): PlanStep {
    const step = this.#fragment(node.fragment, node.span);
    const actual = this.#actuals?.nodes.get(node);
    if (actual === undefined || step.actual === undefined) return step;
    return { ...step, actual: { ...step.actual, ms: step.actual.ms + actual.ms } };
  }

  #fragment(index: number, span: Span): PlanStep {
    const fragment = this.#plan.fragments[index];
    const estimate = fragmentCost(fragment, this.#estimates[index]);
    const shared = this.#paid.has(index);
    this.#paid.add(index);
    const actual = shared ? undefined : this.#actuals?.fragments[index];
    return {
      kind: 'fragment',
      where: 'shard',
      what: (shared ? 'the same ' : '') + fragmentWords(fragment),
      text: this.#text(span),
      estimate: shared ? { ...estimate, cost: 0 } : estimate,
      ...(actual === undefined ? {} : { actual }),
      children: [],
    };
  }

  #of(
    node: PlanNode,
    told: { what: string; span?: Span },
    children: readonly PlanStep[],
    size: Size,
  ): PlanStep {
    const { rows, cells } = size;
    const actual = this.#actuals?.nodes.get(node);
    return {
      kind: node.kind,
      where: 'root',
      what: told.what,
      text: told.span === undefined ? '' : this.#text(told.span),
      estimate: { series: rows, samples: 0, cells, cost: cells + rows * ROW_COST },
      ...(actual === undefined ? {} : { actual }),
      children,
    };
  }

  #text({ start, end }: Span): string {
    return this.#plan.source.slice(start, end);
  }
}

function scalar(grid: Grid): Size {
  return { rows: 0, cells: sizeOf(grid) };
}

function sizeOf(grid: Grid): number {
  return Math.max(0, gridSize(grid));
}

function rowsOf(step: PlanStep): number {
  return step.estimate.series;
}

/** `rate over 5m, sum by (job), at 241 steps`. */
function fragmentWords(fragment: Fragment): string {
  const { fn, windowMs, aggregate, grid, matchers } = fragment;
  const selector = {
    kind: 'selector',
    name: '',
    matchers,
    modifiers: {},
    start: 0,
    end: 0,
  } as const;
  const what = fn === 'last' ? 'newest sample' : fn === 'raw' ? 'all samples' : fn;
  const by = aggregate === undefined ? '' : aggregate.by ? ' by' : ' without';
  const names = aggregate === undefined ? '' : `${by} (${aggregate.names.join(', ')})`;
  const folded = aggregate === undefined ? '' : `, ${aggregate.op}${names}`;
  const steps = `${sizeOf(grid)} steps`;
  return `${what} of ${format(selector)} over ${windowMs / 1000}s${folded}, ${steps}`;
}
