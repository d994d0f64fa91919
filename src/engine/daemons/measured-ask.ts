// Every query that comes over HTTP, timed into the histogram mon_query_seconds. Stands between the
// API and the query service. Easy to get wrong: a query that failed took its time too.
import type { QueryAnswer } from '../model/query-result.ts';
import type { Ask, AskOptions } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Counters, Histogram } from '../runtime/counters.ts';

/** From a hit in the cache to the time limit, s. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export class MeasuredAsk implements Ask {
  readonly #ask: Ask;
  readonly #clock: Clock;
  readonly #instant: Histogram;
  readonly #range: Histogram;

  constructor(ask: Ask, clock: Clock, counters: Counters) {
    this.#ask = ask;
    this.#clock = clock;
    const made = (kind: string): Histogram =>
      counters.histogram('mon_query_seconds', 'Time of a query in the server.', {
        bounds: BOUNDS,
        labels: { kind },
      });
    this.#instant = made('instant');
    this.#range = made('range');
  }

  instant(query: string, timeMs: number, options?: AskOptions): Promise<QueryAnswer> {
    return this.#timed(this.#instant, () => this.#ask.instant(query, timeMs, options));
  }

  range(
    query: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    options?: AskOptions,
  ): Promise<QueryAnswer> {
    return this.#timed(this.#range, () => this.#ask.range(query, startMs, endMs, stepMs, options));
  }

  async #timed(times: Histogram, ask: () => Promise<QueryAnswer>): Promise<QueryAnswer> {
    const begin = this.#clock.monotonic();
    try {
      return await ask();
    } finally {
      times.observe((this.#clock.monotonic() - begin) / 1000);
    }
  }
}
