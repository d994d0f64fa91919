// Chunks come back bit by bit, whatever is in them, encoded at once or sample by sample; and bytes
// that no encoder wrote are refused or decoded, within bounds and in time.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { seededRandom, type Random } from '../../../src/engine/runtime/random.ts';
import { bitsOf } from '../../support/open-records.ts';

const MOST = 240;
const CAPACITY = 8192;
const GUARD = 0xa5;
const SPECIAL = [
  0x7ff0000000000002n,
  0x7ff8000000000000n,
  0x7ff8000000000001n,
  0xfff8dead0000beefn,
  0x7ff0000000000001n,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x8000000000000000n,
  0n,
  1n,
  0xffffffffffffffffn,
];

interface Columns {
  times: number[];
  bits: bigint[];
}

const kernels = new Kernels();
const { exports } = kernels;
const columnsAt = exports.alloc(MOST * 16) >>> 0;
const outAt = exports.alloc(MOST * 16 + 64) >>> 0;
const chunkAt = exports.alloc(CAPACITY) >>> 0;
const stateAt = exports.alloc(64) >>> 0;

const longs = (): BigUint64Array => new BigUint64Array(kernels.memory.buffer);

function putColumns({ times, bits }: Columns): void {
  kernels.f64.set(times, columnsAt / 8);
  longs().set(bits, columnsAt / 8 + times.length);
  exports.gorillaColumns(columnsAt, columnsAt + times.length * 8, times.length);
}

function encode(columns: Columns, capacity = CAPACITY): number {
  putColumns(columns);
  return exports.gorillaEncode(chunkAt, capacity);
}

function decode(size: number, count: number): Columns | undefined {
  kernels.bytes.fill(GUARD, outAt, outAt + MOST * 16 + 64);
  exports.gorillaColumns(outAt, outAt + count * 8, count);
  const got = exports.gorillaDecode(chunkAt, size);
  const guard = kernels.bytes.subarray(outAt + count * 16, outAt + MOST * 16 + 64);
  assert.ok(
    guard.every((byte) => byte === GUARD),
    'nothing is written behind the columns',
  );
  if (got < 0) return undefined;
  assert.equal(got, count);
  const from = outAt / 8;
  return {
    times: [...kernels.f64.subarray(from, from + count)],
    bits: [...longs().subarray(from + count, from + count * 2)],
  };
}

/** Appends sample by sample, as a head does, and leaves the chunk at chunkAt; answers its bytes. */
function append({ times, bits }: Columns, reopenAt = -1): number {
  let at = chunkAt;
  const staged = exports.staged.value;
  let state = stateAt;
  for (let i = 0; i < times.length; i++) {
    const step = i === 0 ? exports.appendFirst : exports.appendNext;
    const words = step(state, BigInt(times[i]), BigInt.asIntN(64, bits[i]));
    kernels.bytes.copyWithin(at, staged, staged + words * 8);
    at += words * 8;
    if (i !== reopenAt) continue;
    // All that the appender knows lies in the state: elsewhere it goes on as well.
    const moved = exports.alloc(64) >>> 0;
    kernels.bytes.copyWithin(moved, state, state + 64);
    kernels.bytes.fill(GUARD, staged, staged + 64);
    state = moved;
  }
  const filled = kernels.bytes[state + 32];
  kernels.bytes.copyWithin(at, state + 24, state + 32);
  if (state !== stateAt) exports.free(state, 64);
  return at - chunkAt + ((filled + 7) >> 3);
}

type Next = (random: Random) => bigint;

function valueShapes(random: Random): Next[] {
  let counter = Math.floor(random() * 2 ** 40);
  let tenths = Math.floor((random() - 0.5) * 1000);
  const constant = bitsOf(random());
  const any: Next = () => {
    const high = BigInt(Math.floor(random() * 2 ** 32));
    return (high << 32n) | BigInt(Math.floor(random() * 2 ** 32));
  };
  return [
    () => bitsOf((counter += Math.floor(random() * 1000))),
    () => bitsOf((tenths += Math.floor(random() * 7) - 3) / 10),
    () => constant,
    any,
    () => SPECIAL[Math.floor(random() * SPECIAL.length)],
    (r) => (r() < 0.1 ? SPECIAL[0] : bitsOf((counter += 1))),
    (r) => (r() < 0.7 ? constant : any(r)),
  ];
}

function timeShapes(random: Random): (() => number)[] {
  return [
    () => 15_000,
    () => 15_000 + Math.floor(random() * 21) - 10,
    () => 1 + Math.floor(random() * 5_000),
    () => (random() < 0.1 ? 600_000 : 10_000),
    () => 1 + Math.floor(2 ** (random() * 45)),
  ];
}

