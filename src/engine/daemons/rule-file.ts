// A Prometheus rule file, read with promtool's verdicts: what it takes is taken, what it refuses
// is refused with file, line, field and what was expected. Beside Prometheus' fields a rule may
// name a severity P1 to P4 and channels. Easy to get wrong: an empty value of a label is allowed
// and removes the label; a null is an empty text.
import type { Node } from 'yaml';
import { isMap, isScalar, isSeq } from 'yaml';
import { checkTemplate } from '../alert/template/check-template.ts';
import { UserError, messageOf } from '../errors.ts';
import type { Pairs, Rule, RuleGroup } from '../model/rules.ts';
import { check } from '../promql/check.ts';
import { parse } from '../promql/parse.ts';
import { lineColumn } from '../promql/parse-error.ts';
import { ConfigFile, Section, words } from './config-reader.ts';
import { readSeedRules } from './rule-sugar.ts';

const GROUP_FIELDS = words('name interval query_offset limit rules labels');
const RULE_FIELDS = [
  ...words('record alert expr for keep_firing_for labels annotations'),
  ...words('severity channels'),
];
const SEVERITIES = ['P1', 'P2', 'P3', 'P4'] as const;
const NAME_LABEL = '__name__';

/** Reads a rule file. @throws UserError with the place of the first mistake. */
export function parseRuleFile(text: string, path: string): RuleGroup[] {
  const file = new ConfigFile(firstDocument(text), path);
  const seed = readSeedRules(file);
  if (seed !== undefined) return seed;
  const root = new Section(file, file.root, 'the rule file', ['groups']);
  const names = new Set<string>();
  return filled(root, 'groups').map((node) => {
    const group = readGroup(file, node);
    if (names.has(group.name)) {
      file.fail(node, `groupname: ${JSON.stringify(group.name)} is repeated in the same file`);
    }
    names.add(group.name);
    return group;
  });
}

