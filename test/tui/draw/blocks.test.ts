// Sparklines, bars and gauges, by string equality.
// What is missing is a blank, never a zero; a peak survives being cut to a few columns.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bar, gauge, sparkline } from '../../../src/tui/draw/blocks.ts';

test('a sparkline shows each value, blanks for what is missing, peaks when it is cut', () => {
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8), '▁▂▃▄▅▆▇█');
  assert.equal(sparkline([1, Number.NaN, 1], 3), '█ █');
  assert.equal(sparkline([1, 5, 9], 3, { present: [1, 0, 1] }), '▂ █');
  assert.equal(sparkline([0, 0, 9, 0], 2), '▁█');
  assert.equal(sparkline([0, 0], 4), '  ▁▁');
  assert.equal(sparkline([], 3), '   ');
  assert.equal(sparkline([-4, 0, 4], 3), '▁▅█');
});

test('a bar counts eighths', () => {
  assert.equal(bar(0, 4), '    ');
  assert.equal(bar(1, 4), '████');
  assert.equal(bar(0.5, 3), '█▌ ');
  assert.equal(bar(0.03125, 4), '▏   ');
  assert.equal(bar(7, 2), '██');
  assert.equal(bar(Number.NaN, 2), '  ');
});

test('a gauge has a full and an empty part', () => {
  assert.deepEqual(gauge(0.5, 8), { full: '━━━━', rest: '╌╌╌╌' });
  assert.deepEqual(gauge(-1, 2), { full: '', rest: '╌╌' });
});
