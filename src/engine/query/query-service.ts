// Answers PromQL over any number of sources: parse, check, plan, fragments everywhere at once,
// merge, root. Holds the limits of a user and the time limit of a query. Easy to get wrong: the
// root is synchronous, so no timer fires while it computes; it asks the clock between nodes.
import { MonError, UserError } from '../errors.ts';
import {
  LOOKBACK_MS,
  QUERY_CONCURRENT_PER_USER,
  QUERY_SAMPLES_MAX,
  QUERY_SERIES_MAX,
  QUERY_STEPS_MAX,
  QUERY_TIMEOUT_MS,
  QUERY_WAITING_PER_USER,
} from '../limits.ts';
import { gridSize } from '../model/fragment.ts';
import { check } from '../promql/check.ts';
import { evaluate } from '../promql/evaluate.ts';
import { parse } from '../promql/parse.ts';
import { plan } from '../promql/plan.ts';
import { gather } from './fan-out.ts';
import { Gate } from './gate.ts';
import type { Ask, AskOptions, Source } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Fragment, FragmentResult, Grid } from '../model/fragment.ts';
import type { Plan } from '../promql/plan-node.ts';
import type { QueryAnswer } from '../model/query-result.ts';

export interface QueryServiceOptions {
  readonly sources: readonly Source[];
  readonly clock: Clock;
  readonly lookbackMs?: number;
  readonly timeoutMs?: number;
  /** Step of a subquery that names none; one minute, as Prometheus' evaluation interval. */
  readonly defaultStepMs?: number;
  /** Drop metric names only at the end of a query; off as in Prometheus' server. */
  readonly delayedNames?: boolean;
  readonly seriesMax?: number;
  readonly samplesMax?: number;
  readonly concurrentPerUser?: number;
  readonly waitingPerUser?: number;
}

/** Nobody in particular. */
const ANYBODY = '';

export class QueryService implements Ask {
  readonly #options: QueryServiceOptions;
  readonly #gate: Gate;

  constructor(options: QueryServiceOptions) {
    this.#options = options;
    this.#gate = new Gate({
      runningMax: options.concurrentPerUser ?? QUERY_CONCURRENT_PER_USER,
      waitingMax: options.waitingPerUser ?? QUERY_WAITING_PER_USER,
    });
  }

  async instant(query: string, timeMs: number, options: AskOptions = {}): Promise<QueryAnswer> {
    if (!Number.isFinite(timeMs)) throw new UserError('the time of the query is no number');
    const time = Math.round(timeMs);
    const grid = { start: time, end: time, step: 1 };
    return this.#answer(this.#plan(query, grid, { instant: true, asked: options }), options);
  }

  async range(
    query: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    options: AskOptions = {},
  ): Promise<QueryAnswer> {
    if (![startMs, endMs, stepMs].every(Number.isFinite)) {
      throw new UserError('the times of the query are no numbers');
    }
    const start = Math.round(startMs);
    const grid = { start, end: Math.round(endMs), step: Math.round(stepMs) };
    checkGrid(grid);
    return this.#answer(this.#plan(query, grid, { instant: false, asked: options }), options);
  }

  #plan(query: string, grid: Grid, how: { instant: boolean; asked: AskOptions }): Plan {
    const expr = parse(query);
    check(expr, query);
    const {
      lookbackMs = LOOKBACK_MS,
      defaultStepMs,
      delayedNames,
      seriesMax,
      samplesMax,
    } = this.#options;
    return plan(expr, {
      source: query,
      grid,
      instant: how.instant,
      lookbackMs: how.asked.lookbackMs ?? lookbackMs,
      ...(defaultStepMs === undefined ? {} : { defaultStepMs }),
      delayedNames: delayedNames ?? false,
      maxSeries: seriesMax ?? QUERY_SERIES_MAX,
      maxSamples: samplesMax ?? QUERY_SAMPLES_MAX,
    });
  }

  async #answer(planned: Plan, asked: AskOptions): Promise<QueryAnswer> {
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
      const release = await this.#gate.enter(asked.user ?? ANYBODY, ended.signal);
      try {
        return await this.#run(planned, { signal: ended.signal, checkpoint });
      } finally {
        release();
      }
    } finally {
      timer.cancel();
      asked.signal?.removeEventListener('abort', aborted);
    }
  }

  async #run(
    planned: Plan,
    ends: { readonly signal: AbortSignal; readonly checkpoint: () => void },
  ): Promise<QueryAnswer> {
    let whole = true;
    const fragment = async (one: Fragment): Promise<FragmentResult> => {
      const asked = gather(this.#options.sources, one, ends.signal);
      const gathered = await endedBy(ends.signal, asked);
      if (!gathered.whole) whole = false;
      return gathered.result;
    };
    const evaluation = await evaluate(planned, { fragment, checkpoint: ends.checkpoint });
    return { ...evaluation, whole };
  }
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
    throw new UserError(
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query ' +
        'resolution (?step=XX)',
    );
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
