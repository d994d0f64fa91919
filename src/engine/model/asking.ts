// How a query is to be answered: by whom it is asked, when it ends, what it may cost, and in which
// form. Nouns of the asking ports (ports.ts). Easy to get wrong: everything is optional, and what
// is left out means the service's own bound, never none.

/** Dashboards wait only for one another, never for somebody's single large question. */
export type QueryPool = 'dashboard' | 'adhoc';

export interface AskOptions {
  /** How far back an instant selector looks; Prometheus' five minutes by default. */
  readonly lookbackMs?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Who asks: the user of every limit. */
  readonly user?: string;
  /** `skip`: the answer is computed anew and not kept. */
  readonly cache?: 'use' | 'skip';
  readonly pool?: QueryPool;
  /** Cost above which this query is refused, instead of the service's own bound. */
  readonly maxCost?: number;
  /** What the work was, told with the answer by a server far away. */
  readonly stats?: boolean;
  /** The asker passes the answer on as JSON: it may come as `pages` instead of a result. */
  readonly json?: JsonWish;
}

/** How an answer is to be written: series at most (0 for all), and statistics beside it. */
export interface JsonWish {
  readonly limit: number;
  readonly stats: boolean;
}

/** One instant, or a range. */
export type QueryTimes =
  | { readonly timeMs: number }
  | { readonly startMs: number; readonly endMs: number; readonly stepMs: number };

/**
 * A costly query on its way to somewhere else. `signal` ends the computing, `ended` is called once
 * when nothing of it is left.
 */
export interface ApartAsk {
  readonly query: string;
  readonly times: QueryTimes;
  readonly options: AskOptions;
  readonly json: JsonWish;
  readonly signal: AbortSignal;
  readonly ended: () => void;
}
