// A client of the notifier: Alertmanager's API v2 for alerts and silences, mon's own endpoints for
// incidents. Commands and the alert centre ask through it. Easy to get wrong: the refusals of the
// API v2 are a bare JSON string, those of mon's endpoints Prometheus' envelope.
import { MonError, UserError } from '../errors.ts';
import { QUERY_TIMEOUT_MS } from '../limits.ts';
import type {
  AlertView,
  Incident,
  LabelObject,
  SilenceState,
  SilenceView,
  SilenceWish,
  TestOutcome,
} from '../model/alerting.ts';
import type { MatchOp, Matcher } from '../model/matcher.ts';
import type { Clock } from '../runtime/clock.ts';
import { matcherText } from '../wire/alert-matchers.ts';
import { parseJson } from '../wire/json-text.ts';
import { HttpConnection } from './http-request.ts';
import type { HttpAsk, HttpTarget } from './http-request.ts';
import { refusedAnswer } from './prometheus-failure.ts';
import type { ErrorBody } from './prometheus-failure.ts';

type Json = Record<string, unknown>;

export class AlertClient {
  readonly #connection: HttpConnection;
  readonly #timeoutMs: number;

  constructor(target: HttpTarget, clock: Clock, timeoutMs: number = QUERY_TIMEOUT_MS) {
    this.#connection = new HttpConnection(target, clock);
    this.#timeoutMs = timeoutMs;
  }

  get url(): string {
    return this.#connection.target.url;
  }

  close(): void {
    this.#connection.close();
  }

  async alerts(matchers: readonly Matcher[], signal?: AbortSignal): Promise<AlertView[]> {
    const query = matchers.map((one) => `filter=${encodeURIComponent(matcherText(one))}`);
    const path = `/api/v2/alerts${query.length === 0 ? '' : `?${query.join('&')}`}`;
    return ((await this.#ask({ method: 'GET', path, signal })) as Json[]).map(alertOf);
  }

  async silences(signal?: AbortSignal): Promise<SilenceView[]> {
    const found = await this.#ask({ method: 'GET', path: '/api/v2/silences', signal });
    return (found as Json[]).map(silenceOf);
  }

  /** Answers the id. */
  async silence(wish: SilenceWish, signal?: AbortSignal): Promise<string> {
    const body = JSON.stringify({
      ...(wish.id === undefined ? {} : { id: wish.id }),
      matchers: wish.matchers.map(({ name, op, value }) => ({
        ...{ name, value },
        isRegex: op === '=~' || op === '!~',
        isEqual: op === '=' || op === '=~',
      })),
      startsAt: new Date(wish.startsAtMs).toISOString(),
      endsAt: new Date(wish.endsAtMs).toISOString(),
      createdBy: wish.createdBy,
      comment: wish.comment,
    });
    const answer = await this.#post('/api/v2/silences', body, signal);
    return String((answer as Json)['silenceID']);
  }

  async expire(id: string, signal?: AbortSignal): Promise<void> {
    await this.#ask({ method: 'DELETE', path: `/api/v2/silence/${id}`, signal });
  }

  async incidents(
    which: { readonly status?: readonly string[]; readonly id?: string; readonly limit?: number },
    signal?: AbortSignal,
  ): Promise<Incident[]> {
    const params = new URLSearchParams(
      (which.status ?? []).map((one): [string, string] => ['status', one]),
    );
    if (which.id !== undefined) params.set('id', which.id);
    params.set('limit', String(which.limit ?? 100));
    const answer = await this.#ask({ method: 'GET', path: `/api/v1/incidents?${params}`, signal });
    return dataOf(answer)['incidents'] as Incident[];
  }

  /** `which`: an incident's id or matchers as text. */
  async acknowledge(
    which: { readonly incident: string } | { readonly matchers: string },
    by: { readonly who: string; readonly why: string },
    signal?: AbortSignal,
  ): Promise<Incident[]> {
    const body = JSON.stringify({ ...which, ...by });
    return dataOf(await this.#post('/api/v1/incidents/ack', body, signal))[
      'incidents'
    ] as Incident[];
  }

  async test(receiver: string, signal?: AbortSignal): Promise<TestOutcome[]> {
    const body = JSON.stringify({ receiver });
    return dataOf(await this.#post('/api/v1/notify/test', body, signal))[
      'outcomes'
    ] as TestOutcome[];
  }

  async receivers(signal?: AbortSignal): Promise<string[]> {
    const found = await this.#ask({ method: 'GET', path: '/api/v2/receivers', signal });
    return (found as Json[]).map((one) => String(one['name']));
  }

  #post(path: string, body: string, signal?: AbortSignal): Promise<unknown> {
    return this.#ask({ method: 'POST', path, body, contentType: 'application/json', signal });
  }

  async #ask(ask: Omit<HttpAsk, 'timeoutMs'>): Promise<unknown> {
    const { status, text } = await this.#connection.ask({ ...ask, timeoutMs: this.#timeoutMs });
    const body = text.trim() === '' ? undefined : parsed(text);
    if (status === 200) return body;
    if (typeof body !== 'string') {
      throw refusedAnswer({ url: this.url, status, body: body as ErrorBody | undefined });
    }
    // Alertmanager's paths answer with a bare sentence, so the hint is ours.
    const how = 'start it with mon up --routes alertmanager.yml';
    const hint = /sends no notifications/.test(body) ? { hint: how } : {};
    if (status === 404) throw new MonError('MON_NOT_FOUND', body, hint);
    if (status < 500) throw new UserError(body);
    throw new MonError('MON_SERVER_FAILED', `${this.url} fails: ${body}`);
  }
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function dataOf(answer: unknown): Json {
  return ((answer as Json | undefined)?.['data'] ?? {}) as Json;
}

function timeOf(value: unknown): number {
  const ms = Date.parse(String(value));
  return Number.isNaN(ms) ? 0 : ms;
}

function alertOf(json: Json): AlertView {
  const status = (json['status'] ?? {}) as Json;
  const list = (name: string): string[] => (status[name] as string[] | undefined) ?? [];
  return {
    fingerprint: String(json['fingerprint']),
    labels: (json['labels'] ?? {}) as LabelObject,
    annotations: (json['annotations'] ?? {}) as LabelObject,
    startsAtMs: timeOf(json['startsAt']),
    endsAtMs: timeOf(json['endsAt']),
    updatedAtMs: timeOf(json['updatedAt']),
    generatorUrl: String(json['generatorURL'] ?? ''),
    receivers: ((json['receivers'] ?? []) as { name: string }[]).map(({ name }) => name),
    state: status['state'] as AlertView['state'],
    silencedBy: list('silencedBy'),
    inhibitedBy: list('inhibitedBy'),
    mutedBy: list('mutedBy'),
    ...(typeof json['incident'] === 'string' ? { incident: json['incident'] } : {}),
  };
}

function silenceOf(json: Json): SilenceView {
  return {
    id: String(json['id']),
    matchers: (json['matchers'] as Json[]).map(matcherOf),
    startsAtMs: timeOf(json['startsAt']),
    endsAtMs: timeOf(json['endsAt']),
    updatedAtMs: timeOf(json['updatedAt']),
    createdBy: String(json['createdBy']),
    comment: String(json['comment']),
    state: (json['status'] as Json)['state'] as SilenceState,
  };
}

function matcherOf({ name, value, isRegex, isEqual }: Json): Matcher {
  const equal = isEqual !== false;
  const op: MatchOp = isRegex === true ? (equal ? '=~' : '!~') : equal ? '=' : '!=';
  return { name: String(name), op, value: String(value) };
}
