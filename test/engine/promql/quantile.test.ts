// The quantile against the plain definition over sorted values, to the last bit, signed zeros and
// NaN among them, in many orders.
import assert from 'node:assert/strict';
import test from 'node:test';
import { quantileOf } from '../../../src/engine/promql/quantile.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

function bySorting(q: number, values: readonly number[]): number {
  const numbers = Float64Array.from(values.filter((v) => !Number.isNaN(v))).sort();
  const sorted = [...values.filter(Number.isNaN), ...numbers];
  const rank = q * (sorted.length - 1);
  const below = Math.floor(rank);
  const above = Math.min(sorted.length - 1, below + 1);
  const weight = rank - below;
  return sorted[below] * (1 - weight) + sorted[above] * weight;
}

const SHAPES: readonly ((i: number, n: number, random: () => number) => number)[] = [
  (i) => i,
  (i) => -i,
  () => 7,
  (i) => i % 2,
  (i, n) => Math.min(i, n - i),
  (_i, _n, random) => random(),
  (_i, _n, random) => Math.floor(random() * 4) - 2,
  (_i, _n, random) => [0, -0, 1, NaN, Infinity, -Infinity][Math.floor(random() * 6)],
];

test('a quantile is that of the sorted values', () => {
  const seed = 3;
  const random = seededRandom(seed);
  for (let round = 0; round < 4000; round++) {
    const n = 1 + Math.floor(random() * (round % 10 === 0 ? 500 : 40));
    const shape = SHAPES[round % SHAPES.length];
    const values = Array.from({ length: n }, (_, i) => shape(i, n, random));
    const q = [0, 1, 0.5, 0.99, random()][Math.floor(random() * 5)];
    const want = bySorting(q, values);
    const got = quantileOf(q, Float64Array.from(values));
    assert.ok(Object.is(got, want), `seed ${seed} round ${round} q ${q}: ${got}, not ${want}`);
  }
});
