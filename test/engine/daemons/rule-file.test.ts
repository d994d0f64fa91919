// Rule files: what is read, what is refused and where the complaint points, the short form and its
// PromQL, and the verdicts of promtool on files of its own.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_RULES } from '../../../src/engine/daemons/default-rules.ts';
import { parseRuleFile } from '../../../src/engine/daemons/rule-file.ts';
import { readSentence } from '../../../src/engine/daemons/rule-sugar.ts';
import { explainRules } from '../../../src/engine/daemons/rule-explain.ts';
import { UserError } from '../../../src/engine/errors.ts';
import { sharedData } from '../../support/project.ts';

function one(body: string): string {
  return `groups:\n- name: g\n  rules:\n  - ${body}\n`;
}

function complaint(text: string): string {
  try {
    parseRuleFile(text, '/r.yml');
  } catch (thrown) {
    assert.ok(thrown instanceof UserError, String(thrown));
    return thrown.message;
  }
  return 'all well';
}

test('every field of a group and a rule', () => {
  const text = `groups:
- name: g
  interval: 30s
  query_offset: 1m
  limit: 10
  labels: {team: a, x: common}
  rules:
  - record: a:b
    expr: sum(up)
    labels: {x: own, gone: ""}
  - alert: Down
    expr: up == 0
    for: 5m
    keep_firing_for: 10m
    severity: P1
    channels: ["slack:#ops", "pagerduty:a"]
    annotations: {summary: "{{ $labels.job }}"}
`;
  const [group] = parseRuleFile(text, '/r.yml');
  const { intervalMs, queryOffsetMs, limit, rules } = group;
  assert.deepEqual([intervalMs, queryOffsetMs, limit], [30_000, 60_000, 10]);
  assert.deepEqual(rules[0].labels, [
    ['team', 'a'],
    ['x', 'own'],
    ['gone', ''],
  ]);
  assert.deepEqual(rules[1], {
    ...{ kind: 'alert', name: 'Down', expr: 'up == 0', forMs: 300_000, keepFiringMs: 600_000 },
    labels: [
      ['team', 'a'],
      ['x', 'common'],
      ['severity', 'P1'],
    ],
    annotations: [['summary', '{{ $labels.job }}']],
    channels: ['slack:#ops', 'pagerduty:a'],
    where: '/r.yml:11',
  });
});

test('what is refused, with its place and what was expected', () => {
  const cases: readonly (readonly [text: string, want: RegExp])[] = [
    ['groups:\n- rules: []\n', /:2:3: Groupname must not be empty/],
    ['groups:\n- name: a\n- name: a\n', /:3:3: groupname: "a" is repeated/],
    ['group:\n', /:1:1: unknown field "group" in the rule file/],
    [one('{alert: A, record: b, expr: up}'), /only one of 'record' and 'alert' must be set/],
    [one('{expr: up}'), /one of 'record' or 'alert' must be set/],
    [one('{alert: A}'), /group "g", rule 1, "A": field 'expr' must be set in rule/],
    [one('{alert: A, expr: "up +"}'), /could not parse expression: 1:\d+: parse error/],
    [one('{alert: A, expr: rate(up)}'), /expected type range vector/],
    [one('{alert: A, expr: up, for: 5}'), /for is not a duration/],
    [one('{alert: A, expr: up, for: -5m}'), /for is not a duration/],
    [one('{record: a, expr: up, for: 1m}'), /invalid field 'for' in recording rule/],
    [one('{record: a, expr: up, keep_firing_for: 1m}'), /'keep_firing_for' in recording rule/],
    [one('{record: a, expr: up, annotations: {a: b}}'), /'annotations' in recording rule/],
    [one('{record: "a{b}", expr: up}'), /braces present in the recording rule name/],
    [one('{alert: A, expr: up, labels: {__name__: x}}'), /invalid label name: __name__/],
    [one('{alert: A, expr: up, labels: {"": x}}'), /invalid label name: /],
    [one('{alert: A, expr: up, labels: [a]}'), /labels must be a map/],
    [one('{alert: A, expr: up, annotations: {a: "{{ $x }}"}}'), /annotation "a": undefined var/],
    [one('{alert: A, expr: up, labels: {a: "{{ nope }}"}}'), /label "a": function "nope" not/],
    [one('{alert: A, expr: up, severity: P5}'), /severity must be one of P1, P2, P3, P4/],
    [one('{alert: A, expr: up, anotations: {}}'), /unknown field "anotations" in a rule/],
    ['groups:\n- name: a\n  limit: x\n', /limit must be a whole number/],
    ['groups:\n- name: a\n  interval: 1\n', /interval is not a duration/],
    ['groups: {}\n', /groups must be a list/],
    ['groups:\n- name: a\n  name: b\n', /:3:3/],
    ['a: [\n', /r\.yml:/],
  ];
  for (const [text, want] of cases) assert.match(complaint(text), want, text);
  const odd = ['groups:\n- null\n', 'groups: []\n---\ngroups: x\n', '# a\n---\ngroups: []\n'];
  for (const text of odd) assert.equal(complaint(text), 'all well', text);
  for (const text of [
    '',
    '# nothing\n',
    'groups:\n',
    'groups: []\n',
    one('{record: a b, expr: 1}'),
  ]) {
    assert.equal(complaint(text), 'all well', text);
  }
});

