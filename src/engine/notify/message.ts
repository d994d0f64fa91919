// A notification as receivers are told it: the data that Alertmanager hands to its templates and
// webhooks. Made from what was written down when it was decided, so that every attempt says the
// same. Easy to get wrong: common labels are those that all alerts share, the resolved ones too.
import { labelsObject } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { LabelObject } from '../model/alerting.ts';
import type { SendRecord } from './records.ts';

export interface MessageAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: LabelObject;
  readonly annotations: LabelObject;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly generatorURL: string;
  readonly fingerprint: string;
}

export interface Message {
  /** The notification's id: the same at every attempt. */
  readonly id: string;
  readonly reason: string;
  readonly kind: 'notify' | 'acknowledge';
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly groupKey: string;
  readonly groupLabels: LabelObject;
  readonly commonLabels: LabelObject;
  readonly commonAnnotations: LabelObject;
  readonly externalURL: string;
  readonly incident: string;
  readonly decidedMs: number;
  readonly alerts: readonly MessageAlert[];
  readonly firing: readonly MessageAlert[];
  readonly resolved: readonly MessageAlert[];
}

/** The data of a notification. */
export function messageOf(send: SendRecord, externalURL: string): Message {
  const alerts = send.alerts.map((alert): MessageAlert => {
    const { startsAtMs, endsAtMs, fingerprint } = alert;
    return {
      status: alert.firing ? 'firing' : 'resolved',
      labels: labelsObject(alert.labels),
      annotations: labelsObject(alert.annotations),
      ...{ startsAtMs, endsAtMs, fingerprint },
      generatorURL: alert.generatorUrl,
    };
  });
  const firing = alerts.filter((alert) => alert.status === 'firing');
  const { id, reason, kind, receiver, groupKey, incident, decidedMs } = send;
  return {
    ...{ id, reason, kind, receiver, groupKey, incident, decidedMs, externalURL, alerts, firing },
    status: firing.length > 0 ? 'firing' : 'resolved',
    groupLabels: labelsObject(send.groupLabels),
    commonLabels: labelsObject(common(send.alerts.map((alert) => alert.labels))),
    commonAnnotations: labelsObject(common(send.alerts.map((alert) => alert.annotations))),
    resolved: alerts.filter((alert) => alert.status === 'resolved'),
  };
}

function common(sets: readonly Labels[]): Labels {
  const [first = [], ...rest] = sets;
  const shared = new Map<string, string>();
  for (let i = 0; i < first.length; i += 2) shared.set(first[i], first[i + 1]);
  for (const set of rest) {
    const pairs = new Map<string, string>();
    for (let i = 0; i < set.length; i += 2) pairs.set(set[i], set[i + 1]);
    for (const [name, value] of shared) if (pairs.get(name) !== value) shared.delete(name);
    if (shared.size === 0) break;
  }
  return [...shared].flat();
}

/** A time as Go's JSON writes it; Go's zero for never. */
export function goTime(ms: number): string {
  return ms === 0 ? '0001-01-01T00:00:00Z' : new Date(ms).toISOString();
}
