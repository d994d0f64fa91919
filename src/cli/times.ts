// Times on the command line: RFC 3339, epoch seconds, `now`, `now-1h`; and the window of a query
// from its flags. Also times as text, in UTC unless a zone is given. Easy to get wrong: `now` is
// read once a window, or start and end drift apart; and a date without a zone means something else
// everywhere.
import { UserError } from '../engine/errors.ts';
import { durationOf } from '../engine/model/duration.ts';

const SECOND = 1000;
/** Points of a range without --step: enough for any screen. */
const POINTS_WANTED = 240;
/** Steps that people read easily, in seconds. */
const ROUND_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200];
const DAY_SECONDS = 86_400;

export interface WindowFlags {
  readonly at?: string;
  readonly from?: string;
  readonly to?: string;
  readonly since?: string;
  readonly step?: string;
}

/** What a query looks at: one instant, or a grid of them; ms. */
export type QueryWindow =
  | { readonly kind: 'instant'; readonly timeMs: number }
  | {
      readonly kind: 'range';
      readonly startMs: number;
      readonly endMs: number;
      readonly stepMs: number;
    };

/** The window that the flags mean. @throws UserError for what does not fit together. */
export function windowOf(flags: WindowFlags, nowMs: number): QueryWindow {
  const { at, from, to, since } = flags;
  const ranged = from !== undefined || to !== undefined || since !== undefined;
  if (!ranged) {
    if (flags.step !== undefined) {
      throw windowError('--step needs a range: --since, or --from and --to');
    }
    return { kind: 'instant', timeMs: at === undefined ? nowMs : timeFlag('--at', at, nowMs) };
  }
  if (at !== undefined) throw windowError('--at is one instant, a range is --since or --from');
  if (since !== undefined && from !== undefined) {
    throw windowError('--since and --from both give the start');
  }
  if (since === undefined && from === undefined) throw windowError('--to needs --from or --since');
  const endMs = to === undefined ? nowMs : timeFlag('--to', to, nowMs);
  const startMs =
    from === undefined
      ? endMs - durationFlag('--since', since as string)
      : timeFlag('--from', from, nowMs);
  if (startMs > endMs) throw windowError('the range ends before it starts');
  const { step } = flags;
  const stepMs = step === undefined ? roundStep(endMs - startMs) : durationFlag('--step', step);
  return { kind: 'range', startMs, endMs, stepMs };
}

/** A step for a range of this length, in ms: a round one that gives about 240 points. */
export function roundStep(lengthMs: number): number {
  const wanted = lengthMs / POINTS_WANTED / SECOND;
  const round = ROUND_STEPS.find((step) => step >= wanted);
  return SECOND * (round ?? Math.ceil(wanted / DAY_SECONDS) * DAY_SECONDS);
}

/** A duration above 0 in ms: `15s`, `1h30m`, or seconds. @throws UserError that names the flag. */
export function durationFlag(flag: string, text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) * SECOND : undefined;
  const ms = seconds ?? durationOf(text);
  if (ms !== undefined && ms > 0 && Number.isFinite(ms)) return ms;
  throw new UserError(`${flag} ${text}: not a duration`, { hint: 'write it as 30s, 15m or 1h30m' });
}

/** Ms since 1970. @throws UserError that names the flag. */
export function timeFlag(flag: string, text: string, nowMs: number): number {
  const relative = /^now(?:([+-])(.+))?$/.exec(text);
  if (relative !== null) {
    const [, sign, length] = relative;
    if (sign === undefined) return nowMs;
    return nowMs + (sign === '-' ? -1 : 1) * durationFlag(flag, length);
  }
  if (/^-?\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * SECOND);
  const iso = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
  const ms = iso ? Date.parse(text.toUpperCase().replace(' ', 'T')) : NaN;
  if (!Number.isNaN(ms)) return ms;
  const hint = 'write it as now-1h, 2026-01-31T08:00:00Z or in seconds since 1970';
  throw new UserError(`${flag} ${text}: not a time`, { hint });
}

function windowError(message: string): UserError {
  return new UserError(message, { hint: 'mon help query' });
}

/** Times as text in a zone; RFC 3339 with ms, so that texts of one zone sort as the times do. */
export type TimeText = (ms: number) => string;

/** UTC for undefined or `utc`, this machine's zone for `local`, else a name: Europe/Berlin. */
export function timeText(zone?: string): TimeText {
  if (zone === undefined || zone.toLowerCase() === 'utc') return utcText;
  const format = zoneFormat(zone.toLowerCase() === 'local' ? undefined : zone);
  return (ms) => {
    const utc = utcText(ms);
    if (!utc.endsWith('Z')) return utc;
    const part = Object.fromEntries(format.formatToParts(ms).map((p) => [p.type, p.value]));
    const offset = part['timeZoneName'].replace('GMT', '') || 'Z';
    const date = `${part['year']}-${part['month']}-${part['day']}`;
    const time = `${part['hour']}:${part['minute']}:${part['second']}`;
    return `${date}T${time}${utc.slice(19, 23)}${offset}`;
  };
}

/**
 * A zone as Intl names it; undefined is this machine's.
 * @param otherwise what no `--tz` means: screens show the reader's time, prompts UTC.
 * @throws UserError when there is no such zone.
 */
export function zoneOf(
  tz: string | undefined,
  otherwise: 'local' | 'utc' = 'local',
): string | undefined {
  const zone = tz ?? otherwise;
  timeText(zone);
  if (zone.toLowerCase() === 'local') return undefined;
  return zone.toLowerCase() === 'utc' ? 'UTC' : zone;
}

function utcText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms / SECOND) : date.toISOString();
}

function zoneFormat(timeZone: string | undefined): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'longOffset',
    });
  } catch (thrown) {
    const hint = 'write utc, local or a name such as Europe/Berlin';
    throw new UserError(`--tz ${timeZone}: no such time zone`, { hint, cause: thrown });
  }
}