test('sentences become PromQL', () => {
  const minutes = (n: number): number => n * 60_000;
  const cases: readonly (readonly [text: string, expr: string, forMs: number])[] = [
    ['avg(cpu{a="b"}) > 80 for 5 minutes', 'avg(cpu{a="b"}) > 80', minutes(5)],
    [
      'IF api.error_rate > 5% FOR 5 minutes THEN alert',
      '{__name__="api.error_rate"} > 0.05',
      minutes(5),
    ],
    ['IF cpu increases > 30% in 10 minutes THEN alert', 'cpu / cpu offset 10m - 1 > 0.3', 0],
    ['cpu decreases > 7% in 1h', 'cpu / cpu offset 1h - 1 < -0.07', 0],
    ['a > 3% AND b > 500 for 2h', 'a > 0.03 and b > 500', minutes(120)],
  ];
  for (const [text, expr, forMs] of cases)
    assert.deepEqual(readSentence(text), { expr, forMs }, text);
  assert.throws(() => readSentence('cpu is high'), UserError);
});

test('the short form of a file, and detectors', () => {
  const text = `rules:
- name: Cpu
  condition: avg(cpu) > 80 for 5 minutes
  severity: warning
  notification: "slack-channel=#a"
- {name: Odd, anomaly: {query: lat, method: zscore, window: 1h, threshold: 4}}
- {name: Weekly, anomaly: {query: lat, method: seasonal, season: 1w}}
- {name: Smooth, anomaly: {query: "sum(rate(x[5m]))", method: ewma}}
`;
  const groups = parseRuleFile(text, '/s.yml');
  assert.deepEqual(
    groups.map(({ name, intervalMs }) => [name, intervalMs]),
    [
      ['rules', 0],
      ['anomalies', 60_000],
    ],
  );
  const [cpu] = groups[0].rules;
  assert.deepEqual(
    [cpu.forMs, cpu.labels, cpu.channels],
    [300_000, [['severity', 'warning']], ['slack:#a']],
  );
  const odd = explainRules(groups).find(({ name }) => name === 'Odd');
  assert.match(
    odd?.promql ?? '',
    /^abs\(\(\(lat\) - \(avg_over_time\(lat\[1h\]\)\)\) \/ clamp_min/,
  );
  assert.match(complaint('rules: [{name: A}]'), /either a condition or an anomaly/);
  assert.match(complaint('rules: [{name: A, condition: "up is"}]'), /condition is not understood/);
});

test('the rules that ship with mon are good and stand on shared fragments', () => {
  const explained = explainRules(parseRuleFile(DEFAULT_RULES, 'mon:default-rules'));
  assert.equal(explained.length, 11);
  for (const { path, name } of explained) assert.match(path, /^standing/, name);
});

test(
  "promtool's verdicts on its own files",
  { skip: sharedData() ? false : 'needs shared' },
  () => {
    const folder = join(sharedData() as string, 'rules');
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name), 'utf8');
      const well = complaint(text) === 'all well';
      assert.equal(well, !name.includes('.bad.'), `${name}: ${complaint(text)}`);
    }
  },
);
