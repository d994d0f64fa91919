// The window of a panel: sliding and merging give the same as asking for everything each time.
// Random slides come from a seed that a failure prints.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gridSize, type Grid, type Matrix } from '../../../src/engine/model/fragment.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { RING_SERIES_MAX, Ring } from '../../../src/tui/feed/ring.ts';

/** Series s has the value s + t where (s + t / step) is not a multiple of 7. */
function answer(grid: Grid, series: readonly number[]): Matrix {
  const steps = gridSize(grid);
  const values = new Float64Array(series.length * steps);
  const present = new Uint8Array(values.length);
  series.forEach((s, row) => {
    for (let i = 0; i < steps; i++) {
      const t = grid.start + i * grid.step;
      values[row * steps + i] = s + t;
      present[row * steps + i] = (s + t / grid.step) % 7 === 0 ? 0 : 1;
    }
  });
  return { labels: series.map((s) => ['s', String(s)]), steps, values, present };
}

test('a sliding window equals the whole question, and asks for less', () => {
  const seed = 31;
  const random = seededRandom(seed);
  for (let round = 0; round < 40; round++) {
    const ring = new Ring();
    const step = 1000 * (1 + Math.floor(random() * 10));
    let start = step * 1000;
    let size = 20 + Math.floor(random() * 50);
    let asked = 0;
    for (let beat = 0; beat < 60; beat++) {
      const grid = { start, end: start + size * step, step };
      const part = ring.missing(grid);
      asked += gridSize(part);
      assert.equal(part.end, grid.end);
      assert.ok(part.start >= grid.start);
      ring.merge(grid, part, answer(part, [1, 2, 3]));
      const whole = answer(grid, [1, 2, 3]);
      const where = `seed ${seed} round ${round} beat ${beat}`;
      [...ring.rows.values()].forEach((row, s) => {
        const from = s * whole.steps;
        const present = whole.present.subarray(from, from + whole.steps);
        assert.deepEqual(row.present, present, where);
        row.values.forEach((value, i) => {
          if (present[i] === 1) assert.equal(value, whole.values[from + i], where);
        });
      });
      start += step * Math.floor(random() * 3);
      if (random() < 0.05) size = 20 + Math.floor(random() * 50);
    }
    assert.ok(asked < 60 * 40, 'a beat asks for a few instants, not for all');
  }
});

test('a series that ends leaves with the window, one that begins comes in', () => {
  const ring = new Ring();
  const grid = (start: number): Grid => ({ start, end: start + 5000, step: 1000 });
  ring.merge(grid(0), grid(0), answer(grid(0), [1]));
  for (let start = 1000; start <= 20_000; start += 1000) {
    const part = ring.missing(grid(start));
    ring.merge(grid(start), part, answer(part, [2]));
  }
  assert.deepEqual(
    [...ring.rows.values()].map((r) => r.labels),
    [['s', '2']],
  );
});

test('another step or a gap in time is asked for whole', () => {
  const ring = new Ring();
  const first = { start: 0, end: 9000, step: 1000 };
  ring.merge(first, first, answer(first, [1]));
  const coarser = { start: 0, end: 20_000, step: 2000 };
  assert.deepEqual(ring.missing(coarser), coarser);
  const later = { start: 50_000, end: 59_000, step: 1000 };
  assert.deepEqual(ring.missing(later), later);
  const earlier = { start: -5000, end: 4000, step: 1000 };
  assert.deepEqual(ring.missing(earlier), earlier);
});

test('series beyond the bound are counted', () => {
  const ring = new Ring();
  const grid = { start: 0, end: 1000, step: 1000 };
  const many = Array.from({ length: RING_SERIES_MAX + 5 }, (_, s) => s * 7 + 1);
  ring.merge(grid, grid, answer(grid, many));
  assert.equal(ring.rows.size, RING_SERIES_MAX);
  assert.equal(ring.hidden, 5);
});
