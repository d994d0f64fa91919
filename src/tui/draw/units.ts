// Numbers as people read them: SI and IEC prefixes, durations, percent and rates, always short. A
// value keeps three significant digits, so that a column of them does not jump. NaN and infinities
// have words.

/**
 * What a number counts. 'percent' is a ratio (0.5 is 50 %), 'percent100' goes to 100; 'seconds' and
 * 'ms' are durations, 'unixtime' is seconds since 1970.
 */
export type Unit =
  | 'short'
  | 'bytes'
  | 'bytes/s'
  | 'bits/s'
  | '/s'
  | 'percent'
  | 'percent100'
  | 'seconds'
  | 'ms'
  | 'unixtime';

const SI = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const IEC = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/** The value with its unit, for a legend or a cell. */
export function formatValue(value: number, unit: Unit = 'short'): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (unit === 'percent') return `${digits(value * 100)}%`;
  if (unit === 'percent100') return `${digits(value)}%`;
  if (unit === 'seconds') return formatDuration(value * 1000);
  if (unit === 'ms') return formatDuration(value);
  if (unit === 'unixtime') return formatInstant(value * 1000);
  if (unit === 'bits/s') return `${scaled(value, 1000, SI, '')}b/s`;
  if (unit === 'bytes') return scaled(value, 1024, IEC, ' ');
  if (unit === 'bytes/s') return `${scaled(value, 1024, IEC, ' ')}/s`;
  if (unit === '/s') return `${scaled(value, 1000, SI, '')}/s`;
  return scaled(value, 1000, SI, '');
}

/** `2026-11-21 05:30:00` in UTC; a number that is no instant as it is. */
function formatInstant(ms: number): string {
  if (Math.abs(ms) > 8.64e15) return digits(ms / 1000);
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

function scaled(value: number, base: number, prefixes: readonly string[], gap: string): string {
  let rest = Math.abs(value);
  let power = 0;
  // 999.5 would print as 1000: it belongs to the next prefix already.
  while (rest >= base - 0.5 && power < prefixes.length - 1) {
    rest /= base;
    power++;
  }
  const sign = value < 0 ? '-' : '';
  const text = power === 0 && prefixes === SI ? small(rest) : digits(rest);
  return `${sign}${text}${prefixes[power] === '' ? '' : gap + prefixes[power]}`;
}

/** Below a thousandth a plain number would be all zeros. */
function small(value: number): string {
  if (value === 0 || value >= 0.001) return digits(value);
  return value.toExponential(1);
}

/** Three significant digits without trailing zeros after the point. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15) return value.toExponential(1);
  if (size >= 100) return value.toFixed(0);
  const places = size >= 10 ? 1 : size >= 1 ? 2 : 3;
  const text = value.toFixed(places);
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return short === '-0' ? '0' : short;
}

const STEPS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
];

/** A duration in ms with at most two units: `1d 3h`, `2m 5s`, `1.5s`, `12ms`, `40µs`. */
export function formatDuration(ms: number): string {
  if (Number.isNaN(ms)) return 'NaN';
  if (!Number.isFinite(ms)) return ms > 0 ? '+Inf' : '-Inf';
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms === 0) return '0s';
  if (ms < 0.9995e-3) return `${digits(ms * 1e6)}ns`;
  if (ms < 0.9995) return `${digits(ms * 1e3)}µs`;
  if (ms < 999.5) return `${digits(ms)}ms`;
  if (ms < 59_950) return `${digits(ms / 1000)}s`;
  const whole = Math.round(ms / 1000) * 1000;
  const first = STEPS.findIndex(([size]) => whole >= size);
  const [size, name] = STEPS[first];
  const count = Math.floor(whole / size);
  const next = STEPS[first + 1];
  const rest = next ? Math.floor((whole - count * size) / next[0]) : 0;
  return rest > 0 ? `${count}${name} ${rest}${next[1]}` : `${count}${name}`;
}

/**
 * How long ago, in whole seconds and up: an age on a screen must not tick faster than the screen.
 */
export function formatAge(ms: number): string {
  if (ms < 1000) return '0s';
  if (ms < 60_000) return `${Math.floor(ms / 1000)}s`;
  return formatDuration(Math.floor(ms / 1000) * 1000);
}

/** A duration as PromQL and the flags write it: `90s`, `15m`, `1h`, `1h30m`. Whole ms. */
export function formatRange(ms: number): string {
  let rest = Math.max(0, Math.round(ms));
  if (rest === 0) return '0s';
  let out = '';
  for (const [size, name] of STEPS) {
    const count = Math.floor(rest / size);
    if (count > 0) out += `${count}${name}`;
    rest -= count * size;
  }
  return rest > 0 ? `${out}${rest}ms` : out;
}

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600];
const DAY_STEPS = [43_200, 86_400, 172_800, 604_800, 1_209_600, 2_419_200];

/** The smallest agreeable duration at or above `ms`: 1, 2, 5, 10, 15, 30 s, … 6 h, 12 h, 1 d, … */
export function agreeableDuration(ms: number): number {
  if (ms <= 1000) return oneTwoFive(ms);
  for (const s of [...TIME_STEPS, ...DAY_STEPS]) if (s * 1000 >= ms) return s * 1000;
  return oneTwoFive(ms / 2_419_200_000) * 2_419_200_000;
}

/** The smallest 1, 2 or 5 times a power of ten at or above `value`. */
export function oneTwoFive(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const factor of [1, 2, 5, 10]) {
    // The tolerance keeps 0.1 + 0.2 from climbing to the next step.
    if (power * factor >= value * (1 - 1e-9)) return power * factor;
  }
  return power * 10;
}

/** The distance of ticks on an axis of this unit, at least `value`. */
export function tickStep(value: number, unit: Unit): number {
  if (unit === 'bytes' || unit === 'bytes/s') {
    if (value <= 1) return 1;
    const power = 1024 ** Math.floor(Math.log2(value) / 10);
    const within = oneTwoFive(value / power);
    return within >= 1000 ? power * 1024 : within * power;
  }
  if (unit === 'seconds' && value > 1) return agreeableDuration(value * 1000) / 1000;
  if (unit === 'ms' && value > 1000) return agreeableDuration(value);
  return oneTwoFive(value);
}
