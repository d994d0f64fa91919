// What a query should cost, asked of the sources before it runs, and the verdict: go on, warn, or
// refuse. Estimates are remembered for a minute, so that a dashboard pays for them once. Easy to get
// wrong: a source that cannot estimate must not make queries free, it only makes them unknown.
import { MonError } from '../errors.ts';
import {
  QUERY_COST_CEILING,
  QUERY_COST_MAX,
  QUERY_COST_WARN,
  QUERY_ESTIMATES_KEPT,
  QUERY_ESTIMATE_MS,
} from '../limits.ts';
import { planSteps, totalCost } from '../promql/plan-steps.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Estimate, Source } from '../ports.ts';
import type { Fragment } from '../model/fragment.ts';
import type { Plan } from '../promql/plan-node.ts';

export interface CostLimits {
  /** Cost above which an answer carries a warning, and above which there is none. */
  readonly warn?: number;
  readonly max?: number;
}

interface Remembered {
  readonly estimate: Estimate;
  readonly endsAt: number;
}

const NOTHING: Estimate = { series: 0, samples: 0 };

export class CostGuard {
  readonly #sources: readonly Source[];
  readonly #clock: Clock;
  readonly #limits: CostLimits;
  readonly #remembered = new Map<string, Remembered>();

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
  estimates(plan: Plan): Promise<readonly Estimate[]> {
    return Promise.all(plan.fragments.map((fragment) => this.#estimate(fragment)));
  }

  /**
   * The warning that belongs to a query of this plan, if any.
   * @throws MonError MON_QUERY_LIMIT when it costs too much.
   */
  async judge(plan: Plan, askedMax: number | undefined): Promise<string | undefined> {
    const cost = totalCost(planSteps(plan, await this.estimates(plan)));
    const max = this.maxFor(askedMax);
    if (cost > max) throw tooDear(cost, max);
    if (cost <= (this.#limits.warn ?? QUERY_COST_WARN)) return undefined;
    return `this query is expensive: its cost is estimated at ${short(cost)}, max-cost is ${short(max)}`;
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

function tooDear(cost: number, max: number): MonError {
  return new MonError(
    'MON_QUERY_LIMIT',
    `the query is too expensive: its cost is estimated at ${short(cost)}, max-cost is ${short(max)}`,
    {
      hint: 'ask for fewer series, a shorter time or a larger step; or raise --max-cost (max_cost)',
      fields: { cost, max },
    },
  );
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
