// The endpoints whose subject this server does not have, in the shape that their askers expect: no
// exemplars, no notifications, no admin. Grafana and promtool probe them to
// find out what they talk to. Easy to get wrong: an empty answer means "none", 404 means "no such
// thing", and askers act differently on each.
import { UserError } from '../errors.ts';
import { parse } from '../promql/parse.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { Refused, refusalOf } from './failure-status.ts';
import { badParam, parseTimeMs } from './params.ts';
import { JSON_TYPE, TEXT_TYPE, sendWhole, successJson } from './respond.ts';

function send(call: Call, data: unknown): Promise<void> {
  return sendWhole(call.response, call.head(200, JSON_TYPE), successJson(data));
}

/** GET /api/v1/alertmanagers. */
export async function alertmanagers(call: Call): Promise<void> {
  await send(call, { activeAlertmanagers: [], droppedAlertmanagers: [] });
}

/** GET or POST /api/v1/query_exemplars: nothing is stored, but what is asked must make sense. */
export async function queryExemplars(call: Call): Promise<void> {
  const params = await call.params();
  const start = timeOf(params, 'start', -Infinity);
  const end = timeOf(params, 'end', Infinity);
  if (end < start) throw badParam('end', 'end timestamp must not be before start timestamp');
  try {
    parse(params.get('query') ?? '');
  } catch (thrown) {
    throw thrown instanceof UserError ? new Refused(refusalOf(thrown, 'query')) : thrown;
  }
  await send(call, []);
}

/** Grafana's probe sends ms, which read as seconds lie beyond all time; that is no mistake here. */
function timeOf(params: URLSearchParams, name: string, fallback: number): number {
  const text = params.get(name) ?? '';
  if (text === '') return fallback;
  const ms = parseTimeMs(text) ?? (/^-?\d+$/.test(text) ? Number(text) : undefined);
  if (ms !== undefined) return ms;
  const why = `cannot parse ${JSON.stringify(text)} to a valid timestamp`;
  throw badParam(name, `Invalid time value for '${name}': ${why}`);
}

/** GET /api/v1/notifications. */
export async function notifications(call: Call): Promise<void> {
  await send(call, []);
}

/** GET /api/v1/notifications/live: 204 says that there is no stream to listen to. */
export async function notificationsLive(call: Call): Promise<void> {
  call.response.writeHead(204).end();
}

/** POST and PUT /-/quit: a server is stopped by a signal, never by a request. */
export async function lifecycleDisabled(call: Call): Promise<void> {
  await sendWhole(call.response, call.head(403, TEXT_TYPE), 'Lifecycle API is not enabled.');
}

/** GET /api/v1/status/walreplay: readiness tells the same, in one word. */
export async function walReplay(call: Call, parts: ApiParts): Promise<void> {
  const { ready } = parts.ready();
  const state = ready ? 'done' : 'in progress';
  await send(call, { min: 0, max: 0, current: 0, state });
}
