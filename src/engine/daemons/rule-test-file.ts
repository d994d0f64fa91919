// A file of unit tests for rules in promtool's format, read strictly: unknown fields are mistakes.
// Plain data comes out, run by rule-tests.ts. Easy to get wrong: the interval of a test is that of
// its series, rules are evaluated at the file's evaluation_interval.
import { dirname, resolve } from 'node:path';
import { isMap } from 'yaml';
import type { Node } from 'yaml';
import { labelsOf } from '../promql/script-values.ts';
import { UserError, messageOf } from '../errors.ts';
import { makeLabels } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import { parseFloatText } from '../promql/literals.ts';
import { ConfigFile, Section, words } from './config-reader.ts';

export interface ExpectedAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
}

export interface AlertCase {
  readonly evalMs: number;
  readonly alertname: string;
  readonly expected: readonly ExpectedAlert[];
}

export interface ExprCase {
  readonly expr: string;
  readonly evalMs: number;
  readonly expected: readonly { labels: string; value: number; histogram: string }[];
}

export interface RuleTest {
  readonly name: string;
  readonly intervalMs: number;
  readonly startMs: number;
  readonly series: readonly { readonly series: string; readonly values: string }[];
  readonly alerts: readonly AlertCase[];
  readonly exprs: readonly ExprCase[];
  readonly externalLabels: Labels;
  readonly externalUrl: string;
}

export interface RuleTestFile {
  readonly path: string;
  /** Absolute globs. */
  readonly ruleFiles: readonly string[];
  readonly intervalMs: number;
  readonly fuzzy: boolean;
  readonly groupOrder: readonly string[];
  readonly tests: readonly RuleTest[];
}

const FILE_FIELDS = words('rule_files evaluation_interval group_eval_order tests fuzzy_compare');
const TEST_FIELDS = [
  ...words('interval input_series alert_rule_test promql_expr_test external_labels external_url'),
  ...words('name start_timestamp'),
];
const MINUTE = 60_000;

/** @throws UserError with the place of a mistake. */
export function parseRuleTests(text: string, path: string): RuleTestFile {
  const file = new ConfigFile(text, path);
  const root = new Section(file, file.root, 'the test file', FILE_FIELDS);
  const intervalMs = root.duration('evaluation_interval') || MINUTE;
  const groupOrder = root.texts('group_eval_order');
  const twice = groupOrder.find((name, i) => groupOrder.indexOf(name) !== i);
  if (twice !== undefined) {
    root.fail('group_eval_order', `group name repeated in evaluation order: ${twice}`);
  }
  return {
    path,
    ruleFiles: root.texts('rule_files').map((glob) => resolve(dirname(path), glob)),
    intervalMs,
    fuzzy: root.bool('fuzzy_compare') ?? false,
    groupOrder,
    tests: root.items('tests').map((node, i) => readTest(file, node, { intervalMs, index: i })),
  };
}

function readTest(
  file: ConfigFile,
  node: Node,
  { intervalMs, index }: { intervalMs: number; index: number },
): RuleTest {
  const section = new Section(file, node, 'a test', TEST_FIELDS);
  const each = <T>(field: string, known: string, read: (one: Section) => T): T[] =>
    section.items(field).map((item) => read(new Section(file, item, field, words(known))));
  return {
    name: section.text('name') ?? `unnamed#${index}`,
    intervalMs: section.duration('interval') || intervalMs,
    startMs: startOf(section),
    series: each('input_series', 'series values', (one) => {
      return { series: one.text('series') ?? '', values: one.text('values') ?? '' };
    }),
    alerts: each('alert_rule_test', 'eval_time alertname exp_alerts', (one) =>
      readAlert(file, one),
    ),
    exprs: each('promql_expr_test', 'expr eval_time exp_samples', (one) => {
      return {
        expr: one.text('expr') ?? '',
        evalMs: one.duration('eval_time') ?? 0,
        expected: one.items('exp_samples').map((item) => readSample(file, item)),
      };
    }),
    externalLabels: readLabels(file, section, 'external_labels'),
    externalUrl: section.text('external_url') ?? '',
  };
}

function startOf(section: Section): number {
  const text = section.text('start_timestamp');
  if (text === undefined) return 0;
  const ms = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isFinite(ms)) return Math.round(ms);
  const hint = 'write seconds since 1970, or 2026-01-02T15:04:05Z';
  return section.fail('start_timestamp', 'start_timestamp is no time', hint);
}

function readLabels(file: ConfigFile, section: Section, field: string): Labels {
  return makeLabels(
    file.entries(section.value(field), field).map(({ key, value }) => {
      return [key, value === null ? '' : file.text(value, key)] as const;
    }),
  );
}

function readAlert(file: ConfigFile, one: Section): AlertCase {
  const alertname = one.text('alertname') ?? '';
  const evalMs = one.duration('eval_time') ?? 0;
  if (alertname === '') {
    const what = 'an item under alert_rule_test misses required attribute alertname';
    one.fail('alertname', `${what} at eval_time ${evalMs / 1000}s`);
  }
  const expected = one.items('exp_alerts').map((item) => {
    const fields = words('exp_labels exp_annotations');
    const alert = new Section(file, isMap(item) ? item : null, 'exp_alerts', fields);
    const labels = readLabels(file, alert, 'exp_labels');
    const whole = makeLabels([...pairsOf(labels), ['alertname', alertname]]);
    return { labels: whole, annotations: readLabels(file, alert, 'exp_annotations') };
  });
  return { evalMs, alertname, expected };
}

function* pairsOf(labels: Labels): Generator<[string, string]> {
  for (let i = 0; i < labels.length; i += 2) yield [labels[i], labels[i + 1]];
}

function readSample(file: ConfigFile, item: Node) {
  const sample = new Section(file, item, 'exp_samples', words('labels value histogram'));
  const text = sample.text('value');
  const value = text === undefined ? 0 : yamlFloat(text);
  if (value === undefined) return sample.fail('value', 'value must be a number');
  return { labels: sample.text('labels') ?? '', value, histogram: sample.text('histogram') ?? '' };
}

/** YAML writes infinity and NaN with a dot. */
function yamlFloat(text: string): number | undefined {
  return parseFloatText(
    text.replace(/^([+-]?)\./, (all, sign: string) =>
      /^[+-]?\.(?:inf|nan)$/i.test(text) ? sign : all,
    ),
  );
}

/** The labels of an expected sample. @throws UserError. */
export function sampleLabels(text: string): Labels {
  if (text.trim() === '') return [];
  try {
    return labelsOf(text);
  } catch (thrown) {
    throw new UserError(`labels ${JSON.stringify(text)}: ${messageOf(thrown)}`, { cause: thrown });
  }
}
