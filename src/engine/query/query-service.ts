// Answers PromQL over any number of sources: parse, check, plan, cost, fragments everywhere at
// once, merge, root. Holds the limits of a user and the time limit of a query. Easy to get wrong:
// the root is synchronous, so no timer fires while it computes; it asks the clock between nodes.
import { MonError, UserError, assert } from '../errors.ts';
import {
  LOOKBACK_MS,
  QUERY_COST_HEAVY,
  QUERY_POOL_WAITING,
  QUERY_RESULT_BYTES_MAX,
  QUERY_SAMPLES_MAX,
  QUERY_SERIES_MAX,
  QUERY_STEPS_MAX,
  QUERY_TIMEOUT_MS,
} from '../limits.ts';
import { gridSize } from '../model/fragment.ts';
import { evaluate } from '../promql/evaluate.ts';
import { plan } from '../promql/plan.ts';
import { tooManySteps } from '../promql/query-failure.ts';
import { Admission } from './admission.ts';
import { reachOf } from './cacheable.ts';
import { withRollup } from './choose-rollup.ts';
import { CostGuard, tooManyBytes } from './cost.ts';
import { explained } from './explained.ts';
import { Gathering } from './gathering.ts';
import { Gate } from './gate.ts';
import { parsed } from './parsed.ts';
import { RecentPlans } from './recent-plans.ts';
import { oneShape } from './service-options.ts';
import { resultBytes } from './result-bytes.ts';
import type { Ask, AskOptions, Explain, QueryTimes, Turns } from '../ports.ts';
import type { Explanation } from '../model/explanation.ts';
import type { Expr } from '../promql/ast.ts';
import type { Fragment, FragmentResult, Grid } from '../model/fragment.ts';
import type { Plan } from '../promql/plan-node.ts';
import type { QueryAnswer } from '../model/query-result.ts';
import type { QueryServiceOptions } from './service-options.ts';

/** Nobody in particular. */
const ANYBODY = '';

const HEAVY_REST_MS_MAX = 2000;
/** So long after a dashboard has asked, costly queries leave it time between them. */
const DASHBOARD_ABOUT_MS = 10_000;

/** How a run ends before its time, and what it may hold. */
interface Ends {
  readonly signal: AbortSignal;
  readonly checkpoint: () => void;
}

interface Asked {
  readonly query: string;
  readonly expr: Expr;
  readonly grid: Grid;
  readonly instant: boolean;
  readonly options: AskOptions;
}

export class QueryService implements Ask, Explain, Turns {
  readonly #options: QueryServiceOptions;
  readonly #admission: Admission;
  readonly #cost: CostGuard;
  readonly #plans: RecentPlans;
  readonly #bytesMax: number;
  #dashboardAt = -Infinity;
  readonly #heavy = new Gate({ runningMax: 1, waitingMax: QUERY_POOL_WAITING });

  constructor(options: QueryServiceOptions) {
    this.#options = oneShape(options);
    this.#admission = new Admission(options);
    this.#bytesMax = options.bytesMax ?? QUERY_RESULT_BYTES_MAX;
    this.#cost = new CostGuard(options.sources, options.clock, options.cost);
    this.#plans = new RecentPlans(options.clock);
  }

