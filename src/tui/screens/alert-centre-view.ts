// From alerts, silences and incidents to rows and words; pictures are made elsewhere. Only the rows
// of the window are made: there may be five thousand. Easy to get wrong: colour alone says nothing
// to many; every state has a sign as well.
import type { AlertView, Incident, SilenceView } from '../../engine/model/alerting.ts';
import { matcherText } from '../../engine/wire/alert-matchers.ts';
import type { Word } from '../draw/frame.ts';
import { STYLE } from '../draw/styles.ts';
import type { TableCell, TableColumn } from '../draw/table.ts';
import { formatAge } from '../draw/units.ts';
import type { AlertSnapshot } from '../feed/alert-feed.ts';
import type { WordGroup } from '../widgets/status-line.tsx';
import { ALERT_TABS } from './alert-centre-keys.ts';
import type { AlertTab } from './alert-centre-keys.ts';
import type { AlertState } from './alert-centre-state.ts';

/** One line of a list: what it is, and what the filter looks through. */
export interface Line {
  readonly id: string;
  readonly text: string;
  /** Labels of an alert that have no column of their own, those that tell alerts apart first. */
  readonly rest?: string;
  readonly alert?: AlertView;
  readonly silence?: SilenceView;
  readonly incident?: Incident;
}

/** An age in its largest unit: a column of them is compared, not read. */
function shortAge(ms: number): string {
  return formatAge(Math.max(0, ms)).split(' ', 1)[0];
}

const SEVERITY: Readonly<Record<string, number>> = {
  ...{ P1: 0, critical: 0, page: 0, P2: 1, error: 1, high: 1, P3: 2, warning: 2, P4: 3, info: 3 },
};
const SEVERITY_STYLES = [STYLE.bad, STYLE.warn, STYLE.warn, STYLE.dim];

function severityOf(severity: string): number {
  return SEVERITY[severity] ?? 2.5;
}

/** Labels without those that have a column of their own. */
export function restOf(labels: Readonly<Record<string, string>>): string {
  const own = new Set(['alertname', 'severity']);
  const rest = Object.entries(labels).filter(([name]) => !own.has(name));
  return rest.map(([name, value]) => `${name}=${value}`).join(' ');
}

/** Names of labels by how many values they have among these alerts, most first. */
function tellingNames(alerts: readonly AlertView[]): Map<string, number> {
  const values = new Map<string, Set<string>>();
  for (const { labels } of alerts) {
    for (const [name, value] of Object.entries(labels)) {
      const known = values.get(name);
      if (known === undefined) values.set(name, new Set([value]));
      else known.add(value);
    }
  }
  const sorted = [...values].toSorted(([a, x], [b, y]) => y.size - x.size || (a < b ? -1 : 1));
  return new Map(sorted.map(([name], place) => [name, place]));
}

function inOrder(labels: Readonly<Record<string, string>>, places: ReadonlyMap<string, number>) {
  const placeOf = (name: string): number => places.get(name) ?? places.size;
  const sorted = Object.entries(labels).toSorted(([a], [b]) => placeOf(a) - placeOf(b));
  return restOf(Object.fromEntries(sorted));
}

/** Every line of each list, in the order shown; made once a snapshot. */
export function linesOf(snapshot: AlertSnapshot): Record<AlertTab, readonly Line[]> {
  const names = new Map(snapshot.alerts.map((one) => [one, pairs(one.labels)]));
  const nameOf = (one: AlertView): string => names.get(one) as string;
  const alerts = [...snapshot.alerts].sort(
    (a, b) =>
      Number(a.state === 'suppressed') - Number(b.state === 'suppressed') ||
      severityOf(a.labels['severity'] ?? '') - severityOf(b.labels['severity'] ?? '') ||
      b.startsAtMs - a.startsAtMs ||
      (nameOf(a) < nameOf(b) ? -1 : 1),
  );
  const places = tellingNames(alerts);
  return {
    alerts: alerts.map((alert) => ({
      id: alert.fingerprint,
      rest: inOrder(alert.labels, places),
      text: `${alert.state} ${pairs(alert.labels)} ${alert.annotations['summary'] ?? ''}`,
      alert,
    })),
    silences: snapshot.silences.map((silence) => ({
      id: silence.id,
      text: `${silence.state} ${silence.createdBy} ${silence.comment} ${matchersLine(silence)}`,
      silence,
    })),
    incidents: snapshot.incidents.map((incident) => ({
      id: incident.id,
      text: [incident.status, incident.receiver, incident.severity, pairs(incident.labels)].join(
        ' ',
      ),
      incident,
    })),
  };
}

