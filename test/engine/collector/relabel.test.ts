// Relabelling against the semantics that Prometheus documents and tests: each action in a table,
// then what a rule must not look like.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Relabeller, regexProblem, ruleProblem } from '../../../src/engine/collector/relabel.ts';
import type { RelabelRule } from '../../../src/engine/collector/scrape-config.ts';
import { RELABEL_DEFAULT } from '../../../src/engine/collector/scrape-config.ts';

type Set = Record<string, string>;
type Rule = Partial<RelabelRule>;

function run(labels: Set, ...rules: Rule[]): Set | undefined {
  const map = new Map(Object.entries(labels));
  const relabeller = new Relabeller(rules.map((rule) => ({ ...RELABEL_DEFAULT, ...rule })));
  return relabeller.apply(map) ? Object.fromEntries(map) : undefined;
}

const abc = { a: 'foo', b: 'bar', c: 'baz' };

test('replace', () => {
  const from = (...sourceLabels: string[]): Rule => ({ sourceLabels });
  const table: [Set, Rule[], Set][] = [
    [abc, [{ ...from('a'), regex: 'f(.*)', targetLabel: 'd', replacement: 'ch${1}-ch${1}' }],
      { ...abc, d: 'choo-choo' }],
    [abc,
      [{ ...from('a', 'b'), regex: 'f(.*);(.*)r', targetLabel: 'a', replacement: 'b${1}${2}m' }],
      { ...abc, a: 'boobam' }],
    [abc, [{ ...from('a'), regex: '.*', targetLabel: 'b', replacement: '' }],
      { a: 'foo', c: 'baz' }],
    [abc, [{ ...from('a'), regex: 'fo', targetLabel: 'b', replacement: 'x' }], abc],
    [abc, [{ ...from('a'), regex: 'o', targetLabel: 'b', replacement: 'x' }], abc],
    [abc, [{ targetLabel: 'd', replacement: 'fixed' }], { ...abc, d: 'fixed' }],
    [abc, [{ ...from('nope'), targetLabel: 'a' }], { b: 'bar', c: 'baz' }],
    [abc,
      [{ ...from('a'), regex: '(f)(?P<r>.*)', targetLabel: 'd', replacement: '$r-$1x-$$1' }],
      { ...abc, d: 'oo--$1' }],
    [abc, [{ ...from('a'), regex: '(f).*', targetLabel: '${1}_x', replacement: '$9$' }],
      { ...abc, f_x: '$' }],
    [abc, [{ ...from('a'), regex: '(f).*', targetLabel: 'd', replacement: '[$01$constructor]' }],
      { ...abc, d: '[]' }],
    [abc, [{ ...from('a'), regex: 'fo(x)?o', targetLabel: 'd', replacement: '[$1]' }],
      { ...abc, d: '[]' }],
    [{ a: 'x\ny' }, [{ ...from('a'), regex: '(x.)y', targetLabel: 'b' }], { a: 'x\ny', b: 'x\n' }],
    [{ a: 'x\n' }, [{ ...from('a'), regex: 'x', targetLabel: 'b', replacement: 'z' }],
      { a: 'x\n' }],
    [{ __address__: 'h:9100' },
      [{ ...from('__address__'), targetLabel: '__param_target' },
        { ...from('__param_target'), targetLabel: 'instance' },
        { targetLabel: '__address__', replacement: '127.0.0.1:9115' }],
      { __address__: '127.0.0.1:9115', __param_target: 'h:9100', instance: 'h:9100' }],
    [{ a: '1', b: '2' }, [{ ...from('a', 'b'), separator: '', targetLabel: 'c' }],
      { a: '1', b: '2', c: '12' }],
  ]; // prettier-ignore
  for (const [labels, rules, want] of table) {
    assert.deepEqual(run(labels, ...rules), want, JSON.stringify(rules));
  }
});

test('keep and drop', () => {
  const rule = (action: RelabelRule['action'], regex: string): Rule => {
    return { action, sourceLabels: ['a'], regex };
  };
  assert.equal(run(abc, rule('drop', '.*o.*')), undefined);
  assert.deepEqual(run(abc, rule('drop', 'f|o')), abc);
  assert.deepEqual(run(abc, rule('keep', 'foo|x')), abc);
  assert.equal(run(abc, rule('keep', 'fo')), undefined);
  const equal = (action: RelabelRule['action'], targetLabel: string): Rule => {
    return { action, sourceLabels: ['a'], targetLabel };
  };
  assert.equal(run(abc, equal('keepequal', 'b')), undefined);
  assert.deepEqual(run(abc, equal('keepequal', 'a')), abc);
  assert.equal(run(abc, equal('dropequal', 'a')), undefined);
  assert.deepEqual(run(abc, equal('dropequal', 'b')), abc);
});

test('hashmod gives Prometheus its shards', () => {
  const rule = (modulus: number): Rule => {
    return { action: 'hashmod', sourceLabels: ['c'], targetLabel: 'd', modulus };
  };
  assert.deepEqual(run(abc, rule(1000)), { ...abc, d: '976' });
  assert.deepEqual(run({ c: 'foo\nbar' }, rule(1000)), { c: 'foo\nbar', d: '734' });
});

test('labelmap, labeldrop, labelkeep, case', () => {
  const meta = { a: 'foo', b1: 'bar', b2: 'baz', __meta_k8s_x: 'y' };
  assert.deepEqual(run(meta, { action: 'labelmap', regex: '(b.*)', replacement: 'bar_${1}' }), {
    ...meta,
    bar_b1: 'bar',
    bar_b2: 'baz',
  });
  assert.deepEqual(run(meta, { action: 'labelmap', regex: '__meta_k8s_(.+)' }), {
    ...meta,
    x: 'y',
  });
  assert.deepEqual(run(meta, { action: 'labeldrop', regex: '(b.*|__.*)' }), { a: 'foo' });
  assert.deepEqual(run(meta, { action: 'labelkeep', regex: 'b.*' }), { b1: 'bar', b2: 'baz' });
  const upper: Rule = { action: 'uppercase', sourceLabels: ['a'], targetLabel: 'u' };
  assert.deepEqual(run({ a: 'bAr123Foo' }, upper), { a: 'bAr123Foo', u: 'BAR123FOO' });
  assert.deepEqual(run({ a: 'bAr' }, { ...upper, action: 'lowercase' }), { a: 'bAr', u: 'bar' });
});

test('a bad regular expression takes linear time and a broken one is named', () => {
  const evil = { sourceLabels: ['a'], regex: '(a+)+b', targetLabel: 'x', replacement: 'y' };
  assert.deepEqual(run({ a: 'a'.repeat(5000) }, evil), { a: 'a'.repeat(5000) });
  assert.match(regexProblem('(a') ?? '', /missing closing \)/);
  assert.equal(regexProblem('a(?i:b)'), undefined);
});

test('rules that make no sense', () => {
  const table: [Rule, RegExp | undefined][] = [
    [{}, /replace needs a target_label/],
    [{ action: 'hashmod', targetLabel: 'x' }, /modulus/],
    [{ action: 'labeldrop', sourceLabels: ['a'] }, /labeldrop takes only regex/],
    [{ action: 'keepequal', targetLabel: 'a', regex: 'x' }, /only source_labels and target_label/],
    [{ action: 'keep' }, undefined],
    [{ action: 'labelmap' }, undefined],
  ];
  for (const [rule, want] of table) {
    const problem = ruleProblem({ ...RELABEL_DEFAULT, ...rule });
    if (want === undefined) assert.equal(problem, undefined);
    else assert.match(problem ?? '', want);
  }
});
