// From values and times to places on an axis: bounds that end on round numbers, ticks in 1-2-5
// steps, and time ticks at round local times of the zone asked for, with the date where a day
// begins. Easy to get wrong: local midnight is not a multiple of 24 hours, and a day may have 23 or
// 25 of them.
import { agreeableDuration, formatValue, tickStep, type Unit } from './units.ts';

const DAY = 86_400_000;
/** Values beyond are drawn at the edge. */
const VALUE_MAX = 1e300;

export interface YTick {
  readonly value: number;
  readonly label: string;
}

export interface YScale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly YTick[];
}

export interface YScaleOptions {
  readonly min: number;
  readonly max: number;
  /** Rows of cells; at most one tick to every second. */
  readonly rows: number;
  readonly unit: Unit;
  /** Bounds that the axis reaches in any case. */
  readonly floor?: number;
  readonly ceiling?: number;
}

/**
 * An axis that holds [min, max], begins on a tick and ends on a fifth of one. NaN or reversed
 * bounds give 0 to 1.
 */
export function yScale(options: YScaleOptions): YScale {
  const { rows, unit } = options;
  let { min, max } = options;
  if (!(min <= max)) [min, max] = [0, 1];
  // The distance of the two must itself be a number.
  [min, max] = [Math.max(min, -VALUE_MAX), Math.min(max, VALUE_MAX)];
  min = Math.min(min, options.floor ?? min);
  max = Math.max(max, options.ceiling ?? max);
  // What never goes below zero starts at zero, unless it moves far above it.
  if (min > 0 && min < max * 0.75) min = 0;
  if (min === max) {
    const around = Math.abs(min) * 0.1 || (unit === 'percent' ? 0.01 : 1);
    max += around;
    min = min >= 0 && min - around < 0 ? 0 : min - around;
  }
  const wanted = Math.max(1, Math.min(6, Math.floor((rows - 1) / 2)));
  let step = tickStep((max - min) / wanted, unit);
  // One tick alone would say nothing: a second one has to fit below the top.
  if (step > max - min) step = tickStep((max - min) / 2.5, unit);
  const low = Math.floor(min / step + 1e-9) * step;
  // The axis may end between two ticks: a small chart has no rows to give away.
  const part = step / 5;
  const high = Math.max(low + step, Math.ceil(max / part - 1e-9) * part);
  const count = Math.min(64, Math.floor((high - low) / step + 1e-9));
  const values = Array.from({ length: count + 1 }, (_, i) => low + i * step);
  return {
    low,
    high,
    ticks: values.map((value) => ({ value, label: tickLabel(value, step, unit) })),
  };
}

/** Tiny remainders of adding steps are not shown as numbers of their own. */
function tickLabel(value: number, step: number, unit: Unit): string {
  return formatValue(Math.abs(value) < step * 1e-6 ? 0 : value, unit);
}

/** The row of a value, 0 on top; may lie outside for values outside. */
export function rowOf(value: number, scale: YScale, rows: number): number {
  const share = (value - scale.low) / (scale.high - scale.low);
  return Math.round((1 - share) * (rows - 1));
}

export interface TimeTick {
  readonly atMs: number;
  readonly column: number;
  readonly label: string;
  /** True where the label is a date because a local day begins. */
  readonly day: boolean;
}

export interface TimeTickOptions {
  readonly startMs: number;
  readonly endMs: number;
  readonly columns: number;
  /** IANA name or UTC; the zone of the machine when undefined. */
  readonly zone?: string;
}

/** Ticks at round local times with labels that do not touch one another. */
export function timeTicks(options: TimeTickOptions): TimeTick[] {
  const { startMs, endMs, columns, zone } = options;
  const span = endMs - startMs;
  if (!(span > 0) || columns < 6) return [];
  // `HH:mm:ss` needs eight cells, the shorter labels five or six; and air around them.
  let step = agreeableDuration((span / columns) * 9);
  if (step < 60_000) step = agreeableDuration((span / columns) * 11);
  const out: TimeTick[] = [];
  const local = new LocalTime(zone);
  let at = local.roundUp(startMs, step);
  for (let guard = 0; at <= endMs && guard < columns; guard++) {
    const column = Math.round(((at - startMs) / span) * (columns - 1));
    const { label, day } = local.label(at, step);
    out.push({ atMs: at, column, label, day });
    at = local.roundUp(at + 1, step);
  }
  return out;
}

const FORMATS = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string | undefined): Intl.DateTimeFormat {
  const key = zone ?? '';
  const known = FORMATS.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  FORMATS.set(key, made);
  return made;
}

/** Clock times of one zone. @throws RangeError when the zone is unknown. */
export class LocalTime {
  private readonly format: Intl.DateTimeFormat;

  constructor(zone?: string) {
    this.format = formatOf(zone);
  }

  /** Local time as if it were UTC, in ms: what a clock on the wall shows. */
  wall(atMs: number): number {
    const whole = Math.floor(atMs / 1000) * 1000;
    const part = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of this.format.formatToParts(whole)) {
      if (type in part) part[type as keyof typeof part] = Number(value);
    }
    const seconds = Date.UTC(
      part.year,
      part.month - 1,
      part.day,
      part.hour,
      part.minute,
      part.second,
    );
    return seconds + (atMs - whole);
  }

  /** The first instant at or after `atMs` whose wall clock is a multiple of `stepMs`. */
  roundUp(atMs: number, stepMs: number): number {
    const wall = this.wall(atMs);
    const target = Math.ceil(wall / stepMs) * stepMs;
    let at = atMs + (target - wall);
    // A change of the offset in between moves the wall clock: correct once, and never backwards.
    const drift = target - this.wall(at);
    if (drift !== 0 && Math.abs(drift) < DAY && at + drift >= atMs) at += drift;
    return at;
  }

  /** `HH:mm`, `HH:mm:ss` for steps below a minute, `MMM dd` where a day begins. */
  label(atMs: number, stepMs: number): { label: string; day: boolean } {
    const iso = new Date(this.wall(atMs)).toISOString();
    if (iso.slice(11, 19) === '00:00:00') return { label: dayLabel(iso), day: true };
    if (stepMs >= DAY) return { label: dayLabel(iso), day: true };
    return { label: iso.slice(11, stepMs < 60_000 ? 19 : 16), day: false };
  }

  /** `HH:mm:ss`. */
  clock(atMs: number): string {
    return new Date(this.wall(atMs)).toISOString().slice(11, 19);
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function dayLabel(iso: string): string {
  return `${MONTHS[Number(iso.slice(5, 7)) - 1]} ${iso.slice(8, 10)}`;
}
