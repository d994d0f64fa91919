// Notifications to services of people on call beside PagerDuty: Opsgenie, VictorOps (Splunk
// On-Call), Pushover, incident.io. Easy to get wrong: each has its own name for the group, by which
// a second delivery is the same alert; and its own way of saying that it is over.
import { goTime } from '../message.ts';
import { shortHash } from '../fingerprint.ts';
import type { Integration, Settings } from '../routing.ts';
import { textSetting } from '../routing.ts';
import { outcomeOf } from './http-post.ts';
import { Texts, cutText } from './sender.ts';
import type { Sender, SenderTools } from './sender.ts';
import { rendered, webhookBody } from './webhook.ts';

const OPSGENIE_MESSAGE_MAX = 130;
const VICTOROPS_TEXT_MAX = 20_480;
const PUSHOVER_TITLE_MAX = 250;
const PUSHOVER_TEXT_MAX = 1024;

interface Prepared {
  readonly url: string;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Record<string, string>;
}

function sender(make: (texts: Texts) => Promise<Prepared>) {
  return (integration: Integration, tools: SenderTools): Sender => {
    return async (message, signal) => {
      const made = await make(new Texts(integration, message, tools));
      const answer = await tools.post({
        contentType: 'application/json',
        ...made,
        headers: { ...made.headers, 'Idempotency-Key': message.id },
        http: integration.settings['http_config'] as Settings | undefined,
        signal,
      });
      return outcomeOf(answer, tools.clock);
    };
  };
}

export const opsgenieSender = sender(async (texts) => {
  const { message, settings } = texts;
  const alias = shortHash(message.groupKey, 64);
  const base = `${textSetting(settings, 'api_url').replace(/\/$/, '')}/v2/alerts`;
  const headers = { Authorization: `GenieKey ${await texts.secret('api_key')}` };
  const source = texts.text('source', '{{ template "opsgenie.default.source" . }}');
  const over = message.kind === 'acknowledge' ? 'acknowledge' : 'close';
  if (message.kind === 'acknowledge' || message.status === 'resolved') {
    const url = `${base}/${alias}/${over}?identifierType=alias`;
    return { url, headers, body: JSON.stringify({ source }) };
  }
  const text = texts.text('message', '{{ template "opsgenie.default.message" . }}');
  const list = (name: string): string[] =>
    texts
      .text(name)
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '');
  const priority = texts.text('priority');
  const body = {
    alias,
    message: cutText(text, OPSGENIE_MESSAGE_MAX),
    description: texts.text('description', '{{ template "opsgenie.default.description" . }}'),
    details: { ...message.commonLabels, ...(rendered(settings['details'] ?? {}, texts) as object) },
    source,
    responders: rendered(settings['responders'] ?? [], texts),
    tags: list('tags'),
    actions: list('actions'),
    note: texts.text('note'),
    entity: texts.text('entity'),
    ...(/^P[1-5]$/.test(priority) ? { priority } : {}),
  };
  return { url: base, headers, body: JSON.stringify(body) };
});

const VICTOROPS_TYPES = ['CRITICAL', 'WARNING', 'INFO', 'ACKNOWLEDGEMENT', 'RECOVERY'];

export const victoropsSender = sender(async (texts) => {
  const { message, settings } = texts;
  const def = (name: string): string => `{{ template "victorops.default.${name}" . }}`;
  const asked = texts.text('message_type', 'CRITICAL').toUpperCase();
  const firing = VICTOROPS_TYPES.includes(asked) ? asked : 'CRITICAL';
  const api = textSetting(settings, 'api_url').replace(/\/?$/, '/');
  const key = encodeURIComponent(await texts.secret('api_key'));
  const body = {
    message_type: message.status === 'firing' ? firing : 'RECOVERY',
    entity_id: shortHash(message.groupKey, 64),
    entity_display_name: texts.text('entity_display_name', def('entity_display_name')),
    state_message: cutText(texts.text('state_message', def('state_message')), VICTOROPS_TEXT_MAX),
    monitoring_tool: texts.text('monitoring_tool', def('monitoring_tool')),
    ...(rendered(settings['custom_fields'] ?? {}, texts) as object),
  };
  const url = `${api}${key}/${encodeURIComponent(texts.text('routing_key'))}`;
  return { url, body: JSON.stringify(body) };
});

export const pushoverSender = sender(async (texts) => {
  const { message, settings } = texts;
  const def = (name: string): string => `{{ template "pushover.default.${name}" . }}`;
  const firing = message.status === 'firing';
  const priority = texts.text('priority') || (firing ? '2' : '0');
  const seconds = (name: string, fallback: number): string => {
    const ms = settings[name];
    return String(Math.round((typeof ms === 'number' ? ms : fallback) / 1000));
  };
  const text = texts.text('message', def('message')).trim();
  const form = new URLSearchParams({
    token: await texts.secret('token'),
    user: await texts.secret('user_key'),
    title: cutText(texts.text('title', def('title')), PUSHOVER_TITLE_MAX),
    message: cutText(text === '' ? '(no details)' : text, PUSHOVER_TEXT_MAX),
    url: texts.text('url', def('url')).slice(0, 512),
    priority,
    retry: seconds('retry', 60_000),
    expire: seconds('expire', 3_600_000),
    timestamp: String(Math.floor(message.decidedMs / 1000)),
  });
  for (const name of ['url_title', 'device', 'sound']) {
    const own = texts.text(name);
    if (own !== '') form.set(name, own);
  }
  if (settings['html'] === true) form.set('html', '1');
  if (settings['monospace'] === true) form.set('monospace', '1');
  if (typeof settings['ttl'] === 'number') form.set('ttl', seconds('ttl', 0));
  return {
    url: 'https://api.pushover.net/1/messages.json',
    contentType: 'application/x-www-form-urlencoded',
    body: form.toString(),
  };
});

export const incidentioSender = sender(async (texts) => {
  const { message, settings } = texts;
  const token = await texts.secret('alert_source_token');
  return {
    url: await texts.secret('url'),
    ...(token === '' ? {} : { headers: { Authorization: `Bearer ${token}` } }),
    body: JSON.stringify({
      ...webhookBody(message, Number(settings['max_alerts'] ?? 0)),
      decidedAt: goTime(message.decidedMs),
    }),
  };
});
