// The values of a variable: what its query asks for, what its regular expression keeps, in which
// order, and what is chosen when nobody has chosen yet. Pure; who asks the server is the feed.
// Easy to get wrong: a chosen value that is no longer there must not leave the query empty.
import { DASH_VALUES_MAX } from '../limits-dash.ts';
import { compareText } from '../model/labels.ts';
import { matchPattern } from '../promql/regexp.ts';
import {
  ALL,
  AUTO,
  type DashVariable,
  type ValueSource,
  type VariableOption,
} from './dashboard.ts';
import type { ChosenVariable } from './template.ts';

/** Reads `label_values(metric, label)` and its kin; undefined for what is none of them. */
export function sourceOf(text: string): ValueSource | undefined {
  const query = text.trim();
  const call = /^(\w+)\s*\(([\s\S]*)\)$/.exec(query);
  if (call === null) return query === '' ? undefined : { kind: 'query_result', expr: query };
  const inside = call[2].trim();
  switch (call[1]) {
    case 'label_values': {
      const cut = lastComma(inside);
      const label = inside.slice(cut + 1).trim();
      if (!/^[\w.$[\]{}:]+$/.test(label)) return undefined;
      return { kind: 'label_values', selector: inside.slice(0, Math.max(0, cut)).trim(), label };
    }
    case 'label_names':
      return { kind: 'label_names', selector: inside };
    case 'metrics':
      return { kind: 'metrics', pattern: inside };
    case 'query_result':
      return inside === '' ? undefined : { kind: 'query_result', expr: inside };
    default:
      return { kind: 'query_result', expr: query };
  }
}

/** The text that `sourceOf` reads. */
export function sourceText(source: ValueSource): string {
  switch (source.kind) {
    case 'label_values': {
      const { selector, label } = source;
      return `label_values(${selector === '' ? '' : `${selector}, `}${label})`;
    }
    case 'label_names':
      return `label_names(${source.selector})`;
    case 'metrics':
      return `metrics(${source.pattern})`;
    case 'query_result':
      return `query_result(${source.expr})`;
  }
}

/** The place of the last comma that stands outside braces and strings; -1 for none. */
function lastComma(text: string): number {
  let found = -1;
  let depth = 0;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quote !== '') {
      if (c === '\\') i++;
      else if (c === quote) quote = '';
    } else if (c === '"' || c === "'" || c === '`') quote = c;
    else if ('({['.includes(c)) depth++;
    else if (')}]'.includes(c)) depth--;
    else if (c === ',' && depth === 0) found = i;
  }
  return found;
}

export interface FoundOptions {
  readonly options: readonly VariableOption[];
  /** Values beyond the bound. */
  readonly hidden: number;
}

/** What the server answered as options: kept by the regular expression, sorted, each once. */
export function optionsFrom(values: readonly string[], variable: DashVariable): FoundOptions {
  const pattern = regexOf(variable.regex);
  const seen = new Map<string, VariableOption>();
  let hidden = 0;
  for (const value of values) {
    const option = pattern === '' ? { text: value, value } : matched(value, pattern);
    if (option === undefined || seen.has(option.value)) continue;
    if (seen.size >= DASH_VALUES_MAX) hidden++;
    else seen.set(option.value, option);
  }
  return { options: sorted([...seen.values()], variable.sort), hidden };
}

/** `/text/flags` as RE2 writes it. */
function regexOf(text: string): string {
  const found = /^\/([\s\S]*)\/([a-z]*)$/.exec(text);
  if (found === null) return text;
  const flags = [...found[2]].filter((flag) => 'ims'.includes(flag)).join('');
  return flags === '' ? found[1] : `(?${flags})${found[1]}`;
}

function matched(value: string, pattern: string): VariableOption | undefined {
  const found = matchPattern(pattern, value);
  if (found === undefined) return undefined;
  const { text, value: named } = found.named;
  if (text !== undefined || named !== undefined) {
    return { text: text ?? (named as string), value: named ?? (text as string) };
  }
  const taken = found.groups[0] ?? value;
  return { text: taken, value: taken };
}

function sorted(options: VariableOption[], sort: DashVariable['sort']): VariableOption[] {
  if (sort === 'none') return options;
  const numeric = sort.startsWith('number');
  const number = (text: string): number => Number(/-?\d+(?:\.\d+)?/.exec(text)?.[0] ?? NaN);
  const out = options.toSorted((a, b) => {
    const by = numeric ? number(a.text) - number(b.text) : 0;
    return Number.isNaN(by) || by === 0 ? compareText(a.text, b.text) : by;
  });
  return sort.endsWith('down') ? out.toReversed() : out;
}

/** What may be chosen of a variable, All and the interval that follows the range among it. */
export function choices({ variable, options }: ChosenVariable): readonly VariableOption[] {
  const all = variable.includeAll ? [{ text: 'All', value: ALL }] : [];
  const auto = variable.auto === undefined ? [] : [{ text: 'auto', value: AUTO }];
  return [...all, ...auto, ...options];
}

/**
 * What is chosen of the options: what was wished for as far as it is there, else All, else the
 * first. A text or constant takes what it is given.
 */
export function chooseFrom(
  variable: DashVariable,
  options: readonly VariableOption[],
  wished: readonly string[],
): readonly string[] {
  const { kind } = variable;
  if (kind === 'text' || kind === 'constant') {
    return wished.length > 0 ? wished.slice(0, 1) : [options[0]?.value ?? ''];
  }
  const known = choices({ variable, options, chosen: [] });
  const kept = wished.flatMap((value) => {
    if (value === ALL || value === 'All') return variable.includeAll ? [ALL] : [];
    if (value.startsWith('$__auto')) return variable.auto === undefined ? [] : [AUTO];
    // Before the options are known what the file remembers is taken on trust.
    if (options.length === 0 && kind === 'query') return [value];
    const option = known.find((one) => one.value === value || one.text === value);
    return option === undefined ? [] : [option.value];
  });
  if (kept.includes(ALL)) return [ALL];
  const first = known.slice(0, 1).map(({ value }) => value);
  const many = variable.multi ? kept : kept.slice(0, 1);
  return many.length > 0 ? [...new Set(many)] : first;
}

/** The choice after an option was pressed: a mark of its own, or the only one. */
export function toggle(known: ChosenVariable, value: string): readonly string[] {
  const { variable, chosen } = known;
  if (!variable.multi || value === ALL) return [value];
  const without = chosen.filter((one) => one !== ALL && one !== value);
  if (chosen.includes(value)) return without.length > 0 ? without : chosen;
  return [...without, value];
}
