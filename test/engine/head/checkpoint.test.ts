// A checkpoint brings the whole head back, and what is not a whole checkpoint is refused: cut,
// altered, noise, and altered with checksums mended, which must be refused or read but never trap
// or hang.
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeHistogram } from '../../../src/engine/codec/histogram.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { sectionCrc } from '../../../src/engine/head/checkpoint-layout.ts';
import { Head } from '../../../src/engine/head/head.ts';
import * as fields from '../../../src/engine/head/head-fields.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import type { FloatHistogram } from '../../../src/engine/model/histogram.ts';
import type { SampleBuffer } from '../../../src/engine/ports.ts';
import { seededRandom, type Random } from '../../../src/engine/runtime/random.ts';
import { bitsOf, labelsOf, withOpen, type HandRecord } from '../../support/open-records.ts';
import { randomHistogram } from '../../support/random-histograms.ts';
import { projectRoot } from '../../support/project.ts';

function filled(kernels: Kernels, random: Random): Head {
  const head = new Head(kernels, { partition: 3 });
  const definitions = Array.from(
    { length: 60 },
    (_, i) => [i * 700, labelsOf('m', { host: `h${i}`, odd: String(i % 2) })] as const,
  );
  const samples = Array.from({ length: 5000 }, (_, i) => ({
    ref: (i % 59) * 700,
    time: 1000 * i - (random() < 0.1 ? 40_001 : 0),
    bits: random() < 0.1 ? 0x7ff0000000000002n : bitsOf(Math.floor(random() * 100) / 10),
  }));
  const metadata = [{ family: 'm', type: 'gauge', help: 'h', unit: '' }];
  // One series has histograms only, others have both.
  const histograms = Array.from({ length: 120 }, (_, i) => ({
    ref: (i % 2 === 0 ? 59 : i % 7) * 700,
    time: 40_000 * i + 7,
    body: encodeHistogram(randomHistogram(random, true), { integer: true, stale: i % 11 === 0 }),
  }));
  const more = { metadata, histograms };
  const record: HandRecord = { partition: 3, epoch: 9, definitions, samples, ...more };
  withOpen(kernels, record, (open) => head.applyOpen(open));
  head.truncateBefore(500_000);
  return head;
}

/** As JSON has it: lists are arrays. */
function plainHistogram(histogram: FloatHistogram): unknown {
  const text = JSON.stringify(histogram, (_, value: unknown) =>
    ArrayBuffer.isView(value) ? [...(value as Float64Array)] : value,
  );
  return JSON.parse(text) as unknown;
}

/** All of a head as plain data; values as hexadecimal bits. */
function describeHead(head: Head): unknown {
  const series = [...head.match([], -Infinity, Infinity)].map((id) => {
    const values = new Float64Array(0);
    const words = new Uint32Array(values.buffer);
    const into: SampleBuffer = { timestamps: new Float64Array(0), values, words };
    const count = head.read(id, -Infinity, Infinity, into);
    const samples = Array.from({ length: count }, (_, i) => {
      const [low, high] = into.words.subarray(i * 2, i * 2 + 2);
      const bits = (BigInt(high) << 32n) | BigInt(low);
      const histogram = into.histograms?.[i];
      const beside = histogram === undefined ? [] : [plainHistogram(histogram)];
      return [into.timestamps[i], bits.toString(16), ...beside];
    });
    return { id, labels: head.labels(id), samples };
  });
  const { partition, floorMs } = head;
  return { partition, floorMs, metadata: head.metadata(), series };
}

function whole(head: Head): Buffer {
  return Buffer.concat([...head.writeCheckpoint()]);
}

test('a head comes back from its checkpoint and goes on', () => {
  const kernels = new Kernels();
  const head = filled(kernels, seededRandom(1));
  const bytes = whole(head);
  const other = new Kernels();
  const again = Head.restore(other, bytes);
  assert.equal(again.partition, 3);
  assert.equal(again.floorMs, 500_000);
  assert.deepEqual(again.metadata(), head.metadata());
  const { bytes: _size, ...stats } = head.stats();
  const { bytes: _otherSize, ...otherStats } = again.stats();
  assert.deepEqual(otherStats, stats);
  assert.ok(stats.histograms > 100);
  assert.deepEqual(describeHead(again), describeHead(head));
  assert.deepEqual(whole(again), bytes, 'what is read is what was written');
  // A ref of the epoch is still known, and a new series gets a new id.
  const record: HandRecord = {
    partition: 3,
    epoch: 9,
    definitions: [[1, labelsOf('new')]],
    samples: [{ ref: 700, time: 9_000_000, bits: 1n }],
  };
  for (const [k, h] of [
    [kernels, head],
    [other, again],
  ] as const) {
    const told = withOpen(k, record, (open) => h.applyOpen(open));
    assert.deepEqual([told.accepted, told.newSeries], [1, 1]);
  }
  assert.deepEqual(whole(again), whole(head));
});

