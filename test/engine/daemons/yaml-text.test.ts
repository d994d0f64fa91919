// YAML that the Go tools take or refuse and YAML 1.2 sees otherwise, tried with promtool 2.42 and
// amtool 0.25: the lines of quoted texts, control characters, several documents.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRoutes } from '../../../src/engine/daemons/routes-file.ts';
import { parseRuleFile } from '../../../src/engine/daemons/rule-file.ts';
import { UserError } from '../../../src/engine/errors.ts';

function rule(body: string): string {
  return `groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n${body}`;
}

const ROUTES = `route: {receiver: r}
receivers:
- name: r
  webhook_configs: [{url: 'http://x/secret'}]
`;

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    assert(thrown instanceof UserError, String(thrown));
    return thrown.message;
  }
  return 'taken';
}

test('lines of a quoted text may stand further left than its name', () => {
  const texts: readonly (readonly [string, string])[] = [
    ['    annotations:\n      a: "x\n    y\n  z \\" q"\n      b: c\n', 'x y z " q'],
    ["    annotations:\n      a: 'x\n it''s\n  y'\n      b: c\n", "x it's y"],
    ['    annotations:\n      a: "x\n\ny\n  z"\n      b: c\n', 'x\ny z'],
  ];
  for (const [body, want] of texts) {
    const [group] = parseRuleFile(rule(body), '/r.yml');
    const { annotations } = group.rules[0];
    assert.deepEqual(annotations, [
      ['a', want],
      ['b', 'c'],
    ]);
  }
});

test('complaints about what follows name its own line', () => {
  const text = rule('    annotations:\n      a: "x\n    y"\n    fro: 5m\n');
  const words = refusal(() => parseRuleFile(text, '/r.yml'));
  assert.match(words, /:9:5: unknown field "fro"/);
});

test('a quote that is never closed is told as such, and so are control characters', () => {
  const open = rule('    annotations:\n      a: "x\n      b: c\n');
  assert.match(
    refusal(() => parseRuleFile(open, '/r.yml')),
    /:\d+:\d+: Missing closing "quote/,
  );
  const twice = rule('    annotations:\n      a: "x\n      b: "c\n');
  assert.notEqual(
    refusal(() => parseRuleFile(twice, '/r.yml')),
    'taken',
  );
  for (const sign of ['\u0001', '\u007f', '\u0090', '\ufffe', '\ufeff']) {
    const words = refusal(() => parseRuleFile(rule(`    annotations: {a: "${sign}"}\n`), '/r.yml'));
    assert.match(words, /:6:\d+: control characters are not allowed/, JSON.stringify(sign));
  }
  assert.equal(parseRuleFile(`\ufeff${rule('')}`, '/r.yml').length, 1);
});

test('of several documents of a routing file the first counts, and is shown', () => {
  const { routing, warnings } = parseRoutes(`${ROUTES}---\nroute: {receiver: other}\n`, '/a.yml');
  assert.deepEqual([...routing.receivers.keys()], ['r']);
  assert.match(warnings.join(), /only the first document/);
  assert.match(routing.text, /receiver: r/);
  assert.doesNotMatch(routing.text, /other/);
  const quoted = ROUTES.replace("'http://x/secret'", '"http://x/secret"');
  const rules = `inhibit_rules:\n  - source_matchers: ["a=b"]\n    equal:\n      - "a\nb"\n`;
  const mended = quoted + rules;
  assert.match(parseRoutes(mended, '/a.yml').routing.text, /inhibit_rules/);
});

test('what amtool refuses in a routing file and a lax reader would take', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [ROUTES.replace('{receiver: r}', "{receiver: r, routes: [{continue: 'true'}]}"), /continue/],
    [ROUTES.replace("secret'", "secret', max_alerts: -1"), /max_alerts/],
    [`${ROUTES}templates: ["["]\n`, /is no pattern/],
    [
      `${ROUTES}  sns_configs: [{phone_number: b, sigv4: {access_key: a}}]\n`,
      /access_key and secret_key, or neither/,
    ],
  ];
  for (const [text, want] of cases)
    assert.match(
      refusal(() => parseRoutes(text, '/a.yml')),
      want,
    );
});
