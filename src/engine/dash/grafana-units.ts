// Grafana's units and colours in our words. Only units that change how a number is written matter;
// others are written as plain numbers and named in a warning. Colours become levels of alarm, which
// survive a terminal without colour.
import type { Level, PanelUnit } from './dashboard.ts';

const UNITS: Readonly<Record<string, PanelUnit>> = Object.assign(Object.create(null), {
  none: 'short',
  short: 'short',
  string: 'short',
  locale: 'short',
  sishort: 'short',
  bool: 'short',
  bytes: 'bytes',
  decbytes: 'bytes',
  Bps: 'bytes/s',
  binBps: 'bytes/s',
  bps: 'bits/s',
  binbps: 'bits/s',
  percent: 'percent100',
  percentunit: 'percent',
  s: 'seconds',
  dtdurations: 'seconds',
  clocks: 'seconds',
  ms: 'ms',
  dtdurationms: 'ms',
  clockms: 'ms',
  dateTimeAsIso: 'unixtime',
  dateTimeFromNow: 'unixtime',
  dateTimeAsUS: 'unixtime',
  reqps: '/s',
  rps: '/s',
  ops: '/s',
  wps: '/s',
  iops: '/s',
  cps: '/s',
  eps: '/s',
  mps: '/s',
  pps: '/s',
  recps: '/s',
  rowsps: '/s',
  hertz: '/s',
});

/** The unit, or undefined for one that is not known here. */
export function unitOf(name: string): PanelUnit | undefined {
  return name === '' ? 'short' : UNITS[name];
}

/** How alarming a colour is meant to be. */
export function levelOfColor(color: string): Level {
  const name = color.toLowerCase().replace(/^(?:semi-|super-)?(?:dark|light)-/, '');
  if (/green/.test(name)) return 'good';
  if (/red/.test(name)) return 'bad';
  if (/yellow|orange/.test(name)) return 'warn';
  return levelOfRgb(color) ?? 'info';
}

/** A colour given by its parts: the strongest of them tells. */
function levelOfRgb(color: string): Level | undefined {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(color);
  const rgb = /^rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)/i.exec(color);
  const parts = hex?.slice(1).map((p) => Number.parseInt(p, 16)) ?? rgb?.slice(1).map(Number);
  if (parts === undefined) return undefined;
  const [red, green, blue] = parts;
  if (blue > red && blue > green) return 'info';
  if (red > green * 2.2) return 'bad';
  return red > green ? 'warn' : 'good';
}
