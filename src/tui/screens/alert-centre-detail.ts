// All about one alert, silence or incident, as lines; and the command that does the same. Pure.
// Easy to get wrong: a command is pasted into a shell, so what labels say is quoted there.
import type { AlertView, Incident, SilenceView } from '../../engine/model/alerting.ts';
import { formatDuration } from '../../engine/model/duration.ts';
import { matcherText } from '../../engine/wire/alert-matchers.ts';
import { STYLE } from '../draw/styles.ts';
import { cellWidth, safeText } from '../draw/text.ts';
import { formatAge } from '../draw/units.ts';
import { wrapText } from '../draw/wrap.ts';
import type { AlertSnapshot } from '../feed/alert-feed.ts';
import { matchersFor } from './alert-centre-matchers.ts';
import type { AlertTab } from './alert-centre-keys.ts';
import type { Line } from './alert-centre-view.ts';
import { shellQuote } from '../draw/shell-word.ts';

export interface TextLine {
  readonly text: string;
  readonly style: number;
  /** Cells before what may go on below; without it a long line is cut. */
  readonly hang?: number;
}

/** Cells that a text beside its name needs, to be read at all. */
const BESIDE_MIN = 16;

type Clock = (ms: number) => string;

function head(text: string): TextLine {
  return { text, style: STYLE.bold };
}

function fact(name: string, value: string): TextLine {
  const lead = `${name.padEnd(14)} `;
  return { text: `${lead}${value}`, style: STYLE.plain, hang: cellWidth(safeText(lead)) };
}

/** A long line in rows, those below under the beginning of what goes on. */
function inRows({ text, style, hang }: TextLine, room: number): TextLine[] {
  const safe = safeText(text);
  if (hang === undefined || room - hang < BESIDE_MIN || cellWidth(safe) <= room) {
    return [{ text, style }];
  }
  const rows = wrapText(safe.slice(hang), room - hang);
  const lead = (i: number): string => (i === 0 ? safe.slice(0, hang) : ' '.repeat(hang));
  return rows.map((row, i) => ({ text: `${lead(i)}${row}`, style }));
}

const EMPTY: TextLine = { text: '', style: STYLE.plain };

/** The lines of a detail, in a box with room for so many cells a line. */
export function detailLines(
  line: Line,
  snapshot: AlertSnapshot,
  { clock, room }: { readonly clock: Clock; readonly room: number },
): TextLine[] {
  return linesFor(line, snapshot, clock).flatMap((one) => inRows(one, room));
}

function linesFor(line: Line, snapshot: AlertSnapshot, clock: Clock): TextLine[] {
  if (line.alert !== undefined) return alertDetail(line.alert, snapshot, clock);
  if (line.silence !== undefined) return silenceDetail(line.silence, snapshot, clock);
  return incidentDetail(line.incident as Incident, clock);
}

function alertDetail(alert: AlertView, snapshot: AlertSnapshot, clock: Clock): TextLine[] {
  const { nowMs, incidents, silences } = snapshot;
  const incident = incidents.find((one) => one.id === alert.incident);
  const facts = [
    fact('state', alert.state === 'suppressed' ? '‖ held back' : '● firing'),
    fact(
      'since',
      `${clock(alert.startsAtMs)}, ${formatAge(Math.max(0, nowMs - alert.startsAtMs))}`,
    ),
    fact('told to', alert.receivers.join(', ')),
  ];
  for (const id of alert.silencedBy) {
    const by = silences.find((one) => one.id === id);
    const words = by === undefined ? '' : `, by ${by.createdBy}: ${by.comment}`;
    facts.push(fact('silenced by', `${id.slice(0, 8)}${words}`));
  }
  for (const print of alert.inhibitedBy) facts.push(fact('inhibited by', print));
  for (const name of alert.mutedBy) facts.push(fact('out of hours', name));
  if (alert.generatorUrl !== '') facts.push(fact('source', alert.generatorUrl));
  return [
    ...facts,
    EMPTY,
    head('labels'),
    ...Object.entries(alert.labels).map(([name, value]) => fact(`  ${name}`, value)),
    ...(Object.keys(alert.annotations).length === 0 ? [] : [EMPTY, head('annotations')]),
    ...Object.entries(alert.annotations).map(([name, value]) => fact(`  ${name}`, value)),
    ...(incident === undefined ? [] : [EMPTY, head(`incident ${incident.id}`)]),
    ...(incident === undefined ? [] : historyLines(incident, clock)),
  ];
}

