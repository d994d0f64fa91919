// The registry: sums, buckets, and the exposition text that Prometheus reads. The text is compared
// whole, so that its form cannot drift.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BugError } from '../../../src/engine/errors.ts';
import { Counters } from '../../../src/engine/runtime/counters.ts';

test('renders families in order with help, type and escaped labels', () => {
  const counters = new Counters();
  const hostile = 'a"b\\c\nd';
  counters.counter('mon_z_total', 'Last.', { who: hostile }).add(2);
  counters.counter('mon_z_total', 'Last.', { who: 'x' }).add();
  counters.gauge('mon_a', 'First\nline \\ two.').set(1.5);
  counters.reading('mon_m', 'Read.', { read: () => Infinity });
  counters.reading('mon_n_total', 'Read.', { read: () => 7, labels: { __proto__x: 'y' } });
  assert.equal(
    counters.render(),
    [
      '# HELP mon_a First\\nline \\\\ two.',
      '# TYPE mon_a gauge',
      'mon_a 1.5',
      '# HELP mon_m Read.',
      '# TYPE mon_m gauge',
      'mon_m +Inf',
      '# HELP mon_n_total Read.',
      '# TYPE mon_n_total counter',
      'mon_n_total{__proto__x="y"} 7',
      '# HELP mon_z_total Last.',
      '# TYPE mon_z_total counter',
      'mon_z_total{who="a\\"b\\\\c\\nd"} 2',
      'mon_z_total{who="x"} 1',
      '',
    ].join('\n'),
  );
});

test('gives the same handle for the same labels in any order', () => {
  const counters = new Counters();
  const one = counters.counter('x_total', 'X.', { a: '1', b: '2' });
  assert.equal(counters.counter('x_total', 'X.', { b: '2', a: '1' }), one);
  assert.notEqual(counters.counter('x_total', 'X.', { a: '1' }), one);
  one.add();
  one.add(4);
  assert.equal(one.value, 5);
});

test('histograms count at and below their bounds', () => {
  const counters = new Counters();
  const histogram = counters.histogram('h', 'H.', { bounds: [0.1, 1], labels: { k: 'v' } });
  for (const value of [0.1, 0.05, 0.5, 1, 2, NaN]) histogram.observe(value);
  assert.equal(histogram.count, 6);
  const lines = counters.render().split('\n');
  assert.deepEqual(lines.slice(2, 5), [
    'h_bucket{k="v",le="0.1"} 2',
    'h_bucket{k="v",le="1"} 4',
    'h_bucket{k="v",le="+Inf"} 6',
  ]);
  assert.deepEqual(lines.slice(5, 7), ['h_sum{k="v"} NaN', 'h_count{k="v"} 6']);
});

test('wrong use is a bug', () => {
  const counters = new Counters();
  assert.throws(() => counters.counter('no_suffix', 'X.'), BugError);
  assert.throws(() => counters.gauge('bad name', 'X.'), BugError);
  assert.throws(() => counters.gauge('x', 'X.', { 'bad-label': '1' }), BugError);
  assert.throws(() => counters.histogram('h', 'H.', { bounds: [2, 1] }), BugError);
  counters.gauge('x', 'X.');
  assert.throws(() => counters.histogram('x', 'X.', { bounds: [1] }), BugError);
});
