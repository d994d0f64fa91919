// `mon store` and `mon doctor` on the files of a real data folder: sizes, blocks, damage that is
// found and named, samples printed with every value that JSON has no number for.
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { BatchCodec } from '../../src/engine/codec/batch.ts';
import { encodeHistogram } from '../../src/engine/codec/histogram.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import { makeHistogram } from '../../src/engine/model/histogram.ts';
import { makeLabels } from '../../src/engine/model/labels.ts';
import { systemDisk } from '../../src/engine/runtime/system-disk.ts';
import { Store } from '../../src/engine/store/store.ts';
import { listOf } from '../support/random-histograms.ts';
import { runCli } from '../support/run-cli.ts';

const START = 1_700_006_400_000;
let folder = '';
let block = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mon-store-'));
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, 1);
  const labels = makeLabels([
    ['__name__', 'up'],
    ['job', 'a\u001b[31m'],
  ]);
  const refs = new Uint32Array(3).fill(book.refOfLabels(labels));
  const floats = {
    refs,
    timestamps: Float64Array.of(START, START + 1000, START + 2000),
    values: Float64Array.of(1, NaN, -Infinity),
  };
  const body = encodeHistogram(
    makeHistogram({
      count: 5,
      sum: 2.5,
      zeroCount: 2,
      zeroThreshold: 0.5,
      positive: listOf([1, 2], [1, 2]),
    }),
    { timestampMs: START + 3000, integer: true },
  );
  const histograms = { refs: refs.slice(0, 1), timestamps: Float64Array.of(START + 3000) };
  const batch = {
    ...({ partition: 0, receivedMs: 0, lateness: 0, floats } as const),
    histograms: { ...histograms, bodies: [body] },
  };
  const bytes = new BatchCodec(kernels).encode(batch, { epoch: 1, sequence: 1, book });
  const store = await Store.open({
    ...{ folder: join(folder, 'head'), disk: systemDisk, kernels: new Kernels() },
    ...{ partitions: [0], generation: 1 },
  });
  await store.apply([{ partition: 0, offset: 0, bytes: bytes.slice(), definitionsOnly: false }]);
  await store.seal(START + 24 * 3_600_000);
  const [{ name }] = await store.blocks();
  block = join(folder, 'head/blocks/partition-0000', name);
  await store.close();
});

describe('the files of a store', () => {
  const run = (...args: string[]) => runCli([...args, '--data-dir', folder]);

  it('are listed, counted and checked', async () => {
    const { stdout, code } = await run('store', 'ls', '-o', 'json');
    assert.equal(code, 0);
    const [item] = (JSON.parse(stdout) as { items: Record<string, unknown>[] }).items;
    assert.deepEqual([item['series'], item['samples'], item['state']], [1, 4, 'good']);
    const stats = await run('store', 'stats', '-o', 'jsonl');
    assert.equal((JSON.parse(stats.stdout) as { samples: number }).samples, 4);
    assert.equal((await run('store', 'verify')).code, 0);
    const well = await run('doctor');
    assert.deepEqual([well.code, well.stdout], [0, '']);
  });

  it('are nowhere where no server has been', async () => {
    for (const command of ['ls', 'stats', 'verify']) {
      const { stdout, stderr, code } = await runCli(['store', command, '--data-dir', '/nosuch']);
      const hint = 'hint: name the data folder of a server with --data-dir DIR\n';
      assert.deepEqual([stdout, code], ['', 5]);
      assert.equal(stderr, `error: no samples lie in /nosuch\n${hint}`);
    }
  });

  it('are printed with every value', async () => {
    const { stdout } = await runCli(['store', 'dump', block]);
    const { labels, samples } = JSON.parse(stdout) as { labels: object; samples: unknown };
    assert.deepEqual(labels, { __name__: 'up', job: 'a\u001b[31m' });
    const values = ['1', 'NaN', '-Inf'];
    const buckets = [
      [3, '-0.5', '0.5', '2'],
      [0, '1', '2', '1'],
      [0, '2', '4', '2'],
    ];
    assert.deepEqual(samples, [
      ...values.map((value, i) => [START + i * 1000, value]),
      [START + 3000, { count: '5', sum: '2.5', buckets }],
    ]);
  });

  it('are named when they are damaged', async () => {
    const file = openSync(block, 'r+');
    writeSync(file, Uint8Array.of(readFileSync(block)[40] ^ 1), 0, 1, 40);
    closeSync(file);
    const verified = await run('store', 'verify', '-o', 'csv');
    assert.equal(verified.code, 1);
    assert.match(verified.stdout, /checksum is wrong/);
    const store = await Store.open({
      ...{ folder: join(folder, 'head'), disk: systemDisk, kernels: new Kernels() },
      ...{ partitions: [0], generation: 1 },
    });
    const [reader] = store.readers(START, START + 5000);
    assert.throws(() => {
      for (const id of reader.match([], START, START + 5000)) {
        const values = new Float64Array(8);
        const words = new Uint32Array(values.buffer);
        reader.read(id, START, START + 5000, { timestamps: new Float64Array(8), values, words });
      }
    }, /checksum is wrong/);
    await store.keepOnly(START, { retentionMs: 1000 });
    const [partition] = store.partitions.values();
    await partition.setAside(block);
    await store.checkpoint();
    await store.close();
    const ill = await run('doctor', '-o', 'csv');
    assert.equal(ill.code, 1);
    assert.match(ill.stdout, /set aside/);
    assert.match(ill.stdout, /is not served/);
  });
});