function silenceDetail(silence: SilenceView, { alerts }: AlertSnapshot, clock: Clock): TextLine[] {
  const hidden = alerts.filter((alert) => alert.silencedBy.includes(silence.id));
  return [
    fact('id', silence.id),
    fact('state', silence.state),
    fact('by', silence.createdBy),
    fact('why', silence.comment),
    fact('from', clock(silence.startsAtMs)),
    fact('until', clock(silence.endsAtMs)),
    EMPTY,
    head('matchers'),
    ...silence.matchers.map((one) => ({ text: `  ${matcherText(one)}`, style: STYLE.plain })),
    EMPTY,
    head(`hides ${hidden.length} now`),
    ...hidden.slice(0, 100).map((alert) => ({ text: `  ${nameOf(alert)}`, style: STYLE.dim })),
  ];
}

function incidentDetail(incident: Incident, clock: Clock): TextLine[] {
  const seen = incident.status === 'resolved' ? clock(incident.resolvedAtMs) : '';
  const by = incident.acknowledgedBy;
  return [
    fact('status', incident.status),
    fact('severity', incident.severity),
    fact('group', incident.groupKey),
    fact('told to', incident.receiver),
    fact('began', clock(incident.startedAtMs)),
    ...(seen === '' ? [] : [fact('ended', seen)]),
    ...(by === '' ? [] : [fact('acknowledged', `${by}, ${clock(incident.acknowledgedAtMs)}`)]),
    fact('alerts', `${incident.firing} firing of ${incident.alerts}`),
    EMPTY,
    head('history'),
    ...historyLines(incident, clock),
  ];
}

const WHAT_STYLES: Readonly<Record<string, number>> = {
  ...{ opened: STYLE.bad, escalated: STYLE.bad, refused: STYLE.bad, delayed: STYLE.warn },
  ...{ acknowledged: STYLE.good, resolved: STYLE.good, muted: STYLE.accent },
};

function historyLines(incident: Incident, clock: Clock): TextLine[] {
  return incident.history.map(({ atMs, what, who, why }) => {
    const lead = `  ${clock(atMs)}  ${what.padEnd(13)} `;
    return {
      text: `${lead}${who === 'mon' ? '' : `${who}  `}${why}`,
      style: WHAT_STYLES[what] ?? STYLE.plain,
      hang: lead.length,
    };
  });
}

/** One alert in a few words. */
export function nameOf(alert: AlertView): string {
  const { alertname = '', ...rest } = alert.labels;
  const all = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  return [alertname, ...all].filter((one) => one !== '').join(' ');
}

/** The commands that do the same as the keys would, for what is chosen. */
export function commandsFor(
  tab: AlertTab,
  lines: readonly Line[],
  serverFlags: string,
): TextLine[] {
  const flags = serverFlags === '' ? '' : ` ${serverFlags}`;
  const out: string[] = [];
  const alerts = lines.flatMap(({ alert }) => alert ?? []);
  if (alerts.length > 0) {
    const matchers = shellQuote(matchersFor(alerts));
    out.push(`mon silence add ${matchers} -d 2h -c 'why'${flags}`);
  }
  const incidents = new Set(
    lines.flatMap(({ alert, incident }) => alert?.incident ?? incident?.id ?? []),
  );
  for (const id of incidents)
    out.push(`mon ack ${id} -c 'why'${flags}`, `mon incidents ${id}${flags}`);
  for (const { silence } of lines) {
    if (silence === undefined) continue;
    const left = formatDuration(3_600_000);
    out.push(`mon silence extend ${silence.id} -d ${left}${flags}`);
    out.push(`mon silence expire ${silence.id}${flags}`);
  }
  if (out.length === 0)
    out.push(`mon ${tab === 'silences' ? 'silence list' : 'incidents'}${flags}`);
  return out.map((text) => ({ text, style: STYLE.plain }));
}
