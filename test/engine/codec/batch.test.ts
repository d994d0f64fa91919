// Records there and back: every section, bit for bit; which definitions a record carries; what
// encode refuses and that it then leaves the dictionary as it was.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchCodec, type OpenRecord } from '../../../src/engine/codec/batch.ts';
import { labelsOf } from '../../../src/engine/codec/canonical.ts';
import { BugError, MonError } from '../../../src/engine/errors.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import { RECORD_BYTES_MAX } from '../../../src/engine/limits.ts';
import type { Batch } from '../../../src/engine/model/batch.ts';
import { makeLabels, NAME } from '../../../src/engine/model/labels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { fillBook, inKernel, randomBatch } from '../../support/random-batches.ts';

function setUp() {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, 4);
  return { kernels, book, codec: new BatchCodec(kernels) };
}

/** A reader on another thread's memory. */
function reader() {
  const kernels = new Kernels();
  return { kernels, codec: new BatchCodec(kernels, 'reader') };
}

function bytesOf(column: Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength).slice();
}

function columnsOf(kernels: Kernels, open: OpenRecord) {
  const at = (address: number, size: number): Uint8Array =>
    kernels.bytes.slice(address, address + size);
  const count = open.floatCount;
  return {
    refs: at(open.refsAt, count * 4),
    timestamps: at(open.timestampsAt, count * 8),
    values: at(open.valuesAt, count * 8),
    starts: open.startsAt === undefined ? undefined : at(open.startsAt, count * 8),
  };
}

function refsOf(batch: Batch): Set<number> {
  return new Set([
    ...(batch.floats?.refs ?? []),
    ...(batch.histograms?.refs ?? []),
    ...(batch.exemplars?.refs ?? []),
  ]);
}

function definitionsOf(open: OpenRecord): Map<number, string> {
  const found = new Map<number, string>();
  open.forEachDefinition((ref, canonical) => {
    assert.ok(!found.has(ref), 'a ref is defined once a record');
    found.set(ref, Buffer.from(canonical).toString('hex'));
  });
  assert.equal(found.size, open.definitionCount);
  return found;
}

/** What a reader must see of a batch; -0 is no timestamp of its own. */
function check(batch: Batch, open: OpenRecord, kernels: Kernels): void {
  assert.equal(open.partition, batch.partition);
  assert.equal(open.receivedMs, batch.receivedMs);
  assert.equal(open.lateness, batch.lateness);
  assert.equal(open.floatCount, batch.floats?.refs.length ?? 0);
  if (batch.floats) {
    const columns = columnsOf(kernels, open);
    const plain = (times: Float64Array): Uint8Array => bytesOf(times.map((t) => t + 0));
    assert.deepEqual(columns.refs, bytesOf(batch.floats.refs));
    assert.deepEqual(columns.timestamps, plain(batch.floats.timestamps));
    assert.deepEqual(columns.values, bytesOf(batch.floats.values));
    assert.deepEqual(columns.starts, batch.starts && plain(batch.starts));
  }
  assert.deepEqual(open.metadata, batch.metadata ?? []);
  assert.deepEqual(open.tick, batch.tick);
  const histograms = open.histograms();
  assert.equal(open.histogramCount, batch.histograms?.refs.length ?? 0);
  if (batch.histograms) {
    assert.deepEqual(histograms.refs, batch.histograms.refs);
    assert.deepEqual(histograms.bodies, batch.histograms.bodies);
    assert.deepEqual(
      [...histograms.timestamps],
      [...batch.histograms.timestamps].map((t) => t + 0),
    );
  }
  const exemplars = open.exemplars();
  assert.equal(open.exemplarCount, batch.exemplars?.refs.length ?? 0);
  if (batch.exemplars) {
    assert.deepEqual(exemplars.refs, batch.exemplars.refs);
    assert.deepEqual(exemplars.labels, batch.exemplars.labels);
    assert.deepEqual(bytesOf(exemplars.values), bytesOf(batch.exemplars.values));
    assert.deepEqual(
      [...exemplars.timestamps],
      [...batch.exemplars.timestamps].map((t) => t + 0),
    );
  }
}

test('batches come back bit for bit, and each series is defined once a dictionary', () => {
  const seed = 21;
  const random = seededRandom(seed);
  const { kernels, book, codec } = setUp();
  const other = reader();
  const refs = fillBook(random, book, 400);
  let sequence = 0;
  let known = new Set<number>();
  for (let i = 0; i < 1500; i++) {
    if (random() < 0.02) {
      sequence++;
      known = new Set();
    }
    const plain = randomBatch(random, refs);
    const batch = random() < 0.5 ? inKernel(plain, kernels) : plain;
    const record = codec.encode(batch, { epoch: 3, sequence, book });
    const open = other.codec.open(record);
    assert.equal(open.epoch, 3);
    assert.equal(open.sequence, sequence);
    check(plain, open, other.kernels);
    const fresh = [...refsOf(plain)].filter((ref) => !known.has(ref));
    const definitions = definitionsOf(open);
    assert.deepEqual(new Set(definitions.keys()), new Set(fresh), `seed ${seed} batch ${i}`);
    for (const [ref, hex] of definitions) {
      assert.equal(hex, Buffer.from(book.canonical(ref)).toString('hex'));
      known.add(ref);
    }
  }
});

