// A client of the Prometheus HTTP API: any server that speaks it, mon or another. It is the Ask of
// the command line and of the screens. Easy to get wrong: times go out as seconds with three
// decimals, and a long query has to be a POST, because proxies cut long addresses.
import { MonError } from '../errors.ts';
import { QUERY_TIMEOUT_MS } from '../limits.ts';
import type { CardinalityReport } from '../model/cardinality-report.ts';
import type { MetadataEntry } from '../model/batch.ts';
import { durationOf } from '../model/duration.ts';
import type { Labels } from '../model/labels.ts';
import type { QueryAnswer } from '../model/query-result.ts';
import type { Explanation } from '../model/explanation.ts';
import type { ReloadReport } from '../model/reload-report.ts';
import type { Ask, AskOptions, Explain, PushOutcome, QueryTimes } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { parseJson } from '../wire/json-text.ts';
import { HttpConnection } from './http-request.ts';
import type { HttpAnswer, HttpAsk, HttpTarget } from './http-request.ts';
import { answerOf, isQueryJson, labelsOf } from './prometheus-answer.ts';
import type { QueryJson } from './prometheus-answer.ts';
import { notPrometheus, refusedAnswer } from './prometheus-failure.ts';
import type { ErrorBody } from './prometheus-failure.ts';
import { readAlerts, readRules } from './rules-answer.ts';
import type { RemoteAlert, RemoteRule } from './rules-answer.ts';

/** Longer requests are sent as a form by POST. */
const GET_BYTES_MAX = 2048;

/** Which series, in which time; the server's default where a field is left out. */
export interface SeriesQuestion {
  readonly matches?: readonly string[];
  readonly startMs?: number;
  readonly endMs?: number;
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** An active target as /api/v1/targets tells it; times in ms, 0 for never. */
export interface RemoteTarget {
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly labels: Labels;
  readonly health: string;
  readonly lastError: string;
  readonly lastScrapeMs: number;
  readonly lastDurationMs: number;
  /** 0 where the server does not tell. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** What the server says of itself. */
export interface BuildInfo {
  readonly version: string;
  readonly [field: string]: unknown;
}

interface NameCount {
  readonly name: string;
  readonly value: number;
}

/** How many series there are and by what, as /api/v1/status/tsdb tells it. */
export interface TsdbStatus {
  readonly headStats?: { readonly numSeries?: number; readonly numLabelPairs?: number };
  readonly seriesCountByMetricName?: readonly NameCount[];
  readonly labelValueCountByLabelName?: readonly NameCount[];
  readonly memoryInBytesByLabelName?: readonly NameCount[];
  readonly seriesCountByLabelValuePair?: readonly NameCount[];
}

export class PrometheusClient implements Ask, Explain {
  readonly #connection: HttpConnection;
  readonly #timeoutMs: number;

  /** `timeoutMs` bounds each request that names no bound of its own. */
  constructor(target: HttpTarget, clock: Clock, timeoutMs: number = QUERY_TIMEOUT_MS) {
    this.#connection = new HttpConnection(target, clock);
    this.#timeoutMs = timeoutMs;
  }

  get url(): string {
    return this.#connection.target.url;
  }

  async instant(query: string, timeMs: number, options: AskOptions = {}): Promise<QueryAnswer> {
    const body = await this.#query('/api/v1/query', query, { time: seconds(timeMs) }, options);
    return answerOf(body, timeMs);
  }

  async range(
    query: string,
    startMs: number,
    endMs: number,
    stepMs: number,
    options: AskOptions = {},
  ): Promise<QueryAnswer> {
    const grid = { start: startMs, end: endMs, step: stepMs };
    const params = { start: seconds(startMs), end: seconds(endMs), step: seconds(stepMs) };
    const body = await this.#query('/api/v1/query_range', query, params, options);
    return answerOf(body, endMs, grid);
  }

  async series(question: SeriesQuestion): Promise<readonly Labels[]> {
    const data = await this.#data('/api/v1/series', question, true);
    return data.map((metric) => labelsOf(metric as Record<string, string>));
  }

