// Arithmetic of histograms by what has to hold of any: sums commute and lose nothing, what grew
// was not reset, quantiles rise, fractions undo them, cuts add up; and a few cases by hand.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  CUSTOM_SCHEMA,
  HINT,
  bucketsOf,
  indexesOf,
  makeHistogram,
  spansOf,
} from '../../../src/engine/model/histogram.ts';
import { exponentialBound } from '../../../src/engine/model/histogram-bounds.ts';
import {
  combine,
  compacted,
  divided,
  multiplied,
  reduced,
  restored,
  sameHistogram,
} from '../../../src/engine/promql/histogram-math.ts';
import {
  nativeFraction,
  nativeQuantile,
} from '../../../src/engine/promql/histogram-quantile-native.ts';
import { HistogramSum } from '../../../src/engine/promql/histogram-sum.ts';
import { trimmed } from '../../../src/engine/promql/histogram-trim.ts';
import { wasReset } from '../../../src/engine/promql/histogram-reset.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { below, listOf, randomHistogram } from '../../support/random-histograms.ts';
import type { FloatHistogram } from '../../../src/engine/model/histogram.ts';
import type { Random } from '../../../src/engine/runtime/random.ts';

const SEED = 271_828;

/** Rounds of a property; the seed and the round are in each message. */
function rounds(many: number, property: (random: Random, at: string) => void): void {
  const random = seededRandom(SEED);
  for (let i = 0; i < many; i++) property(random, `seed ${SEED}, round ${i}`);
}

/** A histogram whose count is what its buckets hold. */
function honest(random: Random, whole = false): FloatHistogram {
  const histogram = { ...randomHistogram(random, whole), hint: HINT.unknown, sum: 1 };
  return { ...histogram, count: observed(histogram) };
}

