// Notifications to a webhook: Alertmanager's JSON, version 4. The id goes along as Idempotency-Key,
// so that whoever gets one twice knows it. Easy to get wrong: max_alerts cuts the list and says how
// many are missing.
import { goTime } from '../message.ts';
import type { Message } from '../message.ts';
import type { Integration } from '../routing.ts';
import { outcomeOf } from './http-post.ts';
import { Texts } from './sender.ts';
import type { Sender, SenderTools } from './sender.ts';

/** The body of Alertmanager's webhook, version 4. */
export function webhookBody(message: Message, alertsMax: number): object {
  const shown = alertsMax > 0 ? message.alerts.slice(0, alertsMax) : message.alerts;
  return {
    receiver: message.receiver,
    status: message.status,
    alerts: shown.map((alert) => ({
      status: alert.status,
      labels: alert.labels,
      annotations: alert.annotations,
      startsAt: goTime(alert.startsAtMs),
      endsAt: goTime(alert.endsAtMs),
      generatorURL: alert.generatorURL,
      fingerprint: alert.fingerprint,
    })),
    groupLabels: message.groupLabels,
    commonLabels: message.commonLabels,
    commonAnnotations: message.commonAnnotations,
    externalURL: message.externalURL,
    version: '4',
    groupKey: message.groupKey,
    truncatedAlerts: message.alerts.length - shown.length,
    notification_reason: message.reason,
    notification_id: message.id,
    incident: message.incident,
  };
}

export function webhookSender(integration: Integration, tools: SenderTools): Sender {
  return async (message, signal) => {
    const texts = new Texts(integration, message, tools);
    const { settings } = integration;
    const url = texts.render(await texts.secret('url'));
    const { payload } = settings;
    const body =
      payload === undefined
        ? webhookBody(message, Number(settings['max_alerts'] ?? 0))
        : rendered(payload, texts);
    const answer = await tools.post({
      url,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      contentType: 'application/json',
      headers: { 'Idempotency-Key': message.id, 'X-Mon-Notification-Id': message.id },
      http: settings['http_config'] as Integration['settings'],
      signal,
    });
    return outcomeOf(answer, tools.clock);
  };
}

/** Every text within a value rendered. */
export function rendered(value: unknown, texts: Texts): unknown {
  if (typeof value === 'string') return texts.render(value);
  if (Array.isArray(value)) return value.map((one) => rendered(one, texts));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [texts.render(name), rendered(one, texts)]),
  );
}
