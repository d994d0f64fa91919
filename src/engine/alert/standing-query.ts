// The expression of a rule, parsed once and planned once: at a tick only the grids of its leaf
// fragments move. Equal fragments of different rules are the same object, so they run once a tick.
// Easy to get wrong: a plan may only be moved when nothing in it knows the time; `@`, time(),
// subqueries and the calendar do, and are planned anew at each step.
import { UserError } from '../errors.ts';
import type { Fragment, FragmentResult, Matrix } from '../model/fragment.ts';
import { check, typeOf } from '../promql/check.ts';
import { evaluate } from '../promql/evaluate.ts';
import { format } from '../promql/format.ts';
import { gridSize } from '../model/fragment.ts';
import { emptyMatrix } from '../promql/merge.ts';
import { hasNoRows } from '../promql/no-rows.ts';
import { parse } from '../promql/parse.ts';
import { plan } from '../promql/plan.ts';
import type { Expr } from '../promql/ast.ts';
import type { Plan, PlanNode } from '../promql/plan-node.ts';

/** Plans for so many steps at once are kept; others are made when they are needed. */
const KEPT_STEPS = 8;
/** Parts of the text that make a plan depend on its own grid. */
const OWN_TIMES = /@|\b(?:start|end|range|step)\s*\(/;

/** The same fragment for every rule that asks it; `start` is relative to the first step. */
export interface Template {
  readonly fragment: Fragment;
  readonly key: string;
}

/** Fragments by what they ask, shared by all rules. */
export class Templates {
  readonly #known = new Map<string, Template>();
  readonly #once = new Map<string, Template>();

  /** One that stays: its grid is moved from tick to tick. */
  of(fragment: Fragment): Template {
    return interned(this.#known, fragment);
  }

  /** One of this tick alone: its grid is fixed. */
  once(fragment: Fragment): Template {
    return interned(this.#once, fragment);
  }

  /** A tick begins. */
  turn(): void {
    this.#once.clear();
  }
}

function interned(known: Map<string, Template>, fragment: Fragment): Template {
  const key = JSON.stringify(fragment, (_, v: unknown) =>
    typeof v === 'number' && !Number.isFinite(v) ? String(v) : v,
  );
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = { fragment, key }));
  return found;
}

/** One evaluation: what to fetch, and how the answers become rows. */
export interface Asked {
  readonly plan: Plan;
  readonly templates: readonly Template[];
  /** What is added to the grids of the templates. */
  readonly shiftMs: number;
}

export interface StandingOptions {
  readonly stepMs: number;
  readonly lookbackMs?: number | undefined;
  /** Step of subqueries that name none; as in queries when it is not given. */
  readonly defaultStepMs?: number | undefined;
  readonly templates: Templates;
}

export class StandingQuery {
  /** The expression as Prometheus prints it. */
  readonly text: string;
  /** Why this plan cannot be moved in time; empty when it can. */
  readonly bound: string;
  /** Names of the metrics that it reads; undefined when it may read any. */
  readonly metrics: ReadonlySet<string> | undefined;
  readonly #expr: Expr;
  readonly #options: StandingOptions;
  readonly #kept = new Map<number, Asked>();

  /** @throws UserError for an expression that is none. */
  constructor(expr: string, options: StandingOptions) {
    this.#expr = parse(expr);
    check(this.#expr, expr);
    this.text = format(this.#expr);
    this.#options = options;
    const type = typeOf(this.#expr);
    const timed = OWN_TIMES.exec(this.text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""'));
    if (type !== 'vector' && type !== 'scalar') this.bound = 'it is no vector and no scalar';
    else if (timed !== null) this.bound = `${timed[0].replace(/\s*\($/, '()')} fixes a time`;
    else this.bound = boundBy(this.#plan(0, 1).root);
    this.metrics = metricsOf(type === 'vector' || type === 'scalar' ? this.#plan(0, 1) : undefined);
  }

  /** Whether several steps can be asked at once. */
  get ranges(): boolean {
    return this.bound === '';
  }

  /** What has to be fetched for `steps` steps from `firstMs` on. @throws UserError. */
  ask(firstMs: number, steps: number): Asked {
    const { templates } = this.#options;
    if (!this.ranges) {
      const plan = this.#plan(firstMs, steps);
      const own = plan.fragments.map((fragment) => templates.once(fragment));
      return { plan, templates: own, shiftMs: 0 };
    }
    let known = this.#kept.get(steps);
    if (known === undefined) {
      const plan = this.#plan(0, steps);
      const own = plan.fragments.map((fragment) => templates.of(fragment));
      known = { plan, templates: own, shiftMs: 0 };
      if (steps <= KEPT_STEPS) this.#kept.set(steps, known);
    }
    return { ...known, shiftMs: firstMs };
  }

  #plan(firstMs: number, steps: number): Plan {
    const { stepMs, lookbackMs, defaultStepMs } = this.#options;
    const grid = {
      start: firstMs,
      end: firstMs + (steps - 1) * stepMs,
      step: steps > 1 ? stepMs : 1,
    };
    return plan(this.#expr, {
      source: this.text,
      grid,
      instant: steps === 1 && !this.ranges,
      ...(lookbackMs === undefined ? {} : { lookbackMs }),
      ...(defaultStepMs === undefined ? {} : { defaultStepMs }),
    });
  }
}

/** The fragment of a template at its time. */
export function fragmentAt({ fragment }: Template, shiftMs: number): Fragment {
  if (shiftMs === 0) return fragment;
  const { start, end, step } = fragment.grid;
  return { ...fragment, grid: { start: start + shiftMs, end: end + shiftMs, step } };
}

/** What a rule's expression answered, for each of its steps. */
export interface RuleRows {
  readonly matrix: Matrix;
  readonly warnings: readonly string[];
}

/**
 * The rows from the fragments' answers, which stand in the order of the plan's fragments.
 * @throws MonError, UserError when the data do not allow the query.
 */
export async function rowsOf(plan: Plan, results: readonly FragmentResult[]): Promise<RuleRows> {
  if (hasNoRows(plan, results)) return { matrix: emptyMatrix(gridSize(plan.grid)), warnings: [] };
  let next = 0;
  const answer = await evaluate(plan, { fragment: async () => results[next++] });
  const { result, warnings } = answer;
  switch (result.type) {
    case 'matrix':
    case 'vector':
      return { matrix: result.matrix, warnings };
    case 'scalar': {
      const values = Float64Array.of(result.value);
      const matrix = { labels: [[]], steps: 1, values, present: Uint8Array.of(1) };
      return { matrix, warnings };
    }
    default:
      throw new UserError('rule result is not a vector or scalar');
  }
}

/** What in a plan knows the time; empty when nothing does. */
function boundBy(node: PlanNode): string {
  switch (node.kind) {
    case 'time':
      return 'time() is asked';
    case 'range':
      return node.source.kind === 'subquery'
        ? 'a subquery has steps of its own'
        : 'its arguments vary';
    case 'info':
      return 'info() looks series up';
    case 'call':
      if (node.args.length === 0) return `${node.fn}() asks the calendar`;
      return node.args.map(boundBy).find((why) => why !== '') ?? '';
    case 'absent':
    case 'negate':
    case 'once':
      return boundBy(node.inner);
    case 'aggregate':
      return boundBy(node.inner) || (node.param === undefined ? '' : boundBy(node.param));
    case 'binary':
      return boundBy(node.left) || boundBy(node.right);
    case 'samples':
      return 'it is a range vector';
    default:
      return '';
  }
}

function metricsOf(plan: Plan | undefined): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const { matchers } of plan?.fragments ?? []) {
    const name = matchers.find((m) => m.name === '__name__' && m.op === '=' && m.value !== '');
    if (name === undefined) return undefined;
    names.add(name.value);
  }
  return names;
}
