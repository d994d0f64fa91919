// Relabelling as Prometheus does it: rules over a label set, in order, until one drops it. It runs
// when a target is discovered and once for each series text that a target sends for the first time.
// Easy to get wrong: the regular expression must match the whole text, `$1x` is the group named
// "1x", and an empty value takes the label away.
import { createHash } from 'node:crypto';
import { RE2JS } from 're2js';
import { PLACES, groupText } from '../promql/regexp.ts';
import type { RelabelRule } from './scrape-config.ts';
import { RELABEL_DEFAULT } from './scrape-config.ts';

type Expand = (group: (name: string) => string) => string;
type Apply = (labels: Map<string, string>) => boolean;

/** A template of Go's Regexp.Expand: $1, ${1}, $name, $$; a $ before anything else stays. */
function template(text: string): Expand {
  const parts: { text: string; group: string }[] = [];
  let from = 0;
  for (const found of text.matchAll(PLACES)) {
    const before = text.slice(from, found.index);
    const group = found[1] ?? found[2] ?? '';
    parts.push({ text: group === '' ? `${before}$` : before, group });
    from = found.index + found[0].length;
  }
  const rest = text.slice(from);
  return (group) => parts.map((p) => p.text + (p.group && group(p.group))).join('') + rest;
}

function setLabel(labels: Map<string, string>, name: string, value: string): void {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
}

/** md5's last eight bytes as a number, modulo: the same shards as Prometheus. */
function hashModulus(text: string, modulus: number): string {
  const digest = createHash('md5').update(text).digest();
  return String(digest.readBigUInt64BE(8) % BigInt(modulus));
}

function compileReplace(rule: RelabelRule, regex: RE2JS): Apply {
  const target = template(rule.targetLabel);
  const replacement = template(rule.replacement);
  const names = regex.namedGroups();
  const join = joiner(rule);
  return (labels) => {
    const found = regex.matcher(join(labels));
    if (!found.matches()) return true;
    const group = (name: string): string => groupText(found, names, name);
    const name = target(group);
    if (name !== '') setLabel(labels, name, replacement(group));
    return true;
  };
}

function compileLabelMap(rule: RelabelRule, regex: RE2JS): Apply {
  const replacement = template(rule.replacement);
  const names = regex.namedGroups();
  return (labels) => {
    for (const [label, value] of Array.from(labels)) {
      const found = regex.matcher(label);
      if (!found.matches()) continue;
      const name = replacement((group) => groupText(found, names, group));
      if (name !== '') setLabel(labels, name, value);
    }
    return true;
  };
}

function joiner(rule: RelabelRule): (labels: Map<string, string>) => string {
  const { sourceLabels, separator } = rule;
  return (labels) => sourceLabels.map((name) => labels.get(name) ?? '').join(separator);
}

function compileRule(rule: RelabelRule): Apply {
  const regex = RE2JS.compile(`^(?s:${rule.regex})$`);
  const matches = (text: string): boolean => regex.testExact(text);
  const join = joiner(rule);
  const target = rule.targetLabel;
  const write = (value: (text: string) => string): Apply => {
    return (labels) => {
      setLabel(labels, target, value(join(labels)));
      return true;
    };
  };
  const clear = (matching: boolean): Apply => {
    return (labels) => {
      for (const name of labels.keys()) if (matches(name) === matching) labels.delete(name);
      return true;
    };
  };
  switch (rule.action) {
    case 'replace':
      return compileReplace(rule, regex);
    case 'labelmap':
      return compileLabelMap(rule, regex);
    case 'keep':
      return (labels) => matches(join(labels));
    case 'drop':
      return (labels) => !matches(join(labels));
    case 'keepequal':
      return (labels) => (labels.get(target) ?? '') === join(labels);
    case 'dropequal':
      return (labels) => (labels.get(target) ?? '') !== join(labels);
    case 'hashmod':
      return write((text) => hashModulus(text, rule.modulus));
    case 'lowercase':
      return write((text) => text.toLowerCase());
    case 'uppercase':
      return write((text) => text.toUpperCase());
    case 'labeldrop':
      return clear(true);
    case 'labelkeep':
      return clear(false);
  }
}

/** Compiled rules. Regular expressions were checked with regexProblem before. */
export class Relabeller {
  readonly #rules: readonly Apply[];

  constructor(rules: readonly RelabelRule[]) {
    this.#rules = rules.map(compileRule);
  }

  get empty(): boolean {
    return this.#rules.length === 0;
  }

  /** Changes `labels` in place; false when a rule drops the set. */
  apply(labels: Map<string, string>): boolean {
    for (const rule of this.#rules) if (!rule(labels)) return false;
    return true;
  }
}

/** Why a regular expression does not compile, or undefined. */
export function regexProblem(regex: string): string | undefined {
  try {
    RE2JS.compile(`^(?s:${regex})$`);
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/** Why a rule makes no sense, as Prometheus checks it, or undefined. */
export function ruleProblem(rule: RelabelRule): string | undefined {
  const { action, targetLabel } = rule;
  const needs = ['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'];
  if (needs.includes(action) && targetLabel === '') return `${action} needs a target_label`;
  if (action === 'hashmod' && rule.modulus === 0) return 'hashmod needs a modulus above 0';
  const only = (allowed: readonly (keyof RelabelRule)[]): string | undefined => {
    const keys = Object.keys(RELABEL_DEFAULT) as (keyof RelabelRule)[];
    const extra = keys.find(
      (key) =>
        key !== 'action' &&
        !allowed.includes(key) &&
        JSON.stringify(rule[key]) !== JSON.stringify(RELABEL_DEFAULT[key]),
    );
    return extra && `${action} takes only ${allowed.map(fileWord).join(' and ')}`;
  };
  if (action === 'labeldrop' || action === 'labelkeep') return only(['regex']);
  if (action === 'keepequal' || action === 'dropequal') {
    return only(['sourceLabels', 'targetLabel']);
  }
  return undefined;
}

function fileWord(key: string): string {
  return key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
}
