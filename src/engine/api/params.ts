// The parameters of a request as Prometheus reads them: times, durations, limits, label names.
// Pure. Easy to get wrong: the words of a refusal are part of the interface, since clients show
// them to people; they are Prometheus' own.
import { UserError } from '../errors.ts';
import { QUERY_STEPS_MAX } from '../limits.ts';
import { durationOf } from '../model/duration.ts';
import { tooManySteps } from '../promql/query-failure.ts';

/** The whole of time that a JavaScript date can name; far beyond any sample. */
export const TIME_MS_MIN = -8.64e15;
export const TIME_MS_MAX = 8.64e15;

// How Prometheus' own client writes "since ever" and "for ever".
const EVER_FIRST = '-292273086-05-16T16:47:06Z';
const EVER_LAST = '292277025-08-18T07:12:54.999999999Z';
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A refusal as Prometheus words it: `invalid parameter "step": …`. */
export function badParam(name: string, why: string): UserError {
  return new UserError(`invalid parameter "${name}": ${why}`);
}

/** Ms since 1970 from float seconds or RFC 3339; undefined when it is neither. */
export function parseTimeMs(text: string): number | undefined {
  if (FLOAT.test(text)) {
    const seconds = Number(text);
    const whole = Math.trunc(seconds);
    const ms = whole * 1000 + Math.round((seconds - whole) * 1000);
    return ms >= TIME_MS_MIN && ms <= TIME_MS_MAX ? ms : undefined;
  }
  if (RFC3339.test(text)) {
    const ms = Date.parse(text.toUpperCase());
    return Number.isNaN(ms) ? undefined : ms;
  }
  if (text === EVER_FIRST) return TIME_MS_MIN;
  return text === EVER_LAST ? TIME_MS_MAX : undefined;
}

/** Ms from float seconds or a Prometheus duration (`1h30m`); undefined when it is neither. */
export function parseDurationMs(text: string): number | undefined {
  if (FLOAT.test(text)) {
    const ms = Math.round(Number(text) * 1000);
    return Math.abs(ms) <= TIME_MS_MAX ? ms : undefined;
  }
  const ms = durationOf(text);
  return ms === undefined || ms > TIME_MS_MAX ? undefined : ms;
}

/** An optional time; @throws UserError with Prometheus' words. */
export function timeParam(params: URLSearchParams, name: string, fallback: number): number {
  const text = params.get(name) ?? '';
  if (text === '') return fallback;
  const ms = parseTimeMs(text);
  if (ms !== undefined) return ms;
  throw badParam(name, `Invalid time value for '${name}': ${notATime(text)}`);
}

/** A time that must be given. */
export function neededTimeParam(params: URLSearchParams, name: string): number {
  const text = params.get(name) ?? '';
  const ms = parseTimeMs(text);
  if (ms === undefined) throw badParam(name, notATime(text));
  return ms;
}

function notATime(text: string): string {
  return `cannot parse ${JSON.stringify(text)} to a valid timestamp`;
}

/** An optional duration above 0 in ms. */
export function durationParam(params: URLSearchParams, name: string): number | undefined {
  const text = params.get(name) ?? '';
  if (text === '') return undefined;
  const ms = parseDurationMs(text);
  if (ms === undefined) {
    throw badParam(name, `cannot parse ${JSON.stringify(text)} to a valid duration`);
  }
  if (ms <= 0) throw badParam(name, `${JSON.stringify(text)} must be greater than 0`);
  return ms;
}

/** An optional count; `fallback` where it is not given. */
export function limitParam(params: URLSearchParams, name: string, fallback: number): number {
  const text = params.get(name) ?? '';
  if (text === '') return fallback;
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    throw badParam(name, `cannot parse ${JSON.stringify(text)} to a number`);
  }
  if (Number(text) < 0) throw badParam(name, `${name} must be non-negative`);
  return Number(text);
}

/** Start, end and step of a range query. */
export interface RangeParams {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** Reads and checks a range as Prometheus does, in its order. */
export function rangeParams(params: URLSearchParams): RangeParams {
  const startMs = neededTimeParam(params, 'start');
  const endMs = neededTimeParam(params, 'end');
  if (endMs < startMs) throw badParam('end', 'end timestamp must not be before start time');
  const text = params.get('step') ?? '';
  const stepMs = parseDurationMs(text);
  if (stepMs === undefined) {
    throw badParam('step', `cannot parse ${JSON.stringify(text)} to a valid duration`);
  }
  if (stepMs <= 0) {
    const why = 'zero or negative query resolution step widths are not accepted.';
    throw badParam('step', `${why} Try a positive integer`);
  }
  if ((endMs - startMs) / stepMs > QUERY_STEPS_MAX) {
    throw tooManySteps();
  }
  return { startMs, endMs, stepMs };
}

/**
 * A label name from a path: `U__` marks a name with other characters written as `_hex_`; what is
 * not written rightly stands for itself.
 */
export function unescapeLabelName(name: string): string {
  if (!name.startsWith('U__')) return name;
  let out = '';
  for (let i = 3; i < name.length; i++) {
    if (name[i] !== '_') {
      out += name[i];
    } else if (name[i + 1] === '_') {
      out += '_';
      i++;
    } else {
      const end = name.indexOf('_', i + 1);
      const hex = end < 0 ? '' : name.slice(i + 1, end);
      if (!/^[0-9a-f]{1,6}$/i.test(hex) || !isScalarValue(parseInt(hex, 16))) return name;
      out += String.fromCodePoint(parseInt(hex, 16));
      i = end;
    }
  }
  return out;
}

function isScalarValue(code: number): boolean {
  return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}
