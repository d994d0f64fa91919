// The functions that a template may call: Go's own and those that Prometheus adds. `query` looks
// its answer up in what has been asked before; what is missing is told to the expander, which asks
// and runs the template again. Source: Prometheus' template/template.go. Easy to get wrong:
// humanize takes texts too, and counts from 1000, humanize1024 from 1024.
import { UserError } from '../../errors.ts';
import { durationOf } from '../../model/duration.ts';
import { findPattern, replacePattern } from '../../promql/regexp.ts';
import type { GoFunction } from './execute.ts';
import { comparisons } from './compare.ts';
import { formatFloat, printAll, printFormatted, printLine, printValue } from './print.ts';
import { Moment, Struct, floatOf, textOf, truth, typeName } from './values.ts';
import type { GoValue } from './values.ts';

export interface FunctionContext {
  readonly externalUrl: string;
  /** Evaluation time. */
  readonly timeMs: number;
  /** Answers a query at the evaluation time as a list of samples; throws what asks for it. */
  readonly query: (text: string) => GoValue[];
  /** Runs another template of the same text. */
  readonly template: (name: string, data: GoValue) => string;
}

const LARGE = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y'];
const DAY = 86_400;

function four(value: number): string {
  return formatFloat(value, 'g', 4);
}

function odd(value: number): boolean {
  return value === 0 || !Number.isFinite(value);
}

function scaledUp(value: number, by: number, units: readonly string[]): [number, string] {
  let rest = value;
  let unit = '';
  for (const next of units) {
    if (Math.abs(rest) < by) break;
    unit = next;
    rest /= by;
  }
  return [rest, unit];
}

function scaledDown(value: number): [number, string] {
  let rest = value;
  let unit = '';
  for (const next of SMALL) {
    if (Math.abs(rest) >= 1) break;
    unit = next;
    rest *= 1000;
  }
  return [rest, unit];
}

/** As Prometheus prints a number for people, with a decimal prefix. */
export function humanize(value: number): string {
  if (odd(value)) return four(value);
  const [rest, unit] = Math.abs(value) >= 1 ? scaledUp(value, 1000, LARGE) : scaledDown(value);
  return four(rest) + unit;
}

function humanize1024(value: number): string {
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return four(value);
  const units = ['ki', ...LARGE.slice(1).map((unit) => `${unit}i`)];
  const [rest, unit] = scaledUp(value, 1024, units);
  return four(rest) + unit;
}

/** Seconds for people. */
export function humanizeDuration(value: number): string {
  if (!Number.isFinite(value)) return four(value);
  if (value === 0) return `${four(value)}s`;
  if (Math.abs(value) < 1) {
    const [rest, unit] = scaledDown(value);
    return `${four(rest)}${unit}s`;
  }
  const sign = value < 0 ? '-' : '';
  const whole = Math.trunc(Math.abs(value));
  const [days, hours] = [Math.floor(whole / DAY), Math.floor(whole / 3600) % 24];
  const [minutes, seconds] = [Math.floor(whole / 60) % 60, whole % 60];
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`;
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${seconds}s`;
  if (minutes > 0) return `${sign}${minutes}m ${seconds}s`;
  return `${sign}${four(Math.abs(value))}s`;
}

function humanizeTimestamp(value: number): string {
  return Number.isFinite(value) ? printValue(momentOf(value)) : four(value);
}

function momentOf(seconds: number): Moment {
  const ms = Math.floor(seconds * 1000);
  if (Math.abs(ms) > 8.64e15) throw new UserError(`${four(seconds)} cannot be represented`);
  return new Moment(ms);
}

function field(sample: GoValue, name: string): GoValue {
  const found = sample instanceof Struct ? sample.fields.get(name) : undefined;
  if (found === undefined) throw new UserError(`wrong type for value; got ${typeName(sample)}`);
  return found;
}

function labelOf(sample: GoValue, name: string): string {
  const labels = field(sample, 'Labels');
  return labels instanceof Map ? textOf(labels.get(name) ?? '') : '';
}

