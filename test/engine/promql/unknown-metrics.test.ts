// The names offered beside an empty answer: slips of the hand first, then names that go on, then
// those made of the same words; and what is no query, or names no metric, says nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { editDistance } from '../../../src/engine/promql/suggest.ts';
import {
  metricsNamed,
  nearestMetrics,
  unknownMetricWords,
} from '../../../src/engine/promql/unknown-metrics.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

const KNOWN = [
  'http_request_duration_seconds_bucket',
  'http_request_duration_seconds_count',
  'http_request_duration_seconds_sum',
  'http_requests_total',
  'node_cpu_seconds_total',
  'node_load1',
  'node_memory_MemFree_bytes',
  'up',
];

describe('metrics that a query names', () => {
  const cases: readonly (readonly [query: string, named: readonly string[]])[] = [
    ['up', ['up']],
    ['sum by (job) (rate(a_total[5m])) / on (job) b', ['a_total', 'b']],
    ['max_over_time(rate(x[1m])[5m:10s])', ['x']],
    ['{__name__="with.dots", job="x"}', ['with.dots']],
    ['{"quoted"}', ['quoted']],
    ['{__name__=~"a.*"} or {job="x"}', []],
    ['a + b + c + d', ['a', 'b', 'c']],
    ['1 + 1', []],
    ['sum(', []],
  ];
  for (const [query, named] of cases) {
    it(query, () => assert.deepEqual(metricsNamed(query), named));
  }
});

describe('nearest metrics', () => {
  const cases: readonly (readonly [typed: string, near: readonly string[]])[] = [
    ['http_request_total', ['http_requests_total']],
    ['node_cpu', ['node_cpu_seconds_total']],
    ['HTTP_REQUESTS_TOTAL', ['http_requests_total']],
    ['upp', ['up']],
    ['node_cpu_usage', ['node_cpu_seconds_total']],
    ['nodecpu', ['node_cpu_seconds_total']],
    ['memfree', ['node_memory_MemFree_bytes']],
    ['zzz', []],
    ['x'.repeat(101), []],
  ];
  for (const [typed, near] of cases) {
    it(typed.slice(0, 40), () => {
      assert.deepEqual(nearestMetrics(typed, KNOWN).slice(0, Math.max(1, near.length)), near);
    });
  }

  it('at most three, and in words', () => {
    assert.equal(
      unknownMetricWords('http_request_duration_seconds', KNOWN),
      'no metric "http_request_duration_seconds"; did you mean ' +
        '"http_request_duration_seconds_sum", "http_request_duration_seconds_count" or ' +
        '"http_request_duration_seconds_bucket"?',
    );
    assert.equal(unknownMetricWords('upp', ['up']), 'no metric "upp"; did you mean "up"?');
    assert.equal(unknownMetricWords('zzz', ['up']), 'no metric "zzz"');
  });

  it('a bounded distance is the whole one up to its bound', () => {
    const random = seededRandom(4711);
    const word = (): string => {
      const length = Math.floor(random() * 9);
      return Array.from({ length }, () => 'abc'[Math.floor(random() * 3)]).join('');
    };
    for (let i = 0; i < 2000; i++) {
      const [a, b, most] = [word(), word(), Math.floor(random() * 5)];
      const whole = editDistance(a, b);
      const bounded = editDistance(a, b, most);
      const words = `seed 4711: ${a} ${b} ${most}`;
      if (whole <= most) assert.equal(bounded, whole, words);
      else assert.ok(bounded > most, words);
    }
  });
});