function pairs(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function matchersLine(silence: SilenceView): string {
  return silence.matchers.map(matcherText).join(' ');
}

/** The lines that hold the filter's text; `!` turns it round. */
export function filtered(lines: readonly Line[], filter: string): readonly Line[] {
  const not = filter.startsWith('!');
  const wanted = (not ? filter.slice(1) : filter).trim().toLowerCase();
  if (wanted === '') return lines;
  return lines.filter((line) => line.text.toLowerCase().includes(wanted) !== not);
}

const column = (title: string, min: number, rank: number, more: object = {}): TableColumn => ({
  ...{ title, min, rank },
  ...more,
});

export const COLUMNS: Readonly<Record<AlertTab, readonly TableColumn[]>> = {
  alerts: [
    column('', 3, 0, { max: 3 }),
    column('since', 5, 2, { align: 'right', max: 5 }),
    column('severity', 8, 3, { max: 10 }),
    column('alert', 12, 0, { max: 32 }),
    column('labels', 16, 1, { max: 56 }),
    column('inc', 4, 4, { align: 'right', max: 6 }),
    column('summary', 28, 5, { grow: true }),
  ],
  silences: [
    column('', 3, 0, { max: 3 }),
    column('ends in', 8, 1, { align: 'right', max: 9 }),
    column('matchers', 20, 0, { grow: true }),
    column('hides', 5, 4, { align: 'right', max: 6 }),
    column('by', 6, 3, { max: 16 }),
    column('comment', 10, 2, { max: 40 }),
  ],
  incidents: [
    column('', 3, 0, { max: 3 }),
    column('#', 3, 0, { align: 'right', max: 7 }),
    column('since', 5, 2, { align: 'right', max: 5 }),
    column('severity', 8, 3, { max: 10 }),
    column('group', 24, 1, { grow: true }),
    column('firing', 7, 4, { align: 'right', max: 9 }),
    column('to', 8, 5, { max: 20 }),
    column('last', 10, 3, { max: 40 }),
  ],
};

/** The cells of one line. */
export function rowOf(line: Line, state: AlertState, snapshot: AlertSnapshot): TableCell[] {
  const marked = state.marked.has(line.id);
  const mark = marked ? '×' : ' ';
  if (line.alert !== undefined) return alertRow(line.alert, line.rest ?? '', mark, snapshot);
  if (line.silence !== undefined) return silenceRow(line.silence, mark, snapshot);
  return incidentRow(line.incident as Incident, mark, snapshot);
}

function alertRow(
  alert: AlertView,
  rest: string,
  mark: string,
  { nowMs, incidents }: AlertSnapshot,
) {
  const severity = alert.labels['severity'] ?? '';
  const muted = alert.state === 'suppressed';
  const incident = incidents.find((one) => one.id === alert.incident);
  const known = incident?.status === 'acknowledged';
  const sign = muted ? '‖' : known ? '✓' : '●';
  const style = muted ? STYLE.dim : SEVERITY_STYLES[Math.floor(severityOf(severity))];
  return [
    { text: `${mark}${sign}`, style: muted ? STYLE.dim : known ? STYLE.good : style },
    { text: shortAge(nowMs - alert.startsAtMs), style: muted ? STYLE.dim : undefined },
    { text: severity, style },
    { text: alert.labels['alertname'] ?? '', style: muted ? STYLE.dim : undefined },
    { text: rest, style: muted ? STYLE.dim : undefined },
    { text: alert.incident ?? '', style: STYLE.dim },
    { text: alert.annotations['summary'] ?? '', style: STYLE.dim },
  ] as TableCell[];
}

function silenceRow(silence: SilenceView, mark: string, { nowMs, alerts }: AlertSnapshot) {
  const over = silence.state === 'expired';
  const sign = { active: '‖', pending: '○', expired: '✗' }[silence.state];
  const hides = alerts.filter((alert) => alert.silencedBy.includes(silence.id)).length;
  const left = formatAge(Math.max(0, silence.endsAtMs - nowMs));
  const style = over ? STYLE.dim : undefined;
  return [
    { text: `${mark}${sign}`, style: over ? STYLE.dim : STYLE.accent },
    { text: over ? 'over' : left, style },
    { text: matchersLine(silence), style },
    { text: over ? '' : String(hides), style: hides > 0 ? STYLE.warn : STYLE.dim },
    { text: silence.createdBy, style },
    { text: silence.comment, style: STYLE.dim },
  ] as TableCell[];
}

/** What a group has in common: the alert's name stands for itself. */
function groupText({ labels, groupKey }: Incident): string {
  const name = labels['alertname'] ?? '';
  const { alertname: _, ...others } = labels;
  return [name, pairs(others)].filter((one) => one !== '').join(' ') || groupKey;
}

function incidentRow(incident: Incident, mark: string, { nowMs }: AlertSnapshot) {
  const { status } = incident;
  const sign = { firing: '●', acknowledged: '✓', resolved: '·' }[status];
  const open = SEVERITY_STYLES[Math.floor(severityOf(incident.severity))];
  const style = status === 'firing' ? open : status === 'acknowledged' ? STYLE.good : STYLE.dim;
  const plain = status === 'resolved' ? STYLE.dim : undefined;
  const last = incident.history.at(-1);
  return [
    { text: `${mark}${sign}`, style },
    { text: incident.id, style: plain },
    { text: shortAge(nowMs - incident.startedAtMs), style: plain },
    { text: incident.severity, style },
    { text: groupText(incident), style: plain },
    { text: `${incident.firing}/${incident.alerts}`, style: plain },
    { text: incident.receiver, style: plain },
    { text: last === undefined ? '' : `${last.what} ${last.who}`, style: STYLE.dim },
  ] as TableCell[];
}

/** The left half of the first row: where, and how bad it is. */
export function titleGroups(snapshot: AlertSnapshot, host: string): WordGroup[] {
  const groups: WordGroup[] = [
    { words: [{ text: ' mon ', style: STYLE.badge }] },
    { words: [{ text: host, style: STYLE.bold }] },
  ];
  if (!snapshot.known) return groups;
  const silenced = snapshot.alerts.filter((alert) => alert.state === 'suppressed').length;
  const firing = snapshot.alerts.length - silenced;
  const open = snapshot.incidents.filter((one) => one.status === 'firing').length;
  const count = (n: number, word: string, style: number): WordGroup => ({
    words: [
      { text: String(n), style: n > 0 ? style : STYLE.dim },
      { text: ` ${word}`, style: STYLE.dim },
    ],
  });
  groups.push(count(firing, 'firing', STYLE.bad), count(silenced, 'silenced', STYLE.accent));
  groups.push(count(open, 'not acknowledged', STYLE.warn));
  return groups;
}

/** The right half: the state of the feed and the clock. */
export function stateGroups(snapshot: AlertSnapshot, clock: (ms: number) => string): WordGroup[] {
  const { trouble, paused, known, nowMs } = snapshot;
  const word: Word =
    trouble !== undefined
      ? { text: ` no answer `, style: STYLE.badgeBad }
      : paused
        ? { text: '‖ paused', style: STYLE.warn }
        : known
          ? { text: '● live', style: STYLE.good }
          : { text: '○ connecting', style: STYLE.dim };
  return [{ words: [{ text: clock(nowMs), style: STYLE.dim }] }, { words: [word] }];
}

/** The second row: the lists, the chosen one standing out. */
export function tabGroups(state: AlertState, counts: Record<AlertTab, number>): WordGroup[] {
  const groups: WordGroup[] = ALERT_TABS.map((tab) => ({
    words: [
      { text: ` ${tab} ${counts[tab]} `, style: tab === state.tab ? STYLE.badge : STYLE.dim },
    ],
    gap: 1,
  }));
  if (state.marked.size > 0) {
    groups.push({ words: [{ text: `  ${state.marked.size} marked`, style: STYLE.accent }] });
  }
  if (state.filter !== '') {
    groups.push({ words: [{ text: `  filter ${state.filter}`, style: STYLE.warn }] });
  }
  return groups;
}
