// `mon rules` and `mon test rules` whole: stdout, stderr and the exit code, with promtool's
// verdicts on its own files.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sharedData } from '../support/project.ts';
import { runCli } from '../support/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'mon-rules-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const GOOD = 'groups:\n- name: g\n  rules:\n  - {alert: A, expr: up == 0}\n';
const skip = sharedData() === undefined ? 'needs shared' : false;

test('rules check', async () => {
  const good = file('good.yml', GOOD);
  const bad = file('bad.yml', 'groups:\n- name: g\n  rules:\n  - {alert: A, expr: up ==}\n');
  const both = await runCli(['rules', 'check', bad, join(folder, 'g*.yml')]);
  assert.equal(both.code, 2);
  assert.equal(both.stdout, `${good}: all well, 1 rule\n`);
  assert.match(both.stderr, new RegExp(`^error: ${bad}:4:22: group "g", rule 1, "A": could not`));
  const twice = file('twice.yml', `${GOOD}  - {alert: A, expr: up == 1}\n`);
  const lint = await runCli(['rules', 'check', twice]);
  assert.equal(lint.code, 0);
  assert.match(lint.stderr, /twice\.yml:5: A stands at .*twice\.yml:4 too, with the same labels/);
  assert.equal((await runCli(['rules', 'check', '--lint-fatal', twice])).code, 3);
  assert.equal((await runCli(['rules', 'check', join(folder, 'nothing.yml')])).code, 2);
  const piped = await runCli(['rules', 'check', '-'], { input: GOOD });
  assert.deepEqual(piped, { code: 0, stdout: '-: all well, 1 rule\n', stderr: '' });
});

test('rules explain', async () => {
  const path = file('e.yml', 'name: Cpu\ncondition: avg(cpu) > 80 for 5 minutes\nseverity: P1\n');
  const { code, stdout } = await runCli(['rules', 'explain', path]);
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `alert Cpu  (${path}:1, group rules)
  written  avg(cpu) > 80 for 5 minutes
  promql   avg(cpu) > 80
  runs     every 500ms, for 5m; standing, its fragments are shared
  stage    at once
  reads    cpu
  leaf     avg by () (last({__name__="cpu"}[5m]))
  labels   severity=P1

`,
  );
  const none = await runCli(['rules', 'explain', path, '--rule', 'Nope']);
  assert.deepEqual(
    [none.code, none.stderr],
    [2, 'error: no rule is called Nope\nhint: there are Cpu\n'],
  );
});

test("rule tests: promtool's files get promtool's verdicts", { skip }, async () => {
  const shared = join(sharedData() as string, 'promtool');
  const wanted: Readonly<Record<string, number>> = {
    'at-modifier-test.yml': 0,
    'bad-input-series.yml': 3,
    'bad-rules-error-test.yml': 3,
    'failing.yml': 3,
    'long-period.yml': 0,
    'rules.yml': 3,
    'rules_run.yml': 3,
    'unittest.yml': 0,
  };
  for (const [name, code] of Object.entries(wanted)) {
    const said = await runCli(['test', 'rules', join(shared, name)]);
    assert.equal(said.code, code, `${name}: ${said.stdout}`);
    assert.match(said.stdout, /\d+ passed, \d+ failed\n$/);
  }
  const run = await runCli(['test', 'rules', '--run', 'correct', join(shared, 'rules_run.yml')]);
  assert.deepEqual([run.code, run.stdout], [0, '1 passed, 0 failed\n']);
});

test('rule tests say what failed, and write JUnit', async () => {
  file(
    'r.yml',
    `${GOOD}    for: 1m\n`
      .replace('expr: up == 0}', 'expr: up == 0, for: 1m}')
      .replace('    for: 1m\n', ''),
  );
  const tests = file(
    't.yml',
    `rule_files: [r.y*ml]
evaluation_interval: 30s
tests:
- name: fires
  interval: 30s
  input_series:
  - {series: 'up{job="a"}', values: '1 0x4'}
  - {series: 'h', values: '{{schema:0 count:1 sum:2 buckets:[1]}}x2'}
  alert_rule_test:
  - {eval_time: 1m, alertname: A, exp_alerts: []}
  - {eval_time: 1m30s, alertname: A, exp_alerts: [{exp_labels: {job: a}}]}
  promql_expr_test:
  - expr: ALERTS
    eval_time: 1m
    exp_samples: [{labels: 'ALERTS{alertname="A", alertstate="pending", job="a"}', value: 1}]
  - expr: histogram_sum(h)
    eval_time: 1m
    exp_samples: [{labels: '{}', value: 2}]
- name: does not
  input_series: [{series: up, values: '1 _ stale'}]
  promql_expr_test:
  - {expr: up, eval_time: 0, exp_samples: [{labels: up, value: 2}]}
`,
  );
  const junit = join(folder, 'junit.xml');
  const said = await runCli(['test', 'rules', tests, '--junit', junit]);
  assert.equal(
    said.stdout,
    `${tests}: does not: failed
    expr: "up", time: 0s
        exp: {__name__="up"} 2
        got: {__name__="up"} 1
1 passed, 1 failed
`,
  );
  assert.equal(said.code, 3);
  const report = readFileSync(junit, 'utf8');
  assert.match(report, /tests="2" failures="1"/);
});
