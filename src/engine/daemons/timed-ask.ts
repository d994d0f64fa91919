// An Ask that notes how long answers take, for the process's own figures. Before the query
// service.
import type { Ask, AskOptions } from '../ports.ts';
import type { QueryAnswer } from '../model/query-result.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The same answers; `mon_query_duration_seconds` tells how long they took. */
export function timedAsk(ask: Ask, counters: Counters, clock: Clock): Ask {
  const help = 'How long queries take, failures among them.';
  const seconds = counters.histogram('mon_query_duration_seconds', help, { bounds: BOUNDS });
  const timed = async (work: () => Promise<QueryAnswer>): Promise<QueryAnswer> => {
    const begin = clock.monotonic();
    try {
      return await work();
    } finally {
      seconds.observe((clock.monotonic() - begin) / 1000);
    }
  };
  return {
    instant: (query: string, timeMs: number, options?: AskOptions) =>
      timed(() => ask.instant(query, timeMs, options)),
    range: (query, startMs, endMs, stepMs, options) =>
      timed(() => ask.range(query, startMs, endMs, stepMs, options)),
  };
}
