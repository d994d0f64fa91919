// Notifications to PagerDuty: Events API v2, or v1 for a service_key. The group's key is the
// dedup_key, so that one sent twice opens one incident. Easy to get wrong: 512,000 bytes are the
// most an event may have; 202 says queued and no more; and acknowledge is an event too.
import { goTime } from '../message.ts';
import type { Message } from '../message.ts';
import { alertList } from '../default-texts.ts';
import { shortHash } from '../fingerprint.ts';
import type { Integration, Settings } from '../routing.ts';
import { outcomeOf } from './http-post.ts';
import { Texts, cutText } from './sender.ts';
import type { Sender, SenderTools } from './sender.ts';
import { rendered } from './webhook.ts';

const EVENT_BYTES_MAX = 512_000;
const SUMMARY_MAX = 1024;
const V1_URL = 'https://events.pagerduty.com/generic/2010-04-15/create_event.json';
const SEVERITIES: Readonly<Record<string, string>> = {
  ...{ P1: 'critical', critical: 'critical', page: 'critical', P2: 'error', error: 'error' },
  ...{ P3: 'warning', warning: 'warning', P4: 'info', info: 'info' },
};

/** The key by which PagerDuty knows the group: Alertmanager's hash of the group key. */
function dedupKey(message: Message): string {
  return shortHash(message.groupKey, 64);
}

function actionOf(message: Message): 'trigger' | 'resolve' | 'acknowledge' {
  if (message.kind === 'acknowledge') return 'acknowledge';
  return message.status === 'firing' ? 'trigger' : 'resolve';
}

/** An event of the Events API v2. */
function pagerdutyEvent(texts: Texts, routingKey: string): Record<string, unknown> {
  const { message, settings } = texts;
  const { firing, resolved } = message;
  const summary = texts.text('description', '{{ template "pagerduty.default.description" . }}');
  const client = texts.text('client', '{{ template "pagerduty.default.client" . }}');
  const severity = texts.text('severity') || SEVERITIES[message.commonLabels['severity'] ?? ''];
  const list = (name: 'images' | 'links'): object[] =>
    ((settings[name] ?? []) as Settings[]).map((one) => rendered(one, texts) as object);
  const optional = (name: string): Record<string, string> => {
    const text = texts.text(name);
    return text === '' ? {} : { [name]: text };
  };
  const details = {
    firing: alertList(firing),
    resolved: alertList(resolved),
    num_firing: String(firing.length),
    num_resolved: String(resolved.length),
    ...(rendered(settings['details'] ?? {}, texts) as object),
  };
  return {
    routing_key: routingKey,
    event_action: actionOf(message),
    dedup_key: dedupKey(message),
    client,
    client_url: texts.text('client_url', '{{ template "pagerduty.default.clientURL" . }}'),
    payload: {
      summary: cutText(summary, SUMMARY_MAX),
      source: texts.text('source') || client,
      severity: severity ?? 'error',
      timestamp: goTime(message.alerts[0]?.startsAtMs ?? message.decidedMs),
      ...optional('class'),
      ...optional('component'),
      ...optional('group'),
      custom_details: details,
    },
    images: list('images'),
    links: list('links'),
  };
}

/** The event as JSON, without its details when they are too long. */
function fittingJson(event: Record<string, unknown>): string {
  const whole = JSON.stringify(event);
  if (Buffer.byteLength(whole) <= EVENT_BYTES_MAX) return whole;
  const payload = event['payload'] as Record<string, unknown>;
  const custom_details = { error: 'the details were longer than PagerDuty takes' };
  return JSON.stringify({ ...event, payload: { ...payload, custom_details } });
}

export function pagerdutySender(integration: Integration, tools: SenderTools): Sender {
  const { settings } = integration;
  return async (message, signal) => {
    const texts = new Texts(integration, message, tools);
    const routingKey = texts.render(await texts.secret('routing_key'));
    const v2 = routingKey !== '';
    const event = pagerdutyEvent(texts, routingKey);
    const body = v2 ? fittingJson(event) : await v1Json(texts, event);
    const answer = await tools.post({
      url: v2 ? texts.text('url') : V1_URL,
      body,
      contentType: 'application/json',
      headers: { 'Idempotency-Key': message.id },
      http: settings['http_config'] as Settings | undefined,
      signal,
    });
    // The old API says 403 where the new one says 429.
    if (!v2 && answer.status === 403) return outcomeOf({ ...answer, status: 429 }, tools.clock);
    return outcomeOf(answer, tools.clock);
  };
}

async function v1Json(texts: Texts, event: Record<string, unknown>): Promise<string> {
  const { summary, custom_details } = event['payload'] as Record<string, unknown>;
  return JSON.stringify({
    service_key: texts.render(await texts.secret('service_key')),
    event_type: event['event_action'],
    incident_key: event['dedup_key'],
    description: summary,
    client: event['client'],
    client_url: event['client_url'],
    details: custom_details,
  });
}
