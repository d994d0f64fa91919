// Rules in the short form: one rule is `name`, `condition`, `severity`, `notification`; a file
// holds one or a list under `rules:`. A condition reads as a sentence and becomes PromQL, which
// every command shows. `anomaly:` in the place of `condition:` asks for a detector. Easy to get
// wrong: a percentage is a fraction of one, so `> 5%` is `> 0.05`.
import type { Node } from 'yaml';
import { isMap } from 'yaml';
import { anomalyExpr } from '../alert/anomaly.ts';
import type { AnomalyMethod } from '../alert/anomaly.ts';
import { UserError } from '../errors.ts';
import { durationOf, formatDuration } from '../model/duration.ts';
import type { Pairs, Rule, RuleGroup } from '../model/rules.ts';
import { check } from '../promql/check.ts';
import { format } from '../promql/format.ts';
import { parse } from '../promql/parse.ts';
import type { ConfigFile } from './config-reader.ts';
import { Section, words } from './config-reader.ts';

const FIELDS = words(
  'name condition anomaly for severity notification channels labels annotations',
);
const ANOMALY_FIELDS = words('query method window season threshold');
const METHODS = ['zscore', 'ewma', 'seasonal'] as const satisfies readonly AnomalyMethod[];

const UNITS: Readonly<Record<string, string>> = {
  second: 's',
  minute: 'm',
  hour: 'h',
  day: 'd',
  week: 'w',
};
const LENGTH = String.raw`\d+(?:\.\d+)?\s*(?:seconds?|minutes?|hours?|days?|weeks?)|[0-9smhdwy]+`;
const FOR = new RegExp(String.raw`\s+for\s+(${LENGTH})\s*$`, 'i');
const HOW = String.raw`(increases|decreases|changes)\s*(?:by\s*)?>\s*([\d.]+)\s*%`;
const CHANGE = new RegExp(String.raw`^(.*?)\s+${HOW}\s+in\s+(${LENGTH})$`, 'is');

export interface Sentence {
  readonly expr: string;
  readonly forMs: number;
}

/** Detectors read hours; once a minute is often enough for what they find. */
const ANOMALY_MS = 60_000;

/** The rules of a file in the short form; undefined when it is not one. */
export function readSeedRules(file: ConfigFile): RuleGroup[] | undefined {
  const root = file.root;
  if (!isMap(root)) return undefined;
  const has = (name: string): boolean => root.has(name);
  let nodes: readonly Node[];
  if (has('condition') || has('anomaly')) nodes = [root];
  else if (!has('rules') || has('groups')) return undefined;
  else nodes = new Section(file, root, 'the rule file', ['rules']).items('rules');
  const group = { file: file.path, queryOffsetMs: undefined, limit: 0 };
  const plain: Rule[] = [];
  const anomalies: Rule[] = [];
  for (const node of nodes) {
    const asks = isMap(node) && node.has('anomaly');
    (asks ? anomalies : plain).push(readOne(file, node));
  }
  return [
    { ...group, name: 'rules', intervalMs: 0, rules: plain },
    { ...group, name: 'anomalies', intervalMs: ANOMALY_MS, rules: anomalies },
  ].filter(({ rules }) => rules.length > 0);
}

function readOne(file: ConfigFile, node: Node): Rule {
  const section = new Section(file, node, 'a rule', FIELDS);
  const name = section.text('name') ?? section.fail('name', 'a rule needs a name', 'write name: …');
  const written = section.text('condition');
  if ((written === undefined) === !section.has('anomaly')) {
    section.fail('condition', 'a rule has either a condition or an anomaly');
  }
  const { expr, forMs } = written === undefined ? anomalyOf(section) : sentenceOf(section, written);
  const severity = section.text('severity');
  const labels: [string, string][] = readTexts(section, 'labels');
  if (severity !== undefined) labels.push(['severity', severity]);
  return {
    ...{ kind: 'alert', name, expr, keepFiringMs: 0 },
    forMs: section.duration('for') ?? forMs,
    labels,
    annotations: readTexts(section, 'annotations'),
    channels: [...channelsOf(section.text('notification')), ...section.texts('channels')],
    where: file.where(node).replace(/:\d+$/, ''),
    sugar: written ?? `anomaly of ${section.section('anomaly', ANOMALY_FIELDS).text('query')}`,
  };
}

