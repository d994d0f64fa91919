// Acknowledging: somebody has seen it, so nobody else has to be woken. Easy to get wrong: who
// acknowledges what is acknowledged already is told so by the history, and changes nothing else.
import { MonError, UserError } from '../errors.ts';
import { ALERT_TEXT_MAX } from '../limits.ts';
import type { Incident } from '../model/alerting.ts';
import type { Matcher } from '../model/matcher.ts';
import { tellAcknowledged } from './escalation.ts';
import type { FlushParts } from './flush.ts';
import { noted } from './incidents.ts';
import type { Around } from './incidents.ts';
import { labelTest } from './matching.ts';
import { isFiring } from './muting.ts';
import type { IncidentRecord } from './records.ts';

/** Acknowledges by id, or all open ones with a firing alert that matches. @throws MonError. */
export function acknowledgeIncidents(
  around: Around,
  parts: FlushParts,
  which: { readonly id: string } | { readonly matchers: readonly Matcher[] },
  by: { readonly who: string; readonly why: string },
): readonly Incident[] {
  if (by.who === '') throw new UserError('say who acknowledges');
  if (by.who.length + by.why.length > ALERT_TEXT_MAX) throw new UserError('the words are too long');
  const found =
    'id' in which ? [byId(around, which.id)] : byMatchers(around, parts, which.matchers);
  return found.map((incident) => {
    if (incident.status === 'resolved') {
      throw new UserError(`incident ${incident.id} is resolved already`);
    }
    const { nowMs, tx } = around;
    const entry = { atMs: nowMs, who: by.who, what: 'acknowledged', why: by.why };
    const first = incident.status === 'firing';
    const next = noted(incident, entry, {
      status: 'acknowledged',
      acknowledgedAtMs: first ? nowMs : incident.acknowledgedAtMs,
      acknowledgedBy: first ? by.who : incident.acknowledgedBy,
      escalateAtMs: 0,
    });
    tx.incidents.set(next);
    if (first) tellAcknowledged(around, parts, next);
    return next;
  });
}

function byId({ tx }: Around, id: string): IncidentRecord {
  const incident = tx.incidents.get(id);
  if (incident !== undefined) return incident;
  const hint = 'mon incidents lists them';
  throw new MonError('MON_NOT_FOUND', `no incident ${id.slice(0, 100)}`, { hint });
}

function byMatchers(
  { tx, nowMs }: Around,
  { book }: FlushParts,
  matchers: readonly Matcher[],
): IncidentRecord[] {
  if (matchers.length === 0) throw new UserError('at least one matcher required');
  const test = labelTest(matchers);
  const found = [...tx.incidents.all()].filter((incident) => {
    if (incident.status === 'resolved') return false;
    return [...(book.members.get(incident.group) ?? [])].some((print) => {
      const alert = tx.alerts.get(print);
      return alert !== undefined && isFiring(alert, nowMs) && test(alert.labels);
    });
  });
  if (found.length === 0) throw new MonError('MON_NOT_FOUND', 'no open incident matches');
  return found;
}
