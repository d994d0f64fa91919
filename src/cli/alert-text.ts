// Alerts, silences and incidents as rows. Pure. Easy to get wrong: what a label says comes from
// outside; the listing escapes it for a terminal and leaves it as it is in data.
import type { AlertView, Incident, SilenceView } from '../engine/model/alerting.ts';
import { formatDuration } from '../engine/model/duration.ts';
import { matcherText } from '../engine/wire/alert-matchers.ts';
import type { Listing } from './listing.ts';

/** `alertname host=web-1 severity=critical` */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  const { alertname = '', ...rest } = labels;
  const pairs = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  return [alertname, ...pairs].filter((one) => one !== '').join(' ');
}

/** How long ago, in its two largest units. */
export function agoText(ms: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - ms) / 1000));
  const coarse = seconds < 3600 ? seconds : seconds - (seconds % 60);
  return formatDuration(coarse * 1000);
}

function iso(ms: number): string {
  return ms === 0 ? '' : new Date(ms).toISOString();
}

export function alertListing(alerts: readonly AlertView[]): Listing {
  return {
    kind: 'AlertList',
    columns: ['state', 'starts', 'incident', 'labels', 'summary'].map((name) => ({ name })),
    rows: alerts.map((alert) => [
      alert.state,
      iso(alert.startsAtMs),
      alert.incident ?? '',
      labelsText(alert.labels),
      alert.annotations['summary'] ?? '',
    ]),
    valueColumn: 3,
  };
}

export function silenceListing(silences: readonly SilenceView[]): Listing {
  const columns = ['id', 'state', 'matchers', 'ends', 'by', 'comment'];
  return {
    kind: 'SilenceList',
    columns: columns.map((name) => ({ name })),
    rows: silences.map((silence) => [
      silence.id,
      silence.state,
      silence.matchers.map(matcherText).join(' '),
      iso(silence.endsAtMs),
      silence.createdBy,
      silence.comment,
    ]),
    valueColumn: 0,
  };
}

export function incidentListing(incidents: readonly Incident[], nowMs: number): Listing {
  const columns = ['id', 'status', 'severity', 'started', 'for', 'firing', 'alerts', 'receiver'];
  return {
    kind: 'IncidentList',
    columns: [...columns, 'labels', 'acknowledged by'].map((name) => ({
      name: name.replace(' by', '_by'),
      ...(name === 'firing' || name === 'alerts' ? { align: 'right' as const } : {}),
    })),
    rows: incidents.map((one) => [
      one.id,
      one.status,
      one.severity,
      iso(one.startedAtMs),
      agoText(one.startedAtMs, one.resolvedAtMs || nowMs),
      one.firing,
      one.alerts,
      one.receiver,
      labelsText(one.labels),
      one.acknowledgedBy,
    ]),
    valueColumn: 0,
  };
}

/** The history of one incident. */
export function historyListing(incident: Incident): Listing {
  return {
    kind: 'IncidentHistory',
    columns: ['time', 'what', 'who', 'why'].map((name) => ({ name })),
    rows: incident.history.map(({ atMs, what, who, why }) => [iso(atMs), what, who, why]),
    valueColumn: 3,
  };
}
