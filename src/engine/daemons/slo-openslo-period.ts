// The time window of an OpenSLO object: rolling, or by the calendar of a time zone. Easy to get
// wrong: M is a month and m a minute; and a rolling month has no length, so it is taken as 30 days.
import { isZone } from '../alert/slo/calendar.ts';
import type { SloPeriod } from '../model/slo.ts';
import { Section, words } from './config-reader.ts';
import { required } from './slo-fields.ts';

type Unit = Extract<SloPeriod, { kind: 'calendar' }>['unit'];

const DAY = 86_400_000;
const UNITS: Readonly<Record<string, readonly [unit: Unit, times: number, ms: number]>> = {
  m: ['minute', 1, 60_000],
  h: ['hour', 1, 3_600_000],
  d: ['day', 1, DAY],
  w: ['week', 1, 7 * DAY],
  M: ['month', 1, 30 * DAY],
  Q: ['month', 3, 90 * DAY],
  Y: ['year', 1, 365 * DAY],
};
const YEARS_MAX = 10;

interface Shorthand {
  readonly count: number;
  readonly unit: Unit;
  readonly ms: number;
}

/** A duration as OpenSLO writes it: a number and one of m h d w M Q Y. */
export function shorthand(section: Section, name: string): Shorthand {
  const text = required(section, name);
  const found = /^(\d{1,9})([mhdwMQY])$/.exec(text);
  const count = Number(found?.[1]);
  const [unit, times, ms] = UNITS[found?.[2] ?? 'm'];
  if (found === null || count * ms > YEARS_MAX * 365 * DAY) {
    const hint = 'a number and one of m h d w M Q Y, as in 5m, 28d, 1M; at most 10 years';
    return section.fail(name, `${name} is not a duration of OpenSLO`, hint);
  }
  return { count: count * times, unit, ms: count * ms };
}

/** The period of an SLO; the default where it names none. */
export function readPeriod(spec: Section, defaultMs: number): SloPeriod {
  const nodes = spec.items('timeWindow');
  if (nodes.length === 0) return { kind: 'rolling', ms: defaultMs };
  if (nodes.length > 1) spec.fail('timeWindow', 'timeWindow must hold exactly one window');
  const fields = words('duration isRolling calendar');
  const window = new Section(spec.file, nodes[0], 'a time window', fields);
  const { count, unit, ms } = shorthand(window, 'duration');
  if (ms === 0) window.fail('duration', 'duration must be above 0');
  const calendar = window.has('calendar');
  const rolling = window.bool('isRolling') ?? !calendar;
  if (rolling && calendar) window.fail('calendar', 'a rolling window has no calendar');
  if (rolling) return { kind: 'rolling', ms };
  if (!calendar) window.fail('isRolling', 'a window that does not roll needs a calendar');
  const section = window.section('calendar', words('startTime timeZone'));
  const zone = required(section, 'timeZone');
  if (!isZone(zone)) {
    section.fail('timeZone', `there is no time zone ${JSON.stringify(zone)}`, 'as in Europe/Paris');
  }
  return { kind: 'calendar', count, unit, start: readStart(section), zone };
}

function readStart(section: Section): readonly number[] {
  const text = required(section, 'startTime');
  const found = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  const fields = found?.slice(1).map((part) => Number(part ?? 0)) ?? [];
  const [year, month, day, h, m, s] = fields;
  const shown = new Date(Date.UTC(year, month - 1, day, h, m, s));
  const same = shown.getUTCMonth() === month - 1 && shown.getUTCDate() === day;
  if (found !== null && same && h < 24 && m < 60 && s < 60 && year >= 1970) return fields;
  const hint = 'a date with time and without a zone, as in 2026-01-01 00:00:00';
  return section.fail('startTime', 'startTime is not a date', hint);
}
