// Alerts on their way in: from rules as state changes with ids, from the API as Alertmanager's
// posts. They are merged into what is known and put into their groups. Easy to get wrong: a change
// that is told twice, or after a newer one, changes nothing; an alert that was posted without an
// end is resolved when nobody has posted it again for a while.
import { UserError } from '../errors.ts';
import { ALERTS_MAX } from '../limits.ts';
import type { PostedAlert } from '../model/alerting.ts';
import { makeLabels } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { AlertEvent } from '../ports.ts';
import type { Book } from './book.ts';
import { fingerprintOf, labelSetText, shortHash } from './fingerprint.ts';
import { countFiring } from './incidents.ts';
import type { Around } from './incidents.ts';
import { groupLabels } from './matching.ts';
import type { RouteTree } from './matching.ts';
import { isFiring } from './muting.ts';
import type { AlertRecord, GroupRecord } from './records.ts';
import type { RouteNode } from './routing.ts';
import type { SteadyClock } from './steady-clock.ts';

const IDS_MAX = 16;

export interface IntakeParts {
  readonly book: Book;
  readonly tree: RouteTree;
  readonly steady: SteadyClock;
  /** Ms since 1970 by the wall. */
  readonly wallNow: () => number;
  /** Names of receivers that a rule's channel means; none when it means nobody. */
  readonly channelReceivers: (channel: string) => readonly string[];
}

const EMPTY: Omit<AlertRecord, 'fingerprint' | 'labels'> = {
  ...{ annotations: [], startsAtMs: 0, endsAtMs: 0, resolveAtMs: 0, updatedAtMs: 0, atMs: 0 },
  ...{ generatorUrl: '', ids: [], groups: [], channels: [] },
};

/** Merges what a rule told. Answers undefined when it changes nothing. */
export function mergeEvent(
  known: AlertRecord | undefined,
  event: AlertEvent,
  nowMs: number,
): AlertRecord | undefined {
  const before = known ?? { ...EMPTY, fingerprint: fingerprintOf(event.labels), labels: [] };
  if (before.ids.includes(event.id) || event.atMs < before.atMs) return undefined;
  const resolved = event.endsAtMs !== 0;
  return {
    ...before,
    labels: event.labels,
    annotations: event.annotations,
    startsAtMs: event.startsAtMs,
    endsAtMs: event.endsAtMs,
    resolveAtMs: resolved ? nowMs : 0,
    updatedAtMs: nowMs,
    atMs: event.atMs,
    generatorUrl: event.generatorUrl,
    ids: [...before.ids, event.id].slice(-IDS_MAX),
    channels: event.channels ?? [],
  };
}

/**
 * Merges what was posted: the earliest start of one firing, the newest annotations, the latest end.
 * `ends` and `resolves` are the alert's own end, or the one that a timeout gives it.
 */
export function mergePost(
  known: AlertRecord | undefined,
  post: PostedAlert,
  times: { readonly nowMs: number; readonly resolveMs: number },
): AlertRecord {
  const { nowMs, resolveMs } = times;
  const labels = makeLabels(Object.entries(post.labels));
  const annotations = makeLabels(Object.entries(post.annotations));
  const before = known ?? { ...EMPTY, fingerprint: fingerprintOf(labels), labels };
  const wasFiring = known !== undefined && isFiring(known, nowMs);
  const isOver = resolveMs <= nowMs;
  const starts = post.startsAtMs ?? (isOver ? (post.endsAtMs ?? nowMs) : nowMs);
  const goesOn = wasFiring && before.startsAtMs < starts;
  return {
    ...before,
    annotations,
    generatorUrl: post.generatorUrl,
    startsAtMs: goesOn || (isOver && known !== undefined) ? before.startsAtMs : starts,
    endsAtMs: post.endsAtMs ?? resolveMs,
    resolveAtMs: isOver && known !== undefined && !wasFiring ? before.resolveAtMs : resolveMs,
    updatedAtMs: nowMs,
  };
}

