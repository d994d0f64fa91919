// The shapes of Alertmanager's API v2 (its openapi.yaml): from JSON to plain requests and back.
// Pure. Easy to get wrong: times are RFC 3339; a matcher without isEqual means equal; and an alert
// that nobody said the end of still needs one in the answer.
import { UserError } from '../errors.ts';
import type {
  AlertView,
  GroupView,
  LabelObject,
  PostedAlert,
  SilenceView,
  SilenceWish,
} from '../model/alerting.ts';
import type { MatchOp, Matcher } from '../model/matcher.ts';
import { parseJson } from '../wire/json-text.ts';

type Json = Record<string, unknown>;

function fail(words: string): never {
  throw new UserError(words);
}

function objectOf(value: unknown, what: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  return fail(`${what} must be an object`);
}

function textOf(value: unknown, what: string): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : fail(`${what} must be a string`);
}

function labelsOf(value: unknown, what: string): LabelObject {
  const out = Object.create(null) as Record<string, string>;
  if (value === undefined || value === null) return out;
  for (const [name, one] of Object.entries(objectOf(value, what))) {
    out[name] = textOf(one, `${what}.${name}`);
  }
  return out;
}

function timeOf(value: unknown, what: string): number | undefined {
  const text = textOf(value, what);
  if (text === '' || text.startsWith('0001-01-01T00:00:00')) return undefined;
  const ms = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? fail(`${what} is no time of RFC 3339: ${text.slice(0, 40)}`) : ms;
}

/** The alerts of a post. @throws UserError. */
export function postedAlerts(body: string): PostedAlert[] {
  const list = parsed(body);
  if (!Array.isArray(list)) return fail('the body must be a list of alerts');
  return list.map((one, i) => {
    const alert = objectOf(one, `alert ${i}`);
    const startsAtMs = timeOf(alert['startsAt'], 'startsAt');
    const endsAtMs = timeOf(alert['endsAt'], 'endsAt');
    return {
      labels: labelsOf(alert['labels'], 'labels'),
      annotations: labelsOf(alert['annotations'], 'annotations'),
      ...(startsAtMs === undefined ? {} : { startsAtMs }),
      ...(endsAtMs === undefined ? {} : { endsAtMs }),
      generatorUrl: textOf(alert['generatorURL'], 'generatorURL'),
    };
  });
}

/** The silence of a post. @throws UserError. */
export function postedSilence(body: string): SilenceWish {
  const silence = objectOf(parsed(body), 'the silence');
  const list = silence['matchers'];
  if (!Array.isArray(list)) return fail('matchers in body is required');
  const startsAtMs = timeOf(silence['startsAt'], 'startsAt');
  const endsAtMs = timeOf(silence['endsAt'], 'endsAt');
  if (startsAtMs === undefined) return fail('startsAt in body is required');
  if (endsAtMs === undefined) return fail('endsAt in body is required');
  const id = textOf(silence['id'], 'id');
  return {
    matchers: list.map(matcherOf),
    startsAtMs,
    endsAtMs,
    createdBy: textOf(silence['createdBy'], 'createdBy'),
    comment: textOf(silence['comment'], 'comment'),
    ...(id === '' ? {} : { id }),
  };
}

function matcherOf(value: unknown): Matcher {
  const { name, value: text, isRegex, isEqual } = objectOf(value, 'a matcher');
  if (typeof name !== 'string' || typeof text !== 'string') fail('a matcher needs name and value');
  const op: MatchOp =
    isRegex === true ? (isEqual === false ? '!~' : '=~') : isEqual === false ? '!=' : '=';
  return { name: name as string, op, value: text as string };
}

function parsed(body: string): unknown {
  try {
    return parseJson(body);
  } catch {
    return fail('the body is not JSON');
  }
}

function iso(ms: number): string {
  return new Date(Math.min(Math.max(ms, -6e13), 2.5e14)).toISOString();
}

/** An alert as /api/v2/alerts shows it; without an end it goes on until the moment it is asked. */
export function alertJson(alert: AlertView, nowMs: number): object {
  const { state, silencedBy, inhibitedBy, mutedBy } = alert;
  return {
    annotations: alert.annotations,
    endsAt: iso(alert.endsAtMs === 0 ? nowMs + 300_000 : alert.endsAtMs),
    fingerprint: alert.fingerprint,
    receivers: alert.receivers.map((name) => ({ name })),
    startsAt: iso(alert.startsAtMs),
    status: { inhibitedBy, mutedBy, silencedBy, state },
    updatedAt: iso(alert.updatedAtMs),
    generatorURL: alert.generatorUrl,
    labels: alert.labels,
    ...(alert.incident === undefined ? {} : { incident: alert.incident }),
  };
}

export function groupJson(group: GroupView, nowMs: number): object {
  return {
    alerts: group.alerts.map((alert) => alertJson(alert, nowMs)),
    labels: group.labels,
    receiver: { name: group.receiver },
  };
}

export function silenceJson(silence: SilenceView): object {
  return {
    id: silence.id,
    status: { state: silence.state },
    updatedAt: iso(silence.updatedAtMs),
    comment: silence.comment,
    createdBy: silence.createdBy,
    endsAt: iso(silence.endsAtMs),
    matchers: silence.matchers.map(({ name, op, value }) => ({
      isEqual: op === '=' || op === '=~',
      isRegex: op === '=~' || op === '!~',
      name,
      value,
    })),
    startsAt: iso(silence.startsAtMs),
  };
}
