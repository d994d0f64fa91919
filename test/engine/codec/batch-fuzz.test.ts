// The record decoder against bytes that nobody wrote: torn, turned, doubled, random. It answers a
// record or MON_RECORD_MALFORMED, in bounded memory, and its kernels stay usable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchCodec } from '../../../src/engine/codec/batch.ts';
import { MUST_UNDERSTAND, SECTION } from '../../../src/engine/codec/batch-layout.ts';
import { labelsOf } from '../../../src/engine/codec/canonical.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import { RECORD_BYTES_MAX } from '../../../src/engine/limits.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { fillBook, randomBatch } from '../../support/random-batches.ts';
import { below, mutated, randomBytes } from '../../support/random-labels.ts';

function setUp() {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, 4);
  return { kernels, book, codec: new BatchCodec(kernels) };
}

/** True when the bytes are a record; its whole content is then read. */
function opens(codec: BatchCodec, bytes: Uint8Array): boolean {
  try {
    const open = codec.open(bytes);
    open.forEachDefinition((ref, canonical) => {
      assert.ok(ref >= 0);
      labelsOf(canonical);
    });
    open.histograms();
    open.exemplars();
    return true;
  } catch (failure) {
    if (failure instanceof MonError && failure.code === 'MON_RECORD_MALFORMED') return false;
    throw failure;
  }
}

test('mutated and random records are refused or read', () => {
  const seed = 31;
  const random = seededRandom(seed);
  const { book, codec } = setUp();
  const refs = fillBook(random, book, 60);
  const counts = { read: 0, refused: 0 };
  for (let i = 0; i < 12_000; i++) {
    const dictionary = { epoch: 1, sequence: i, book };
    const record =
      random() < 0.05
        ? randomBytes(random, below(random, 100))
        : mutated(random, codec.encode(randomBatch(random, refs), dictionary));
    try {
      counts[opens(codec, record) ? 'read' : 'refused']++;
    } catch (failure) {
      const hex = Buffer.from(record).toString('hex');
      throw new Error(`seed ${seed}, case ${i}: ${hex}`, { cause: failure });
    }
  }
  assert.ok(counts.read > 100 && counts.refused > 1000, JSON.stringify(counts));
});

function frame(...sections: [tag: number, payload: number[]][]): Uint8Array {
  const head = [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
  const rest = sections.flatMap(([tag, payload]) => {
    return [tag, payload.length & 255, payload.length >> 8, 0, 0, ...payload];
  });
  return Uint8Array.from([...head, ...rest]);
}

const TICK: [number, number[]] = [SECTION.tick, Array.from({ length: 16 }, () => 0)];

test('sections that this version does not know', () => {
  const { codec } = setUp();
  assert.ok(opens(codec, frame(TICK)));
  assert.ok(opens(codec, frame(TICK, [0x08, [1, 2, 3]])));
  assert.ok(!opens(codec, frame(TICK, [MUST_UNDERSTAND | 0x08, []])));
  assert.ok(!opens(codec, frame(TICK, TICK)));
  assert.ok(!opens(codec, frame()));
});

test('bombs: more things told than bytes can hold', () => {
  const { codec, kernels } = setUp();
  const before = kernels.memory.buffer.byteLength;
  const many = [0xff, 0xff, 0xff, 0xff];
  const section = Object.values(SECTION).filter((tag) => tag !== SECTION.tick);
  for (const tag of section) {
    assert.ok(!opens(codec, frame([tag, [...many, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]])));
  }
  // Each definition takes the whole one before it and adds a byte: 1,000 of them are half a MiB.
  const endless: number[] = [];
  for (let i = 0; i < 1000; i++)
    endless.push(0, ...(i < 128 ? [i] : [(i & 127) | 128, i >> 7]), 0, 1, 97);
  assert.ok(!opens(codec, frame([SECTION.definitions, [0xe8, 3, 0, 0, ...endless]])));
  assert.ok(kernels.memory.buffer.byteLength <= before + 8 * 2 ** 20);
  assert.ok(!opens(codec, new Uint8Array(RECORD_BYTES_MAX + 1)));
});
