// Refreshes what dashboards show before they ask again: a range query of the dashboard pool that
// came several times with a moving window has what is kept of it, and would end before its next
// ask, computed anew. Beside the result cache. Easy to get wrong: this is work that nobody waits
// for, so it takes only places that are free, rests longer than it works, and ends when the asking
// ends.
import {
  CACHE_WARM_LEAD_MS,
  CACHE_WARM_PERIOD_MS_MAX,
  CACHE_WARM_PERIOD_MS_MIN,
  CACHE_WARM_QUERIES_MAX,
  CACHE_WARM_ROUND_MS,
} from '../limits.ts';
import { MonError, UserError } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { CachedQuery, Compute, ResultCache } from './result-cache.ts';
import type { Release } from './gate.ts';

/** So often a window has to have moved before its next move is believed in. */
const MOVES_MIN = 2;
/** Nobody is expected any more after so many periods. */
const PERIODS_SILENT = 2;
/** Rest after a round, as a multiple of what it took. */
const REST = 4;

export interface WarmingOptions {
  readonly clock: Clock;
  readonly results: ResultCache;
}

/** What was done since the process began; `fresh` had nothing to be computed. */
export interface WarmingCounts {
  refreshed: number;
  fresh: number;
  /** Rounds that ended for want of a free place. */
  busy: number;
  /** Queries that cost too much for this, or failed; they are forgotten. */
  refused: number;
  steps: number;
}

interface Watched {
  query: CachedQuery;
  compute: Compute;
  moves: number;
  periodMs: number;
  /** Monotonic: the last ask, the last with another end, the last refresh. */
  askedAt: number;
  movedAt: number;
  warmedAt: number;
}

export class Warming {
  readonly counts: WarmingCounts = { refreshed: 0, fresh: 0, busy: 0, refused: 0, steps: 0 };
  readonly #options: WarmingOptions;
  readonly #watched = new Map<string, Watched>();
  #restUntil = -Infinity;
  #running = false;

  constructor(options: WarmingOptions) {
    this.#options = options;
  }

  /** Queries that are watched. */
  get size(): number {
    return this.#watched.size;
  }

  /** A dashboard has asked this; `compute` computes steps of it without a place of its own. */
  noted(query: CachedQuery, compute: Compute): void {
    const { canonical, grid, settings } = query;
    const key = JSON.stringify([canonical, grid.step, grid.start % grid.step, settings]);
    const at = this.#options.clock.monotonic();
    const one = this.#watched.get(key);
    if (one === undefined) {
      const times = { askedAt: at, movedAt: at, warmedAt: -Infinity };
      this.#put(key, { query, compute, moves: 0, periodMs: Infinity, ...times });
      return;
    }
    // Somebody who looks at the past beside it moves nothing.
    if (grid.end < one.query.grid.end) return;
    one.askedAt = at;
    if (grid.end === one.query.grid.end) return;
    const gap = at - one.movedAt;
    const regular = gap <= CACHE_WARM_PERIOD_MS_MAX;
    Object.assign(one, { query, compute, movedAt: at, moves: regular ? one.moves + 1 : 0 });
    one.periodMs = Math.max(gap, CACHE_WARM_PERIOD_MS_MIN);
    this.#put(key, one);
  }

  /** Puts it last; the one that has not moved for longest goes when there are too many. */
  #put(key: string, one: Watched): void {
    this.#watched.delete(key);
    this.#watched.set(key, one);
    if (this.#watched.size <= CACHE_WARM_QUERIES_MAX) return;
    this.#watched.delete(this.#watched.keys().next().value as string);
  }

  /** Refreshes what is due. `enter` gives a place that nobody wants, or nothing. */
  async round(enter: () => Release | undefined): Promise<void> {
    const { clock } = this.#options;
    const begin = clock.monotonic();
    if (this.#running || begin < this.#restUntil) return;
    this.#running = true;
    try {
      for (const [key, one] of this.#due()) {
        const release = enter();
        if (release === undefined) {
          this.counts.busy++;
          break;
        }
        try {
          await this.#refresh(key, one);
        } finally {
          release();
        }
        if (clock.monotonic() - begin >= CACHE_WARM_ROUND_MS) break;
      }
    } finally {
      this.#running = false;
      const end = clock.monotonic();
      this.#restUntil = end + REST * (end - begin);
    }
  }

  /** What is asked again soon, soonest first; what nobody asks any more is forgotten. */
  #due(): [string, Watched][] {
    const now = this.#options.clock.monotonic();
    const due: [number, string, Watched][] = [];
    for (const [key, one] of this.#watched) {
      const patience = Math.min(one.periodMs, CACHE_WARM_PERIOD_MS_MAX);
      if (now - one.askedAt > PERIODS_SILENT * patience) {
        this.#watched.delete(key);
        continue;
      }
      if (one.moves < MOVES_MIN) continue;
      const lead = Math.min(CACHE_WARM_LEAD_MS, one.periodMs / 2);
      const at = Math.max(nextAsk(one, now) - lead, one.warmedAt + CACHE_WARM_PERIOD_MS_MIN);
      if (at <= now) due.push([at, key, one]);
    }
    return due.toSorted(([a], [b]) => a - b).map(([, key, one]) => [key, one]);
  }

  async #refresh(key: string, one: Watched): Promise<void> {
    const { clock, results } = this.#options;
    const now = clock.monotonic();
    one.warmedAt = now;
    const { query } = one;
    const { start, end, step } = query.grid;
    const moved = Math.floor((now - one.movedAt) / step) * step;
    const grid = { start: start + moved, end: end + moved, step };
    // An ask may come a little late.
    const untilMs = clock.now() + (nextAsk(one, now) - now) + CACHE_WARM_LEAD_MS;
    try {
      const steps = await results.warm({ ...query, grid }, untilMs, one.compute);
      this.counts[steps > 0 ? 'refreshed' : 'fresh']++;
      this.counts.steps += steps;
    } catch (thrown) {
      if (!(thrown instanceof MonError) && !(thrown instanceof UserError)) throw thrown;
      this.counts.refused++;
      this.#watched.delete(key);
    }
  }
}

/** The next time that an ask is expected, from now on. */
function nextAsk({ movedAt, periodMs }: Watched, now: number): number {
  return movedAt + Math.max(1, Math.ceil((now - movedAt) / periodMs)) * periodMs;
}