  async labelNames(question: SeriesQuestion = {}): Promise<readonly string[]> {
    return (await this.#data('/api/v1/labels', question, true)) as readonly string[];
  }

  async labelValues(name: string, question: SeriesQuestion = {}): Promise<readonly string[]> {
    const path = `/api/v1/label/${encodeURIComponent(escapedName(name))}/values`;
    return (await this.#data(path, question, false)) as readonly string[];
  }

  async metadata(signal?: AbortSignal): Promise<readonly MetadataEntry[]> {
    const data = await this.#get('/api/v1/metadata', signal);
    type Entry = { type?: string; help?: string; unit?: string };
    return Object.entries(data as Record<string, readonly Entry[]>).flatMap(([family, entries]) =>
      entries.map((e) => ({ family, type: e.type ?? '', help: e.help ?? '', unit: e.unit ?? '' })),
    );
  }

  async targets(signal?: AbortSignal): Promise<readonly RemoteTarget[]> {
    const data = await this.#get('/api/v1/targets?state=active', signal);
    const { activeTargets = [] } = data as { activeTargets?: readonly Record<string, unknown>[] };
    return activeTargets.map((target) => ({
      scrapePool: textOf(target['scrapePool']),
      scrapeUrl: textOf(target['scrapeUrl']),
      labels: labelsOf((target['labels'] ?? {}) as Record<string, string>),
      health: textOf(target['health']),
      lastError: textOf(target['lastError']),
      lastScrapeMs: Math.max(0, Date.parse(textOf(target['lastScrape'])) || 0),
      lastDurationMs: Number(target['lastScrapeDuration'] ?? 0) * 1000,
      intervalMs: durationOf(textOf(target['scrapeInterval'])) ?? 0,
      timeoutMs: durationOf(textOf(target['scrapeTimeout'])) ?? 0,
    }));
  }

  /** What pends and fires. */
  async alerts(signal?: AbortSignal): Promise<RemoteAlert[]> {
    return readAlerts(await this.#get('/api/v1/alerts', signal));
  }

  /** The rules that run. */
  async rules(signal?: AbortSignal): Promise<RemoteRule[]> {
    return readRules(await this.#get('/api/v1/rules', signal));
  }

  async buildInfo(signal?: AbortSignal): Promise<BuildInfo> {
    return (await this.#get('/api/v1/status/buildinfo', signal)) as BuildInfo;
  }

  /** How a mon would answer, or with `analyze` did answer, a query. @throws as a query does. */
  async explain(
    query: string,
    times: QueryTimes,
    options: AskOptions & { readonly analyze?: boolean } = {},
  ): Promise<Explanation> {
    const form = new URLSearchParams({ query });
    for (const [name, ms] of Object.entries(times)) {
      form.set(name.replace(/Ms$/, ''), seconds(ms as number));
    }
    if (options.analyze === true) form.set('analyze', 'true');
    if (options.maxCost !== undefined) form.set('max_cost', String(options.maxCost));
    const { signal } = options;
    const answer = await this.#ask({ ...requestOf('/api/v1/explain', form), signal });
    const parsed = parsedJson(answer.text);
    if (answer.status === 404) {
      throw new MonError('MON_SERVER_FAILED', `${this.url} explains no queries`, {
        hint: 'ask a mon: mon up starts one',
      });
    }
    if (answer.status !== 200) throw this.#refused(answer, parsed, query);
    const data = (parsed as { data?: { plan?: unknown } } | undefined)?.data;
    if (data?.plan === undefined) throw notPrometheus(this.url, 'the answer is no explanation');
    return data as unknown as Explanation;
  }

  /**
   * Has the server read its configuration again; undefined where it does not say what changed.
   * @throws MonError, with what is wrong in the file.
   */
  async reload(signal?: AbortSignal): Promise<ReloadReport | undefined> {
    const answer = await this.#ask({ method: 'POST', path: '/-/reload', signal });
    const parsed = parsedJson(answer.text) as (ErrorBody & { data?: ReloadReport }) | undefined;
    if (answer.status === 200) return parsed?.data;
    if (answer.status === 403) {
      throw new MonError('MON_SERVER_FAILED', `${this.url} takes no reload: it is not enabled`, {
        hint: 'mon up --enable-lifecycle, or a token, enables it; or send it SIGHUP',
      });
    }
    const words = typeof parsed?.error === 'string' ? parsed.error : answer.text.trim();
    if (answer.status === 500 && words !== '') {
      throw new MonError('MON_CONFIG_INVALID', words, { hint: hintOf(parsed ?? {}) });
    }
    throw this.#refused(answer, parsed);
  }

  /** The largest metrics, labels and pairs; what the server does not tell is absent. */
  async tsdbStatus(limit: number, signal?: AbortSignal): Promise<TsdbStatus> {
    return (await this.#get(`/api/v1/status/tsdb?limit=${limit}`, signal)) as TsdbStatus;
  }

  /** New series over a limit; undefined where the server does not look after that. */
  async cardinality(signal?: AbortSignal): Promise<CardinalityReport | undefined> {
    const path = '/api/v1/status/cardinality';
    const answer = await this.#ask({ method: 'GET', path, signal });
    const parsed = parsedJson(answer.text);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#refused(answer, parsed);
    return (parsed as { data?: CardinalityReport } | undefined)?.data;
  }

  /** True when the server says that it is ready. @throws MonError when it does not answer. */
  async ready(signal?: AbortSignal): Promise<boolean> {
    return (await this.#ask({ method: 'GET', path: '/-/ready', signal })).status === 200;
  }

  /**
   * Sends a body to be stored. A body that is refused in parts resolves; one that is refused as a
   * whole rejects with MON_BODY_MALFORMED or MON_BODY_TOO_LARGE.
   */
  async push(
    path: string,
    body: Uint8Array,
    contentType: string,
    signal?: AbortSignal,
  ): Promise<PushOutcome> {
    const answer = await this.#ask({ method: 'POST', path, body, contentType, signal });
    const parsed = parsedJson(answer.text) as (Partial<PushOutcome> & ErrorBody) | undefined;
    if (typeof parsed?.accepted === 'number') {
      const { accepted, refused = 0, reasons = {}, examples = [] } = parsed;
      return { accepted, refused, reasons, examples };
    }
    const { status } = answer;
    if (status === 400 && parsed !== undefined) {
      throw new MonError('MON_BODY_MALFORMED', textOf(parsed.error), { hint: hintOf(parsed) });
    }
    if (status !== 200 && status !== 204 && status !== 404 && status !== 405) {
      throw this.#refused(answer, parsed);
    }
    throw new MonError('MON_SERVER_FAILED', `${this.url} takes no pushed samples`, {
      hint: 'push to a mon: mon up starts one',
    });
  }

  /** Has a group's results computed anew from this time on; answers how many pieces wait. */
  async replay(group: string, fromMs: number, signal?: AbortSignal): Promise<number> {
    const form = new URLSearchParams({ group, from: seconds(fromMs) });
    return this.#waiting({ method: 'POST', path: `/api/v1/replay?${form}`, signal });
  }

  /** How many pieces of a replay wait. */
  async replayWaiting(group: string, signal?: AbortSignal): Promise<number> {
    const form = new URLSearchParams({ group });
    return this.#waiting({ method: 'GET', path: `/api/v1/replay?${form}`, signal });
  }

  async #waiting(ask: Pick<HttpAsk, 'method' | 'path' | 'signal'>): Promise<number> {
    const answer = await this.#ask(ask);
    const parsed = parsedJson(answer.text);
    if (answer.status !== 200) throw this.#refused(answer, parsed);
    const data = (parsed as { data?: { waiting?: unknown } } | undefined)?.data;
    if (typeof data?.waiting === 'number') return data.waiting;
    throw notPrometheus(this.url, 'the answer does not tell how much waits');
  }

  /** Closes idle connections. */
  close(): void {
    this.#connection.close();
  }

  async #query(
    path: string,
    query: string,
    params: Readonly<Record<string, string>>,
    options: AskOptions,
  ): Promise<QueryJson> {
    const form = new URLSearchParams({ query, ...params });
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    form.set('timeout', `${seconds(timeoutMs)}s`);
    if (options.lookbackMs !== undefined) {
      form.set('lookback_delta', `${seconds(options.lookbackMs)}s`);
    }
    if (options.maxCost !== undefined) form.set('max_cost', String(options.maxCost));
    if (options.cache === 'skip') form.set('nocache', '1');
    if (options.stats === true) form.set('stats', 'all');
    const request = requestOf(path, form);
    const answer = await this.#ask({ ...request, timeoutMs, signal: options.signal });
    const parsed = parsedJson(answer.text);
    if (answer.status !== 200) throw this.#refused(answer, parsed, query);
    if (!isQueryJson(parsed)) throw notPrometheus(this.url, 'the answer is not that of a query');
    return parsed;
  }

  async #data(path: string, question: SeriesQuestion, mayPost: boolean): Promise<unknown[]> {
    const form = new URLSearchParams();
    for (const match of question.matches ?? []) form.append('match[]', match);
    if (question.startMs !== undefined) form.set('start', seconds(question.startMs));
    if (question.endMs !== undefined) form.set('end', seconds(question.endMs));
    if (question.limit !== undefined) form.set('limit', String(question.limit));
    const get = { method: 'GET' as const, path: `${path}?${form}` };
    const request = mayPost ? requestOf(path, form) : get;
    const answer = await this.#ask({ ...request, signal: question.signal });
    const parsed = parsedJson(answer.text);
    if (answer.status !== 200) throw this.#refused(answer, parsed, question.matches?.[0]);
    const data = (parsed as { data?: unknown } | undefined)?.data;
    if (!Array.isArray(data)) throw notPrometheus(this.url, 'the answer is not a list');
    return data;
  }

  async #get(path: string, signal: AbortSignal | undefined): Promise<unknown> {
    const answer = await this.#ask({ method: 'GET', path, signal });
    const parsed = parsedJson(answer.text);
    if (answer.status !== 200) throw this.#refused(answer, parsed);
    const data = (parsed as { data?: unknown } | undefined)?.data;
    if (typeof data === 'object' && data !== null) return data;
    throw notPrometheus(this.url, 'the answer is not JSON');
  }

  async #ask(ask: Omit<HttpAsk, 'timeoutMs'> & { timeoutMs?: number }): Promise<HttpAnswer> {
    return await this.#connection.ask({ ...ask, timeoutMs: ask.timeoutMs ?? this.#timeoutMs });
  }

  #refused(answer: HttpAnswer, parsed: unknown, query?: string): Error {
    const isObject = typeof parsed === 'object' && parsed !== null;
    const body = isObject ? (parsed as ErrorBody) : undefined;
    if (answer.status >= 300 && answer.status < 400) {
      return notPrometheus(this.url, 'it redirects to another address');
    }
    return refusedAnswer({ url: this.url, status: answer.status, body, query });
  }
}

function requestOf(path: string, form: URLSearchParams): Pick<HttpAsk, 'method' | 'path' | 'body'> {
  const text = form.toString();
  if (text.length <= GET_BYTES_MAX) return { method: 'GET', path: text ? `${path}?${text}` : path };
  return { method: 'POST', path, body: text };
}

function seconds(ms: number): string {
  return String(ms / 1000);
}

function hintOf(body: ErrorBody): string | undefined {
  return typeof body.hint === 'string' ? body.hint : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

// A name with other characters travels as `U__` with `_hex_`, or a slash in it would end the path.
function escapedName(name: string): string {
  if (/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) return name;
  let out = 'U__';
  for (const character of name) {
    if (character === '_') out += '__';
    else if (/[a-zA-Z0-9:]/.test(character)) out += character;
    else out += `_${(character.codePointAt(0) as number).toString(16)}_`;
  }
  return out;
}

function parsedJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