function readTexts(section: Section, field: string): [string, string][] {
  const { file } = section;
  const entries = file.entries(section.value(field), field);
  return entries.map(({ key, value }) => [key, file.text(value, key)]) satisfies Pairs as [
    string,
    string,
  ][];
}

/** `slack-channel=#alerts` and `slack:#alerts` are the same channel. */
function channelsOf(text: string | undefined): string[] {
  if (text === undefined) return [];
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => one.replace(/^(\w+)(?:-channel)?=/, '$1:'));
}

function sentenceOf(section: Section, text: string): Sentence {
  try {
    return readSentence(text);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return section.fail('condition', `the condition is not understood: ${thrown.message}`);
  }
}

/** Turns a condition into PromQL. @throws UserError when what comes out is no PromQL. */
export function readSentence(text: string): Sentence {
  let rest = text
    .trim()
    .replace(/^if\s+/i, '')
    .replace(/\s+then\s+\w+\s*$/i, '');
  let forMs = 0;
  const found = FOR.exec(rest);
  if (found !== null) {
    forMs = lengthOf(found[1]);
    rest = rest.slice(0, found.index);
  }
  const expr = rest
    .split(/\s+AND\s+/i)
    .map(clauseOf)
    .join(' and ');
  const tree = parse(expr);
  check(tree, expr);
  return { expr: format(tree), forMs };
}

function clauseOf(clause: string): string {
  const change = CHANGE.exec(clause.trim());
  if (change === null) return named(clause.replaceAll(/([\d.]+)\s*%/g, (_, n) => fraction(n)));
  const [, what, how, percent, length] = change;
  const series = named(what);
  const past = `(${series}) offset ${formatDuration(lengthOf(length))}`.replace(/^\((\S+)\)/, '$1');
  const ratio = `${series} / ${past} - 1`;
  if (how.toLowerCase() === 'increases') return `${ratio} > ${fraction(percent)}`;
  if (how.toLowerCase() === 'decreases') return `${ratio} < -${fraction(percent)}`;
  return `abs(${ratio}) > ${fraction(percent)}`;
}

function fraction(percent: string): string {
  return String(Number((Number(percent) / 100).toPrecision(15)));
}

/** Names with dots, as pushed in JSON, in PromQL's spelling of them. */
function named(text: string): string {
  return text
    .trim()
    .replaceAll(/(?<![\w."])[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)+(?![\w."])/g, (name) => `{"${name}"}`);
}

function lengthOf(text: string): number {
  const words = /^([\d.]+)\s*(second|minute|hour|day|week)s?$/i.exec(text.trim());
  const short = words === null ? text : `${words[1]}${UNITS[words[2].toLowerCase()]}`;
  const ms = durationOf(short);
  if (ms === undefined) throw new UserError(`${text} is no length of time`);
  return ms;
}

function anomalyOf(section: Section): Sentence {
  const anomaly = section.section('anomaly', ANOMALY_FIELDS);
  const query = anomaly.text('query') ?? anomaly.fail('query', 'an anomaly needs a query');
  const method = anomaly.oneOf('method', METHODS) ?? 'zscore';
  const threshold = Number(anomaly.text('threshold') ?? 3);
  if (!(threshold > 0)) anomaly.fail('threshold', 'threshold must be a number above 0');
  const windowMs = anomaly.duration('window');
  const seasonMs = anomaly.duration('season');
  try {
    return { expr: anomalyExpr({ query, method, windowMs, seasonMs, threshold }), forMs: 0 };
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return anomaly.fail('query', thrown.message, thrown.hint);
  }
}
