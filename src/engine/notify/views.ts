// What people see of the notifier's records: alerts with what holds them back, groups, silences.
// Made anew for each question from what is committed. Easy to get wrong: an alert that is resolved
// is not listed, and one whose group was not told yet is "unprocessed" in Alertmanager's words.
import type { AlertFilter, AlertView, GroupView, SilenceView } from '../model/alerting.ts';
import { labelsObject } from '../model/labels.ts';
import type { Book } from './book.ts';
import { labelTest } from './matching.ts';
import type { RouteTree } from './matching.ts';
import { isFiring, silenceState } from './muting.ts';
import type { Muting } from './muting.ts';
import type { AlertRecord } from './records.ts';

export interface ViewParts {
  readonly book: Book;
  readonly tree: RouteTree;
  readonly muting: Muting;
  readonly nowMs: number;
}

function viewOf(parts: ViewParts, alert: AlertRecord): AlertView {
  const { book, tree, muting } = parts;
  const receivers = new Set<string>();
  const mutedBy = new Set<string>();
  let incident: string | undefined;
  for (const id of alert.groups) {
    const group = book.groups.rows.get(id);
    if (group === undefined) continue;
    receivers.add(group.receiver);
    if (group.incident !== '') incident ??= group.incident;
    const node = tree.node(group.routeKey, group.receiver);
    if (node !== undefined) for (const name of muting.mutedBy(node)) mutedBy.add(name);
  }
  const silencedBy = muting.silencedBy(alert.labels);
  const inhibitedBy = muting.inhibitedBy(alert);
  const suppressed = silencedBy.length > 0 || inhibitedBy.length > 0;
  return {
    fingerprint: alert.fingerprint,
    labels: labelsObject(alert.labels),
    annotations: labelsObject(alert.annotations),
    startsAtMs: alert.startsAtMs,
    endsAtMs: alert.endsAtMs,
    updatedAtMs: alert.updatedAtMs,
    generatorUrl: alert.generatorUrl,
    receivers: [...receivers],
    state: suppressed ? 'suppressed' : 'active',
    silencedBy,
    inhibitedBy,
    mutedBy: [...mutedBy],
    ...(incident === undefined ? {} : { incident }),
  };
}

function shows(filter: AlertFilter, view: AlertView): boolean {
  if (filter.receiver !== undefined && !view.receivers.some(filter.receiver)) return false;
  if (filter.active === false && view.state === 'active') return false;
  if (filter.unprocessed === false && view.state === 'unprocessed') return false;
  if (filter.silenced === false && view.silencedBy.length > 0) return false;
  if (filter.muted === false && view.mutedBy.length > 0) return false;
  return filter.inhibited !== false || view.inhibitedBy.length === 0;
}

/** Firing alerts that the filter shows, in the order of their fingerprints. */
export function alertViews(parts: ViewParts, filter: AlertFilter): AlertView[] {
  const test = labelTest(filter.matchers ?? []);
  const out: AlertView[] = [];
  for (const alert of parts.book.alerts.rows.values()) {
    if (!isFiring(alert, parts.nowMs) || !test(alert.labels)) continue;
    const view = viewOf(parts, alert);
    if (shows(filter, view)) out.push(view);
  }
  return out.sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
}

/** Groups with at least one alert that the filter shows. */
export function groupViews(parts: ViewParts, filter: AlertFilter): GroupView[] {
  const shown = new Map(alertViews(parts, filter).map((view) => [view.fingerprint, view]));
  const out: GroupView[] = [];
  for (const group of parts.book.groups.rows.values()) {
    if (filter.receiver !== undefined && !filter.receiver(group.receiver)) continue;
    const members = [...(parts.book.members.get(group.id) ?? [])].sort();
    const alerts = members.flatMap((print) => shown.get(print) ?? []);
    if (alerts.length === 0) continue;
    out.push({ labels: labelsObject(group.labels), receiver: group.receiver, alerts });
  }
  const name = (one: GroupView): string => `${JSON.stringify(one.labels)} ${one.receiver}`;
  return out.sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

/** All silences: active first, each kind in the order in which they end. */
export function silenceViews({ book, nowMs }: ViewParts): SilenceView[] {
  const rank = { active: 0, pending: 1, expired: 2 };
  return [...book.silences.rows.values()]
    .map((silence) => ({ ...silence, state: silenceState(silence, nowMs) }))
    .sort((a, b) => rank[a.state] - rank[b.state] || a.endsAtMs - b.endsAtMs);
}
