// The variables of a dashboard file: each has exactly one field that says where its values come
// from. Easy to get wrong: a default of a query variable cannot be checked without a server, one of
// a list can.
import type { Node } from 'yaml';
import { isScalar, isSeq } from 'yaml';
import { unknownNames } from '../dash/check-queries.ts';
import {
  ALL,
  AUTO,
  makeVariable,
  type DashVariable,
  type VariableKind,
  type VariableOption,
} from '../dash/dashboard.ts';
import { sourceOf, sourceText } from '../dash/variables.ts';
import { UserError } from '../errors.ts';
import { DASH_VALUES_MAX, DASH_VARIABLES_MAX } from '../limits-dash.ts';
import { durationOf } from '../model/duration.ts';
import { matchPattern } from '../promql/regexp.ts';
import { Section, words } from './config-reader.ts';

const FIELDS = [
  ...words('name label query options intervals constant text regex sort multi all default hide'),
  ...words('auto_steps auto_min'),
];
const SORTS = ['none', 'text', 'text-down', 'number', 'number-down'] as const;
const KINDS: readonly (readonly [field: string, kind: VariableKind])[] = [
  ['query', 'query'],
  ['options', 'custom'],
  ['intervals', 'interval'],
  ['constant', 'constant'],
  ['text', 'text'],
];
const SECOND = 1000;

/** The variables, in the order of the file. @throws UserError. */
export function readVariables(root: Section): DashVariable[] {
  const nodes = root.items('variables');
  if (nodes.length > DASH_VARIABLES_MAX) {
    root.fail('variables', `${nodes.length} variables; ${DASH_VARIABLES_MAX} at most`);
  }
  const found: DashVariable[] = [];
  for (const node of nodes) {
    const section = new Section(root.file, node, 'a variable', FIELDS);
    const variable = readVariable(section);
    if (found.some(({ name }) => name === variable.name)) {
      section.fail('name', `there are two variables ${variable.name}`);
    }
    // One variable may hang on those above it: so there is no circle.
    const text = variable.source === undefined ? '' : sourceText(variable.source);
    const [unknown] = unknownNames(text, found);
    if (unknown !== undefined) {
      const own = unknown === variable.name ? 'itself' : `$${unknown}, which is not above it`;
      section.fail('query', `the variable ${variable.name} hangs on ${own}`);
    }
    found.push(variable);
  }
  return found;
}

function readVariable(section: Section): DashVariable {
  const name = section.text('name') ?? '';
  if (!/^[A-Za-z]\w{0,63}$/.test(name)) {
    section.fail('name', 'a variable needs a name', 'letters, digits and underlines, as in region');
  }
  const given = KINDS.filter(([field]) => section.has(field));
  if (given.length !== 1) {
    const fields = KINDS.map(([field]) => field).join(', ');
    section.fail(given[1]?.[0] ?? 'name', `a variable needs exactly one of ${fields}`);
  }
  const [field, kind] = given[0];
  const options = optionsOf(section, field);
  const variable = makeVariable(name, kind, {
    label: section.text('label') ?? '',
    options,
    ...queryOf(section, kind),
    ...allOf(section, kind),
    sort: section.oneOf('sort', SORTS) ?? (kind === 'query' ? 'text' : 'none'),
    multi: section.bool('multi') ?? false,
    auto: autoOf(section, kind),
    hidden: section.bool('hide') ?? false,
  });
  return { ...variable, current: defaultsOf(section, variable) };
}

function queryOf(section: Section, kind: VariableKind): Pick<DashVariable, 'source' | 'regex'> {
  const regex = section.text('regex') ?? '';
  if (kind !== 'query') {
    if (regex !== '') section.fail('regex', 'only a query variable has a regex');
    return { source: undefined, regex };
  }
  const source = sourceOf(section.text('query') ?? '');
  if (source === undefined) {
    section.fail(
      'query',
      'not a query for values',
      'label_values(metric, label), or metrics(regex)',
    );
  }
  try {
    matchPattern(regex, '');
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    section.fail('regex', `regex: ${thrown.message}`);
  }
  return { source, regex };
}

/** `all: true`, or the text that All stands for. */
function allOf(
  section: Section,
  kind: VariableKind,
): Pick<DashVariable, 'includeAll' | 'allValue'> {
  const text = section.text('all');
  if (text === undefined || text === 'false') return { includeAll: false, allValue: undefined };
  if (kind !== 'query' && kind !== 'custom') {
    section.fail('all', 'only a query or a list of options has all');
  }
  return { includeAll: true, allValue: text === 'true' ? undefined : text };
}

function autoOf(section: Section, kind: VariableKind): DashVariable['auto'] {
  const count = section.integer('auto_steps', 1, 10_000);
  const minMs = section.duration('auto_min');
  if (kind !== 'interval') {
    const field = count === undefined ? 'auto_min' : 'auto_steps';
    if (section.has(field)) section.fail(field, `only a list of intervals has ${field}`);
    return undefined;
  }
  const listed = section.texts('intervals').includes(AUTO);
  if (!listed && count === undefined && minMs === undefined) return undefined;
  return { count: count ?? 30, minMs: minMs ?? 10 * SECOND };
}

function optionsOf(section: Section, field: string): VariableOption[] {
  if (field === 'query') return [];
  if (field === 'constant' || field === 'text') {
    const value = section.text(field) ?? '';
    return [{ text: value, value }];
  }
  const nodes = section.items(field);
  if (nodes.length === 0) section.fail(field, `${field} must hold at least one value`);
  if (nodes.length > DASH_VALUES_MAX) section.fail(field, `${field}: ${DASH_VALUES_MAX} at most`);
  const options = nodes.map((node) => optionOf(section, node));
  if (field === 'options') return options;
  nodes.forEach((node, i) => {
    if (options[i].value === AUTO || (durationOf(options[i].value) ?? 0) > 0) return;
    section.file.fail(node, 'an interval is a duration', 'as in 30s, 5m, 1h; or auto');
  });
  return options.filter(({ value }) => value !== AUTO);
}

function optionOf(section: Section, node: Node): VariableOption {
  if (isScalar(node)) {
    const value = section.file.text(node, 'an option');
    return { text: value, value };
  }
  const one = new Section(section.file, node, 'an option', ['text', 'value']);
  const value = one.text('value');
  if (value === undefined) return one.fail('value', 'an option needs a value');
  return { text: one.text('text') ?? value, value };
}

function defaultsOf(section: Section, variable: DashVariable): string[] {
  const node = section.value('default');
  if (node === null) return [];
  const texts = isSeq(node) ? section.texts('default') : [section.text('default') as string];
  if (texts.length > 1 && !variable.multi) {
    section.fail('default', 'several defaults need multi: true');
  }
  return texts.map((text) => {
    if (/^all$/i.test(text) && variable.includeAll) return ALL;
    const { kind, options, auto } = variable;
    if (kind === 'query' || kind === 'text' || kind === 'constant') return text;
    if (text === AUTO && auto !== undefined) return AUTO;
    const option = options.find((one) => one.value === text || one.text === text);
    if (option === undefined) section.fail('default', `${text} is none of the options`);
    return option.value;
  });
}
