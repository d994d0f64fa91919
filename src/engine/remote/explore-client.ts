// A client of the explorer: mon's own endpoint, and on any other Prometheus what its status page
// and its series tell. The screen and the command ask through it. Easy to get wrong: a plain
// Prometheus cannot say what a metric costs or who asks for it, so those figures are 0 there, and
// countedSinceMs is 0 to tell that nobody counts.
import { MonError } from '../errors.ts';
import { QUERY_TIMEOUT_MS } from '../limits.ts';
import type { Exploration, ExploreMetric, ExplorePair } from '../model/exploration.ts';
import type { Labels } from '../model/labels.ts';
import { NAME } from '../model/labels.ts';
import type { Clock } from '../runtime/clock.ts';
import { parseJson } from '../wire/json-text.ts';
import { HttpConnection } from './http-request.ts';
import type { HttpTarget } from './http-request.ts';
import { labelsOf } from './prometheus-answer.ts';
import { refusedAnswer } from './prometheus-failure.ts';
import type { ErrorBody } from './prometheus-failure.ts';

/** A selector as text, and the label whose values are wanted. */
export interface ExploreAsk {
  readonly match?: string;
  readonly label?: string;
  readonly rows: number;
}

interface Named {
  readonly name: string;
  readonly value: number;
}

interface TsdbStatus {
  readonly headStats?: { readonly numSeries?: number; readonly numLabelPairs?: number };
  readonly seriesCountByMetricName?: readonly Named[];
  readonly labelValueCountByLabelName?: readonly Named[];
  readonly seriesCountByLabelValuePair?: readonly Named[];
}

const LOOK_BACK_MS = 3_600_000;
/** Series that are counted here where the server does not count. */
const SERIES_COUNTED_MAX = 50_000;

export class ExploreClient {
  readonly #connection: HttpConnection;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** The server has no explorer. */
  #plain = false;

  constructor(target: HttpTarget, clock: Clock, timeoutMs: number = QUERY_TIMEOUT_MS) {
    this.#connection = new HttpConnection(target, clock);
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  get url(): string {
    return this.#connection.target.url;
  }

  close(): void {
    this.#connection.close();
  }

  async explore(ask: ExploreAsk, signal?: AbortSignal): Promise<Exploration> {
    if (!this.#plain) {
      const params = new URLSearchParams({ limit: String(ask.rows) });
      if (ask.match !== undefined) params.set('match[]', ask.match);
      if (ask.label !== undefined) params.set('label', ask.label);
      try {
        return (await this.#get(`/api/v1/explore?${params}`, signal)) as Exploration;
      } catch (thrown) {
        if (!(thrown instanceof MonError) || thrown.code !== 'MON_NOT_FOUND') throw thrown;
        this.#plain = true;
      }
    }
    return ask.match === undefined ? this.#status(ask, signal) : this.#counted(ask, signal);
  }

  /** Label sets that match, of the last hour. */
  async series(match: string, limit: number, signal?: AbortSignal): Promise<Labels[]> {
    const now = this.#clock.now();
    const params = new URLSearchParams({ 'match[]': match, limit: String(limit) });
    params.set('start', String((now - LOOK_BACK_MS) / 1000));
    params.set('end', String(now / 1000));
    const found = await this.#get(`/api/v1/series?${params}`, signal);
    return (found as Record<string, string>[]).map((one) => labelsOf(one));
  }

  async #status({ rows }: ExploreAsk, signal?: AbortSignal): Promise<Exploration> {
    const found = (await this.#get(`/api/v1/status/tsdb?limit=${rows}`, signal)) as TsdbStatus;
    const metrics = (found.seriesCountByMetricName ?? []).map((one) => plainMetric(one));
    const labels = (found.labelValueCountByLabelName ?? []).map(({ name, value }) => {
      return { name, values: value, dayAgo: null };
    });
    const pairs = (found.seriesCountByLabelValuePair ?? []).map(({ name, value }): ExplorePair => {
      const at = name.indexOf('=');
      return { name: name.slice(0, at), value: name.slice(at + 1), series: value, dayAgo: null };
    });
    return {
      ...this.#nothing(found.headStats?.numSeries ?? 0, metrics.length),
      ...{ metrics, labels, pairs },
    };
  }

  /** Counts what matches from its label sets. */
  async #counted({ match, label, rows }: ExploreAsk, signal?: AbortSignal): Promise<Exploration> {
    const all = await this.series(match ?? '', SERIES_COUNTED_MAX, signal);
    const values = new Map<string, Map<string, number>>();
    for (const labels of all) {
      for (let i = 0; i < labels.length; i += 2) {
        const known = values.get(labels[i]) ?? new Map<string, number>();
        values.set(labels[i], known);
        known.set(labels[i + 1], (known.get(labels[i + 1]) ?? 0) + 1);
      }
    }
    const pairs = [...values].flatMap(([name, counts]) =>
      label === undefined || label === name
        ? [...counts].map(([value, series]) => ({ name, value, series, dayAgo: null }))
        : [],
    );
    const metrics = [...(values.get(NAME) ?? [])].map(([name, value]) =>
      plainMetric({ name, value }),
    );
    return {
      ...this.#nothing(all.length, metrics.length),
      metrics: metrics.sort((a, b) => b.series - a.series).slice(0, rows),
      labels: [...values]
        .map(([name, counts]) => ({ name, values: counts.size, dayAgo: null }))
        .sort((a, b) => b.values - a.values),
      pairs: pairs.sort((a, b) => b.series - a.series).slice(0, rows),
    };
  }

  #nothing(series: number, metrics: number): Exploration {
    return {
      ...{ atMs: this.#clock.now(), countedSinceMs: 0, dayAgo: null, history: [] },
      totals: {
        ...{ series, live: series, metrics, pairs: 0, begunHour: 0, endedHour: 0 },
        ...{ begunDay: 0, endedDay: 0, perSecond: 0, headBytes: 0, blockBytes: 0 },
      },
      ...{ metrics: [], labels: [], pairs: [], policies: [], guard: null },
    };
  }

  async #get(path: string, signal?: AbortSignal): Promise<unknown> {
    const ask = { method: 'GET' as const, path, timeoutMs: this.#timeoutMs, signal };
    const { status, text } = await this.#connection.ask(ask);
    const body = parsed(text);
    if (status === 200) return (body as { data?: unknown } | undefined)?.data;
    if (status === 404) throw new MonError('MON_NOT_FOUND', `${this.url} has no ${path}`);
    throw refusedAnswer({ url: this.url, status, body: body as ErrorBody | undefined });
  }
}

function plainMetric({ name, value }: Named): ExploreMetric {
  return {
    ...{ name, series: value, live: value, begunHour: 0, endedHour: 0, begunDay: 0, endedDay: 0 },
    ...{ perSecond: 0, headBytes: 0, blockBytes: 0, dayAgo: null, firstMs: 0, queriedMs: 0 },
    ...{ queries: 0, dashboardMs: 0, ruleMs: 0, rules: 0, labelsUsed: [], policy: '' },
  };
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
