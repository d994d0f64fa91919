// The rules that the explorer writes do what they say when mon's configuration reads them: the
// relabeller drops exactly the series meant, policies parse into the selector meant, whatever names
// and values hold.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outputName } from '../../../src/engine/collector/aggregate/aggregate-rule.ts';
import { rulesOf } from '../../../src/engine/collector/policy.ts';
import { Relabeller } from '../../../src/engine/collector/relabel.ts';
import { parseConfig } from '../../../src/engine/daemons/config.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import { matcherTest } from '../../../src/engine/promql/regexp.ts';
import {
  madeNames,
  rulesFor,
  type RuleScope,
  type WrittenRule,
} from '../../../src/tui/screens/explore-rules.ts';

const NAMES = ['hits', 'a.b|c', 'x\ny', "it's", 'say "hi"', 'tab\there', 'back\\slash', 'ü{1}'];

/** Whether the series stays. */
function stays(yaml: string, labels: Record<string, string>): boolean {
  const jobs = 'scrape_configs:\n  - job_name: a\n    static_configs: [{targets: [b]}]\n';
  const indented = yaml.replaceAll(/^/gm, '    ');
  const { config } = parseConfig(`${jobs}${indented}\n`, '/a.yml');
  const relabeller = new Relabeller(config.scrapes[0].metricRelabel);
  return relabeller.apply(new Map(Object.entries(labels)));
}

function ruleOf(scope: RuleScope, id: string): string {
  const rule = rulesFor(scope).find((one) => one.id === id);
  assert.ok(rule !== undefined, id);
  return rule.yaml;
}

test('a metric, and one value of a label, are dropped and nothing beside them', () => {
  for (const name of NAMES) {
    const drop = ruleOf({ metric: name }, 'drop');
    assert.equal(stays(drop, { __name__: name }), false, drop);
    assert.ok(stays(drop, { __name__: `${name}x` }), drop);
    const value = ruleOf({ metric: 'hits', label: 'pod', value: name }, 'drop');
    assert.equal(stays(value, { __name__: 'hits', pod: name }), false, value);
    assert.ok(stays(value, { __name__: 'other', pod: name }));
    assert.ok(stays(value, { __name__: 'hits', pod: `x${name}` }));
    const pair = ruleOf({ label: 'pod', value: name }, 'drop');
    assert.equal(stays(pair, { __name__: 'any', pod: name }), false);
  }
});

test('the names that an aggregating policy makes are those that are told', () => {
  for (const [id, outputs] of [
    ['sum', ['total', 'sum_last']],
    ['avg', ['avg']],
  ] as const) {
    const scope = { metric: 'hits', label: 'k8s.pod' };
    const told = rulesFor(scope).find((one) => one.id === id) as WrittenRule;
    const { config } = parseConfig(told.yaml, '/a.yml');
    const [rule] = rulesOf(config.cardinality.policies);
    for (const output of outputs) {
      assert.ok(madeNames(told, scope).includes(`${outputName(rule, 'hits', output)}`), output);
    }
  }
  const [drop] = rulesFor({ metric: 'hits' });
  assert.equal(madeNames(drop, { metric: 'hits' }), '');
});

test('policies read back as the selector and the labels meant', () => {
  for (const name of NAMES) {
    for (const [scope, id] of [
      [{ metric: name }, 'keep'],
      [{ metric: 'hits', label: 'pod', value: name }, 'keep'],
      [{ metric: name, label: 'pod' }, 'sum'],
      [{ metric: name, label: 'pod' }, 'avg'],
      [{ metric: name }, 'unqueried'],
    ] as const) {
      const { config } = parseConfig(ruleOf(scope, id), '/a.yml');
      const [policy] = config.cardinality.policies ?? [];
      if (policy.kind === 'unqueried') continue;
      const wanted = makeLabels([
        ['__name__', 'metric' in scope ? scope.metric : ''],
        ['pod', 'value' in scope ? scope.value : ''],
      ]);
      for (const matcher of policy.matchers) {
        const at = wanted.indexOf(matcher.name);
        assert.ok(matcherTest(matcher)(wanted[at + 1]), `${id} ${name}`);
      }
      if (policy.kind === 'aggregate') assert.deepEqual(policy.without, ['pod']);
    }
    const deny = parseConfig(ruleOf({ label: name }, 'deny'), '/a.yml').config;
    assert.deepEqual(deny.cardinality.denyLabels, [name]);
  }
});