test('the table of definitions says the same as forEachDefinition', () => {
  const { book, codec, kernels } = setUp();
  const refs = fillBook(seededRandom(22), book, 50);
  const floats = {
    refs: Uint32Array.from({ length: refs }, (_, i) => i),
    timestamps: new Float64Array(refs),
    values: new Float64Array(refs),
  };
  const batch: Batch = { partition: 0, receivedMs: 1, lateness: 0, floats };
  const open = codec.open(codec.encode(batch, { epoch: 1, sequence: 1, book }));
  const seen: number[] = [];
  const row = open.definitionsAt >>> 2;
  open.forEachDefinition((ref, canonical) => {
    const [inTable, at, length] = kernels.u32.subarray(
      row + seen.length * 3,
      row + seen.length * 3 + 3,
    );
    assert.equal(inTable, ref);
    assert.deepEqual(kernels.bytes.subarray(at, at + length), canonical);
    assert.deepEqual(labelsOf(canonical), book.labels(ref));
    seen.push(ref);
  });
  assert.equal(seen.length, refs);
});

test('encode does not grow the memory when the columns lie in it', () => {
  const { kernels, book, codec } = setUp();
  const random = seededRandom(23);
  const refs = fillBook(random, book, 20_000);
  const floats = {
    refs: Uint32Array.from({ length: refs }, (_, i) => i),
    timestamps: new Float64Array(refs).fill(1),
    values: new Float64Array(refs).fill(0.1),
  };
  const batch: Batch = { partition: 0, receivedMs: 1, lateness: 0, floats };
  const batches = Array.from({ length: 5 }, () => batch);
  // The first round only makes room; the views of the second outlive one another.
  batches.forEach((one) => inKernel(one, kernels));
  const views = batches.map((one) => inKernel(one, kernels));
  const { buffer } = kernels.memory;
  const alive = views.filter((one) => one.floats?.refs.buffer === buffer);
  assert.ok(alive.length > 0, 'no view outlived the making of the others');
  for (const one of alive) {
    const record = codec.encode(one, { epoch: 1, sequence: 0, book });
    assert.equal(kernels.memory.buffer, buffer);
    assert.equal(codec.open(record).floatCount, refs);
    break;
  }
});

test('what does not fit is refused, and its definitions are not taken as given', () => {
  const { book, codec } = setUp();
  const value = 'v'.repeat(4000);
  const refs = Uint32Array.from({ length: 3000 }, (_, i) =>
    book.refOfLabels(
      makeLabels([
        [NAME, `m${i}`],
        ['value', value],
      ]),
    ),
  );
  const columns = (from: number, count: number) => ({
    refs: refs.subarray(from, from + count),
    timestamps: new Float64Array(count),
    values: new Float64Array(count),
  });
  const batchOf = (from: number, count: number): Batch => {
    return { partition: 0, receivedMs: 1, lateness: 0, floats: columns(from, count) };
  };
  const dictionary = { epoch: 1, sequence: 5, book };
  assert.throws(
    () => codec.encode(batchOf(0, 3000), dictionary),
    (failure) => failure instanceof MonError && failure.code === 'MON_LIMIT_EXCEEDED',
  );
  const bodies = [new Uint8Array(RECORD_BYTES_MAX)];
  const histograms = { refs: refs.subarray(7, 8), timestamps: new Float64Array(1), bodies };
  assert.throws(
    () => codec.encode({ ...batchOf(0, 10), histograms }, dictionary),
    (failure) => failure instanceof MonError && failure.code === 'MON_LIMIT_EXCEEDED',
  );
  const open = codec.open(codec.encode(batchOf(0, 900), dictionary));
  assert.equal(open.definitionCount, 900);
});

test('columns that cannot be are bugs of the caller', () => {
  const { book, codec } = setUp();
  const ref = book.refOfLabels([NAME, 'm']);
  const dictionary = { epoch: 1, sequence: 0, book };
  const of = (timestamps: number[], values: number[]): Batch => {
    const floats = {
      refs: Uint32Array.of(ref),
      timestamps: Float64Array.from(timestamps),
      values: Float64Array.from(values),
    };
    return { partition: 0, receivedMs: 1, lateness: 0, floats };
  };
  for (const batch of [of([1.5], [1]), of([NaN], [1]), of([2 ** 60], [1]), of([1, 2], [1, 2])]) {
    assert.throws(() => codec.encode(batch, dictionary), BugError);
  }
  const nothing = { partition: 0, receivedMs: 1, lateness: 0 } as const;
  assert.throws(() => codec.encode(nothing, dictionary), BugError);
  // None of them has used the definition up.
  assert.equal(codec.open(codec.encode(of([1], [1]), dictionary)).definitionCount, 1);
});
