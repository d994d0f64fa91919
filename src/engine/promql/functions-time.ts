// The calendar functions, in UTC: whole seconds since 1970 to years, months, days, hours, minutes.
// By arithmetic on days, so that no Date is made for a sample. Source: Howard Hinnant,
// chrono-Compatible Low-Level Date Algorithms (days from and to civil).

const DAY = 86_400;

interface Civil {
  year: number;
  month: number;
  day: number;
}

const civil: Civil = { year: 0, month: 0, day: 0 };

/** Fills `civil` for a number of days since 1970. */
function toCivil(days: number): Civil {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leap = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524);
  const yearOfEra = Math.floor((dayOfEra - leap + Math.floor(dayOfEra / 146_096)) / 365);
  const before = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - before;
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  civil.day = dayOfYear - Math.floor((153 * month + 2) / 5) + 1;
  civil.month = month < 10 ? month + 3 : month - 9;
  civil.year = yearOfEra + era * 400 + (civil.month <= 2 ? 1 : 0);
  return civil;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysInMonth({ year, month }: Civil): number {
  return month === 2 && isLeap(year) ? 29 : MONTH_DAYS[month - 1];
}

function dayOfYear({ year, month, day }: Civil): number {
  let days = day;
  for (let m = 1; m < month; m++) days += daysInMonth({ year, month: m, day: 1 });
  return days;
}

const CALENDAR: ReadonlyMap<string, (seconds: number, days: number) => number> = new Map([
  ['minute', (s: number) => Math.floor(mod(s, 3600) / 60)],
  ['hour', (s: number) => Math.floor(mod(s, DAY) / 3600)],
  ['day_of_week', (_: number, days: number) => mod(days + 4, 7)],
  ['day_of_month', (_: number, days: number) => toCivil(days).day],
  ['day_of_year', (_: number, days: number) => dayOfYear(toCivil(days))],
  ['days_in_month', (_: number, days: number) => daysInMonth(toCivil(days))],
  ['month', (_: number, days: number) => toCivil(days).month],
  ['year', (_: number, days: number) => toCivil(days).year],
]);

function mod(value: number, by: number): number {
  return value - Math.floor(value / by) * by;
}

/** The function of a time in seconds, or undefined for other names. NaN stays NaN. */
export function calendarFunction(name: string): ((seconds: number) => number) | undefined {
  const compute = CALENDAR.get(name);
  if (compute === undefined) return undefined;
  return (value) => {
    if (!Number.isFinite(value)) return NaN;
    const seconds = Math.trunc(value);
    return compute(seconds, Math.floor(seconds / DAY));
  };
}
