// The sketch against sorted values, and its bytes against everything that is not a sketch. Easy to
// get wrong: a merged sketch has to be that of all values at once, bin by bin.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import {
  binOf,
  decodeSketch,
  encodeSketch,
  mergeSketches,
  quantileOfSketch,
  SKETCH_ERROR,
  SketchFold,
  valueOfBin,
  type Sketch,
} from '../../../src/engine/rollup/sketch.ts';

const fail = (what: string): Error => new Error(`refused: ${what}`);

function sketchOf(values: readonly number[]): Sketch {
  const fold = new SketchFold();
  for (const value of values) fold.add(value);
  return fold.take() as Sketch;
}

test('every bin stands for its values within the error', () => {
  const random = seededRandom(1);
  for (let i = 0; i < 20_000; i++) {
    const value = (random() - 0.5) * 10 ** (random() * 500 - 250);
    const near = valueOfBin(binOf(value));
    assert.ok(Math.abs(near - value) <= Math.abs(value) * SKETCH_ERROR * 1.000001, String(value));
  }
  for (const value of [0, -0, Infinity, -Infinity])
    assert.equal(valueOfBin(binOf(value)), value + 0);
  assert.equal(sketchOf([NaN]), undefined);
});

for (let seed = 1; seed <= 20; seed++) {
  test(`merged sketches are the sketch of all values, seed ${seed}`, () => {
    const random = seededRandom(seed);
    const size = (n: number): number => 1 + Math.floor(random() * n);
    const parts = Array.from({ length: size(9) }, () =>
      Array.from({ length: size(60) }, () => (random() - 0.3) * 10 ** (random() * 6)),
    );
    const all = parts.flat().toSorted((a, b) => a - b);
    const merged = mergeSketches(parts.map(sketchOf));
    assert.deepEqual(merged, sketchOf(all));
    assert.deepEqual(decodeSketch(encodeSketch(merged), fail), merged);
    for (const q of [0, 0.5, 0.95, 0.99, 1]) {
      // At whole ranks, where nothing lies between two values.
      const rank = Math.floor(q * (all.length - 1));
      const share = all.length === 1 ? 0 : rank / (all.length - 1);
      const got = quantileOfSketch(merged, share);
      const low = Math.abs(all[rank]) * (SKETCH_ERROR * 1.000001) + 1e-12;
      assert.ok(Math.abs(got - all[rank]) <= low, `${q}: ${got}, not ${all[rank]}`);
    }
  });
}

test('bytes that are no sketch are refused', () => {
  const random = seededRandom(77);
  let refused = 0;
  for (let i = 0; i < 20_000; i++) {
    const values = Array.from({ length: 1 + Math.floor(random() * 20) }, () => random() * 100);
    const bytes = encodeSketch(sketchOf(values));
    const cut = random() < 0.5 ? bytes.slice(0, Math.floor(random() * bytes.length)) : bytes;
    if (cut.length > 0 && random() < 0.9) {
      cut[Math.floor(random() * cut.length)] = Math.floor(random() * 256);
    }
    try {
      const { bins, counts } = decodeSketch(cut, fail);
      assert.ok(bins.every((bin, b) => b === 0 || bin > bins[b - 1]));
      assert.ok(counts.every((count) => count >= 1));
    } catch (thrown) {
      assert.match((thrown as Error).message, /^refused: /);
      refused++;
    }
  }
  assert.ok(refused > 5000, `${refused} refused`);
});
