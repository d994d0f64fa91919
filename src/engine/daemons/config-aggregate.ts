// The `aggregate` list under `mon:`: rules that fold samples into windows before they are stored.
// Part of the configuration. Easy to get wrong: two rules that would write the same series, and a
// name without a colon, whose series would be taken for samples again.
import {
  DEFAULT_NAME,
  DEFAULT_OUTPUTS,
  outputName,
  OUTPUTS,
} from '../collector/aggregate/aggregate-rule.ts';
import type { AggregateRule, OutputName } from '../collector/aggregate/aggregate-rule.ts';
import { messageOf } from '../errors.ts';
import {
  AGGREGATE_GRACE_MS,
  AGGREGATE_GRACE_MS_MAX,
  AGGREGATE_RULES_MAX,
  AGGREGATE_WINDOW_MS,
  AGGREGATE_WINDOW_MS_MAX,
  AGGREGATE_WINDOW_MS_MIN,
} from '../limits-aggregate.ts';
import { formatDuration } from '../model/duration.ts';
import { NAME } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { parse } from '../promql/parse.ts';
import { matchesEmpty } from '../promql/regexp.ts';
import { nearestName, Section, words } from './config-reader.ts';

const FIELDS = words('match by without window grace outputs name keep type');
const SELECTOR_HINT = `write a selector such as 'http_requests_total{job="api"}'`;

/** The rules of a configuration. @throws UserError. */
export function readAggregates(mon: Section): readonly AggregateRule[] {
  const items = mon.items('aggregate');
  if (items.length > AGGREGATE_RULES_MAX) {
    mon.fail('aggregate', `aggregate has at most ${AGGREGATE_RULES_MAX} rules`);
  }
  const rules: AggregateRule[] = [];
  for (const item of items) {
    const section = new Section(mon.file, item, 'a rule of aggregate', FIELDS);
    const rule = readRule(section);
    const other = rules.findIndex((one) => mayClash(one, rule));
    if (other >= 0) {
      const hint = 'give one of them a name of its own, as in "{metric}:slow_{by}_{output}"';
      section.fail('name', `rule ${other + 1} may write the same series as this one`, hint);
    }
    rules.push(rule);
  }
  return rules;
}

function readRule(section: Section): AggregateRule {
  if (section.has('by') && section.has('without')) {
    section.fail('without', 'a rule has by or without, not both');
  }
  const without = section.has('without');
  const windowMs = section.duration('window') ?? AGGREGATE_WINDOW_MS;
  if (windowMs < AGGREGATE_WINDOW_MS_MIN || windowMs > AGGREGATE_WINDOW_MS_MAX) {
    section.fail('window', 'window must be from 1s to 10m');
  }
  const graceMs = section.duration('grace') ?? AGGREGATE_GRACE_MS;
  if (graceMs > AGGREGATE_GRACE_MS_MAX) section.fail('grace', 'grace must be 15m or less');
  const labels = section.texts(without ? 'without' : 'by');
  if (labels.includes(NAME)) {
    section.fail(without ? 'without' : 'by', `${NAME} always stays, in the name of the output`);
  }
  return {
    match: readMatch(section),
    labels: [...new Set(labels)].sort(),
    without,
    windowMs,
    graceMs,
    outputs: readOutputs(section),
    name: readName(section),
    keep: section.bool('keep') ?? true,
    type: section.oneOf('type', ['auto', 'counter', 'gauge']) ?? 'auto',
  };
}

function readMatch(section: Section): AggregateRule['match'] {
  const node = section.value('match') ?? section.fail('match', 'match is missing', SELECTOR_HINT);
  const texts = 'items' in node ? section.texts('match') : [section.text('match') ?? ''];
  if (texts.length === 0) section.fail('match', 'match is missing', SELECTOR_HINT);
  return texts.map((text) => selectorOf(section, text));
}

function selectorOf(section: Section, text: string): readonly Matcher[] {
  let matchers: readonly Matcher[] | undefined;
  try {
    const expr = parse(text);
    if (expr.kind === 'selector') matchers = expr.matchers;
  } catch (thrown) {
    section.fail('match', messageOf(thrown), SELECTOR_HINT);
  }
  if (matchers === undefined || matchers.every(matchesEmpty)) {
    section.fail('match', `${JSON.stringify(text)} selects no series`, SELECTOR_HINT);
  }
  return matchers;
}

function readOutputs(section: Section): readonly OutputName[] {
  const given = section.texts('outputs');
  if (given.length === 0) return DEFAULT_OUTPUTS;
  for (const name of given) {
    if ((OUTPUTS as readonly string[]).includes(name)) continue;
    const near = nearestName(name, OUTPUTS);
    const hint = near === undefined ? `known are ${OUTPUTS.join(', ')}` : `did you mean ${near}?`;
    section.fail('outputs', `${JSON.stringify(name)} is no output`, hint);
  }
  // In one order, so that the same rule is the same however it is written.
  return OUTPUTS.filter((name) => given.includes(name));
}

function readName(section: Section): string {
  const name = section.text('name') ?? DEFAULT_NAME;
  const hint = `as in "${DEFAULT_NAME}"`;
  for (const part of ['{metric}', '{output}', ':']) {
    if (!name.includes(part)) section.fail('name', `name must hold ${part}`, hint);
  }
  const rest = name.replaceAll(/\{(metric|by|output|window)\}/g, '');
  if (!/^[a-zA-Z0-9_:]*$/.test(rest)) {
    section.fail('name', 'name is letters, digits, _ and : around {metric} {by} {output} {window}');
  }
  return name;
}

/** True when both may write a series: their names are made alike, and their metrics may be one. */
function mayClash(a: AggregateRule, b: AggregateRule): boolean {
  const nameOf = (rule: AggregateRule): string => outputName(rule, 'm', 'sum');
  if (nameOf(a) !== nameOf(b)) return false;
  const [left, right] = [metricsOf(a), metricsOf(b)];
  if (left === undefined || right === undefined) return true;
  return left.some((metric) => right.includes(metric));
}

/** The metrics that a rule names; undefined when it does not name them all. */
function metricsOf({ match }: AggregateRule): string[] | undefined {
  const names = match.map((all) => all.find(({ name, op }) => name === NAME && op === '='));
  return names.every((one) => one !== undefined) ? names.map((one) => one.value) : undefined;
}

/** A rule as it stands in a file. */
export function aggregateFields(rule: AggregateRule): Record<string, unknown> {
  const { match, labels, without, windowMs, graceMs, outputs, name, keep, type } = rule;
  return {
    match: match.map(selectorText),
    [without ? 'without' : 'by']: labels,
    window: formatDuration(windowMs),
    grace: formatDuration(graceMs),
    ...{ outputs, name, keep, type },
  };
}

function selectorText(matchers: readonly Matcher[]): string {
  const texts = matchers.map(({ name, op, value }) => {
    const label = /^[a-zA-Z_]\w*$/.test(name) ? name : JSON.stringify(name);
    return `${label}${op}${JSON.stringify(value)}`;
  });
  return `{${texts.join(',')}}`;
}
