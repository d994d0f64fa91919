// The moment of a group: which of its alerts may be told, whether that is news to each integration,
// and the decision itself, written down as notifications to be sent. Nothing is sent from here.
// Easy to get wrong: what is decided is durable before it is sent, with the id that every attempt
// will carry; and an alert that comes back within the dedupe window is no news.
import { assert } from '../errors.ts';
import type { Book } from './book.ts';
import { shortHash } from './fingerprint.ts';
import { countFiring, nextNumber, note, resolveIncident } from './incidents.ts';
import type { Around } from './incidents.ts';
import type { RouteTree } from './matching.ts';
import { isFiring } from './muting.ts';
import type { Muting } from './muting.ts';
import { targetOf } from './records.ts';
import type { AlertRecord, GroupRecord, SendRecord, Told, ToldAlert } from './records.ts';
import type { Integration, RouteNode } from './routing.ts';

/** Undelivered notifications of one group to one integration; more are joined into one. */
const WAITING_MAX = 2;
const NEVER_TOLD: Told = {
  ...{ sequence: 0, firing: [], resolved: [], atMs: 0, gone: [], again: false },
};

export interface FlushParts {
  readonly book: Book;
  readonly tree: RouteTree;
  readonly muting: Muting;
  /** True while an attempt of this notification is under way. */
  readonly inFlight: (id: string) => boolean;
}

interface Telling {
  readonly firing: readonly AlertRecord[];
  readonly resolved: readonly AlertRecord[];
  readonly repeatMs: number;
  readonly dedupeMs: number;
  readonly nowMs: number;
}

/** Why an integration is to be told; undefined when there is no news for it. */
function newsFor(
  told: Told | undefined,
  integration: Integration,
  telling: Telling,
): string | undefined {
  const { firing, resolved, nowMs, repeatMs, dedupeMs } = telling;
  if (told === undefined) return firing.length > 0 ? 'first notification' : undefined;
  if (told.again && (firing.length > 0 || integration.sendResolved)) return 'refused before';
  const known = new Set(told.firing);
  const recent = new Map(told.gone);
  const isNews = firing.some(
    ({ fingerprint }) =>
      !known.has(fingerprint) && nowMs - (recent.get(fingerprint) ?? -Infinity) >= dedupeMs,
  );
  if (isNews) return known.size === 0 ? 'first notification' : 'new alerts in the group';
  const wasResolved = new Set(told.resolved);
  const over = resolved.some(
    ({ fingerprint }) => known.has(fingerprint) && !wasResolved.has(fingerprint),
  );
  if (firing.length === 0) return known.size > 0 ? 'all alerts resolved' : undefined;
  if (over && integration.sendResolved) return 'some alerts resolved';
  const isDue = told.firing.length > 0 && nowMs - told.atMs >= repeatMs;
  return isDue ? 'repeat interval passed' : undefined;
}

/** Tells one group; its next moment is set. */
export function flushGroup(around: Around, parts: FlushParts, group: GroupRecord): void {
  const { tx, routing, nowMs } = around;
  const node = parts.tree.node(group.routeKey, group.receiver) ?? parts.tree.root;
  const members = membersOf(around, parts, group);
  const split = partition(around, parts, node, members);
  const { firing, kept } = split;
  const counted = countFiring(around, group, node, firing);
  const incident = tx.incidents.get(counted.incident);
  const isAcknowledged = incident?.status === 'acknowledged';
  const telling: Telling = {
    firing: kept.filter((alert) => isFiring(alert, nowMs)),
    resolved: kept.filter((alert) => !isFiring(alert, nowMs)),
    repeatMs: isAcknowledged ? Infinity : node.repeatIntervalMs,
    dedupeMs: routing.dedupeWindowMs,
    nowMs,
  };
  noteMuted(around, counted, split, incident?.history.at(-1)?.what);
  const told: Record<string, Told> = { ...counted.told };
  for (const receiver of kept.length === 0 ? [] : [group.receiver, ...group.extra]) {
    for (const integration of routing.receivers.get(receiver)?.integrations ?? []) {
      const target = targetOf(receiver, integration.index);
      const reason = newsFor(told[target], integration, telling);
      if (reason === undefined) continue;
      const to = { receiver, integration, reason };
      told[target] = decide(around, parts, counted, { ...telling, ...to, told: told[target] });
    }
  }
  finish(around, { group: { ...counted, told }, node, members, firing });
}

interface Decision extends Telling {
  readonly receiver: string;
  readonly integration: Integration;
  readonly reason: string;
  readonly told: Told | undefined;
}

/** Writes down one notification, and answers what the integration then has been told. */
export function decide(
  around: Around,
  parts: Pick<FlushParts, 'book' | 'inFlight'>,
  group: GroupRecord,
  decision: Decision,
): Told {
  const { firing, resolved, nowMs, integration, receiver, reason } = decision;
  const before = decision.told ?? NEVER_TOLD;
  const sequence = before.sequence + 1;
  const alerts = [...firing, ...(integration.sendResolved ? resolved : [])];
  const told: Told = {
    sequence,
    firing: firing.map((alert) => alert.fingerprint),
    resolved: resolved.map((alert) => alert.fingerprint),
    atMs: nowMs,
    gone: goneSince(before, firing, decision),
    again: false,
  };
  if (alerts.length === 0) return told;
  addSend(around, parts, {
    id: shortHash(`${group.id} ${targetOf(receiver, integration.index)} ${sequence}`),
    order: nextNumber(around.tx, 'sends'),
    group: group.id,
    groupKey: group.key,
    groupLabels: group.labels,
    receiver,
    index: integration.index,
    kind: 'notify',
    reason,
    decidedMs: nowMs,
    incident: group.incident,
    alerts: alerts.map((alert) => toldAlert(alert, nowMs)),
  });
  return told;
}

