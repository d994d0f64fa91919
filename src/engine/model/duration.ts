// Durations as Prometheus writes them: "1m30s", "500ms", "2w". Used wherever a user writes one: the
// configuration, queries, flags. Easy to get wrong: units must fall in size, each at most once, and
// a bare number other than 0 is no duration.
import { UserError } from '../errors.ts';

const UNITS: readonly (readonly [string, number])[] = [
  ['y', 365 * 24 * 3_600_000],
  ['w', 7 * 24 * 3_600_000],
  ['d', 24 * 3_600_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];
const SHAPE = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
/** What fits into Go's 64 bits of nanoseconds: about 292 years. */
const DURATION_MS_MAX = 9_223_372_036_854;

/** Milliseconds of a duration, or undefined when the text is none. */
export function durationOf(text: string): number | undefined {
  if (text === '0') return 0;
  const found = text === '' ? null : SHAPE.exec(text);
  if (found === null) return undefined;
  let ms = 0;
  UNITS.forEach(([, size], i) => {
    ms += Number(found[i + 1] ?? 0) * size;
  });
  return ms <= DURATION_MS_MAX ? ms : undefined;
}

/** Milliseconds of a duration. @throws UserError with a hint when the text is none. */
export function parseDuration(text: string): number {
  const ms = durationOf(text);
  if (ms !== undefined) return ms;
  throw new UserError(`not a duration: ${JSON.stringify(text)}`, {
    hint: 'a number and a unit, as in 15s, 1m30s, 2h, 7d; units: ms s m h d w y',
  });
}

/** The shortest text for whole milliseconds; years and weeks only where nothing remains. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = Math.round(ms);
  let out = '';
  for (const [unit, size] of UNITS) {
    const whole = unit === 'y' || unit === 'w';
    if (rest < size || (whole && rest % size !== 0)) continue;
    out += `${Math.floor(rest / size)}${unit}`;
    rest %= size;
  }
  return out;
}