  async instant(query: string, timeMs: number, options: AskOptions = {}): Promise<QueryAnswer> {
    const grid = gridOf({ timeMs });
    const tree = parsed(query);
    this.#options.asked?.note(tree.uses, options);
    return this.#answer(
      this.#plan({ query, expr: tree.expr, grid, instant: true, options }),
      options,
    );
  }

  async range(
    query: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    options: AskOptions = {},
  ): Promise<QueryAnswer> {
    const grid = gridOf({ startMs, endMs, stepMs });
    const tree = parsed(query);
    this.#options.asked?.note(tree.uses, options);
    const asked: Asked = { query, expr: tree.expr, grid, instant: false, options };
    const planned = this.#plan(asked);
    const { results } = this.#options;
    const skip = options.cache === 'skip' || tree.uncacheable !== undefined;
    if (results === undefined || skip || (await this.#goesApart(planned, options))) {
      return this.#answer(planned, options);
    }
    const { lookbackMs = this.#options.lookbackMs ?? LOOKBACK_MS } = options;
    const { defaultStepMs, delayedNames, startTimestamps } = this.#options;
    const cached = {
      source: query,
      canonical: tree.canonical,
      grid,
      reach: reachOf(planned),
      settings: JSON.stringify([lookbackMs, defaultStepMs ?? 0, delayedNames, startTimestamps]),
    };
    // What is kept has to be a result.
    const { json: _, ...here } = options;
    if (options.pool === 'dashboard') {
      this.#options.warming?.noted(cached, (part) => this.#unasked({ ...asked, grid: part }));
    }
    const answer = results.range(cached, (part) => {
      const whole = part.start === grid.start && part.end === grid.end;
      return this.#answer(whole ? planned : this.#plan({ ...asked, grid: part }), here);
    });
    // A shared answer may take longer than this asker has.
    return this.#within(options, ({ signal }) => endedBy(signal, answer));
  }

  async explain(
    query: string,
    times: QueryTimes,
    options: AskOptions & { readonly analyze?: boolean } = {},
  ): Promise<Explanation> {
    const tree = parsed(query);
    const { expr } = tree;
    const grid = gridOf(times);
    const planned = this.#plan({ query, expr, grid, instant: 'timeMs' in times, options });
    const range = 'timeMs' in times ? 'only ranges are kept' : tree.uncacheable;
    const whyNot = this.#options.results === undefined ? 'there is no result cache' : range;
    return this.#admitted(options, async (ends) => {
      const estimates = await endedBy(ends.signal, this.#cost.estimates(planned));
      const maxCost = this.#cost.maxFor(options.maxCost);
      const told = { query, canonical: tree.canonical, maxCost, whyNot: whyNot ?? '' };
      if (options.analyze !== true) return explained(planned, estimates, told);
      await this.#cost.judge(planned, options.maxCost, this.#bytesMax);
      const { clock } = this.#options;
      const fetch = this.#fetcher(planned, ends, () => undefined);
      return explained(planned, estimates, told, { clock, fetch, checkpoint: ends.checkpoint });
    });
  }

  #plan(asked: Asked): Plan {
    const { query, grid, instant, options } = asked;
    const { lookbackMs = this.#options.lookbackMs ?? LOOKBACK_MS } = options;
    const make = (): Plan => this.#planned(asked, lookbackMs);
    return this.#plans.of({ query, grid, instant, lookbackMs }, make);
  }

  #planned({ query, expr, grid, instant }: Asked, lookbackMs: number): Plan {
    const { defaultStepMs, delayedNames, startTimestamps, seriesMax, samplesMax } = this.#options;
    const planned = plan(expr, {
      source: query,
      grid,
      instant,
      lookbackMs,
      ...(defaultStepMs === undefined ? {} : { defaultStepMs }),
      delayedNames: delayedNames ?? false,
      startTimestamps: startTimestamps ?? false,
      maxSeries: seriesMax ?? QUERY_SERIES_MAX,
      maxSamples: samplesMax ?? QUERY_SAMPLES_MAX,
    });
    const { rollups, clock } = this.#options;
    const now = clock.now();
    const told = (f: Fragment): Fragment => (rollups ? withRollup(f, rollups, now) : f);
    return { ...planned, fragments: planned.fragments.map(told) };
  }

  /** Refreshes results that are about to be asked for, in places that nobody wants. */
  async warm(): Promise<void> {
    await this.#options.warming?.round(() => this.#admission.enterFree('dashboard'));
  }

  /** Computes for the cache alone; never what is costly. */
  #unasked(asked: Asked): Promise<QueryAnswer> {
    const { lookbackMs } = asked.options;
    const own = { maxCost: QUERY_COST_HEAVY, ...(lookbackMs === undefined ? {} : { lookbackMs }) };
    return this.#within(own, (ends) => this.#run(this.#plan(asked), own, ends));
  }

  turn<T>(options: AskOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#admitted(options, ({ signal }) => endedBy(signal, work(signal)));
  }

  #answer(planned: Plan, asked: AskOptions): Promise<QueryAnswer> {
    return this.#admitted(asked, (ends) => this.#run(planned, asked, ends));
  }

  /** Runs work when it is the user's turn, and ends it in time. */
  #admitted<T>(asked: AskOptions, work: (ends: Ends) => Promise<T>): Promise<T> {
    return this.#within(asked, async (ends) => {
      const { user = ANYBODY, pool = 'adhoc' } = asked;
      const release = await this.#admission.enter(pool, user, ends.signal);
      try {
        return await work(ends);
      } finally {
        release();
      }
    });
  }

  async #within<T>(asked: AskOptions, work: (ends: Ends) => Promise<T>): Promise<T> {
    const { clock } = this.#options;
    const limit = this.#options.timeoutMs ?? QUERY_TIMEOUT_MS;
    const timeoutMs = Math.min(asked.timeoutMs ?? limit, limit);
    const deadline = clock.monotonic() + timeoutMs;
    const ended = new AbortController();
    const timer = clock.after(timeoutMs, () => ended.abort(timedOut()), true);
    const aborted = (): void => ended.abort(canceled());
    if (asked.signal?.aborted === true) aborted();
    asked.signal?.addEventListener('abort', aborted, { once: true });
    const checkpoint = (): void => {
      ended.signal.throwIfAborted();
      if (clock.monotonic() >= deadline) throw timedOut();
    };
    try {
      return await work({ signal: ended.signal, checkpoint });
    } finally {
      timer.cancel();
      asked.signal?.removeEventListener('abort', aborted);
    }
  }

  async #run(planned: Plan, asked: AskOptions, ends: Ends): Promise<QueryAnswer> {
    const judged = this.#cost.judge(planned, asked.maxCost, this.#bytesMax);
    const { cost, warnings } = await endedBy(ends.signal, judged);
    const alone = cost > QUERY_COST_HEAVY && asked.pool !== 'dashboard';
    if (asked.pool === 'dashboard') {
      this.#dashboardAt = this.#options.clock.monotonic();
      this.#options.apart?.standBy?.();
    }
    const leave = alone ? await this.#turn(ends.signal) : undefined;
    if (leave !== undefined && this.#options.apart && asked.json) {
      return this.#apart(planned, asked, ends, leave);
    }
    try {
      let whole = true;
      let bytesRead = 0;
      const fetch = this.#fetcher(planned, ends, () => (whole = false));
      const fragment = async (one: Fragment): Promise<FragmentResult> => {
        const result = await fetch(one);
        bytesRead += resultBytes(result);
        return result;
      };
      const evaluation = await evaluate(planned, { fragment, checkpoint: ends.checkpoint });
      const told = [...evaluation.warnings, ...warnings];
      return { ...evaluation, warnings: told, whole, bytesRead, cost };
    } finally {
      leave?.();
    }
  }

  /** The place of costly queries. While dashboards ask, it rests as long as it was held. */
  async #turn(signal: AbortSignal): Promise<() => void> {
    const release = await this.#heavy.enter('heavy', signal);
    const { clock } = this.#options;
    const begin = clock.monotonic();
    return () => {
      const now = clock.monotonic();
      if (now - this.#dashboardAt > DASHBOARD_ABOUT_MS) return release();
      clock.after(Math.min(now - begin, HEAVY_REST_MS_MAX), release, true);
    };
  }

  /** Whether a query is costly, and may be answered somewhere else. */
  async #goesApart(planned: Plan, asked: AskOptions): Promise<boolean> {
    const { apart } = this.#options;
    if (apart === undefined || asked.json === undefined || asked.pool === 'dashboard') return false;
    const { cost } = await this.#cost.judge(planned, asked.maxCost, this.#bytesMax);
    return cost > QUERY_COST_HEAVY;
  }

  #apart(
    planned: Plan,
    options: AskOptions,
    { signal }: Ends,
    ended: () => void,
  ): Promise<QueryAnswer> {
    const { apart } = this.#options;
    const { json } = options;
    assert(apart !== undefined && json !== undefined, 'only what may goes apart');
    const { grid, source: query, instant } = planned;
    const times = instant
      ? { timeMs: grid.start }
      : { startMs: grid.start, endMs: grid.end, stepMs: grid.step };
    const { lookbackMs = this.#options.lookbackMs ?? LOOKBACK_MS } = options;
    return apart.ask({
      ...{ query, times, json, signal, ended },
      options: { ...options, lookbackMs },
    });
  }

  /** Fetches fragments until the query ends or they are too much together. */
  #fetcher(
    { fragments }: Plan,
    ends: Ends,
    partial: () => void,
  ): (one: Fragment) => Promise<FragmentResult> {
    const gathering = new Gathering(this.#options.sources, fragments, ends.signal);
    const bytesMax = this.#bytesMax;
    let bytes = 0;
    return async (one) => {
      const gathered = await endedBy(ends.signal, gathering.of(one));
      if (!gathered.whole) partial();
      bytes += resultBytes(gathered.result);
      if (bytes > bytesMax) throw tooManyBytes(bytesMax);
      return gathered.result;
    };
  }
}

