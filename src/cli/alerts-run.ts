// What `mon alerts` and `mon rules list` do: ask a server and make rows. Easy to get wrong:
// whether the check fails is decided by all alerts that fire, not by those that a filter shows.
import { UserError } from '../engine/errors.ts';
import { labelValue } from '../engine/model/labels.ts';
import type { Labels } from '../engine/model/labels.ts';
import type { RemoteAlert } from '../engine/remote/rules-answer.ts';
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import type { Listing } from './listing.ts';
import { valueText } from './series-text.ts';
import { timeText } from './times.ts';

/** `any`, or one of the severities. */
const FAIL_LEVELS = ['any', 'P1', 'P2', 'P3', 'P4'] as const;

function others(labels: Labels): string {
  const out: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (['alertname', 'severity'].includes(labels[i])) continue;
    out.push(`${labels[i]}=${labels[i + 1]}`);
  }
  return out.join(' ');
}

/** Prometheus writes values of alerts as 4e+00. */
function numberOf(text: string): string {
  return /^-?\d/.test(text) ? valueText(Number(text)) : text;
}

/** Alerts, those that fire first. */
export function alertsListing(alerts: readonly RemoteAlert[]): Listing {
  const time = timeText();
  const rank = (one: RemoteAlert): number => (one.state === 'firing' ? 0 : 1);
  const sorted = alerts.toSorted((a, b) => rank(a) - rank(b) || b.activeAtMs - a.activeAtMs);
  const rows = sorted.map((one) => [
    ...[one.state, labelValue(one.labels, 'alertname'), labelValue(one.labels, 'severity')],
    ...[time(one.activeAtMs), numberOf(one.value), others(one.labels)],
    labelValue(one.annotations, 'summary'),
  ]);
  const columns = ['state', 'alert', 'severity', 'since', 'value', 'labels', 'summary'];
  return { kind: 'AlertList', columns: columns.map((name) => ({ name })), rows, valueColumn: 1 };
}

/** Whether an alert fires at the level asked for or above. @throws UserError for no such level. */
export function failsAt(alerts: readonly RemoteAlert[], level: string): boolean {
  const at = FAIL_LEVELS.indexOf(level as (typeof FAIL_LEVELS)[number]);
  if (at < 0) {
    throw new UserError(`${level} is no severity`, { hint: `one of ${FAIL_LEVELS.join(', ')}` });
  }
  return alerts.some(({ state, labels }) => {
    if (state !== 'firing') return false;
    const severity = FAIL_LEVELS.indexOf(labelValue(labels, 'severity') as never);
    return at === 0 || (severity > 0 && severity <= at);
  });
}

/** All rules that a server runs, those that fail first. */
export async function rulesListing(
  client: PrometheusClient,
  signal: AbortSignal,
): Promise<Listing> {
  const rules = await client.rules(signal);
  const rank = (health: string): number => (health === 'err' ? 0 : 1);
  const rows = rules
    .toSorted((a, b) => rank(a.health) - rank(b.health))
    .map((one) => [
      ...[one.group, one.type === 'alerting' ? 'alert' : 'record', one.name],
      ...[one.state, one.alerts, one.health, one.query, one.lastError],
    ]);
  const columns = ['group', 'type', 'name', 'state', 'alerts', 'health', 'query', 'error'];
  return { kind: 'RuleList', columns: columns.map((name) => ({ name })), rows, valueColumn: 2 };
}
