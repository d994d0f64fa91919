// Producers with books of their own through one log: every sample comes out under its own labels,
// whatever numbers its producer gave them, over dictionaries that begin anew and producers that go.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { BatchCodec } from '../../../src/engine/codec/batch.ts';
import { labelsOf } from '../../../src/engine/codec/canonical.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import { RecordTranslator } from '../../../src/engine/remote/record-translator.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

const PARTITIONS = 3;

function producer() {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, PARTITIONS);
  return { book, codec: new BatchCodec(kernels) };
}

const labelsFor = (i: number): string[] =>
  makeLabels([
    ['__name__', 'm'],
    ['i', `${i}`],
  ]) as string[];

test('samples of many producers keep their labels and their bits', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const kernels = new Kernels();
    const book = new SeriesBook(kernels, PARTITIONS);
    const reader = new BatchCodec(kernels, 'reader');
    const open = (): RecordTranslator => new RecordTranslator({ codec: reader, book, kernels });
    const all = Array.from({ length: 3 }, () => ({ ...producer(), into: open(), sequence: 0 }));
    for (let step = 0; step < 60; step++) {
      const one = all[Math.floor(random() * all.length)];
      if (random() < 0.1) one.sequence++;
      if (random() < 0.1) {
        one.into.close();
        one.into = open();
        one.sequence++;
        book.turn();
        book.forget(1);
      }
      const numbers = Array.from({ length: 5 }, () => Math.floor(random() * 40));
      const refs = numbers.map((i) => one.book.refOfLabels(labelsFor(i)));
      const partition = one.book.partition(refs[0]);
      const ours = refs.map((ref, k) => [ref, numbers[k]] as const);
      const kept = ours.filter(([ref]) => one.book.partition(ref) === partition);
      const record = one.codec.encode(
        {
          ...{ partition, receivedMs: 1000 + step, lateness: 1 },
          floats: {
            refs: Uint32Array.from(kept, ([ref]) => ref),
            timestamps: Float64Array.from(kept, (_, k) => 1000 * step + k),
            values: Float64Array.from(kept, ([, i]) => i + 0.25),
          },
        },
        { epoch: 1, sequence: one.sequence, book: one.book },
      );
      const batch = one.into.open(record.slice());
      const words = `seed ${seed}, step ${step}`;
      assert.equal(batch.partition, partition, words);
      assert.equal(batch.lateness, 1, words);
      kept.forEach(([, i], k) => {
        const ref = batch.floats?.refs[k] as number;
        assert.deepEqual(labelsOf(book.canonical(ref)), labelsFor(i), words);
        assert.equal(batch.floats?.values[k], i + 0.25, words);
        assert.equal(batch.floats?.timestamps[k], 1000 * step + k, words);
      });
    }
  }
});

test('a record that leans on what was not defined is refused, damaged bytes too', () => {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, PARTITIONS);
  const into = new RecordTranslator({ codec: new BatchCodec(kernels, 'reader'), book, kernels });
  const from = producer();
  const ref = from.book.refOfLabels(labelsFor(1));
  const partition = from.book.partition(ref);
  const encode = (sequence: number): Uint8Array =>
    from.codec
      .encode(
        {
          ...{ partition, receivedMs: 1, lateness: 0 },
          floats: {
            refs: Uint32Array.of(ref),
            timestamps: Float64Array.of(1),
            values: Float64Array.of(2),
          },
        },
        { epoch: 1, sequence, book: from.book },
      )
      .slice();
  const defines = encode(0);
  const leans = encode(0);
  assert.throws(() => into.open(leans), /was not defined/);
  into.open(defines);
  into.open(leans);
  for (let seed = 1; seed <= 500; seed++) {
    const random = seededRandom(seed);
    const bytes = defines.slice();
    for (let i = 0; i < 3; i++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
    try {
      into.open(bytes);
    } catch (thrown) {
      assert.ok(thrown instanceof MonError && thrown.kind === 'data', `seed ${seed}: ${thrown}`);
    }
  }
});
