// Grafana's templating list as our variables: query, custom, interval, constant, textbox and
// datasource. Easy to get wrong: the query of a variable is a text, or a map with the text in it,
// and what is chosen may be one value, a list, or the word for all.
import { DASH_VALUES_MAX, DASH_VARIABLES_MAX } from '../limits-dash.ts';
import { durationOf } from '../model/duration.ts';
import { matchPattern } from '../promql/regexp.ts';
import { ALL, AUTO, makeVariable, type DashVariable, type VariableOption } from './dashboard.ts';
import { sourceOf } from './variables.ts';
import {
  isTrue,
  listOf,
  mapOf,
  mapsOf,
  numberOf,
  own,
  textOf,
  isMap,
  type Json,
  type ImportNotes,
} from './grafana-json.ts';

/** A query of a variable: a PromQL expression at most. */
const QUERY_UNITS_MAX = 8192;
const SORTS: readonly DashVariable['sort'][] = [
  'none',
  'text',
  'text-down',
  'number',
  'number-down',
  'text',
  'text-down',
];

/** The variables of a file; those of kinds that mean nothing here are named and left out. */
export function importVariables(root: Json, notes: ImportNotes): DashVariable[] {
  const out: DashVariable[] = [];
  for (const json of mapsOf(mapOf(root, 'templating'), 'list').slice(0, DASH_VARIABLES_MAX)) {
    const name = textOf(json, 'name');
    const type = textOf(json, 'type');
    if (!/^\w{1,64}$/.test(name)) {
      notes.add(`a variable without a proper name is left out: ${JSON.stringify(name)}`);
      continue;
    }
    if (out.some((one) => one.name === name)) continue;
    const variable = importVariable(json, name, notes);
    if (variable !== undefined) out.push(variable);
    else if (type === 'adhoc' || type === 'groupby')
      notes.add(`filters of the kind ${type} are not used`);
    else notes.add(`the variable $${name} of the kind ${JSON.stringify(type)} is left out`);
  }
  return out;
}

function importVariable(json: Json, name: string, notes: ImportNotes): DashVariable | undefined {
  const frame = {
    label: textOf(json, 'label'),
    multi: isTrue(json, 'multi'),
    includeAll: isTrue(json, 'includeAll'),
    allValue: textOf(json, 'allValue') === '' ? undefined : textOf(json, 'allValue'),
    current: currentOf(json),
    hidden: own(json, 'hide') === 2,
  };
  switch (textOf(json, 'type')) {
    case 'query':
      return importQuery(json, { name, frame, notes });
    case 'custom':
      return makeVariable(name, 'custom', { ...frame, options: customOptions(json) });
    case 'interval':
      return makeVariable(name, 'interval', intervalParts(json, frame));
    case 'constant':
    case 'textbox': {
      const value = textOf(json, 'query', QUERY_UNITS_MAX) || (frame.current[0] ?? '');
      const kind = textOf(json, 'type') === 'constant' ? 'constant' : 'text';
      const parts = { ...frame, current: [value], options: [{ text: value, value }] };
      const plain = { multi: false, includeAll: false, allValue: undefined };
      return makeVariable(name, kind, { ...parts, ...plain });
    }
    case 'datasource':
      return makeVariable(name, 'datasource', {
        label: frame.label,
        hidden: true,
        options: [{ text: 'this server', value: 'default' }],
        current: ['default'],
      });
    default:
      return undefined;
  }
}

type Frame = Pick<
  DashVariable,
  'label' | 'multi' | 'includeAll' | 'allValue' | 'current' | 'hidden'
>;

function importQuery(
  json: Json,
  of: { readonly name: string; readonly frame: Frame; readonly notes: ImportNotes },
): DashVariable {
  const { name, frame, notes } = of;
  const query = own(json, 'query');
  const text = isMap(query)
    ? textOf(query, 'query', QUERY_UNITS_MAX)
    : textOf(json, 'query', QUERY_UNITS_MAX) || textOf(json, 'definition', QUERY_UNITS_MAX);
  const source = sourceOf(text);
  if (source === undefined) {
    notes.add(`the query of the variable $${name} is not understood: its values are the file's`);
    return makeVariable(name, 'custom', { ...frame, options: rememberedOptions(json, frame) });
  }
  let regex = textOf(json, 'regex');
  try {
    matchPattern(regex.replace(/^\/([\s\S]*)\/[a-z]*$/, '$1'), '');
  } catch {
    notes.add(`the regex of the variable $${name} is not RE2 and is not used`);
    regex = '';
  }
  return makeVariable(name, 'query', {
    ...frame,
    source,
    regex,
    sort: SORTS[numberOf(json, 'sort') ?? 0] ?? 'none',
  });
}

/** The values that the file was saved with. */
function rememberedOptions(json: Json, frame: Frame): VariableOption[] {
  const saved = mapsOf(json, 'options').map((one) => textOf(one, 'value'));
  const values = [...saved, ...frame.current].filter((v) => v !== '' && v !== ALL);
  const some = values.length > 0 ? [...new Set(values)] : ['x'];
  return some.slice(0, DASH_VALUES_MAX).map((value) => ({ text: value, value }));
}

/** What is chosen in the file, Grafana's word for all made ours. */
function currentOf(json: Json): string[] {
  const value = own(mapOf(json, 'current'), 'value');
  const list = Array.isArray(value) ? value : [value];
  const texts = list
    .filter((one) => typeof one === 'string' || typeof one === 'number')
    .map(String);
  return texts.filter((text) => text !== '').map((text) => (text === 'All' ? ALL : text));
}

/** `a, b : c` is a, and c under the name b; commas may be escaped. */
function customOptions(json: Json): VariableOption[] {
  const text = textOf(json, 'query', 65_536);
  const parts = text.match(/(?:\\,|[^,])+/g) ?? [];
  const options = parts.map((part) => {
    const clean = part.replaceAll('\\,', ',').trim();
    const named = /^(.+)\s:\s(.+)$/.exec(clean);
    return named === null
      ? { text: clean, value: clean }
      : { text: named[1].trim(), value: named[2].trim() };
  });
  return options.slice(0, DASH_VALUES_MAX);
}

function intervalParts(json: Json, frame: Frame): Partial<DashVariable> {
  const texts = textOf(json, 'query', QUERY_UNITS_MAX).match(/"[^"]*"|[^,\s]+/g) ?? [];
  const known = listOf(json, 'options')
    .filter(isMap)
    .map((one) => textOf(one, 'value'));
  const all = texts.length > 0 ? texts.map((text) => text.replaceAll('"', '')) : known;
  const options = all
    .filter((text) => (durationOf(text) ?? 0) > 0)
    .slice(0, DASH_VALUES_MAX)
    .map((value) => ({ text: value, value }));
  const auto = isTrue(json, 'auto') || options.length === 0;
  return {
    ...frame,
    multi: false,
    includeAll: false,
    allValue: undefined,
    options,
    current: frame.current.map((value) => (value.startsWith('$__auto') ? AUTO : value)),
    auto: auto
      ? {
          count: Math.max(1, Math.round(numberOf(json, 'auto_count') ?? 30)),
          minMs: durationOf(textOf(json, 'auto_min')) ?? 10_000,
        }
      : undefined,
  };
}
