// Columns of sealed blocks come back bit by bit, whatever the values are; bytes that no encoder
// wrote are refused or decoded to something, and nothing else happens.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecOf } from '../../../src/engine/codec/column.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { COLUMN_SAMPLES_MAX } from '../../../src/engine/limits.ts';
import { seededRandom, type Random } from '../../../src/engine/runtime/random.ts';
import { COLUMN_SHAPES, randomWords } from '../../support/random-columns.ts';
import { below, mutated, pick, randomBytes } from '../../support/random-labels.ts';

const kernels = new Kernels();
const codec = codecOf(kernels);

interface Parts {
  header: Uint8Array;
  tokens: Uint8Array;
  extra: Uint8Array;
}

function encoded(words: Uint32Array): Parts {
  const { header, tokens, extra } = codec.encode(words);
  return { header: header.slice(), tokens: tokens.slice(), extra: extra.slice() };
}

function bytesOf({ header, tokens, extra }: Parts): number {
  return header.length + tokens.length + extra.length;
}

function comesBack(words: Uint32Array, what: string): Parts {
  const parts = encoded(words);
  const out = codec.decode(parts);
  assert.ok(out !== undefined, `${what}: refused`);
  assert.equal(
    Buffer.compare(Buffer.from(out.slice().buffer), Buffer.from(words.slice().buffer)),
    0,
    what,
  );
  return parts;
}

function wordsOf(values: readonly number[]): Uint32Array {
  return new Uint32Array(Float64Array.from(values).buffer);
}

function randomCount(random: Random): number {
  return pick(random, [1, 2, 3, 7, 8, 63, 64, 65, 120, 720, below(random, 3000) + 1]);
}

test('every shape comes back bit by bit', () => {
  for (const [i, name] of Object.keys(COLUMN_SHAPES).entries()) {
    for (let round = 0; round < 40; round++) {
      const seed = i * 1000 + round;
      const random = seededRandom(seed);
      comesBack(randomWords(random, randomCount(random), name), `${name}, seed ${seed}`);
    }
    comesBack(randomWords(seededRandom(i), COLUMN_SAMPLES_MAX, name), `${name}, whole`);
  }
});

test('any bits come back', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed);
    const bytes = randomBytes(random, randomCount(random) * 8);
    const words = new Uint32Array(bytes.buffer);
    if (seed % 2 === 0) for (let i = 1; i < words.length; i += 2) words[i] &= 0x800fffff;
    comesBack(words, `seed ${seed}`);
  }
});

test('times come back, also equal and backwards', () => {
  const start = 1_700_000_000_000;
  const lists = [
    [start],
    [start, start, start],
    [start, start - 1, start - 1, start + 5],
    [start, 0, start, -start, 2 ** 53 - 1, -(2 ** 53 - 1)],
    Array.from({ length: 500 }, (_, i) => start - i * 1000),
  ];
  for (const list of lists) comesBack(wordsOf(list), list.slice(0, 5).join(' '));
});

test('what is regular takes a few bytes, whatever its length', () => {
  const even = Array.from({ length: 5000 }, (_, i) => 1_700_000_000_000 + i * 15_000);
  assert.ok(bytesOf(comesBack(wordsOf(even), 'even times')) < 20);
  assert.ok(bytesOf(comesBack(wordsOf(even.map(() => 0.1)), 'a tenth')) < 20);
  assert.ok(bytesOf(comesBack(wordsOf(even.map(() => NaN)), 'not a number')) < 30);
});

test('exact decimals take no more than their digits', () => {
  const random = seededRandom(5);
  for (const name of ['tenths', 'by a thousandth', 'micro twice', 'pages of bytes', 'counter']) {
    const parts = comesBack(randomWords(seededRandom(77), 1000, name), name);
    assert.ok(bytesOf(parts) < 3500, `${name} takes ${bytesOf(parts)} bytes`);
  }
  const gauge = Array.from({ length: 1000 }, () => below(random, 1000) / 100);
  gauge[500] = NaN;
  gauge[501] = -0;
  const parts = comesBack(wordsOf(gauge), 'a gauge with two exceptions');
  assert.ok(bytesOf(parts) < 2100, `${bytesOf(parts)} bytes`);
});

test('opposite and scaled columns have the same tokens', () => {
  const random = seededRandom(9);
  const steps = Array.from({ length: 300 }, () => below(random, 200) - 100);
  const column = (scale: number): number[] => {
    let q = 1_000_000 * Math.abs(scale);
    return steps.map((step) => (q += step * scale));
  };
  const [a, b, c] = [1, -1, 1024].map((scale) => encoded(wordsOf(column(scale))));
  assert.deepEqual(b.tokens, a.tokens);
  assert.deepEqual(c.tokens, a.tokens);
  assert.deepEqual(c.extra, a.extra);
});

test('a column without a header is refused, also right after another one', () => {
  const parts = encoded(wordsOf([1, NaN, 2, 3.5, 1e300, -0, 7]));
  assert.ok(codec.decode(parts) !== undefined);
  assert.equal(codec.decode({ ...parts, header: new Uint8Array(0) }), undefined);
});

test('a fuzzed column is refused or decoded', () => {
  let refused = 0;
  let decoded = 0;
  for (let seed = 1; seed <= 3000; seed++) {
    const random = seededRandom(seed);
    const parts = encoded(randomWords(random, randomCount(random)));
    const which = pick(random, ['header', 'header', 'tokens', 'extra', 'all'] as const);
    if (which === 'all') {
      parts.header = randomBytes(random, below(random, 40));
      parts.tokens = randomBytes(random, below(random, 400));
      parts.extra = randomBytes(random, below(random, 400));
    } else {
      parts[which] = mutated(random, parts[which]);
    }
    const out = codec.decode(parts);
    if (out === undefined) refused++;
    else decoded++;
    if (out !== undefined) assert.ok(out.length <= COLUMN_SAMPLES_MAX * 2, `seed ${seed}`);
    codec.shapes(parts.header, below(random, 4));
  }
  assert.ok(refused > 300 && decoded > 300, `${refused} refused, ${decoded} decoded`);
});
