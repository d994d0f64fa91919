// The time intervals of a routing file. Easy to get wrong: days of the month may count from the
// end, 24:00 is a time, and what is left out holds always while an empty list holds never.
import type { Node } from 'yaml';
import type { Range, TimeInterval } from '../notify/routing.ts';
import { Section, words } from './config-reader.ts';
import type { ConfigFile } from './config-reader.ts';

const DAYS = words('sunday monday tuesday wednesday thursday friday saturday');
const MONTHS = [
  ...words('january february march april may june july august september october'),
  ...words('november december'),
];
const TIME = /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/;

/** The named intervals of one list. @throws UserError. */
export function readIntervals(
  root: Section,
  list: 'time_intervals' | 'mute_time_intervals',
  into: Map<string, readonly TimeInterval[]>,
): void {
  const { file } = root;
  for (const node of root.items(list)) {
    const section = new Section(file, node, list, ['name', 'time_intervals']);
    const name = section.text('name') ?? '';
    if (name === '') file.fail(node, `missing name in an entry of ${list}`);
    if (into.has(name)) section.fail('name', `the time interval ${JSON.stringify(name)} is twice`);
    into.set(
      name,
      section.items('time_intervals').map((item) => readInterval(file, item)),
    );
  }
}

function readInterval(file: ConfigFile, node: Node): TimeInterval {
  const known = words('times weekdays days_of_month months years location');
  const section = new Section(file, node, 'a time interval', known);
  const ranges = (name: string, member: (text: string) => number | undefined) =>
    section.has(name)
      ? section.items(name).map((item) => readRange(file, item, name, member))
      : undefined;
  const day = (text: string): number | undefined => indexOf(DAYS, text, 0);
  const month = (text: string): number | undefined => indexOf(MONTHS, text, 1) ?? whole(text);
  const daysOfMonth = ranges('days_of_month', whole);
  daysOfMonth?.forEach((range, i) => checkDays(file, section.items('days_of_month')[i], range));
  const weekdays = ranges('weekdays', day);
  const months = ranges('months', month);
  const years = ranges('years', whole);
  for (const [name, list] of Object.entries({ weekdays, months, years })) {
    list?.forEach(([begin, end], i) => {
      if (begin > end) file.fail(section.items(name)[i], `${name}: the end is before the start`);
    });
  }
  const times = section.has('times')
    ? section.items('times').map((item) => readTimes(file, item))
    : undefined;
  const location = readLocation(section);
  return { times, weekdays, daysOfMonth, months, years, location };
}

function indexOf(names: readonly string[], text: string, first: number): number | undefined {
  const at = names.indexOf(text);
  return at < 0 ? undefined : at + first;
}

function whole(text: string): number | undefined {
  return /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function readRange(
  file: ConfigFile,
  node: Node,
  name: string,
  member: (text: string) => number | undefined,
): Range {
  const parts = file.text(node, `an item of ${name}`).toLowerCase().split(':');
  const [begin, end] = [member(parts[0]), member(parts.at(-1) as string)];
  if (parts.length > 2 || begin === undefined || end === undefined) {
    file.fail(node, `this is no range of ${name}`, 'as in monday:friday, 1:5, -3:-1, 2026');
  }
  return [begin, end];
}

function checkDays(file: ConfigFile, node: Node, [begin, end]: Range): void {
  for (const day of [begin, end]) {
    if (day === 0 || Math.abs(day) > 31) file.fail(node, `${day} is no day of a month`);
  }
  if (begin < 0 && end > 0) file.fail(node, 'a range that starts from the end must end there');
  const at = (day: number): number => (day < 0 ? 28 + day : day);
  if (at(begin) > at(end)) file.fail(node, `day ${end} is always before day ${begin}`);
}

function readTimes(file: ConfigFile, node: Node): Range {
  const section = new Section(file, node, 'times', ['start_time', 'end_time']);
  const minutes = (name: string): number => {
    const text = section.text(name) ?? '';
    if (text === '') file.fail(node, 'both start_time and end_time must be given');
    if (!TIME.test(text)) section.fail(name, `${text} is no time of day`, 'as in 09:00 or 24:00');
    return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
  };
  const range: Range = [minutes('start_time'), minutes('end_time')];
  if (range[0] >= range[1]) section.fail('end_time', 'end_time must be after start_time');
  return range;
}

function readLocation(section: Section): string | undefined {
  const name = section.text('location');
  if (name === undefined || name === '' || name === 'UTC') return undefined;
  if (name === 'Local') return name;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format(0);
    return name;
  } catch {
    return section.fail('location', `unknown time zone ${name}`, 'as in Europe/Berlin');
  }
}