/** Alerts that were told and fire no more, as long as the dedupe window needs them. */
function goneSince(
  before: Told,
  firing: readonly AlertRecord[],
  { nowMs, dedupeMs }: Telling,
): Told['gone'] {
  const now = new Set(firing.map((alert) => alert.fingerprint));
  const gone = new Map(before.gone.filter(([, atMs]) => nowMs - atMs < dedupeMs));
  for (const print of before.firing) if (!now.has(print)) gone.set(print, before.atMs);
  for (const print of now) gone.delete(print);
  return [...gone];
}

/** An alert as it is told: what is over has an end, what fires has none. */
export function toldAlert(alert: AlertRecord, nowMs: number): ToldAlert {
  const firing = isFiring(alert, nowMs);
  const { fingerprint, labels, annotations, startsAtMs, generatorUrl } = alert;
  const endsAtMs = firing ? 0 : alert.endsAtMs || alert.resolveAtMs;
  return { fingerprint, firing, labels, annotations, startsAtMs, endsAtMs, generatorUrl };
}

/** Adds a notification; one that waits behind others takes over the one before it. */
function addSend(
  { tx }: Around,
  { book, inFlight }: Pick<FlushParts, 'book' | 'inFlight'>,
  send: SendRecord,
): void {
  const waiting = [...(book.waiting.get(send.group) ?? [])]
    .map((id) => tx.sends.get(id))
    .filter((one): one is SendRecord => one !== undefined && one.kind === 'notify')
    .filter((one) => one.receiver === send.receiver && one.index === send.index)
    .sort((a, b) => a.order - b.order);
  const last = waiting.at(-1);
  if (waiting.length < WAITING_MAX || last === undefined || inFlight(last.id)) {
    tx.sends.set(send);
    return;
  }
  // Nobody is lost: what the one before would have told and this one does not is over now.
  const prints = new Set(send.alerts.map((alert) => alert.fingerprint));
  const lost = last.alerts
    .filter((alert) => !prints.has(alert.fingerprint))
    .map((alert) => ({
      ...alert,
      firing: false,
      endsAtMs: alert.endsAtMs || tx.alerts.get(alert.fingerprint)?.endsAtMs || send.decidedMs,
    }));
  tx.sends.delete(last.id);
  tx.sends.set({ ...send, alerts: [...send.alerts, ...lost] });
}

function membersOf({ tx }: Around, { book }: FlushParts, group: GroupRecord): AlertRecord[] {
  const out: AlertRecord[] = [];
  for (const print of book.members.get(group.id) ?? []) {
    const alert = tx.alerts.get(print);
    if (alert !== undefined) out.push(alert);
  }
  return out.sort(
    (a, b) => a.startsAtMs - b.startsAtMs || (a.fingerprint < b.fingerprint ? -1 : 1),
  );
}

interface Split {
  /** All that fire, muted or not. */
  readonly firing: readonly AlertRecord[];
  /** Those that nothing holds back. */
  readonly kept: readonly AlertRecord[];
  readonly why: string;
}

function partition(
  { nowMs }: Around,
  { muting }: FlushParts,
  node: RouteNode,
  members: readonly AlertRecord[],
): Split {
  const firing = members.filter((alert) => isFiring(alert, nowMs));
  const hours = muting.mutedBy(node);
  if (hours.length > 0) return { firing, kept: [], why: `by the hours ${hours.join(', ')}` };
  let why = '';
  const kept = members.filter((alert) => {
    const silences = muting.silencedBy(alert.labels);
    if (silences.length > 0) {
      why ||= `by the silence ${silences[0]}`;
      return false;
    }
    const inhibitors = muting.inhibitedBy(alert);
    if (inhibitors.length > 0) why ||= `by the alert ${inhibitors[0]}`;
    return inhibitors.length === 0;
  });
  return { firing, kept, why };
}

/** One line of history when everything that fires begins to be held back. */
function noteMuted(around: Around, group: GroupRecord, split: Split, last?: string): void {
  const { firing, kept, why } = split;
  const held = firing.length > 0 && !kept.some((alert) => isFiring(alert, around.nowMs));
  if (!held || last === 'muted') return;
  note(around, group.incident, { who: 'mon', what: 'muted', why: `held back ${why}` });
}

/** Lets go of what is over, and sets the group's next moment. */
function finish(
  around: Around,
  done: {
    readonly group: GroupRecord;
    readonly node: RouteNode;
    readonly members: readonly AlertRecord[];
    readonly firing: readonly AlertRecord[];
  },
): void {
  const { tx, nowMs } = around;
  const { group, node, members, firing } = done;
  for (const alert of members) {
    if (isFiring(alert, nowMs)) continue;
    tx.alerts.set({ ...alert, groups: alert.groups.filter((id) => id !== group.id) });
  }
  if (firing.length > 0) {
    assert(node.groupIntervalMs > 0, 'a group interval is above zero');
    tx.groups.set({ ...group, flushed: true, nextFlushMs: nowMs + node.groupIntervalMs });
    return;
  }
  resolveIncident(around, group);
  const idle = { flushed: false, nextFlushMs: 0, touchedMs: nowMs, extra: [] };
  const told = Object.fromEntries(
    Object.entries(group.told).map(([target, one]) => [target, closed(one)]),
  );
  tx.groups.set({ ...group, ...idle, told });
}

/** What stays when a group is empty: who was told when. What was muted at its end is over too. */
function closed(told: Told): Told {
  const gone = new Map(told.gone);
  for (const print of told.firing) gone.set(print, told.atMs);
  return { ...told, firing: [], resolved: [], gone: [...gone] };
}
