// Variables in a query become text, as Grafana does it for Prometheus: `$name`, `${name}`,
// `${name:format}`, `[[name]]`, and its own `$__interval`, `$__rate_interval`, `$__range` and their
// kin. Pure: values and times come in. Easy to get wrong: a value may hold what means something to
// a regular expression or ends a string, so a plain one is escaped and only `:raw` is not.
import { formatDuration } from '../model/duration.ts';
import { ALL, AUTO, type DashVariable, type VariableOption } from './dashboard.ts';

/** What a query is written for: one grid of instants and how often its series are scraped. */
export interface TemplateTimes {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly scrapeMs: number;
}

/** A variable with what is chosen and what could be. */
export interface ChosenVariable {
  readonly variable: DashVariable;
  readonly options: readonly VariableOption[];
  readonly chosen: readonly string[];
}

export interface TemplateScope {
  readonly times: TemplateTimes;
  readonly variables: ReadonlyMap<string, ChosenVariable>;
  /** Of the dashboard, for `$__dashboard`. */
  readonly title: string;
}

/** `$name`, `${name.field:format}` and `[[name:format]]`. */
const MARK = /\$(\w+)|\[\[(\w+)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}/g;
/** A name in place of a variable leads to another: so deep at most. */
const DEPTH_MAX = 3;
const SECOND = 1000;

/** Every variable of the text replaced; unknown ones stay as they are. */
export function substitute(text: string, scope: TemplateScope, depth = 0): string {
  if (!text.includes('$') && !text.includes('[[')) return text;
  return text.replaceAll(MARK, (all, ...found) => {
    const [bare, square, squareFormat, braced, field, bracedFormat] = found as string[];
    const name = bare ?? square ?? braced;
    const format = squareFormat ?? bracedFormat;
    const known = scope.variables.get(name);
    if (known !== undefined) return variableText(known, { format, field, scope, depth });
    return builtIn(name, scope) ?? all;
  });
}

/** Names of the variables that a text mentions, those of Grafana's own among them. */
export function namesIn(text: string): string[] {
  const names = [...text.matchAll(MARK)].map((found) => found[1] ?? found[2] ?? found[4]);
  return [...new Set(names)];
}

/** A window over which a rate of what is scraped this often has samples enough. */
export function rateInterval({ stepMs, scrapeMs }: TemplateTimes): number {
  return Math.max(stepMs + scrapeMs, 4 * scrapeMs);
}

function builtIn(name: string, scope: TemplateScope): string | undefined {
  const { startMs, endMs, stepMs } = scope.times;
  const rangeMs = Math.max(SECOND, Math.round((endMs - startMs) / SECOND) * SECOND);
  switch (name) {
    case '__interval':
    case 'interval':
      return formatDuration(stepMs);
    case '__interval_ms':
      return String(stepMs);
    case '__rate_interval':
      return formatDuration(rateInterval(scope.times));
    case '__rate_interval_ms':
      return String(rateInterval(scope.times));
    case '__range':
      return `${rangeMs / SECOND}s`;
    case '__range_s':
      return String(rangeMs / SECOND);
    case '__range_ms':
      return String(rangeMs);
    case '__from':
      return String(startMs);
    case '__to':
      return String(endMs);
    case '__dashboard':
      return scope.title;
    default:
      return name.startsWith('__auto_interval_') ? autoText(name.slice(16), scope) : undefined;
  }
}

function autoText(name: string, scope: TemplateScope): string | undefined {
  const known = scope.variables.get(name);
  return known === undefined ? undefined : autoInterval(known.variable, scope.times);
}

/** Steps that people read easily, in seconds. */
const ROUND = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800];
const LONG = [21_600, 43_200, 86_400, 604_800];

/** The interval that follows the range. */
export function autoInterval(variable: DashVariable, times: TemplateTimes): string {
  const { count, minMs } = variable.auto ?? { count: 30, minMs: 10 * SECOND };
  const wanted = Math.max(minMs, (times.endMs - times.startMs) / Math.max(1, count));
  const round = [...ROUND, ...LONG].find((s) => s * SECOND >= wanted) ?? wanted / SECOND;
  return formatDuration(Math.max(minMs, Math.round(round) * SECOND));
}

interface Way {
  readonly format: string | undefined;
  readonly field: string | undefined;
  readonly scope: TemplateScope;
  readonly depth: number;
}

function variableText(known: ChosenVariable, way: Way): string {
  const { variable, chosen } = known;
  const { format, scope, depth } = way;
  const deeper = (text: string): string =>
    depth < DEPTH_MAX && variable.kind !== 'text' ? substitute(text, scope, depth + 1) : text;
  if (way.field === 'text' || format === 'text') return textsOf(known).join(' + ');
  if (variable.kind === 'interval') {
    const value = chosen[0] ?? '';
    const auto = value === AUTO || value.startsWith('$__auto_interval');
    return auto ? autoInterval(variable, scope.times) : value;
  }
  if (variable.kind === 'constant') return deeper(chosen[0] ?? '');
  if (isAll(known) && variable.allValue !== undefined) return deeper(variable.allValue);
  const values = chosenValues(known);
  if (format !== undefined) return formatted(values, format);
  const many = variable.multi || variable.includeAll;
  if (!many) return plainEscape(values[0] ?? '');
  const escaped = values.map(specialEscape);
  return escaped.length === 1 ? escaped[0] : `(${escaped.join('|')})`;
}

function isAll({ chosen }: ChosenVariable): boolean {
  return chosen.length === 1 && chosen[0] === ALL;
}

/** The values that are meant: all that there are, where All is chosen. */
function chosenValues(known: ChosenVariable): readonly string[] {
  if (!isAll(known)) return known.chosen;
  return known.options.map(({ value }) => value);
}

/** What is chosen, in the words of the options. */
export function textsOf(known: ChosenVariable): string[] {
  if (isAll(known)) return ['All'];
  return known.chosen.map(
    (value) => known.options.find((option) => option.value === value)?.text ?? value,
  );
}

function formatted(values: readonly string[], format: string): string {
  switch (format) {
    case 'regex':
      return oneOrMany(values.map(regexEscape), '|', ['(', ')']);
    case 'glob':
      return oneOrMany(values, ',', ['{', '}']);
    case 'pipe':
      return values.join('|');
    case 'json':
      return JSON.stringify(values.length === 1 ? values[0] : values);
    case 'doublequote':
      return values.map((v) => `"${v.replaceAll(/["\\]/g, '\\$&')}"`).join(',');
    case 'singlequote':
      return values.map((v) => `'${v.replaceAll(/['\\]/g, '\\$&')}'`).join(',');
    case 'percentencode':
      return encodeURIComponent(oneOrMany(values, ',', ['{', '}']));
    case 'lucene':
    case 'csv':
    case 'raw':
    default:
      return values.join(',');
  }
}

function oneOrMany(
  values: readonly string[],
  between: string,
  around: readonly [string, string],
): string {
  return values.length === 1 ? values[0] : around[0] + values.join(between) + around[1];
}

function regexEscape(value: string): string {
  return value.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** A value that stands alone in a string of PromQL. */
function plainEscape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}

/** A value within a regular expression within a string of PromQL. */
function specialEscape(value: string): string {
  return value
    .replaceAll('\\', '\\\\\\\\')
    .replaceAll(/[$^*{}[\]+?.()|]/g, '\\\\$&')
    .replaceAll('"', '\\"');
}
