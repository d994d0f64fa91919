// Incidents: what happened to a group of alerts, told so that somebody can read it a month later.
// Opened by the first alert that fires, resolved by the last. Easy to get wrong: the history is
// bounded, and its first line is the one that must never go.
import type { HistoryEntry } from '../model/alerting.ts';
import { INCIDENT_KEEP_MS, HISTORY_MAX } from '../limits.ts';
import { labelValue, labelsObject } from '../model/labels.ts';
import type { Transaction } from './book.ts';
import { labelTest } from './matching.ts';
import type { AlertRecord, GroupRecord, IncidentRecord } from './records.ts';
import type { EscalationPolicy, RouteNode, Routing } from './routing.ts';

/** Alerts that an incident counts one by one. */
const SEEN_MAX = 10_000;
/** Severities from the worst down, as people write them. */
const SEVERITIES = ['P1', 'critical', 'page', 'P2', 'error', 'high', 'P3', 'warning', 'P4', 'info'];

/** The incident with one more line of history. */
export function noted(
  incident: IncidentRecord,
  entry: HistoryEntry,
  more: Partial<IncidentRecord> = {},
): IncidentRecord {
  let history = [...incident.history, entry];
  if (history.length > HISTORY_MAX) history = [history[0], ...history.slice(2)];
  return { ...incident, ...more, history };
}

/** The next number of a counter. */
export function nextNumber(tx: Transaction, name: 'incidents' | 'sends'): number {
  const meta = tx.meta.get('counters') ?? { id: 'counters', incidents: 0, sends: 0 };
  const next = meta[name] + 1;
  tx.meta.set({ ...meta, [name]: next });
  return next;
}

/** The worst severity among alerts; empty when none has one. */
function worstSeverity(alerts: Iterable<AlertRecord>): string {
  const found = new Set<string>();
  for (const alert of alerts) found.add(labelValue(alert.labels, 'severity'));
  const known = SEVERITIES.find((name) => found.has(name));
  return known ?? [...found].find((name) => name !== '') ?? '';
}

/** The policy for an incident: the first whose matchers all match one of its alerts. */
export function policyFor(
  routing: Routing,
  node: RouteNode,
  firing: readonly AlertRecord[],
): EscalationPolicy | undefined {
  const policies = node.escalation ?? routing.escalation;
  return policies.find(({ matchers }) => {
    const test = labelTest(matchers);
    return firing.some((alert) => test(alert.labels));
  });
}

/** When step number `taken` of a policy is due; 0 when there is none. */
export function stepDueMs(policy: EscalationPolicy, startedMs: number, taken: number): number {
  const { steps, repeat } = policy;
  if (taken >= steps.length * (1 + repeat)) return 0;
  const round = Math.floor(taken / steps.length);
  const cycle = steps[steps.length - 1].afterMs;
  return startedMs + round * cycle + steps[taken % steps.length].afterMs;
}

export interface Around {
  readonly tx: Transaction;
  readonly routing: Routing;
  readonly nowMs: number;
}

/** Opens an incident or counts the alerts that joined one. Firing: all that fire in the group. */
export function countFiring(
  around: Around,
  group: GroupRecord,
  node: RouteNode,
  firing: readonly AlertRecord[],
): GroupRecord {
  const { tx, routing, nowMs } = around;
  const last = tx.incidents.get(group.incident);
  const prints = firing.map((alert) => alert.fingerprint);
  if (last !== undefined && last.status !== 'resolved') {
    const seen = new Set(last.seen);
    const fresh = firing.filter((alert) => !seen.has(alert.fingerprint));
    const severity = worstSeverity(firing) || last.severity;
    if (fresh.length === 0 && last.firing === firing.length && last.severity === severity) {
      return group;
    }
    const changed = {
      ...last,
      severity,
      firing: firing.length,
      alerts: last.alerts + fresh.length,
      seen: [...last.seen, ...fresh.map((one) => one.fingerprint)].slice(0, SEEN_MAX),
    };
    const entry = { atMs: nowMs, who: 'mon', what: 'alert', why: namesOf(fresh) };
    tx.incidents.set(fresh.length === 0 ? changed : noted(changed, entry));
    return group;
  }
  if (firing.length === 0) return group;
  const id = String(nextNumber(tx, 'incidents'));
  const policy = policyFor(routing, node, firing);
  tx.incidents.set({
    id,
    group: group.id,
    groupKey: group.key,
    labels: labelsObject(group.labels),
    receiver: group.receiver,
    severity: worstSeverity(firing),
    status: 'firing',
    startedAtMs: nowMs,
    ...{ acknowledgedAtMs: 0, acknowledgedBy: '', resolvedAtMs: 0, escalations: 0 },
    firing: firing.length,
    alerts: firing.length,
    seen: prints.slice(0, SEEN_MAX),
    escalateAtMs: policy === undefined ? 0 : stepDueMs(policy, nowMs, 0),
    history: [{ atMs: nowMs, who: 'mon', what: 'opened', why: namesOf(firing) }],
  });
  return { ...group, incident: id };
}

/** Resolves the incident of a group in which nothing fires any more. */
export function resolveIncident(around: Around, group: GroupRecord): void {
  const { tx, nowMs } = around;
  const incident = tx.incidents.get(group.incident);
  if (incident === undefined || incident.status === 'resolved') return;
  const entry = { atMs: nowMs, who: 'mon', what: 'resolved', why: 'no alert fires any more' };
  const more = { status: 'resolved', resolvedAtMs: nowMs, firing: 0, escalateAtMs: 0 } as const;
  tx.incidents.set(noted(incident, entry, more));
}

/** One line of history for an incident that may be gone. */
export function note(
  { tx, nowMs }: Pick<Around, 'tx' | 'nowMs'>,
  incidentId: string,
  entry: Omit<HistoryEntry, 'atMs'>,
): void {
  const incident = tx.incidents.get(incidentId);
  if (incident !== undefined) tx.incidents.set(noted(incident, { atMs: nowMs, ...entry }));
}

/** Forgets incidents that are long over. */
export function forgetIncidents({ tx, nowMs }: Pick<Around, 'tx' | 'nowMs'>): void {
  for (const incident of tx.incidents.all()) {
    const over = incident.status === 'resolved' && nowMs - incident.resolvedAtMs > INCIDENT_KEEP_MS;
    if (over) tx.incidents.delete(incident.id);
  }
}

const NAMED_MAX = 3;

/** A few alerts by name: `HighCpu host=web-1, HighCpu host=web-2 and 4 more`. */
export function namesOf(alerts: readonly AlertRecord[]): string {
  const names = alerts.slice(0, NAMED_MAX).map((alert) => {
    const pairs: string[] = [];
    for (let i = 0; i < alert.labels.length; i += 2) {
      if (alert.labels[i] !== 'alertname') pairs.push(`${alert.labels[i]}=${alert.labels[i + 1]}`);
    }
    return [labelValue(alert.labels, 'alertname'), ...pairs].join(' ').trim().slice(0, 200);
  });
  const more = alerts.length > NAMED_MAX ? ` and ${alerts.length - NAMED_MAX} more` : '';
  return names.join(', ') + more;
}
