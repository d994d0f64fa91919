// The rules that take series away, as YAML to paste: relabelling of a scrape job, or a policy of
// mon's door. For the explorer's screen and command. Easy to get wrong: a rule is a regular
// expression and YAML at once, so names are escaped for both; and a value may hold a line break.
import type { Exploration } from '../../engine/model/exploration.ts';

/** What a rule is about: a metric, a label, one value of it, or several of these together. */
export interface RuleScope {
  readonly metric?: string;
  readonly label?: string;
  readonly value?: string;
}

/** One way to write it. */
export interface WrittenRule {
  readonly id: string;
  /** What it does, in words. */
  readonly title: string;
  readonly yaml: string;
  /** Whether it takes whole series away; otherwise it makes fewer of them, or of their samples. */
  readonly drops: boolean;
}

function pattern(name: string): string {
  return name.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** A text for YAML: in single quotes, or in double ones where a control character needs them. */
export function quoted(text: string): string {
  // A pattern has no other way to say a line break, and a terminal must not be handed an escape.
  const hard = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
  if (!hard.test(text)) return `'${text.replaceAll("'", "''")}'`;
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A selector as PromQL writes it. */
export function selectorOf(
  { metric, label, value }: RuleScope,
  more: readonly (readonly [label: string, value: string])[] = [],
): string {
  const pairs = [...more];
  if (label !== undefined && value !== undefined) pairs.push([label, value]);
  const named = metric === undefined ? [] : [['__name__', metric] as const];
  const matchers = [...named, ...pairs].map(([name, text]) => {
    const key = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : JSON.stringify(name);
    return `${key}=${JSON.stringify(text)}`;
  });
  return `{${matchers.join(',')}}`;
}

/** The relabelling rule that drops a metric, a label of all metrics, or a label of one metric. */
export function dropRule(metric: string | undefined, label: string | undefined): string {
  const lines = ['metric_relabel_configs:'];
  if (label === undefined) {
    lines.push('  - source_labels: [__name__]', `    regex: ${quoted(pattern(metric ?? ''))}`);
    lines.push('    action: drop');
  } else if (metric === undefined) {
    lines.push(`  - regex: ${quoted(pattern(label))}`, '    action: labeldrop');
  } else {
    lines.push('  - source_labels: [__name__]', `    regex: ${quoted(pattern(metric))}`);
    lines.push(`    target_label: ${quoted(label)}`, "    replacement: ''");
  }
  return `${lines.join('\n')}\n`;
}

function dropValue({ metric, label = '', value = '' }: RuleScope): string {
  const sources = metric === undefined ? [label] : ['__name__', label];
  const values = metric === undefined ? [value] : [metric, value];
  const lines = [
    'metric_relabel_configs:',
    `  - source_labels: [${sources.map((name) => quoted(name)).join(', ')}]`,
    `    regex: ${quoted(values.map(pattern).join(';'))}`,
    '    action: drop',
  ];
  return `${lines.join('\n')}\n`;
}

function policy(lines: readonly string[]): string {
  const [first, ...rest] = lines;
  const body = [`      - ${first}`, ...rest.map((line) => `        ${line}`)];
  return `${['mon:', '  cardinality:', '    policies:', ...body].join('\n')}\n`;
}

function policyName(word: string, scope: RuleScope): string {
  const text = [word, scope.metric, scope.label].filter((part) => part !== undefined).join('-');
  return quoted(text);
}

/** All the ways to write a rule about this, the plainest first. */
export function rulesFor(scope: RuleScope): readonly WrittenRule[] {
  const { metric, label, value } = scope;
  const match = `match: ${quoted(selectorOf({ metric, label, value }))}`;
  if (value !== undefined) {
    return [
      { id: 'drop', title: 'drop these series', yaml: dropValue(scope), drops: true },
      { id: 'keep', title: 'keep one sample a minute', yaml: keepRule(scope, match), drops: false },
    ];
  }
  if (label !== undefined) return rulesForLabel(scope);
  const drop = dropRule(metric, undefined);
  return [
    { id: 'drop', title: 'drop the metric', yaml: drop, drops: true },
    { id: 'keep', title: 'keep one sample a minute', yaml: keepRule(scope, match), drops: false },
    { id: 'unqueried', title: 'drop what nobody asks for', yaml: unqueriedRule(), drops: false },
  ];
}

function rulesForLabel(scope: RuleScope): readonly WrittenRule[] {
  const { metric, label = '' } = scope;
  const any = metric === undefined ? `{${keyOf(label)}!=""}` : selectorOf({ metric });
  const away = (how: 'sum' | 'avg'): string =>
    policy([
      `name: ${policyName(how, scope)}`,
      `match: ${quoted(any)}`,
      `aggregate: ${how}`,
      `without: [${quoted(label)}]`,
    ]);
  const deny = `mon:\n  cardinality:\n    deny_labels: [${quoted(label)}]\n`;
  return [
    { id: 'sum', title: 'add up without the label', yaml: away('sum'), drops: false },
    { id: 'avg', title: 'average without the label', yaml: away('avg'), drops: false },
    { id: 'drop', title: 'take the label off', yaml: dropRule(metric, label), drops: false },
    ...(metric === undefined
      ? [{ id: 'deny', title: 'refuse new series with the label', yaml: deny, drops: true }]
      : []),
  ];
}

function keyOf(label: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) ? label : JSON.stringify(label);
}

function keepRule(scope: RuleScope, match: string): string {
  return policy([`name: ${policyName('thin', scope)}`, match, 'keep_every: 1m']);
}

function unqueriedRule(): string {
  return policy(['name: unqueried', 'unqueried: 30d', 'dry_run: true', 'except: []']);
}

/** Where the series are found that an aggregating rule makes; '' for a rule of another kind. */
export function madeNames({ id }: WrittenRule, { metric = '…', label = '' }: RuleScope): string {
  if (id !== 'sum' && id !== 'avg') return '';
  const stem = `${metric}:without_${label.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`;
  if (id === 'avg') return `ask for ${stem}_avg`;
  return `ask for ${stem}_total of a counter, ${stem}_sum_last of a gauge`;
}

/** What a rule would take now, from the figures of its scope. */
export function previewOf(rule: WrittenRule, scoped: Exploration, whole: Exploration): string[] {
  const { totals } = scoped;
  const share = whole.totals.series === 0 ? 0 : totals.series / whole.totals.series;
  const percent = `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
  const size = `${totals.series} of ${whole.totals.series} series (${percent})`;
  if (rule.id === 'keep') return [`thins ${size}, ${totals.perSecond.toFixed(1)} samples/s now`];
  if (rule.id === 'unqueried') return unqueriedPreview(whole);
  if (rule.drops) return [`drops ${size}, ${totals.perSecond.toFixed(1)} samples/s`];
  return [`makes fewer of ${size}`];
}

const IDLE_MS = 30 * 86_400_000;

function unqueriedPreview(whole: Exploration): string[] {
  const before = whole.atMs - IDLE_MS;
  if (whole.countedSinceMs === 0 || whole.countedSinceMs > before) {
    const days = Math.floor((whole.atMs - whole.countedSinceMs) / 86_400_000);
    return [`queries are counted for ${whole.countedSinceMs === 0 ? 0 : days} days: drops nothing`];
  }
  const idle = whole.metrics.filter(
    (one) =>
      one.firstMs > 0 &&
      one.firstMs <= before &&
      Math.max(one.queriedMs, one.dashboardMs, one.ruleMs) <= before,
  );
  const series = idle.reduce((sum, one) => sum + one.series, 0);
  return [`drops ${idle.length} metrics with ${series} series that nobody asked for in 30 days`];
}