test('an empty head has a checkpoint too', () => {
  const bytes = whole(new Head(new Kernels(), { partition: 1 }));
  const again = Head.restore(new Kernels(), bytes);
  assert.deepEqual([again.partition, again.floorMs, again.stats().series], [1, -Infinity, 0]);
});

test('a head with more than a piece comes back', () => {
  const kernels = new Kernels();
  const head = new Head(kernels, { partition: 0 });
  const random = seededRandom(3);
  const definitions = Array.from(
    { length: 9000 },
    (_, i) => [i, labelsOf('wide', { id: `${i}`.padStart(150, 'x') })] as const,
  );
  withOpen(kernels, { definitions }, (open) => head.applyOpen(open));
  // One series is larger than a piece by itself.
  const samples = Array.from({ length: 160_000 }, (_, i) => ({
    ref: 1,
    time: i * 1000,
    bits: bitsOf(random()),
  }));
  withOpen(kernels, { samples }, (open) => head.applyOpen(open));
  const bytes = whole(head);
  assert.ok(bytes.length > 2_000_000);
  const again = Head.restore(new Kernels(), bytes);
  assert.ok(whole(again).equals(bytes));
});

for (const version of [1, 2]) {
  test(`the specimen of version ${version} is read and written as ever`, () => {
    const path = join(projectRoot, `fixtures/format/checkpoint-v${version}`);
    const bytes = readFileSync(`${path}.bin`);
    assert.equal(bytes[7], version);
    const said = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as unknown;
    const head = Head.restore(new Kernels(), bytes);
    assert.deepEqual(describeHead(head), said);
    assert.ok(whole(head).equals(bytes));
  });
}

test('more histograms than a piece holds come back', () => {
  const kernels = new Kernels();
  const head = new Head(kernels, { partition: 0 });
  const random = seededRandom(6);
  const definitions = [0, 1, 2].map((ref) => [ref, labelsOf('h', { i: `${ref}` })] as const);
  const histograms = Array.from({ length: 30_000 }, (_, i) => ({
    ref: i % 10 === 0 ? 0 : i % 10 === 1 ? 2 : 1,
    time: i * 1000,
    body: encodeHistogram(randomHistogram(random, false)),
  }));
  withOpen(kernels, { definitions, histograms }, (open) => head.applyOpen(open));
  const bytes = whole(head);
  assert.ok(bytes.length > 3_000_000);
  const again = Head.restore(new Kernels(), bytes);
  assert.equal(again.stats().histograms, 30_000);
  assert.ok(whole(again).equals(bytes));
});

test('histograms that are none of the samples are refused', () => {
  const kernels = new Kernels();
  const bytes = whole(filled(kernels, seededRandom(5)));
  const older = Uint8Array.from(bytes);
  older[7] = 1;
  refused(kernels, older, 'version 1 has no histograms');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 8;
  while (view.getUint32(at, true) !== 7) at += 12 + view.getUint32(at + 4, true);
  const changes: [number, number][] = [
    [12, 1 << 20],
    [16, 1],
    [16, 1 << 30],
    [28, 1 << 30],
  ];
  for (const [place, word] of changes) {
    const altered = Uint8Array.from(bytes);
    new DataView(altered.buffer).setUint32(at + place, word, true);
    mendChecksums(altered);
    refused(kernels, altered, `word ${word} at ${place}`);
  }
  const moved = Uint8Array.from(bytes);
  const place = new DataView(moved.buffer);
  place.setFloat64(at + 20, place.getFloat64(at + 20, true) + 1, true);
  mendChecksums(moved);
  refused(kernels, moved, 'a time that no sample has');
});

