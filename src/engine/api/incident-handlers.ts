// mon's own endpoints of the notifier: incidents, acknowledging, a test of a receiver. In the
// envelope of the Prometheus API. Easy to get wrong: who acknowledges is what the asker says; the
// token alone says nothing of people.
import { UserError } from '../errors.ts';
import { FORM_BYTES_MAX } from '../limits.ts';
import { parseAlertMatchers } from '../wire/alert-matchers.ts';
import { parseJson } from '../wire/json-text.ts';
import { checkSameSite, deskOf } from './alertmanager-handlers.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { JSON_TYPE, sendWhole, successJson } from './respond.ts';

const INCIDENTS_MAX = 1000;

function send(call: Call, data: unknown): Promise<void> {
  return sendWhole(call.response, call.head(200, JSON_TYPE), successJson(data));
}

/** GET /api/v1/incidents: `status` may be given several times; `limit`. */
export async function getIncidents(call: Call, parts: ApiParts): Promise<void> {
  const params = await call.params();
  const wanted = new Set(params.getAll('status'));
  const id = params.get('id');
  const limit = Math.min(Number(params.get('limit') ?? 100) || 100, INCIDENTS_MAX);
  const all = await deskOf(parts).incidents();
  const found = all.filter(
    (one) => (wanted.size === 0 || wanted.has(one.status)) && (id === null || one.id === id),
  );
  await send(call, { incidents: found.slice(0, limit).map(shown) });
}

function shown<T extends object>(incident: T): object {
  const {
    seen: _seen,
    group: _group,
    escalateAtMs: _due,
    ...rest
  } = incident as T & {
    readonly seen?: unknown;
    readonly group?: unknown;
    readonly escalateAtMs?: unknown;
  };
  return rest;
}

async function bodyObject(call: Call): Promise<Record<string, unknown>> {
  checkSameSite(call);
  const text = await call.withBody(FORM_BYTES_MAX, async (bytes) => bytes.toString('utf8'));
  try {
    const value: unknown = parseJson(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below, with all that is not an object.
  }
  throw new UserError('the body must be a JSON object');
}

function textOf(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (value === undefined) return '';
  if (typeof value !== 'string') throw new UserError(`${name} must be a string`);
  return value;
}

/** POST /api/v1/incidents/ack: `{"incident" or "matchers", "who", "why"}`. */
export async function acknowledge(call: Call, parts: ApiParts): Promise<void> {
  const body = await bodyObject(call);
  const id = textOf(body, 'incident');
  const matchers = textOf(body, 'matchers');
  if ((id === '') === (matchers === '')) throw new UserError('give either incident or matchers');
  const which = id === '' ? { matchers: parseAlertMatchers(matchers) } : { id };
  const [who, why] = [textOf(body, 'who'), textOf(body, 'why')];
  const incidents = await deskOf(parts).acknowledge(which, who, why);
  await send(call, { incidents: incidents.map(shown) });
}

/** POST /api/v1/notify/test: `{"receiver"}`. */
export async function testReceiver(call: Call, parts: ApiParts): Promise<void> {
  const receiver = textOf(await bodyObject(call), 'receiver');
  await send(call, { outcomes: await deskOf(parts).test(receiver) });
}
