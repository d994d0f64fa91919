// Periods that begin with a day, a month or a year of some time zone. Easy to get wrong: a day may
// have 23 or 25 hours, the 31st is not in every month, and the zone's offset at the start is not
// that of now; so boundaries are wall times that are turned into instants one by one.
import type { SloPeriod } from '../../model/slo.ts';

type Calendar = Extract<SloPeriod, { kind: 'calendar' }>;

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

const DAY_MS = 86_400_000;
const FIXED: Partial<Record<Calendar['unit'], number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: DAY_MS,
  week: 7 * DAY_MS,
};
const formats = new Map<string, Intl.DateTimeFormat>();

/** The period that holds the instant. */
export function periodAt(period: SloPeriod, nowMs: number): Span {
  if (period.kind === 'rolling') return { startMs: nowMs - period.ms, endMs: nowMs };
  let n = guess(period, wallOf(nowMs, period.zone));
  while (boundary(period, n) > nowMs) n--;
  while (boundary(period, n + 1) <= nowMs) n++;
  return { startMs: boundary(period, n), endMs: boundary(period, n + 1) };
}

/** Whether the runtime knows the zone. */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

function guess({ start, unit, count }: Calendar, wallMs: number): number {
  const fixed = FIXED[unit];
  if (fixed !== undefined) return Math.floor((wallMs - wallTime(start)) / (fixed * count));
  const now = new Date(wallMs);
  const months = (now.getUTCFullYear() - start[0]) * 12 + now.getUTCMonth() + 1 - start[1];
  return Math.floor(months / (unit === 'year' ? 12 * count : count));
}

/** The instant at which period number n begins. */
function boundary({ start, unit, count, zone }: Calendar, n: number): number {
  const fixed = FIXED[unit];
  if (fixed !== undefined && fixed < DAY_MS) {
    // Minutes and hours go on through a change of the clocks.
    return instantOf(wallTime(start), zone) + n * count * fixed;
  }
  if (fixed !== undefined) return instantOf(wallTime(start) + n * count * fixed, zone);
  const months = start[1] - 1 + n * count * (unit === 'year' ? 12 : 1);
  const [year, , day, ...time] = start;
  const last = new Date(Date.UTC(year, months + 1, 0)).getUTCDate();
  const [h = 0, m = 0, s = 0] = time;
  return instantOf(Date.UTC(year, months, Math.min(day, last), h, m, s), zone);
}

function wallTime([year, month, day, h = 0, m = 0, s = 0]: readonly number[]): number {
  return Date.UTC(year, month - 1, day, h, m, s);
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const digits = { year: 'numeric', month: 'numeric', day: 'numeric', era: 'short' } as const;
  const time = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const;
  const made = new Intl.DateTimeFormat('en-US', { timeZone: zone, ...digits, ...time });
  formats.set(zone, made);
  return made;
}

/** What clocks of the zone show at the instant, as if it were UTC. */
function wallOf(ms: number, zone: string): number {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(ms)
      .map((p) => [p.type, p.value]),
  );
  const field = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name));
  const day = Date.UTC(field('year'), field('month') - 1, field('day'));
  return day + (field('hour') * 3600 + field('minute') * 60 + field('second')) * 1000;
}

/** The first instant at which clocks of the zone show this time or, where it is skipped, later. */
function instantOf(wallMs: number, zone: string): number {
  const before = wallMs - (wallOf(wallMs - DAY_MS, zone) - (wallMs - DAY_MS));
  const after = wallMs - (wallOf(wallMs + DAY_MS, zone) - (wallMs + DAY_MS));
  const [first, second] = [Math.min(before, after), Math.max(before, after)];
  if (wallOf(first, zone) === wallMs) return first;
  return second;
}
