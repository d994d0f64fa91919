// What a start or a new routing file means for what is known already: alerts find their groups
// again, and groups that the file no longer makes let go of theirs. Easy to get wrong: times that
// lie in the future, because the clock was set back meanwhile, must not hold anything up.
import type { Book } from './book.ts';
import type { Around } from './incidents.ts';
import { resolveIncident } from './incidents.ts';
import type { RouteTree } from './matching.ts';
import { groupLabels } from './matching.ts';
import { isFiring } from './muting.ts';
import type { AlertRecord, GroupRecord } from './records.ts';
import { labelSetText, shortHash } from './fingerprint.ts';
import { channelReceivers } from './channels.ts';

/** Alerts that fire and are not in all the groups they should be in; they are to be taken in. */
export function rerouted(around: Around, book: Book, tree: RouteTree): AlertRecord[] {
  const { tx, nowMs, routing } = around;
  const stale = new Set<string>();
  for (const group of book.groups.rows.values()) {
    const node = tree.node(group.routeKey, group.receiver);
    const named = routing.receivers.has(group.receiver) && group.routeKey === tree.root.key;
    if (node !== undefined || named) tx.groups.set(inTime(group, nowMs, node?.groupIntervalMs));
    else stale.add(group.id);
  }
  const out: AlertRecord[] = [];
  for (const alert of book.alerts.rows.values()) {
    const firing = isFiring(alert, nowMs);
    const wanted = new Set<string>();
    for (const node of firing ? tree.handlersOf(alert.labels) : []) {
      const key = `${node.key}:${labelSetText(groupLabels(node, alert.labels))}`;
      wanted.add(shortHash(`${key}\n${node.receiver}`));
    }
    const channels = alert.channels.some((one) => channelReceivers(routing, one).length > 0);
    const kept = alert.groups.filter(
      (id) => !stale.has(id) && (!firing || wanted.has(id) || channels),
    );
    if (kept.length !== alert.groups.length) tx.alerts.set({ ...alert, groups: kept });
    if (firing && [...wanted].some((id) => !kept.includes(id)))
      out.push({ ...alert, groups: kept });
  }
  for (const id of stale) {
    const group = tx.groups.get(id) as GroupRecord;
    resolveIncident(around, group);
    tx.groups.delete(id);
  }
  return out;
}

function inTime(group: GroupRecord, nowMs: number, intervalMs = 0): GroupRecord {
  const latest = nowMs + Math.max(intervalMs, 60_000);
  if (group.nextFlushMs <= latest) return group;
  return { ...group, nextFlushMs: latest };
}