function observed(histogram: FloatHistogram): number {
  return bucketsOf(histogram).reduce((total, { count }) => total + count, 0);
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

test('bounds are those of Prometheus to the last bit', () => {
  const published: readonly (readonly [number, number, number])[] = [
    [1, 0, 2],
    [0, 0, 1],
    [1, 1, 2 * 0.7071067811865475],
    [1, 2, 2 * 0.5946035575013605],
    [3, 2, 2 * 0.8408964152537144],
    [5, 3, 2 * 0.7711054127039704],
    [1, 8, 2 * 0.5013556375251013],
    [3, 8, 2 * 0.5040779490592088],
    [127, 7, 2 * 0.9945994234836328],
    [-1, 0, 0.5],
    [-1, -1, 0.25],
    [3, -4, 2 ** 48],
    [1024, 0, Number.MAX_VALUE],
    [1025, 0, Infinity],
    [-1074, 0, 5e-324],
    [64, -4, Number.MAX_VALUE],
  ];
  for (const [index, schema, bound] of published) {
    assert.equal(exponentialBound(index, schema), bound, `${index} of schema ${schema}`);
  }
  for (let i = -1000; i < 1000; i++) {
    assert.ok(exponentialBound(i, 8) < exponentialBound(i + 1, 8));
    assert.equal(exponentialBound(i, 7), exponentialBound(i * 2, 8));
  }
});

test('spans and indexes say the same', () => {
  const list = listOf([-3, -2, 0, 5, 6], [1, 2, 3, 4, 5]);
  assert.deepEqual(spansOf(list), [-3, 2, 1, 1, 4, 2]);
  assert.deepEqual(indexesOf(spansOf(list)), list.indexes);
  assert.deepEqual(indexesOf([2, 0, 1, 1]), Int32Array.of(3));
});

test('sums commute, lose nothing, and are undone by differences', () => {
  rounds(3000, (random, at) => {
    const a = honest(random);
    const b = honest(random);
    const ab = combine(a, b, 1);
    const ba = combine(b, a, 1);
    const custom = (h: FloatHistogram): boolean => h.schema === CUSTOM_SCHEMA;
    assert.equal(ab === undefined, custom(a) !== custom(b), at);
    if (ab === undefined || ba === undefined) return;
    const [x, y] = [compacted(ab.histogram), compacted(ba.histogram)];
    assert.deepEqual(x.positive.indexes, y.positive.indexes, at);
    assert.deepEqual(x.negative.indexes, y.negative.indexes, at);
    assert.deepEqual([x.schema, x.zeroThreshold], [y.schema, y.zeroThreshold], at);
    assert.ok(near(observed(x), a.count + b.count), at);
    assert.ok(near(x.count, a.count + b.count), at);
    const back = combine(ab.histogram, b, -1);
    assert.ok(near(observed(back?.histogram ?? a), a.count), at);
  });
});

test('what grew was not reset, and what shrank was', () => {
  rounds(3000, (random, at) => {
    const a = honest(random, true);
    const more = { ...honest(random, true), schema: a.schema, custom: a.custom };
    const b = { ...more, zeroThreshold: a.zeroThreshold };
    if (b.schema === CUSTOM_SCHEMA && b.positive.indexes.some((i) => i > a.custom.length)) return;
    if (a.schema === CUSTOM_SCHEMA && (b.negative.indexes.length > 0 || b.zeroCount > 0)) return;
    const sum = combine(a, b, 1)?.histogram;
    if (sum === undefined) return;
    assert.equal(wasReset(sum, a), false, at);
    assert.equal(wasReset(sum, sum), false, at);
    if (observed(b) > 0) assert.equal(wasReset(a, sum), true, at);
    assert.equal(wasReset({ ...a, hint: HINT.notReset }, sum), false, at);
    assert.equal(wasReset({ ...sum, hint: HINT.reset }, a), true, at);
  });
});

test('a lower resolution keeps all observations', () => {
  rounds(1000, (random, at) => {
    const a = honest(random);
    if (a.schema === CUSTOM_SCHEMA) return;
    const coarse = reduced(a, -4);
    assert.equal(coarse.schema, -4, at);
    assert.ok(near(observed(coarse), a.count), at);
    assert.equal(wasReset(coarse, { ...a, count: 0 }), false, at);
  });
});

test('scaling', () => {
  rounds(500, (random, at) => {
    const a = honest(random);
    assert.ok(near(observed(divided(multiplied(a, 3), 3)), a.count), at);
    assert.ok(sameHistogram(a, { ...a }), at);
    assert.equal(multiplied(a, -1).hint, HINT.gauge);
    assert.equal(divided(a, 0).positive.indexes.length, 0);
  });
});

test('quantiles rise, and fractions undo them', () => {
  rounds(1500, (random, at) => {
    const a = honest(random, true);
    const { custom, schema } = a;
    if (a.count === 0 || (schema === CUSTOM_SCHEMA && custom.length === 0)) return;
    let before = -Infinity;
    for (const q of [0, 0.1, 0.25, 0.49, 0.5, 0.75, 0.9, 1]) {
      const { value } = nativeQuantile(q, a);
      assert.ok(value >= before || near(value, before), `${at}: ${value} after ${before}`);
      before = value;
      const within = schema !== CUSTOM_SCHEMA && a.zeroCount === 0;
      if (!within || q === 0 || q === 1) continue;
      const share = nativeFraction(-Infinity, value, a).value;
      assert.ok(share >= q - 1e-6, `${at}: ${share} for ${q}`);
    }
    assert.equal(nativeQuantile(-0.1, a).value, -Infinity);
    assert.equal(nativeQuantile(1.1, a).value, Infinity);
  });
});

test('what lies above and below a cut is everything', () => {
  rounds(1500, (random, at) => {
    const a = honest(random);
    if (a.schema === CUSTOM_SCHEMA) return;
    const cut = (random() - 0.5) * 10 ** below(random, 4);
    const low = trimmed(a, cut, true);
    const high = trimmed(a, cut, false);
    assert.ok(
      near(low.count + high.count, a.count),
      `${at}: ${low.count} ${high.count} ${a.count}`,
    );
    assert.ok(near(observed(low), low.count) && near(observed(high), high.count), at);
    const share = nativeFraction(-Infinity, cut, a).value * a.count;
    if (a.zeroCount === 0) assert.ok(Math.abs(share - low.count) < 1e-6 * (1 + a.count), at);
  });
});

test('running sums lose nothing to rounding, and means do not overflow', () => {
  const one = (count: number): FloatHistogram =>
    makeHistogram({ count, sum: count, positive: listOf([0], [count]) });
  const sum = new HistogramSum(one(1e100), false);
  for (const count of [1, -1e100, 1]) assert.equal(sum.add(one(count)), true);
  assert.equal(sum.result().count, 2);
  assert.deepEqual([...sum.result().positive.counts], [2]);
  const mean = new HistogramSum(one(1.7e308), true);
  mean.add(one(1.7e308));
  mean.add(one(1.7e308));
  assert.ok(near(mean.result().count / 1.7e308, 1));
  const custom = makeHistogram({ schema: CUSTOM_SCHEMA });
  assert.equal(mean.add(custom), false);
  assert.equal(mean.incompatible, true);
});

test('zero buckets of different widths', () => {
  const narrow = makeHistogram({
    count: 6,
    zeroThreshold: 0.001,
    zeroCount: 1,
    positive: listOf([-3, 0, 2], [2, 1, 2]),
  });
  const wide = makeHistogram({ count: 3, zeroThreshold: 0.3, zeroCount: 3 });
  const sum = combine(narrow, wide, 1);
  // The threshold may not end within the full bucket (0.0625, 0.125], and it holds that one whole.
  assert.equal(sum?.histogram.zeroThreshold, 0.3);
  assert.equal(sum?.histogram.zeroCount, 6);
  assert.deepEqual([...(sum?.histogram.positive.indexes ?? [])], [0, 2]);
  const inside = makeHistogram({ count: 1, zeroThreshold: 0.7, zeroCount: 1 });
  const grown = combine(narrow, inside, 1);
  assert.equal(grown?.histogram.zeroThreshold, 1);
  assert.equal(grown?.histogram.zeroCount, 5);
  const lost = grown?.lost;
  assert.ok(lost !== undefined && restored(grown?.histogram ?? narrow, lost).count === 7);
});

test('custom bounds are brought to those in common', () => {
  const a = makeHistogram({
    schema: CUSTOM_SCHEMA,
    count: 4,
    custom: Float64Array.of(1, 2, 4),
    positive: listOf([0, 1, 2, 3], [1, 1, 1, 1]),
  });
  const b = { ...a, custom: Float64Array.of(2, 3, 4) };
  const sum = combine(a, b, 1);
  assert.equal(sum?.reconciled, true);
  assert.deepEqual([...(sum?.histogram.custom ?? [])], [2, 4]);
  assert.deepEqual([...(sum?.histogram.positive.counts ?? [])], [3, 3, 2]);
});
