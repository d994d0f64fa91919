// Whether a moment lies in a time interval of the routing file. Easy to get wrong: the wall clock
// of a zone, not UTC, decides; days that count from the end depend on the month's length.
import type { Range, TimeInterval } from './routing.ts';

interface Moment {
  readonly minute: number;
  readonly weekday: number;
  readonly day: number;
  readonly daysInMonth: number;
  readonly month: number;
  readonly year: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function momentOf(ms: number, location: string | undefined): Moment {
  const zone = location ?? 'UTC';
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
      hourCycle: 'h23',
      timeZone: zone === 'Local' ? undefined : zone,
    });
    formats.set(zone, format);
  }
  const part = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const [year, month, day] = ['year', 'month', 'day'].map((name) => part.get(name as 'day') ?? 0);
  return {
    ...{ year, month, day },
    minute: (part.get('hour') ?? 0) * 60 + (part.get('minute') ?? 0),
    weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay(),
    daysInMonth: new Date(Date.UTC(year, month, 0)).getUTCDate(),
  };
}

function within(value: number, ranges: readonly Range[] | undefined): boolean {
  return ranges === undefined || ranges.some(([begin, end]) => value >= begin && value <= end);
}

function dayWithin({ day, daysInMonth }: Moment, ranges: readonly Range[] | undefined): boolean {
  if (ranges === undefined) return true;
  const at = (n: number): number => (n < 0 ? daysInMonth + n + 1 : n);
  return ranges.some(([begin, end]) => {
    const from = at(begin);
    if (from > daysInMonth) return false;
    const to = Math.min(at(end), daysInMonth);
    return day >= Math.max(from, -daysInMonth) && day <= to;
  });
}

/** True when the moment is in the interval. */
export function inInterval(interval: TimeInterval, ms: number): boolean {
  const moment = momentOf(ms, interval.location);
  const { times } = interval;
  const inTimes =
    times === undefined ||
    times.some(([begin, end]) => moment.minute >= begin && moment.minute < end);
  return (
    inTimes &&
    dayWithin(moment, interval.daysOfMonth) &&
    within(moment.month, interval.months) &&
    within(moment.weekday, interval.weekdays) &&
    within(moment.year, interval.years)
  );
}
