// Which metrics and labels an expression touches: named metrics, selectors that choose by other
// labels, groupings and matchings, and the selectors that choose nothing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { parse } from '../../../src/engine/promql/parse.ts';
import { usesOf } from '../../../src/engine/promql/uses.ts';

function uses(query: string): (readonly [string, ...string[]])[] {
  return usesOf(parse(query)).map(({ metric, labels }) => [metric, ...labels] as const);
}

test('names and the labels that matchers, groupings and matchings name', () => {
  assert.deepEqual(uses('up'), [['up']]);
  assert.deepEqual(uses('rate(hits{code="500"}[5m])'), [['hits', 'code']]);
  assert.deepEqual(uses('sum by (job, pod) (rate(hits{code!="200"}[5m])) / sum by (job) (asks)'), [
    ['hits', 'code', 'job', 'pod'],
    ['asks', 'job'],
  ]);
  assert.deepEqual(uses('a * on (host) group_left (rack) b'), [
    ['a', 'host', 'rack'],
    ['b', 'host', 'rack'],
  ]);
  assert.deepEqual(uses('sum without (pod) (a)'), [['a']]);
  assert.deepEqual(uses('topk(3, max_over_time(a[1h:5m])) > bool 2'), [['a']]);
  assert.deepEqual(uses('{__name__="a", b=~"c.*"}'), [['a', 'b']]);
});

test('a selector without a name counts by what it chooses, if it chooses', () => {
  assert.deepEqual(uses('{job="api"}'), [['', 'job']]);
  assert.deepEqual(uses('{__name__=~"http_.*"}'), [['']]);
  for (const broad of [
    '{__name__=~".+"}',
    '{__name__=~".+", job!=""}',
    '{job!~"x"}',
    '{job=~".*"}',
  ]) {
    assert.deepEqual(uses(`count(${broad})`), [], broad);
  }
  assert.deepEqual(uses('vector(1) + 2'), []);
});
