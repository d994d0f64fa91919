// Extents as bytes: round trips that keep every bit, and foreign bytes that are refused or read,
// but never thrown at. Seeded.
import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeExtent, encodeExtent, isKept } from '../../../src/engine/query/extent.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { randomHistogram } from '../../support/random-histograms.ts';
import type { FloatHistogram } from '../../../src/engine/model/histogram.ts';
import type { Extent } from '../../../src/engine/query/extent.ts';

const seed = 4711;

function someExtent(random: () => number): Extent {
  const rows = Math.floor(random() * 5);
  const steps = 1 + Math.floor(random() * 9);
  const from = Math.floor((random() - 0.5) * 1e6);
  const values = new Float64Array(rows * steps);
  const words = new Uint32Array(values.buffer);
  for (let i = 0; i < words.length; i++) words[i] = Math.floor(random() * 2 ** 32);
  const labels = Array.from({ length: rows }, (_, i) => ['__name__', 'é"\\\n', 'row', `${i}`]);
  return {
    from,
    to: from + steps - 1,
    labels,
    values,
    present: Uint8Array.from(values, () => Math.round(random())),
    writtenMs: 1_700_000_000_000,
    endsMs: 1_700_000_060_000,
    source: 'up',
    warnings: ['PromQL warning: x (1:1)'],
    infos: [],
  };
}

/** As arithmetic may leave it: with counts that no sender could send. */
function someHistogram(random: () => number): FloatHistogram {
  const one = randomHistogram(random, false);
  if (random() < 0.5) return one;
  const { indexes, counts } = one.positive;
  const odd = [-0, -1, NaN, Infinity, 5e-324];
  const positive = { indexes, counts: counts.map((count, i) => odd[i] ?? -count) };
  return { ...one, positive, count: -one.count, sum: -0, zeroCount: one.schema > -5 ? -2 : 0 };
}

function withHistograms(extent: Extent, random: () => number): Extent {
  const shared = someHistogram(random);
  const histograms = Array.from(extent.values, () => {
    if (random() < 0.3) return undefined;
    return random() < 0.3 ? shared : someHistogram(random);
  });
  return { ...extent, histograms };
}

test('histograms come out as they went in, bit by bit', () => {
  const random = seededRandom(seed + 2);
  for (let i = 0; i < 200; i++) {
    const extent = withHistograms(someExtent(random), random);
    const bytes = encodeExtent(extent);
    const shifted = Buffer.concat([Buffer.alloc(i % 8), bytes]).subarray(i % 8);
    const back = decodeExtent(shifted) as Extent;
    assert.ok(back !== undefined, `seed ${seed + 2}, extent ${i}`);
    // deepStrictEqual tells 0 from -0.
    assert.deepEqual(back.histograms, extent.histograms, `seed ${seed + 2}, extent ${i}`);
    assert.deepEqual(encodeExtent(back), bytes);
    const distinct = (one: Extent): number => new Set(one.histograms).size;
    assert.equal(distinct(back), distinct(extent), 'what was shared is shared');
  }
});

test('round trips keep every bit', () => {
  const random = seededRandom(seed);
  for (let i = 0; i < 300; i++) {
    const extent = someExtent(random);
    const bytes = encodeExtent(extent);
    // A cache may hand out bytes at any place of a larger buffer.
    const shifted = Buffer.concat([Buffer.alloc(i % 8), bytes]).subarray(i % 8);
    const back = decodeExtent(shifted) as Extent;
    const bits = (one: Extent): Buffer =>
      Buffer.from(one.values.buffer, one.values.byteOffset, one.values.byteLength);
    assert.deepEqual(bits(back), bits(extent), `seed ${seed}, extent ${i}`);
    assert.deepEqual({ ...back, values: 0 }, { ...extent, values: 0 });
  }
});

test('mutated and random bytes are refused or read, never thrown at', () => {
  const random = seededRandom(seed + 1);
  for (let i = 0; i < 3000; i++) {
    const plain = someExtent(random);
    const bytes = encodeExtent(i % 2 === 0 ? plain : withHistograms(plain, random));
    for (let n = Math.floor(random() * 4); n >= 0; n--) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const cut = random() < 0.3 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
    const back = decodeExtent(cut);
    if (back === undefined) continue;
    const cells = back.labels.length * (back.to - back.from + 1);
    assert.equal(back.values.length, cells, `seed ${seed + 1}, extent ${i}`);
    assert.equal(back.present.length, cells);
    if (back.histograms !== undefined) assert.equal(back.histograms.length, cells);
  }
  assert.equal(decodeExtent(new Uint8Array(0)), undefined);
  assert.equal(decodeExtent(Buffer.from('{"labels":[]}, and some more words')), undefined);
});

test('columns of a result are kept, those of a partial aggregate are not', () => {
  const plain = { labels: [], steps: 1, values: new Float64Array(0), present: new Uint8Array(0) };
  assert.equal(isKept(plain), true);
  assert.equal(isKept({ ...plain, histograms: [] }), true);
  assert.equal(isKept({ ...plain, mixes: undefined }), true);
  assert.equal(isKept({ ...plain, mixes: new Uint8Array(0) }), false);
});
