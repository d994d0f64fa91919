// Plans of the last moment: several viewers of one dashboard, and whoever asks again at once, ask
// the same text over the same times. Between a query's text and its fragments. Easy to get wrong: a
// plan tells which rollups it reads, which depends on the time of day, so that none is kept long.
import { PLANS_KEPT, PLAN_KEPT_MS } from '../limits-plans.ts';
import type { Plan } from '../promql/plan-node.ts';
import type { Grid } from '../model/fragment.ts';
import type { Clock } from '../runtime/clock.ts';

/** What tells one plan from another; the settings of the service are the same for all. */
export interface PlanKey {
  readonly query: string;
  readonly grid: Grid;
  readonly instant: boolean;
  /** How far back an instant selector looks, ms. */
  readonly lookbackMs: number;
}

interface Kept {
  readonly plan: Plan;
  readonly endsAt: number;
}

export class RecentPlans {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The plan made a moment ago for the same, or what `make` makes. @throws what `make` throws. */
  of({ query, grid, instant, lookbackMs }: PlanKey, make: () => Plan): Plan {
    const times = `${grid.start} ${grid.end} ${grid.step} ${lookbackMs}`;
    const key = `${instant ? 'at' : 'over'} ${times} ${query}`;
    const now = this.#clock.monotonic();
    const known = this.#kept.get(key);
    if (known !== undefined && known.endsAt > now) return known.plan;
    const plan = make();
    this.#kept.delete(key);
    this.#kept.set(key, { plan, endsAt: now + PLAN_KEPT_MS });
    if (this.#kept.size > PLANS_KEPT) {
      this.#kept.delete(this.#kept.keys().next().value as string);
    }
    return plan;
  }
}
