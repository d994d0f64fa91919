// What a query should cost, asked of the sources before it runs, and the verdict: go on, warn, or
// refuse. Estimates are remembered for a minute, so that a dashboard pays for them once. Easy to
// get wrong: a source that cannot estimate must not make queries free, it only makes them unknown.
import { MonError } from '../errors.ts';
import {
  QUERY_COST_CEILING,
  QUERY_COST_MAX,
  QUERY_COST_WARN,
  QUERY_ESTIMATES_KEPT,
  QUERY_ESTIMATE_MS,
} from '../limits.ts';
import { gridSize } from '../model/fragment.ts';
import { groupsOf, widestOf } from '../promql/leaf-together.ts';
import { planSteps, totalCost } from '../promql/plan-steps.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Estimate, Source } from '../ports.ts';
import type { Fragment } from '../model/fragment.ts';
import type { Plan } from '../promql/plan-node.ts';

/** A value and whether it is there. */
const CELL_BYTES = 9;
/**
 * Time and value; half of it, since the room of chunks is more than their samples in the window.
 */
const SAMPLE_BYTES = 8;

export interface CostLimits {
  /** Cost above which an answer carries a warning, and above which there is none. */
  readonly warn?: number;
  readonly max?: number;
}

/** What is to be known of a query that may run. */
export interface Verdict {
  readonly cost: number;
  readonly warnings: readonly string[];
}

interface Remembered {
  readonly estimate: Estimate;
  readonly endsAt: number;
}

/** What a plan costs, and what its fragments surely answer, bytes. */
interface Price {
  readonly cost: number;
  readonly bytes: number;
}

const NOTHING: Estimate = { series: 0, samples: 0 };

export class CostGuard {
  readonly #sources: readonly Source[];
  readonly #clock: Clock;
  readonly #limits: CostLimits;
  readonly #remembered = new Map<string, Remembered>();
  /** By plan, which is kept for a moment only (recent-plans.ts). */
  readonly #priced = new WeakMap<Plan, Price>();

  constructor(sources: readonly Source[], clock: Clock, limits: CostLimits = {}) {
    this.#sources = sources;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The bound for a query that asks for one of its own, or for none. */
  maxFor(asked: number | undefined): number {
    return Math.min(asked ?? this.#limits.max ?? QUERY_COST_MAX, QUERY_COST_CEILING);
  }

  /** What each fragment of a plan would read. */
  async estimates({ fragments }: Plan): Promise<readonly Estimate[]> {
    const out: Estimate[] = [];
    const groups = groupsOf(fragments).map(async (group) => {
      const some = group.map((i) => fragments[i]);
      const widest = widestOf(some);
      const most = await this.#estimate(widest);
      // They are read together: what is narrower is a part of it.
      for (const i of group) {
        const share = Math.min(1, (fragments[i].windowMs + 1) / (widest.windowMs + 1));
        out[i] = { series: most.series, samples: Math.ceil(most.samples * share) };
      }
    });
    await Promise.all(groups);
    return out;
  }

  /**
   * The cost of a plan, and what its asker is to be told. `bytesMax` bounds what its fragments
   * answer: what surely is more is refused before the shards make it. @throws MonError
   * MON_QUERY_LIMIT when it costs too much.
   */
  async judge(plan: Plan, askedMax: number | undefined, bytesMax: number): Promise<Verdict> {
    let price = this.#priced.get(plan);
    if (price === undefined) this.#priced.set(plan, (price = await this.#price(plan)));
    const { cost, bytes } = price;
    const max = this.maxFor(askedMax);
    if (cost > max) throw tooDear(cost, max);
    if (bytes > bytesMax) throw tooManyBytes(bytesMax);
    if (cost <= (this.#limits.warn ?? QUERY_COST_WARN)) return { cost, warnings: [] };
    return { cost, warnings: [`this query is expensive: ${estimateWords(cost, max)}`] };
  }

  async #price(plan: Plan): Promise<Price> {
    const estimates = await this.estimates(plan);
    const cost = totalCost(planSteps(plan, estimates));
    const bytes = plan.fragments.reduce((sum, one, i) => sum + bytesOf(one, estimates[i]), 0);
    return { cost, bytes };
  }

  async #estimate(fragment: Fragment): Promise<Estimate> {
    const key = keyOf(fragment);
    const known = this.#remembered.get(key);
    const now = this.#clock.monotonic();
    if (known !== undefined && known.endsAt > now) return known.estimate;
    const all = await Promise.all(
      this.#sources.map((source) => source.estimate?.(fragment).catch(ignored) ?? NOTHING),
    );
    const estimate = {
      series: all.reduce((sum, one) => sum + one.series, 0),
      samples: all.reduce((sum, one) => sum + one.samples, 0),
    };
    this.#remembered.delete(key);
    this.#remembered.set(key, { estimate, endsAt: now + QUERY_ESTIMATE_MS });
    if (this.#remembered.size > QUERY_ESTIMATES_KEPT) {
      this.#remembered.delete(this.#remembered.keys().next().value as string);
    }
    return estimate;
  }
}

/** A source that is away says so when it is asked for the fragment itself. */
function ignored(thrown: unknown): Estimate {
  if (thrown instanceof MonError && thrown.kind === 'retry') return NOTHING;
  throw thrown;
}

/** The same matchers over about the same time: a minute more or less changes no verdict. */
function keyOf({ matchers, grid, windowMs }: Fragment): string {
  const reach = Math.ceil(Math.log2(grid.end - grid.start + windowMs + 1) * 4);
  const behind = Math.floor(grid.end / 2 ** Math.floor(reach / 4));
  return JSON.stringify([matchers, reach, behind]);
}

/** What a fragment answers, where that can be told; an aggregate may be of any size. */
function bytesOf(fragment: Fragment, { series, samples }: Estimate): number {
  if (fragment.fn === 'raw') return samples * SAMPLE_BYTES;
  if (fragment.aggregate !== undefined) return 0;
  return series * Math.max(0, gridSize(fragment.grid)) * CELL_BYTES;
}

/** The answers to the fragments of a query are too large together. */
export function tooManyBytes(bytesMax: number): MonError {
  const words = `the query gathers more than ${bytesMax} bytes`;
  const hint = 'ask for fewer series, a shorter time or a larger step';
  return new MonError('MON_QUERY_LIMIT', words, { hint });
}

function tooDear(cost: number, max: number): MonError {
  const hint =
    'ask for fewer series, a shorter time or a larger step; or raise --max-cost (max_cost)';
  const words = `the query is too expensive: ${estimateWords(cost, max)}`;
  return new MonError('MON_QUERY_LIMIT', words, { hint, fields: { cost, max } });
}

function estimateWords(cost: number, max: number): string {
  return `its cost is estimated at ${short(cost)}, max-cost is ${short(max)}`;
}

/** Three digits are enough for a bound from above. */
function short(cost: number): string {
  if (cost < 10_000) return String(Math.round(cost));
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (cost >= size) return `${Number((cost / size).toPrecision(3))} ${unit}`;
  }
  return String(cost);
}
