// From a batch through the log record's codec into a head and out again: the refs of a series book,
// its dictionaries, and records opened in a memory that is not the producer's.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { BatchCodec } from '../../../src/engine/codec/batch.ts';
import { encodeHistogram } from '../../../src/engine/codec/histogram.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { Head } from '../../../src/engine/head/head.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import type { Batch } from '../../../src/engine/model/batch.ts';
import { makeHistogram } from '../../../src/engine/model/histogram.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import { putStale } from '../../../src/engine/model/sample.ts';
import type { SampleBuffer } from '../../../src/engine/ports.ts';

function producer() {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, 1);
  return { book, codec: new BatchCodec(kernels) };
}

function labels(i: number) {
  return makeLabels([
    ['__name__', 'requests_total'],
    ['instance', `host-${i % 50}:9100`],
    ['path', `/p/${i}`],
  ]);
}

function columns(refs: number[], time: number, value: number) {
  return {
    refs: Uint32Array.from(refs),
    timestamps: new Float64Array(refs.length).fill(time),
    values: Float64Array.from(refs, (ref) => ref + value),
  };
}

test('records of a producer fill a head, with a new dictionary or without', () => {
  const { book, codec } = producer();
  const kernels = new Kernels();
  const heads = [new Head(kernels, { partition: 0 }), new Head(kernels, { partition: 0 })];
  const refs = Array.from({ length: 500 }, (_, i) => book.refOfLabels(labels(i)));
  for (let step = 0; step < 40; step++) {
    const floats = columns(refs, 1_700_000_000_000 + step * 15_000, step);
    if (step === 20) putStale(new Uint32Array(floats.values.buffer), 3);
    const batch = { partition: 0, receivedMs: 0, lateness: 0, floats } as const;
    const record = codec.encode(batch, { epoch: 1, sequence: step >> 3, book });
    for (const head of heads) {
      const told = head.apply(record);
      assert.equal(told.accepted, 500);
      assert.equal(told.newSeries, step === 0 ? 500 : 0);
    }
    assert.equal(heads[0].apply(record).duplicate, 500, 'a record given twice changes nothing');
  }
  for (const head of heads) {
    assert.equal(head.stats().samples, 20_000);
    const path = { name: 'path', op: '=', value: '/p/3' } as const;
    const [id] = head.match([path], -Infinity, Infinity);
    assert.deepEqual(head.labels(id), labels(3));
    const values = new Float64Array(0);
    const words = new Uint32Array(values.buffer);
    const into: SampleBuffer = { timestamps: new Float64Array(0), values, words };
    assert.equal(head.read(id, -Infinity, Infinity, into), 40);
    assert.deepEqual([...into.words.subarray(40, 42)], [2, 0x7ff00000]);
    assert.equal(into.values[39], refs[3] + 39);
    assert.equal(into.timestamps[39], 1_700_000_000_000 + 39 * 15_000);
  }
});

test('a malformed record changes nothing', () => {
  const head = new Head(new Kernels(), { partition: 0 });
  for (const record of [new Uint8Array(0), new Uint8Array(64)]) {
    const isMalformed = (error: unknown): boolean =>
      error instanceof MonError && error.code === 'MON_RECORD_MALFORMED';
    assert.throws(() => head.apply(record), isMalformed);
  }
  assert.equal(head.stats().series, 0);
});

test('a malformed histogram takes the samples of its record with it, not its definitions', () => {
  const { book, codec } = producer();
  const head = new Head(new Kernels(), { partition: 0 });
  const ref = book.refOfLabels(labels(1));
  const [refs, timestamps] = [Uint32Array.of(ref), Float64Array.of(1000)];
  const histograms = { refs, timestamps, bodies: [Uint8Array.of(0x18, 0xff)] };
  const dictionary = { epoch: 1, sequence: 1, book };
  const batch = { partition: 0, receivedMs: 0, lateness: 0 } as const;
  const bad = codec.encode({ ...batch, floats: columns([ref], 2000, 0), histograms }, dictionary);
  const isMalformed = (error: unknown): boolean =>
    error instanceof MonError && error.code === 'MON_RECORD_MALFORMED';
  assert.throws(() => head.apply(bad), isMalformed);
  assert.equal(head.stats().samples, 0);
  const good = codec.encode({ ...batch, floats: columns([ref], 3000, 0) }, dictionary);
  assert.equal(head.apply(good).accepted, 1);
});

test('a float and a histogram at one time: the first in log order stays', () => {
  const { book, codec } = producer();
  const head = new Head(new Kernels(), { partition: 0 });
  const ref = book.refOfLabels(labels(1));
  const dictionary = { epoch: 1, sequence: 1, book };
  const batch = { partition: 0, receivedMs: 0, lateness: 0 } as const;
  const histogramsAt = (time: number) => ({
    refs: Uint32Array.of(ref),
    timestamps: Float64Array.of(time),
    bodies: [encodeHistogram(makeHistogram({ count: 2, sum: 5 }), { integer: true })],
  });
  const apply = (more: Partial<Batch>) =>
    head.apply(codec.encode({ ...batch, ...more }, dictionary));
  assert.equal(apply({ histograms: histogramsAt(1000) }).accepted, 1);
  assert.equal(apply({ floats: columns([ref], 1000, 0) }).duplicate, 1);
  assert.equal(apply({ floats: columns([ref], 3000, 0) }).accepted, 1);
  assert.equal(apply({ histograms: histogramsAt(3000) }).duplicate, 1);
  const both = { floats: columns([ref], 2000, 0), histograms: histogramsAt(2000) };
  const told = apply(both);
  assert.deepEqual([told.accepted, told.duplicate, told.outOfOrder], [1, 1, 1]);
  const values = new Float64Array(0);
  const words = new Uint32Array(values.buffer);
  const into: SampleBuffer = { timestamps: new Float64Array(0), values, words };
  assert.equal(head.read(0, 0, 9999, into), 3);
  assert.deepEqual([...into.timestamps.subarray(0, 3)], [1000, 2000, 3000]);
  assert.deepEqual(
    into.histograms?.map((one) => one?.sum),
    [5, undefined, undefined],
  );
  assert.equal(into.values[0], 5);
  assert.equal(head.read(0, 2000, 9999, into), 2);
  assert.equal(into.histograms, undefined, 'set by every read');
  assert.deepEqual([head.stats().samples, head.stats().histograms], [3, 1]);
  head.truncateBefore(2000);
  assert.deepEqual([head.stats().histograms, head.stats().histogramBytes], [0, 0]);
});