/** The grid of an instant or a range in whole ms. @throws UserError. */
function gridOf(times: QueryTimes): Grid {
  if ('timeMs' in times) {
    const time = Math.round(times.timeMs);
    if (!Number.isFinite(time)) throw new UserError('the time of the query is no number');
    return { start: time, end: time, step: 1 };
  }
  const { startMs, endMs, stepMs } = times;
  if (![startMs, endMs, stepMs].every(Number.isFinite)) {
    throw new UserError('the times of the query are no numbers');
  }
  const start = Math.round(startMs);
  const grid = { start, end: Math.round(endMs), step: Math.round(stepMs) };
  checkGrid(grid);
  return grid;
}

/** The promise, or the signal's reason as soon as it fires: a source may not listen to it. */
function endedBy<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(signal.reason as Error);
    const off = (): void => signal.removeEventListener('abort', ended);
    promise.then(resolve, reject).finally(off);
    signal.addEventListener('abort', ended, { once: true });
    if (signal.aborted) ended();
  });
}

function checkGrid(grid: Grid): void {
  if (grid.step <= 0) {
    throw new UserError(
      'zero or negative query resolution step widths are not accepted. Try a positive integer',
    );
  }
  if (grid.end < grid.start) throw new UserError('end timestamp must not be before start time');
  if (gridSize(grid) - 1 > QUERY_STEPS_MAX) {
    throw tooManySteps();
  }
}

function timedOut(): MonError {
  return new MonError('MON_TIMEOUT', 'query timed out in expression evaluation', {
    hint: 'ask for less, or allow more time',
  });
}

function canceled(): MonError {
  return new MonError('MON_ABORTED', 'query was canceled in expression evaluation');
}