function randomColumns(random: Random, least = 1): Columns {
  const values = valueShapes(random);
  const steps = timeShapes(random);
  const value = values[Math.floor(random() * values.length)];
  const step = steps[Math.floor(random() * steps.length)];
  const count = least + Math.floor(random() * (MOST - least));
  let time = Math.floor((random() - 0.5) * 2 ** 41);
  const columns: Columns = { times: [], bits: [] };
  for (let i = 0; i < count; i++) {
    columns.times.push(time);
    columns.bits.push(value(random));
    time += step();
  }
  return columns;
}

test('a chunk gives back what went in, bit by bit', () => {
  for (let seed = 1; seed <= 600; seed++) {
    const columns = randomColumns(seededRandom(seed));
    const bits = encode(columns);
    assert.notEqual(bits, 0, `seed ${seed}: refused`);
    assert.deepEqual(decode((bits + 7) >>> 3, columns.times.length), columns, `seed ${seed}`);
  }
});

test('timestamps need not rise', () => {
  const random = seededRandom(77);
  for (let round = 0; round < 100; round++) {
    const columns = randomColumns(random);
    columns.times = columns.times.map(() => Math.floor((random() - 0.5) * 2 ** 53));
    const bits = encode(columns);
    assert.deepEqual(decode((bits + 7) >>> 3, columns.times.length), columns);
  }
});

test('appended sample by sample the chunk reads the same, reopened anywhere', () => {
  for (let seed = 1; seed <= 400; seed++) {
    const random = seededRandom(seed * 31);
    const columns = randomColumns(random);
    const reopenAt = Math.floor(random() * columns.times.length);
    const bytes = append(columns, reopenAt);
    const appended = kernels.bytes.slice(chunkAt, chunkAt + bytes);
    assert.deepEqual(decode(bytes, columns.times.length), columns, `seed ${seed}`);
    const bits = encode(columns);
    const encoded = kernels.bytes.slice(chunkAt, chunkAt + ((bits + 7) >>> 3));
    assert.deepEqual(appended, encoded, `seed ${seed}: both encoders write the same bits`);
  }
});

test('a full chunk is refused, and nothing is written behind its capacity', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed * 7);
    const columns = randomColumns(random, 20);
    const whole = (encode(columns) + 7) >>> 3;
    for (const capacity of [whole - 1, whole >>> 1, 47, 16, 0]) {
      kernels.bytes.fill(GUARD, chunkAt, chunkAt + CAPACITY);
      assert.equal(encode(columns, capacity), 0, `seed ${seed}: ${capacity} of ${whole} bytes`);
      const behind = kernels.bytes.subarray(chunkAt + Math.max(0, capacity), chunkAt + CAPACITY);
      assert.ok(
        behind.every((byte) => byte === GUARD),
        `seed ${seed}`,
      );
    }
    assert.notEqual(encode(columns, whole + 32), 0, `seed ${seed}: fits`);
  }
});

test('random bytes are refused or decoded, within bounds', () => {
  const random = seededRandom(4711);
  let decoded = 0;
  for (let round = 0; round < 5_000; round++) {
    const size = Math.floor(random() * 300);
    const dense = random() < 0.5;
    for (let i = 0; i < size; i++) {
      kernels.bytes[chunkAt + i] = dense || random() < 0.3 ? Math.floor(random() * 256) : 0;
    }
    if (decode(size, Math.floor(random() * MOST)) !== undefined) decoded++;
  }
  assert.ok(decoded > 0, 'some random bytes are a chunk');
});

test('altered and cut chunks are refused or decoded, within bounds', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed * 13);
    const columns = randomColumns(random);
    const size = (encode(columns) + 7) >>> 3;
    const clean = kernels.bytes.slice(chunkAt, chunkAt + size);
    for (let round = 0; round < 20; round++) {
      kernels.bytes.set(clean, chunkAt);
      kernels.bytes[chunkAt + Math.floor(random() * size)] ^= 1 << Math.floor(random() * 8);
      decode(size, columns.times.length);
      kernels.bytes.set(clean, chunkAt);
      const cut = Math.floor(random() * size);
      const got = decode(cut, columns.times.length);
      if (cut < size - 1 && size > 40) assert.equal(got, undefined, `seed ${seed}: cut to ${cut}`);
    }
  }
});

test('a chunk at the very end of memory is read', () => {
  const own = new Kernels();
  const end = own.memory.buffer.byteLength;
  const out = own.exports.alloc(64) >>> 0;
  assert.ok(own.memory.buffer.byteLength > end, 'the first piece grows the memory');
  const last = own.memory.buffer.byteLength - 17;
  own.bytes.fill(0, last);
  own.exports.gorillaColumns(out, out + 24, 3);
  assert.equal(own.exports.gorillaDecode(last, 17), 3);
  assert.equal(own.exports.gorillaDecode(last, 16), -1);
});
