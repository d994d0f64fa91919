// Axes: bounds, ticks, and local times across days and changes of the clock.
// Bounds come from a seed that a failure prints.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { LocalTime, rowOf, timeTicks, yScale } from '../../../src/tui/draw/scale.ts';

test('an axis holds its values, begins on a tick and has at least two', () => {
  const seed = 4711;
  const random = seededRandom(seed);
  const units = ['short', 'bytes', 'percent', 'seconds', '/s'] as const;
  for (let round = 0; round < 2000; round++) {
    const a = (random() - 0.3) * 10 ** Math.floor(random() * 16 - 6);
    const b = (random() - 0.3) * 10 ** Math.floor(random() * 16 - 6);
    const [min, max] = [Math.min(a, b), Math.max(a, b)];
    const rows = 2 + Math.floor(random() * 40);
    const scale = yScale({ min, max, rows, unit: units[round % units.length] });
    const where = `seed ${seed} round ${round}: ${min} to ${max}`;
    const slack = (scale.high - scale.low) * 1e-6;
    assert.ok(scale.low <= min + slack && scale.high >= max - slack, where);
    assert.ok(scale.ticks.length >= 2 && scale.ticks.length <= 40, where);
    assert.ok(rowOf(max, scale, rows) >= 0 && rowOf(min, scale, rows) <= rows - 1, where);
  }
});

test('no values, one value and equal values have an axis', () => {
  for (const [min, max] of [
    [Infinity, -Infinity],
    [0, 0],
    [5, 5],
    [-3, -3],
    [Number.NaN, 1],
  ]) {
    const scale = yScale({ min, max, rows: 8, unit: 'short' });
    assert.ok(scale.high > scale.low && Number.isFinite(scale.high - scale.low));
  }
  assert.equal(yScale({ min: 10, max: 100, rows: 8, unit: 'short' }).low, 0);
  assert.equal(yScale({ min: 990, max: 1000, rows: 8, unit: 'short' }).low > 0, true);
});

const hour = 3_600_000;

test('ticks stand at round local times and name the day where it begins', () => {
  const endMs = Date.UTC(2025, 2, 10, 2, 7);
  const ticks = timeTicks({ startMs: endMs - 6 * hour, endMs, columns: 60, zone: 'UTC' });
  assert.deepEqual(
    ticks.map((t) => t.label),
    ['21:00', '22:00', '23:00', 'Mar 10', '01:00', '02:00'],
  );
  assert.deepEqual(
    ticks.filter((t) => t.day).map((t) => t.atMs),
    [Date.UTC(2025, 2, 10)],
  );
});

test('a zone with half an hour, and the days when the clock changes', () => {
  const endMs = Date.UTC(2025, 0, 1, 12);
  const india = timeTicks({ startMs: endMs - 3 * hour, endMs, columns: 60, zone: 'Asia/Kolkata' });
  for (const tick of india) assert.equal(tick.atMs % 1_800_000, 0);
  assert.match(india[0].label, /:(00|30)$/);
  // On 30 March 2025 the clock in Berlin goes from 2 to 3: local midnight is 23:00 UTC, then 22:00.
  const start = Date.UTC(2025, 2, 29, 12);
  const berlin = timeTicks({
    startMs: start,
    endMs: start + 72 * hour,
    columns: 40,
    zone: 'Europe/Berlin',
  });
  const days = berlin.filter((t) => t.day);
  assert.deepEqual(
    days.map((t) => [t.label, t.atMs]),
    [
      ['Mar 30', Date.UTC(2025, 2, 29, 23)],
      ['Mar 31', Date.UTC(2025, 2, 30, 22)],
      ['Apr 01', Date.UTC(2025, 2, 31, 22)],
    ],
  );
});

test('labels of any range fit beside one another', () => {
  const seed = 99;
  const random = seededRandom(seed);
  for (let round = 0; round < 300; round++) {
    const startMs = Math.floor(random() * 2e12);
    const span = 10 ** (3 + random() * 7);
    const columns = 10 + Math.floor(random() * 200);
    const zone = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'][round % 4];
    const ticks = timeTicks({ startMs, endMs: startMs + span, columns, zone });
    const where = `seed ${seed} round ${round}`;
    for (const [i, tick] of ticks.entries()) {
      assert.ok(tick.column >= 0 && tick.column < columns, where);
      if (i > 0) assert.ok(tick.atMs > ticks[i - 1].atMs, where);
    }
  }
});

test('the wall clock of a zone', () => {
  const time = new LocalTime('America/New_York');
  assert.equal(time.clock(Date.UTC(2025, 6, 1, 16, 5, 9)), '12:05:09');
  assert.equal(new LocalTime('UTC').clock(1_700_000_000_999), '22:13:20');
  assert.throws(() => new LocalTime('Nowhere/Land'), RangeError);
});
