// The time of a partition with several producers: that of the slowest, but not for ever. Easy to
// get wrong: the same ticks have to give the same times in every run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProducerTicks } from '../../../src/engine/alert/producer-ticks.ts';

const A = 1;
const B = 2;

test('the slowest producer tells the time', () => {
  const ticks = new ProducerTicks(true);
  assert.ok(Number.isNaN(ticks.timeMs));
  ticks.take(A, 10_000);
  assert.equal(ticks.timeMs, 10_000);
  ticks.take(B, 10_001);
  assert.equal(ticks.timeMs, 10_000);
  ticks.take(A, 11_000);
  assert.equal(ticks.timeMs, 10_001);
});

test('a producer that fell silent is taken out, and counted', () => {
  const ticks = new ProducerTicks(true);
  ticks.take(A, 10_000);
  for (let ms = 10_001; ms <= 13_001; ms += 1000) {
    ticks.take(B, ms);
    assert.equal(ticks.timeMs, ms <= 13_000 ? 10_000 : ms);
  }
  assert.equal(ticks.silenced, 1);
  // It comes back with what was delayed: nothing older than the others counts as now.
  ticks.take(A, 13_500);
  assert.equal(ticks.timeMs, 13_001);
});

test('with one producer the newest tick is the time, also when its clock was set back', () => {
  const ticks = new ProducerTicks(false);
  for (const ms of [10_000, 3_600_000, 10_500]) {
    ticks.take(A, ms);
    assert.equal(ticks.timeMs, ms);
  }
});