/** What a posted alert lacks; undefined when it may come in. */
export function postFault(post: PostedAlert): string | undefined {
  const names = Object.keys(post.labels).filter((name) => post.labels[name] !== '');
  if (names.length === 0) return 'at least one label pair required';
  if ([...names, ...Object.keys(post.annotations)].includes('')) return 'a label name is empty';
  const { startsAtMs, endsAtMs } = post;
  if (startsAtMs !== undefined && endsAtMs !== undefined && endsAtMs < startsAtMs) {
    return 'start time must be before end time';
  }
  return undefined;
}

/** Puts merged alerts into the book and into the groups that the tree gives them. */
export function takeIn(around: Around, parts: IntakeParts, alerts: readonly AlertRecord[]): void {
  const { tx, nowMs } = around;
  const { book } = parts;
  const touched = new Map<string, { node: RouteNode; joined: Map<string, AlertRecord> }>();
  let room = ALERTS_MAX - book.alerts.rows.size;
  for (const alert of alerts) {
    if (!book.alerts.rows.has(alert.fingerprint) && room-- <= 0) {
      throw new UserError(`there are ${ALERTS_MAX} alerts already`, {
        hint: 'group what fires together by aggregating in the rule',
      });
    }
    const groups = new Set(alert.groups);
    for (const [node, receiver] of placesOf(parts, alert)) {
      const id = openGroup(around, { ...node, receiver }, alert);
      // What is resolved already has nothing to tell to a group that never knew it.
      if (!isFiring(alert, nowMs) && !groups.has(id)) continue;
      groups.add(id);
      const entry = touched.get(id) ?? { node, joined: new Map<string, AlertRecord>() };
      entry.joined.set(alert.fingerprint, alert);
      touched.set(id, entry);
    }
    tx.alerts.set({ ...alert, groups: [...groups] });
  }
  for (const [id, { node, joined }] of touched) {
    const firing = new Map<string, AlertRecord>();
    for (const print of book.members.get(id) ?? []) {
      const member = tx.alerts.get(print);
      if (member !== undefined && isFiring(member, nowMs)) firing.set(print, member);
    }
    for (const [print, alert] of joined) if (isFiring(alert, nowMs)) firing.set(print, alert);
    const group = tx.groups.get(id) as GroupRecord;
    const counted = countFiring(around, group, node, [...firing.values()]);
    tx.groups.set(wake(counted, node, [...joined.values()], nowMs));
  }
}

/** The nodes and receivers of an alert: the tree's, and those that its rule names. */
function* placesOf(
  { tree, channelReceivers }: IntakeParts,
  alert: AlertRecord,
): Iterable<readonly [RouteNode, string]> {
  const seen = new Set<string>();
  for (const node of tree.handlersOf(alert.labels)) {
    seen.add(node.receiver);
    yield [node, node.receiver];
  }
  for (const channel of alert.channels) {
    for (const receiver of channelReceivers(channel)) {
      if (seen.has(receiver)) continue;
      seen.add(receiver);
      yield [tree.root, receiver];
    }
  }
}

function openGroup({ tx, nowMs }: Around, node: RouteNode, alert: AlertRecord): string {
  const labels: Labels = groupLabels(node, alert.labels);
  const key = `${node.key}:${labelSetText(labels)}`;
  const id = shortHash(`${key}\n${node.receiver}`);
  if (tx.groups.get(id) === undefined) {
    tx.groups.set({
      ...{ id, key, labels, routeKey: node.key, receiver: node.receiver },
      ...{ flushed: false, nextFlushMs: 0, touchedMs: nowMs, told: {}, extra: [], incident: '' },
    });
  }
  return id;
}

/** When a group that somebody joined is told next. */
function wake(
  group: GroupRecord,
  node: RouteNode,
  joined: readonly AlertRecord[],
  nowMs: number,
): GroupRecord {
  if (group.flushed && group.nextFlushMs !== 0) return group;
  // What has waited elsewhere for as long as the group would wait is told at once.
  const isOld = joined.some(
    (alert) => isFiring(alert, nowMs) && alert.startsAtMs + node.groupWaitMs < nowMs,
  );
  const nextFlushMs = isOld
    ? nowMs
    : group.nextFlushMs === 0
      ? nowMs + node.groupWaitMs
      : group.nextFlushMs;
  return { ...group, nextFlushMs, touchedMs: nowMs };
}
