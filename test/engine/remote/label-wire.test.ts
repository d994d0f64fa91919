// Labels as numbers between threads: sets and texts cross once, both ends forget together, and an
// answer that nobody waits for is read all the same.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { packFragment, unpackFragment } from '../../../src/engine/remote/fragment-wire.ts';
import { LabelsReader, LabelsWriter } from '../../../src/engine/remote/label-wire.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { FragmentResult } from '../../../src/engine/model/fragment.ts';
import type { Labels } from '../../../src/engine/model/labels.ts';

test('sets come out as they went in, and cross once', () => {
  const writer = new LabelsWriter();
  const reader = new LabelsReader();
  const a: Labels = ['__name__', 'm', 'x', 'y\u0000z'];
  const b: Labels = [];
  const first = writer.pack([a, b, a]);
  assert.deepEqual(first.texts, ['__name__', 'm', 'x', 'y\u0000z']);
  const got = reader.unpack(structuredClone(first));
  assert.deepEqual(got, [a, b, a]);
  assert.equal(got[0], got[2]);
  const second = writer.pack([b, a]);
  assert.deepEqual([second.texts.length, second.spelled.length], [0, 0]);
  const again = reader.unpack(structuredClone(second));
  assert.equal(again[1], got[0], 'the same set is the same array');
  const equal = reader.unpack(structuredClone(writer.pack([[...a]])));
  assert.deepEqual(equal, [a], 'an equal set in another array is right too');
});

test('both ends forget together when there is too much', () => {
  const writer = new LabelsWriter();
  const reader = new LabelsReader();
  const random = seededRandom(5);
  const sets = Array.from({ length: 30_000 }, (_, i): Labels => ['i', String(i)]);
  let forgot = 0;
  for (let round = 0; round < 20; round++) {
    const fresh = Array.from({ length: 3000 }, (_, i): Labels => ['r', String(round), 'i', `${i}`]);
    const some = [...fresh, ...sets.filter(() => random() < 0.3)];
    const packed = structuredClone(writer.pack(some));
    if (packed.forget) forgot++;
    assert.deepEqual(reader.unpack(packed), some);
  }
  assert.ok(forgot > 0);
});

test('a fragment crosses with all its columns, large ones handed over', () => {
  const values = Float64Array.from({ length: 1000 }, (_, i) => i / 3);
  const shared = new Float64Array(3000);
  const result: FragmentResult = {
    matrix: {
      ...{ labels: [['a', 'b']], steps: 1000, values, present: new Uint8Array(1000).fill(1) },
      counts: shared.subarray(1000, 2000),
    },
    ...{ seriesRead: 1, samplesRead: 2, warnings: ['w'], infos: [], aggregateInfos: ['i'] },
  };
  const want = structuredClone(result);
  const { value, transfer } = packFragment(result, new LabelsWriter());
  assert.deepEqual(transfer, [values.buffer], 'small columns and views are copied');
  const got = unpackFragment(structuredClone(value, { transfer }), new LabelsReader());
  assert.deepEqual(got, want);
  const raw = {
    ...{ labels: [['a', 'b']], from: Uint32Array.of(0, 1) },
    ...{ timestamps: Float64Array.of(5), values: Float64Array.of(6) },
  };
  const plain = { raw, seriesRead: 1, samplesRead: 1, warnings: [], infos: [] };
  const packed = packFragment(plain, new LabelsWriter());
  assert.deepEqual(unpackFragment(structuredClone(packed.value), new LabelsReader()), plain);
});

test('while sets are told in pieces nothing is forgotten', () => {
  const writer = new LabelsWriter();
  const reader = new LabelsReader();
  const sets = Array.from({ length: 60_000 }, (_, i): Labels => ['i', String(i)]);
  const other: Labels[] = [['o', '1'], sets[0]];
  const numbers: number[] = [];
  writer.hold();
  for (let at = 0; at < sets.length; at += 20_000) {
    const piece = writer.pack(sets.slice(at, at + 20_000));
    assert.equal(piece.forget, false);
    numbers.push(...piece.sets);
    reader.unpack(structuredClone({ ...piece, sets: new Uint32Array(0) }));
    assert.deepEqual(reader.unpack(structuredClone(writer.pack(other))), other);
  }
  writer.release();
  const last = { ...writer.pack([]), sets: Uint32Array.from(numbers) };
  assert.deepEqual([last.texts.length, last.spelled.length, last.forget], [0, 0, true]);
  assert.deepEqual(reader.unpack(structuredClone(last)), sets);
  assert.deepEqual(reader.unpack(structuredClone(writer.pack(other))), other);
});

test('of an answer with many sets none is remembered, and all come out', () => {
  const writer = new LabelsWriter();
  const reader = new LabelsReader();
  const sets = Array.from({ length: 30_000 }, (_, i): Labels => ['i', String(i)]);
  const few = sets.slice(0, 100);
  assert.deepEqual(reader.unpack(structuredClone(writer.pack(few))), few);
  const out: Labels[] = [];
  for (let at = 0; at < sets.length; at += 10_000) {
    const packed = writer.pack(sets.slice(at, at + 10_000), sets.length);
    assert.equal(packed.spelled.length, 30_000, 'spelled whole, also those that are known');
    out.push(...reader.unpack(structuredClone(packed)));
    const again = writer.pack(few);
    assert.equal(again.spelled.length, 0, 'others are known as before');
    assert.deepEqual(reader.unpack(structuredClone(again)), few);
  }
  assert.deepEqual(out, sets);
  const more = structuredClone(writer.pack(sets));
  assert.deepEqual([reader.unpack(more), more.forget], [sets, true]);
  assert.deepEqual(reader.unpack(structuredClone(writer.pack(few))), few);
});
