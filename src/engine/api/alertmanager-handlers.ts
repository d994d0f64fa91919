// Alertmanager's API v2, so that amtool, Grafana, karma and Prometheus itself talk to mon as they
// talk to Alertmanager. Each handler turns a request into one question to the AlertDesk. Easy to
// get wrong: this API's refusals are a bare JSON string, and its clients show that string.
import { MonError, UserError, messageOf } from '../errors.ts';
import { ALERTS_BODY_BYTES_MAX } from '../limits.ts';
import type { AlertFilter } from '../model/alerting.ts';
import type { AlertDesk } from '../model/alert-desk.ts';
import { compileAnchored } from '../promql/regexp.ts';
import { labelTestOf } from './alert-filter.ts';
import { parseAlertMatchers } from '../wire/alert-matchers.ts';
import {
  alertJson,
  groupJson,
  postedAlerts,
  postedSilence,
  silenceJson,
} from './alertmanager-json.ts';
import { isCrossSite } from './access.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { Refused, refusalOf } from './failure-status.ts';
import { JSON_TYPE, refusalHeaders, sendWhole } from './respond.ts';

type Answer = (desk: AlertDesk, call: Call, parts: ApiParts) => Promise<unknown>;

/** A handler whose failures are told as Alertmanager tells them. */
function handler(answer: Answer) {
  return async (call: Call, parts: ApiParts): Promise<void> => {
    try {
      const body = await answer(deskOf(parts), call, parts);
      const text = body === undefined ? '' : `${JSON.stringify(body)}\n`;
      await sendWhole(call.response, call.head(200, JSON_TYPE), text);
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (refusal.bug === true || refusal.closes === true) throw thrown;
      const head = { ...call.head(refusal.status, JSON_TYPE), headers: refusalHeaders(refusal) };
      await sendWhole(call.response, head, `${JSON.stringify(refusal.error)}\n`);
    }
  };
}

/** The desk, or 404: a server without a notifier has no such thing. */
export function deskOf(parts: ApiParts): AlertDesk {
  if (parts.desk !== undefined) return parts.desk;
  const hint = 'start it with mon up --routes alertmanager.yml';
  throw new MonError('MON_NOT_FOUND', 'this server sends no notifications', { hint });
}

function flag(params: URLSearchParams, name: string): boolean | undefined {
  const text = params.get(name);
  if (text === null || text === '') return undefined;
  if (['true', '1'].includes(text)) return true;
  if (['false', '0'].includes(text)) return false;
  throw new UserError(`${name} in query must be of type boolean: ${JSON.stringify(text)}`);
}

async function filterOf(call: Call): Promise<AlertFilter> {
  const params = await call.params();
  const matchers = params.getAll('filter').flatMap(parseAlertMatchers);
  const [active, silenced, inhibited, unprocessed, muted] = [
    ...['active', 'silenced', 'inhibited', 'unprocessed', 'muted'],
  ].map((name) => flag(params, name));
  const receiver = params.get('receiver') ?? '';
  return {
    ...{ matchers, active, silenced, inhibited, unprocessed, muted },
    ...(receiver === '' ? {} : { receiver: namesLike(receiver) }),
  };
}

function namesLike(text: string): (name: string) => boolean {
  try {
    const pattern = compileAnchored(text);
    return (name) => pattern.test(name);
  } catch (thrown) {
    throw new UserError(`failed to parse receiver param: ${messageOf(thrown)}`);
  }
}

/** A page of another site may change nothing here. @throws Refused, 403. */
export function checkSameSite(call: Call): void {
  if (!isCrossSite(call.request)) return;
  const error = 'a page of another site may not change alerts and silences';
  throw new Refused({ status: 403, errorType: 'forbidden', error });
}

async function bodyText(call: Call): Promise<string> {
  checkSameSite(call);
  return await call.withBody(ALERTS_BODY_BYTES_MAX, async (bytes) => bytes.toString('utf8'));
}

/** GET /api/v2/alerts */
export const getAlerts = handler(async (desk, call, { clock }) => {
  const found = await desk.alerts(await filterOf(call));
  return found.map((alert) => alertJson(alert, clock.now()));
});

/** POST /api/v2/alerts */
export const postAlerts = handler(async (desk, call) => {
  await desk.post(postedAlerts(await bodyText(call)));
});

/** GET /api/v2/alerts/groups */
export const getGroups = handler(async (desk, call, { clock }) => {
  const found = await desk.groups(await filterOf(call));
  return found.map((group) => groupJson(group, clock.now()));
});

/** GET /api/v2/silences */
export const getSilences = handler(async (desk, call) => {
  const params = await call.params();
  const test = labelTestOf(params.getAll('filter').flatMap(parseAlertMatchers));
  const wanted = ['active', 'pending', 'expired'].filter((name) => flag(params, name) !== false);
  const all = await desk.silences();
  return all.filter((one) => wanted.includes(one.state) && test(one.matchers)).map(silenceJson);
});

/** POST /api/v2/silences */
export const postSilence = handler(async (desk, call) => {
  return { silenceID: await desk.silence(postedSilence(await bodyText(call))) };
});

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

function idOf(call: Call): string {
  const id = decodeURIComponent(call.path.slice(call.path.lastIndexOf('/') + 1));
  if (!UUID.test(id)) throw new UserError(`${JSON.stringify(id.slice(0, 60))} is no silence's id`);
  return id.toLowerCase();
}

/** GET /api/v2/silence/{id} */
export const getSilence = handler(async (desk, call) => {
  const id = idOf(call);
  const found = (await desk.silences()).find((one) => one.id === id);
  if (found === undefined) throw new MonError('MON_NOT_FOUND', `silence ${id} not found`);
  return silenceJson(found);
});

/** DELETE /api/v2/silence/{id} */
export const deleteSilence = handler(async (desk, call) => {
  checkSameSite(call);
  await desk.expire(idOf(call));
});

/** GET /api/v2/receivers */
export const getReceivers = handler(async (desk) => {
  return (await desk.status()).receivers.map((name) => ({ name }));
});

/** GET /api/v2/status */
export const getStatus = handler(async (desk, _call, { version }) => {
  const { startedMs, configText } = await desk.status();
  return {
    cluster: { name: '', status: 'disabled', peers: [] },
    config: { original: configText },
    uptime: new Date(startedMs).toISOString(),
    versionInfo: {
      branch: version.branch ?? '',
      buildDate: version.buildDate ?? '',
      buildUser: version.buildUser ?? '',
      goVersion: version.runtime ?? '',
      revision: version.revision ?? '',
      version: version.version,
    },
  };
});