/** Of several documents in one file promtool reads the first. */
function firstDocument(text: string): string {
  for (const { index } of text.matchAll(/^---(?=\s|$)/gm)) {
    if (/^(?!%|#|---)[^\s]/m.test(text.slice(0, index))) return text.slice(0, index);
  }
  return text;
}

/** The items of a list; empty ones count for nothing, as in promtool. */
function filled(section: Section, name: string): Node[] {
  const node = section.value(name);
  if (!isSeq(node)) return section.items(name);
  const items = node.items as (Node | null)[];
  return items.flatMap((item) => (item === null ? [] : (section.file.follow(item) ?? [])));
}

function readGroup(file: ConfigFile, node: Node): RuleGroup {
  const section = new Section(file, node, 'a rule group', GROUP_FIELDS);
  const name = textOf(section, 'name');
  if (name === '') section.fail('name', 'Groupname must not be empty', 'write name: …');
  const common = readPairs(section, 'labels', 'label');
  return {
    file: file.path,
    name,
    intervalMs: section.duration('interval') ?? 0,
    queryOffsetMs: section.duration('query_offset'),
    limit: readLimit(section),
    rules: filled(section, 'rules').map((rule, i) => {
      return readRule(file, rule, {
        place: `group ${JSON.stringify(name)}, rule ${i + 1}`,
        common,
      });
    }),
  };
}

function readLimit(section: Section): number {
  const text = section.text('limit');
  if (text === undefined) return 0;
  const plain = isScalar(section.value('limit')) && typeof scalarOf(section, 'limit') === 'number';
  if (!plain || !/^-?\d+(?:\.\d+)?$/.test(text))
    section.fail('limit', 'limit must be a whole number');
  return Math.trunc(Number(text));
}

function scalarOf(section: Section, name: string): unknown {
  const node = section.value(name);
  return isScalar(node) ? node.value : undefined;
}

/** The text of a field, empty where there is none. */
function textOf(section: Section, name: string): string {
  return section.text(name) ?? '';
}

interface RuleContext {
  readonly place: string;
  readonly common: Pairs;
}

function readRule(file: ConfigFile, node: Node, { place, common }: RuleContext): Rule {
  const section = new Section(file, node, 'a rule', RULE_FIELDS);
  const record = textOf(section, 'record');
  const alert = textOf(section, 'alert');
  const name = alert === '' ? record : alert;
  const say = `${place}, ${JSON.stringify(name)}`;
  if (record !== '' && alert !== '') {
    section.fail('record', `${say}: only one of 'record' and 'alert' must be set`);
  }
  if (name === '') section.fail('alert', `${say}: one of 'record' or 'alert' must be set`);
  const expr = textOf(section, 'expr');
  if (expr === '') section.fail('expr', `${say}: field 'expr' must be set in rule`);
  checkExpr(section, expr, say);
  const rule = {
    name,
    expr,
    forMs: section.duration('for') ?? 0,
    keepFiringMs: section.duration('keep_firing_for') ?? 0,
    annotations: readPairs(section, 'annotations', 'annotation'),
    where: file.where(isMap(node) ? node : null).replace(/:\d+$/, ''),
  };
  const own = readPairs(section, 'labels', 'label');
  const severity = section.oneOf('severity', SEVERITIES);
  const labels = merged(common, own, severity === undefined ? [] : [['severity', severity]]);
  const channels = section.texts('channels');
  if (record === '') {
    checkTemplates(section, say, [own, rule.annotations]);
    return { ...rule, kind: 'alert', labels, channels };
  }
  checkRecord(section, record, { say, rule, asks: severity !== undefined || channels.length > 0 });
  return { ...rule, kind: 'record', labels, channels };
}

/** Later ones win; the order is that of the first mention. */
function merged(...lists: readonly Pairs[]): Pairs {
  return [...new Map(lists.flat())];
}

function checkRecord(
  section: Section,
  record: string,
  of: {
    readonly say: string;
    readonly rule: Pick<Rule, 'forMs' | 'keepFiringMs' | 'annotations'>;
    readonly asks: boolean;
  },
): void {
  const refuse = (field: string): never =>
    section.fail(field, `${of.say}: invalid field '${field}' in recording rule`);
  if (of.rule.annotations.length > 0) refuse('annotations');
  if (of.rule.forMs !== 0) refuse('for');
  if (of.rule.keepFiringMs !== 0) refuse('keep_firing_for');
  if (of.asks) refuse(section.has('severity') ? 'severity' : 'channels');
  if (!record.isWellFormed()) {
    section.fail('record', `${of.say}: invalid recording rule name: ${record}`);
  }
  if (/[{}]/.test(record)) {
    const why = 'braces present in the recording rule name; should it be in expr?';
    section.fail('record', `${of.say}: ${why}: ${record}`);
  }
}

function checkExpr(section: Section, expr: string, say: string): void {
  try {
    check(parse(expr), expr);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    const at = thrown.source === undefined ? '' : `${lineColumn(expr, thrown.start)}: `;
    const words = `${say}: could not parse expression: ${at}parse error: ${thrown.message}`;
    section.fail('expr', words, thrown.hint);
  }
}

function checkTemplates(section: Section, say: string, lists: readonly Pairs[]): void {
  lists.forEach((pairs, i) => {
    for (const [name, text] of pairs) {
      try {
        checkTemplate(text);
      } catch (thrown) {
        if (!(thrown instanceof UserError)) throw thrown;
        const what = i === 0 ? 'label' : 'annotation';
        const field = i === 0 ? 'labels' : 'annotations';
        section.fail(field, `${say}: ${what} ${JSON.stringify(name)}: ${messageOf(thrown)}`);
      }
    }
  });
}

function readPairs(section: Section, field: string, what: 'label' | 'annotation'): Pairs {
  const { file } = section;
  return file.entries(section.value(field), field).map(({ key, keyNode, value }) => {
    const bad = key === '' || !key.isWellFormed() || (what === 'label' && key === NAME_LABEL);
    if (bad) file.fail(keyNode, `invalid ${what} name: ${key}`);
    const text = value === null ? '' : file.text(value, `${what} ${key}`);
    if (!text.isWellFormed()) file.fail(value, `invalid ${what} value: ${text}`);
    return [key, text] as const;
  });
}