test('a head that changes while its checkpoint is written is a bug', () => {
  const kernels = new Kernels();
  const head = filled(kernels, seededRandom(4));
  const pieces = head.writeCheckpoint()[Symbol.iterator]();
  pieces.next();
  head.truncateBefore(600_000);
  assert.throws(() => pieces.next(), /BUG/);
});

function refused(kernels: Kernels, bytes: Uint8Array, words: string): void {
  const used = kernels.exports.arenaUsedBytes();
  const isCorrupt = (error: unknown): boolean =>
    error instanceof MonError && error.code === 'MON_CHECKPOINT_CORRUPT';
  assert.throws(() => Head.restore(kernels, bytes), isCorrupt, words);
  const left = kernels.exports.arenaUsedBytes() - used;
  assert.ok(left < 400_000, `${words}: nothing but scratch stays behind, not ${left} bytes`);
}

test('cut, altered and random bytes are refused', () => {
  const bytes = whole(filled(new Kernels(), seededRandom(2)));
  const kernels = new Kernels();
  refused(kernels, new Uint8Array(0), 'nothing');
  const random = seededRandom(11);
  for (let round = 0; round < 300; round++) {
    const cut = Math.floor(random() * bytes.length);
    refused(kernels, bytes.subarray(0, cut), `cut to ${cut}`);
    const altered = Uint8Array.from(bytes);
    const at = Math.floor(random() * bytes.length);
    altered[at] ^= 1 << Math.floor(random() * 8);
    refused(kernels, altered, `altered at ${at}`);
  }
  refused(kernels, Buffer.concat([bytes, bytes]), 'twice');
  for (let round = 0; round < 200; round++) {
    const noise = Uint8Array.from({ length: 200 }, () => Math.floor(random() * 256));
    noise.set(bytes.subarray(0, 8));
    refused(kernels, noise, 'noise');
  }
});

test('altered bytes with right checksums are refused or read, and never hang', () => {
  const bytes = whole(filled(new Kernels(), seededRandom(2)));
  const random = seededRandom(12);
  let read = 0;
  const kernels = new Kernels();
  for (let round = 0; round < 1500; round++) {
    const altered = Uint8Array.from(bytes);
    for (let n = 1 + Math.floor(random() * 3); n > 0; n--) {
      altered[20 + Math.floor(random() * (bytes.length - 20))] ^= 1 << Math.floor(random() * 8);
    }
    mendChecksums(altered);
    try {
      const head = Head.restore(kernels, altered);
      read++;
      for (const id of head.match([], -Infinity, Infinity)) {
        const values = new Float64Array(0);
        const words = new Uint32Array(values.buffer);
        head.read(id, -Infinity, Infinity, { timestamps: new Float64Array(0), values, words });
        head.labels(id);
      }
      head.close();
    } catch (error) {
      if (!(error instanceof MonError)) throw error;
      assert.equal(error.code, 'MON_CHECKPOINT_CORRUPT');
    }
  }
  assert.ok(read > 0, 'an altered value is a value');
});

function mendChecksums(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  let at = 8;
  while (at + 12 <= bytes.length) {
    const length = view.getUint32(at + 4, true);
    if (length > bytes.length - at - 12) return;
    const body = bytes.subarray(at + 12, at + 12 + length);
    view.setUint32(at + 8, sectionCrc(bytes.subarray(at, at + 8), body), true);
    at += 12 + length;
  }
}

test('the fields of a head are where the kernels have them', () => {
  const path = join(projectRoot, 'src/engine/kernels/assembly/head-layout.ts');
  const layout = readFileSync(path, 'utf8');
  const place = (name: string): number =>
    Number(new RegExp(`export const ${name}: usize = (\\d+);`).exec(layout)?.[1]);
  assert.equal(fields.HEAD_SAMPLES, place('SAMPLES'));
  assert.equal(fields.HEAD_BYTE_COUNT, place('BYTES'));
  assert.equal(fields.HEAD_SERIES_LIVE, place('SERIES_LIVE'));
  assert.equal(fields.HEAD_NEXT_ID, place('NEXT_ID'));
  assert.equal(fields.HEAD_CHUNKS, place('CHUNKS'));
  assert.equal(fields.HEAD_PAIR_NEXT, place('PAIR_NEXT'));
});
