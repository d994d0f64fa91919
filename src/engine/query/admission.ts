// Two ways into the query service, so that a dashboard never waits behind somebody's single large
// question: each has its own places, and within each every user has no more than his share. Before
// the price of a query is asked for. Easy to get wrong: what was taken at the first gate must be
// given back when the second refuses.
import {
  QUERY_ADHOC_RUNNING,
  QUERY_CONCURRENT_PER_USER,
  QUERY_DASHBOARD_RUNNING,
  QUERY_POOL_WAITING,
  QUERY_WAITING_PER_USER,
} from '../limits.ts';
import { Gate } from './gate.ts';
import type { QueryPool } from '../ports.ts';
import type { Release } from './gate.ts';

export interface AdmissionLimits {
  readonly concurrentPerUser?: number;
  readonly waitingPerUser?: number;
  readonly dashboardRunning?: number;
  readonly adhocRunning?: number;
}

const EVERYBODY = 'everybody';

class Pool {
  readonly #users: Gate;
  readonly #places: Gate;
  readonly #running: number;

  constructor(limits: AdmissionLimits, running: number) {
    this.#running = running;
    this.#users = new Gate({
      runningMax: limits.concurrentPerUser ?? QUERY_CONCURRENT_PER_USER,
      waitingMax: limits.waitingPerUser ?? QUERY_WAITING_PER_USER,
    });
    this.#places = new Gate({ runningMax: running, waitingMax: QUERY_POOL_WAITING });
  }

  async enter(user: string, signal: AbortSignal): Promise<Release> {
    const leaveUser = await this.#users.enter(user, signal);
    try {
      const leavePlace = await this.#places.enter(EVERYBODY, signal);
      return () => {
        leavePlace();
        leaveUser();
      };
    } catch (thrown) {
      leaveUser();
      throw thrown;
    }
  }

  enterFree(): Release | undefined {
    return this.#places.enterFree(EVERYBODY, Math.ceil(this.#running / 2));
  }
}

export class Admission {
  readonly #pools: Readonly<Record<QueryPool, Pool>>;

  constructor(limits: AdmissionLimits = {}) {
    this.#pools = {
      dashboard: new Pool(limits, limits.dashboardRunning ?? QUERY_DASHBOARD_RUNNING),
      adhoc: new Pool(limits, limits.adhocRunning ?? QUERY_ADHOC_RUNNING),
    };
  }

  /**
   * Resolves when it is the user's turn in the pool.
   * @throws MonError MON_QUERY_BUSY when too many wait already; the signal's reason when it fires.
   */
  enter(pool: QueryPool, user: string, signal: AbortSignal): Promise<Release> {
    return this.#pools[pool].enter(user, signal);
  }

  /** A place for work that nobody waits for: only while half of the pool is free. */
  enterFree(pool: QueryPool): Release | undefined {
    return this.#pools[pool].enterFree();
  }
}