function listOf(value: GoValue): GoValue[] {
  if (Array.isArray(value)) return value;
  throw new UserError(`wrong type for value; expected a list; got ${typeName(value)}`);
}

/** The text of a query as a path of the web page that graphs it. */
function linkTo(expr: string, tab: 0 | 1): string {
  return `/graph?g0.expr=${queryEscape(expr)}&g0.tab=${tab}`;
}

function queryEscape(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

function title(text: string): string {
  return text.replaceAll(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (_, before: string, letter: string) => {
    return before + letter.toUpperCase();
  });
}

/** host:port -> host. */
function stripPort(hostPort: string): string {
  const found = /^(?:\[([^\]]*)\]|([^:[\]]*)):[^:[\]]*$/.exec(hostPort);
  return found === null ? hostPort : (found[1] ?? found[2]);
}

function stripDomain(hostPort: string): string {
  const host = stripPort(hostPort);
  const port = host === hostPort ? '' : hostPort.slice(hostPort.lastIndexOf(':'));
  if (/^\d+(?:\.\d+){3}$/.test(host) || host.includes(':')) return hostPort;
  return host.split('.', 1)[0] + port;
}

function durationSeconds(text: string): number {
  const found = /^([+-]?)(.*)$/s.exec(text);
  const ms = found === null ? undefined : durationOf(found[2]);
  if (ms === undefined) throw new UserError(`not a valid duration string: ${JSON.stringify(text)}`);
  return (found?.[1] === '-' ? -ms : ms) / 1000;
}

function argsOf(values: readonly GoValue[]): GoValue {
  return new Map(values.map((value, i) => [`arg${i}`, value]));
}

function sortByLabel(name: string, list: GoValue[]): GoValue[] {
  const key = (sample: GoValue): string => labelOf(sample, name);
  return list.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&#34;',
    "'": '&#39;',
    '\0': '\uFFFD',
  };
  // oxlint-disable-next-line no-control-regex -- Go replaces the null character too.
  return text.replaceAll(/[&<>"'\0]/g, (char) => entities[char]);
}

function escapeJs(text: string): string {
  const named: Record<string, string> = { '\\': '\\\\', "'": "\\'", '"': '\\"' };
  const hex = (char: string): string =>
    `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  return text.replaceAll(/[\\'"<>&=\p{Cc}]/gu, (char) => named[char] ?? hex(char));
}

function indexOf(value: GoValue, ...keys: GoValue[]): GoValue {
  let at = value;
  for (const key of keys) {
    if (at instanceof Map) at = at.get(textOf(key)) ?? '';
    else if (Array.isArray(at) || typeof at === 'string') {
      const i = typeof key === 'bigint' ? Number(key) : NaN;
      if (!(i >= 0 && i < at.length)) {
        throw new UserError(`error calling index: index out of range: ${printValue(key)}`);
      }
      at = typeof at === 'string' ? BigInt(Buffer.from(at)[i]) : at[i];
    } else throw new UserError(`can't index item of type ${typeName(at)}`);
  }
  return at;
}

function sliceOf(value: GoValue, ...bounds: GoValue[]): GoValue {
  if (typeof value !== 'string' && !Array.isArray(value)) {
    throw new UserError(`can't slice item of type ${typeName(value)}`);
  }
  const [from = 0, to = value.length] = bounds.map(Number);
  if (!(from >= 0 && from <= to && to <= value.length)) throw new UserError('index out of range');
  return value.slice(from, to);
}

function lengthOf(value: GoValue): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value));
  if (Array.isArray(value)) return BigInt(value.length);
  if (value instanceof Map) return BigInt(value.size);
  throw new UserError(`len of type ${typeName(value)}`);
}

/** A function of exactly so many arguments. */
function exactly(count: number, call: GoFunction): GoFunction {
  return (...args) => {
    if (args.length === count) return call(...args);
    throw new UserError(`wrong number of args: want ${count} got ${args.length}`);
  };
}

const ofText = (call: (text: string) => GoValue): GoFunction =>
  exactly(1, (text) => call(textOf(text)));
