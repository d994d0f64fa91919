// What happens when nobody acknowledges: the next step of the policy is told, in addition to those
// who know already. Easy to get wrong: a step whose alerts are all held back (silenced, inhibited,
// out of hours) waits; and whoever was told that it fires is told that it is over.
import { formatDuration } from '../model/duration.ts';
import { decide, toldAlert } from './flush.ts';
import type { FlushParts } from './flush.ts';
import { nextNumber, noted, policyFor, stepDueMs } from './incidents.ts';
import type { Around } from './incidents.ts';
import { shortHash } from './fingerprint.ts';
import { isFiring } from './muting.ts';
import { targetOf } from './records.ts';
import type { AlertRecord, GroupRecord, IncidentRecord, Told } from './records.ts';
import type { IntegrationKind } from './routing.ts';

/** A step that finds nothing to tell looks again after this. */
const LOOK_AGAIN_MS = 30_000;
/** Services that know what an acknowledgement is. */
const KNOW_ACKNOWLEDGE: readonly IntegrationKind[] = ['pagerduty', 'opsgenie'];

/** Takes the step that is due. */
export function escalate(around: Around, parts: FlushParts, incident: IncidentRecord): void {
  const { tx, routing, nowMs } = around;
  const group = tx.groups.get(incident.group);
  const stop = { ...incident, escalateAtMs: 0 };
  if (group === undefined || incident.status !== 'firing') return tx.incidents.set(stop);
  const node = parts.tree.node(group.routeKey, group.receiver) ?? parts.tree.root;
  const firing = [...(parts.book.members.get(group.id) ?? [])]
    .map((print) => tx.alerts.get(print))
    .filter((alert): alert is AlertRecord => alert !== undefined && isFiring(alert, nowMs));
  const policy = policyFor(routing, node, firing);
  if (policy === undefined) return tx.incidents.set(stop);
  const step = policy.steps[incident.escalations % policy.steps.length];
  const hours = parts.muting.mutedBy(node).length > 0;
  const heard = firing.filter(
    (alert) =>
      !hours &&
      parts.muting.silencedBy(alert.labels).length === 0 &&
      parts.muting.inhibitedBy(alert).length === 0,
  );
  if (heard.length === 0) {
    return tx.incidents.set({ ...incident, escalateAtMs: nowMs + LOOK_AGAIN_MS });
  }
  tellStep(around, parts, group, { to: step.to, heard, dedupeMs: routing.dedupeWindowMs });
  const escalations = incident.escalations + 1;
  const seconds = Math.round((nowMs - incident.startedAtMs) / 1000);
  const why = `not acknowledged for ${formatDuration(seconds * 1000)}`;
  const entry = { atMs: nowMs, who: step.to, what: 'escalated', why };
  const dueMs = stepDueMs(policy, incident.startedAtMs, escalations);
  // After a pause every step still gets its own time.
  const escalateAtMs = dueMs === 0 ? 0 : Math.max(dueMs, nowMs + 1000);
  tx.incidents.set(noted(incident, entry, { escalations, escalateAtMs }));
}

interface StepTelling {
  readonly to: string;
  readonly heard: readonly AlertRecord[];
  readonly dedupeMs: number;
}

function tellStep(
  around: Around,
  parts: FlushParts,
  group: GroupRecord,
  { to, heard, dedupeMs }: StepTelling,
): void {
  const told: Record<string, Told> = { ...group.told };
  const telling = { firing: heard, resolved: [], repeatMs: 0, dedupeMs, nowMs: around.nowMs };
  for (const integration of around.routing.receivers.get(to)?.integrations ?? []) {
    const target = targetOf(to, integration.index);
    const about = { receiver: to, integration, reason: 'escalation', told: told[target] };
    told[target] = decide(around, parts, group, { ...telling, ...about });
  }
  const known = to === group.receiver || group.extra.includes(to);
  const extra = known ? group.extra : [...group.extra, to];
  around.tx.groups.set({ ...group, told, extra });
}

/** Tells the services that know acknowledgements of one. */
export function tellAcknowledged(
  around: Around,
  parts: FlushParts,
  incident: IncidentRecord,
): void {
  const { tx, routing, nowMs } = around;
  const group = tx.groups.get(incident.group);
  if (group === undefined) return;
  const alerts = [...(parts.book.members.get(group.id) ?? [])]
    .map((print) => tx.alerts.get(print))
    .filter((alert): alert is AlertRecord => alert !== undefined)
    .map((alert) => toldAlert(alert, nowMs));
  for (const receiver of [group.receiver, ...group.extra]) {
    for (const { kind, index } of routing.receivers.get(receiver)?.integrations ?? []) {
      const target = targetOf(receiver, index);
      if (!KNOW_ACKNOWLEDGE.includes(kind) || group.told[target] === undefined) continue;
      tx.sends.set({
        id: shortHash(`${group.id} ${target} acknowledge ${incident.id}`),
        order: nextNumber(tx, 'sends'),
        group: group.id,
        groupKey: group.key,
        groupLabels: group.labels,
        ...{ receiver, index, kind: 'acknowledge', reason: 'acknowledged', decidedMs: nowMs },
        incident: incident.id,
        alerts,
      });
    }
  }
}
