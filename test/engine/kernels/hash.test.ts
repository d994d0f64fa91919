// XXH64 against published values and against the specification written out with bigints;
// comparison of bytes at every length and place of a difference.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { randomBytes } from '../../support/random-labels.ts';

const MASK = (1n << 64n) - 1n;
const [P1, P2, P3, P4, P5] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
];
const rotl = (x: bigint, n: bigint): bigint => ((x << n) | (x >> (64n - n))) & MASK;
const round = (lane: bigint, input: bigint): bigint =>
  (rotl((lane + input * P2) & MASK, 31n) * P1) & MASK;

/** The specification, one step a line, slow and plain. */
function reference(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let hash = P5;
  if (bytes.length >= 32) {
    const lanes = [(P1 + P2) & MASK, P2, 0n, -P1 & MASK];
    for (; at + 32 <= bytes.length; at += 32) {
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i], view.getBigUint64(at + i * 8, true));
    }
    const turns = [1n, 7n, 12n, 18n];
    hash = lanes.reduce((sum, lane, i) => (sum + rotl(lane, turns[i])) & MASK, 0n);
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * P1 + P4) & MASK;
  }
  hash = (hash + BigInt(bytes.length)) & MASK;
  for (; at + 8 <= bytes.length; at += 8) {
    hash = (rotl(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4) & MASK;
  }
  if (at + 4 <= bytes.length) {
    const word = BigInt(view.getUint32(at, true));
    hash = (rotl(hash ^ ((word * P1) & MASK), 23n) * P2 + P3) & MASK;
    at += 4;
  }
  for (; at < bytes.length; at++) {
    hash = (rotl(hash ^ ((BigInt(bytes[at]) * P5) & MASK), 11n) * P1) & MASK;
  }
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK;
  return hash ^ (hash >> 32n);
}

function hash(kernels: Kernels, bytes: Uint8Array): bigint {
  const at = kernels.put(bytes);
  const high = BigInt(kernels.exports.hashHigh(at, bytes.length) >>> 0);
  const low = BigInt(kernels.exports.hashLow(at, bytes.length) >>> 0);
  kernels.exports.free(at, bytes.length);
  return (high << 32n) | low;
}

test('published values of XXH64 with seed 0', () => {
  const kernels = new Kernels();
  const of = (text: string): string => hash(kernels, new TextEncoder().encode(text)).toString(16);
  assert.equal(of(''), 'ef46db3751d8e999');
  assert.equal(of('a'), 'd24ec4f1a98c6e5b');
  assert.equal(of('abc'), '44bc2cf5ad770999');
});

test('every length up to 300 bytes agrees with the specification', () => {
  const kernels = new Kernels();
  const random = seededRandom(1);
  for (let length = 0; length <= 300; length++) {
    const bytes = randomBytes(random, length);
    assert.equal(hash(kernels, bytes), reference(bytes), `length ${length}`);
  }
});

test('sameBytes sees a difference at any place and none where there is none', () => {
  const kernels = new Kernels();
  const random = seededRandom(2);
  for (let length = 0; length <= 70; length++) {
    const bytes = randomBytes(random, length);
    const a = kernels.put(bytes);
    const b = kernels.put(bytes);
    assert.ok(kernels.exports.sameBytes(a, b, length));
    for (let i = 0; i < length; i++) {
      kernels.bytes[b + i] ^= 1;
      assert.ok(!kernels.exports.sameBytes(a, b, length), `length ${length}, byte ${i}`);
      kernels.bytes[b + i] ^= 1;
    }
  }
});