const ofNumber = (call: (value: number) => GoValue): GoFunction =>
  exactly(1, (value) => call(floatOf(value)));

const GO_FUNCTIONS: readonly (readonly [string, GoFunction])[] = [
  ['and', (...args) => args[0]],
  ['or', (...args) => args[0]],
  ['not', exactly(1, (value) => !truth(value))],
  ['len', exactly(1, lengthOf)],
  ['index', indexOf],
  ['slice', sliceOf],
  ['print', (...args) => printAll(args)],
  ['println', (...args) => printLine(args)],
  ['printf', (format, ...args) => printFormatted(textOf(format), args)],
  ['html', (...args) => escapeHtml(printAll(args))],
  ['js', (...args) => escapeJs(printAll(args))],
  ['urlquery', (...args) => queryEscape(printAll(args))],
  ['call', (value) => fail(`non-function of type ${typeName(value)}`)],
  ...comparisons(),
];

function fail(words: string): never {
  throw new UserError(words);
}

const PLAIN_FUNCTIONS: readonly (readonly [string, GoFunction])[] = [
  ['first', exactly(1, (list) => firstOf(listOf(list)))],
  ['label', exactly(2, (name, sample) => labelOf(sample, textOf(name)))],
  ['value', exactly(1, (sample) => field(sample, 'Value'))],
  ['strvalue', exactly(1, (sample) => labelOf(sample, '__value__'))],
  ['args', (...values) => argsOf(values)],
  ['reReplaceAll', exactly(3, (p, r, t) => replacePattern(textOf(p), textOf(r), textOf(t)))],
  ['match', exactly(2, (pattern, text) => findPattern(textOf(pattern), textOf(text)))],
  ['safeHtml', ofText((text) => text)],
  ['title', ofText(title)],
  ['toUpper', ofText((text) => text.toUpperCase())],
  ['toLower', ofText((text) => text.toLowerCase())],
  ['graphLink', ofText((expr) => linkTo(expr, 0))],
  ['tableLink', ofText((expr) => linkTo(expr, 1))],
  ['sortByLabel', exactly(2, (name, list) => sortByLabel(textOf(name), listOf(list)))],
  ['stripPort', ofText(stripPort)],
  ['stripDomain', ofText(stripDomain)],
  ['urlQueryEscape', ofText(queryEscape)],
  ['humanize', ofNumber(humanize)],
  ['humanize1024', ofNumber(humanize1024)],
  ['humanizeDuration', ofNumber(humanizeDuration)],
  ['humanizePercentage', ofNumber((value) => `${four(value * 100)}%`)],
  ['humanizeTimestamp', ofNumber(humanizeTimestamp)],
  ['toTime', ofNumber(momentOf)],
  ['toDuration', ofNumber(humanizeDuration)],
  ['parseDuration', ofText(durationSeconds)],
];

function firstOf(list: GoValue[]): GoValue {
  if (list.length === 0) throw new UserError('first() called on vector with no elements');
  return list[0];
}

/** All that a template may call. */
export function templateFunctions(context: FunctionContext): Map<string, GoFunction> {
  const { externalUrl, timeMs, query, template } = context;
  const url = URL.canParse(externalUrl) ? new URL(externalUrl) : undefined;
  const path = url?.pathname === '/' && !externalUrl.endsWith('/') ? '' : (url?.pathname ?? '');
  return new Map<string, GoFunction>([
    ...GO_FUNCTIONS,
    ...PLAIN_FUNCTIONS,
    ['query', ofText(query)],
    ['tmpl', exactly(2, (name, data) => template(textOf(name), data))],
    ['pathPrefix', exactly(0, () => path)],
    ['externalURL', exactly(0, () => externalUrl)],
    ['now', exactly(0, () => timeMs / 1000)],
  ]);
}

/** Their names, for the parser. */
export const FUNCTION_NAMES: ReadonlySet<string> = new Set(
  templateFunctions({ externalUrl: '', timeMs: 0, query: () => [], template: () => '' }).keys(),
);
