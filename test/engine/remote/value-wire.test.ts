// Messages as bytes: everything comes out as it went in, to the last bit, and whatever else comes
// in is refused with one kind of failure and no more memory than it has bytes.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { FrameCutter, encodeFrame } from '../../../src/engine/remote/frames.ts';
import { decodeValue, encodeValue } from '../../../src/engine/remote/value-wire.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { Random } from '../../../src/engine/runtime/random.ts';

function randomText(random: Random): string {
  const words = ['', '__proto__', 'constructor', 'job', 'ä\u{1f600}', '\u0000', 'x'.repeat(300)];
  return words[Math.floor(random() * words.length)] + Math.floor(random() * 4);
}

function randomValue(random: Random, depth = 0): unknown {
  const pick = Math.floor(random() * (depth > 4 ? 8 : 11));
  const many = Math.floor(random() * 5);
  switch (pick) {
    case 0:
      return [undefined, null, true, false][many % 4];
    case 1:
      return Math.floor(random() * 2 ** 53);
    case 2:
      return [-0, -1, 0.5, Infinity, -Infinity, 2 ** 53, -(2 ** 60), Number.NaN][many];
    case 3:
      return randomText(random);
    case 4:
      return Uint8Array.from({ length: many * 3 }, () => random() * 256);
    case 5:
      return Float64Array.from({ length: many }, () => random() - 0.5);
    case 6:
      return Uint32Array.from({ length: many }, () => random() * 2 ** 32);
    case 7:
      return Int32Array.from({ length: many }, () => (random() - 0.5) * 2 ** 32);
    case 8:
      return Array.from({ length: many }, () => randomValue(random, depth + 1));
    case 9:
      return new Map(
        Array.from({ length: many }, (_, i) => [i, randomValue(random, depth + 1)] as const),
      );
    default: {
      const entries = Array.from({ length: many }, () => randomText(random));
      const out = {};
      for (const key of entries) {
        const value = randomValue(random, depth + 1);
        Object.defineProperty(out, key, { value, enumerable: true, configurable: true });
      }
      return out;
    }
  }
}

test('values come out as they went in', () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const value = randomValue(seededRandom(seed));
    assert.deepEqual(decodeValue(encodeValue(value)), value, `seed ${seed}`);
  }
});

test('the bits of a NaN survive in a column', () => {
  const words = Uint32Array.of(0x00000002, 0x7ff00000, 0xdeadbeef, 0xfff8ffff);
  const out = decodeValue(encodeValue(new Float64Array(words.buffer))) as Float64Array;
  assert.deepEqual(new Uint32Array(out.buffer), words);
});

test('a key named __proto__ is a key', () => {
  const value = JSON.parse('{"__proto__": {"polluted": true}}') as object;
  const out = decodeValue(encodeValue(value)) as object;
  assert.ok(Object.hasOwn(out, '__proto__'));
  assert.equal((out as { polluted?: boolean }).polluted, undefined);
});

test('damaged and made-up bytes are refused or read, and nothing else', () => {
  const refused = (bytes: Uint8Array, seed: number): void => {
    try {
      decodeValue(bytes);
    } catch (thrown) {
      assert.ok(thrown instanceof MonError, `seed ${seed}: ${String(thrown)}`);
      assert.equal(thrown.code, 'MON_RECORD_MALFORMED', `seed ${seed}`);
    }
  };
  for (let seed = 1; seed <= 4000; seed++) {
    const random = seededRandom(seed);
    const bytes = Uint8Array.from(encodeValue(randomValue(random)));
    for (let i = 0; i < 4; i++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
    refused(bytes, seed);
    refused(bytes.subarray(0, Math.floor(random() * bytes.length)), seed);
    refused(
      Uint8Array.from({ length: 40 }, () => random() * 256),
      seed,
    );
    refused(
      Uint8Array.from({ length: 40 }, () => random() * 12),
      seed,
    );
  }
});

test('a message that is nested without end is refused', () => {
  const deep = Uint8Array.from({ length: 200_000 }, (_, i) => (i % 2 === 0 ? 8 : 1));
  assert.throws(() => decodeValue(deep), /nested too deep/);
});

test('frames are cut wherever the chunks end', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed);
    const values = Array.from({ length: 5 }, () => randomValue(random));
    const all = Buffer.concat(values.map((value) => encodeFrame(value, 1 << 20)));
    const cutter = new FrameCutter(1 << 20);
    const out: unknown[] = [];
    for (let at = 0; at < all.length;) {
      const size = 1 + Math.floor(random() * 30);
      cutter.push(all.subarray(at, at + size));
      at += size;
      for (let body = cutter.next(); body !== undefined; body = cutter.next()) {
        out.push(decodeValue(body));
      }
    }
    assert.deepEqual(out, values, `seed ${seed}`);
  }
});

test('a length past the bound is refused before anything is gathered', () => {
  const cutter = new FrameCutter(1000);
  cutter.push(Buffer.from([0xff, 0xff, 0xff, 0x7f]));
  assert.throws(() => cutter.next(), /not taken here/);
  assert.throws(() => encodeFrame('x'.repeat(2000), 1000), /above 1000/);
});
