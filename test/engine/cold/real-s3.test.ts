// The cold tier over an implementation of S3 that is not ours: the contract of object stores, an
// archive that is written and read back, and a byte that was flipped in the store. Easy to get
// wrong: a store of somebody else knows other conditions, and answers other words.
import { strict as assert } from 'node:assert';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SampleFeed, type RawSeries } from '../../../src/engine/cold/cold-rows.ts';
import { ParquetTier } from '../../../src/engine/cold/parquet-tier.ts';
import { S3Objects } from '../../../src/engine/cold/s3-objects.ts';
import { verifyCold } from '../../../src/engine/cold/inspect.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { systemDisk } from '../../../src/engine/runtime/system-disk.ts';
import { objectsContract } from '../../contract/objects.contract.ts';
import { skipWithoutS3, startS3 } from '../../support/real-s3.ts';

const skip = skipWithoutS3();
const START = 1_705_190_400_000;
const ROWS = 50_000;

if (skip === false) {
  const open = async () => {
    const store = await startS3();
    return { objects: new S3Objects(store.settings), close: () => store.close() };
  };
  // It drops the connection when an empty object is asked for a range.
  objectsContract('s3rver', open, { emptyObjects: false });
}

async function failures(objects: S3Objects): Promise<string[]> {
  const all: string[] = [];
  for await (const { failures: own } of verifyCold(objects, 1)) all.push(...own);
  return all;
}

const series = Array.from({ length: 4 }, (_, s): RawSeries => {
  const pieces = function* (): ReturnType<RawSeries['pieces']> {
    const timestamps = Float64Array.from({ length: ROWS }, (__, i) => START + i * 15_000);
    const values = Float64Array.from({ length: ROWS }, (__, i) => s * 1e6 + i);
    const words = new Uint32Array(values.buffer);
    yield { kind: 'float', count: ROWS, timestamps, words };
  };
  return { labels: ['__name__', 'm', 's', String(s)], hash: BigInt(s), pieces };
});

test('an archive in s3rver is read back, and a flipped byte is found', { skip }, async () => {
  const store = await startS3();
  const folder = await mkdtemp(join(tmpdir(), 'mon-real-s3-'));
  const objects = new S3Objects(store.settings);
  const open = (turn: number): Promise<ParquetTier> =>
    ParquetTier.open({
      ...{ objects, disk: systemDisk, clock: systemClock, partitions: [0] },
      folder: join(folder, `scratch-${turn}`),
      sources: () => ({
        ...{ series, rows: series.length * ROWS, close: () => undefined },
        feed: (all) => new SampleFeed(all as RawSeries[]),
      }),
    });
  let tier = await open(0);
  try {
    const source = { path: '', bytes: 0, rows: 0, hidden: [], name: 'a block' };
    await tier.archive({ partition: 0, kind: 'raw', sources: [source] });
    await tier.close();
    tier = await open(1);
    const { parts, warnings } = await tier.read({
      ...{ partition: 0, kind: 'raw', rowsMax: 1e9 },
      matchers: [{ name: 's', op: '=', value: '2' }],
      ...{ minMs: START, maxMs: START + ROWS * 15_000 },
    });
    assert.deepEqual(warnings, []);
    assert.equal(parts[0].columns[0][ROWS - 1], 2e6 + ROWS - 1);
    assert.deepEqual(await failures(objects), []);
    const names = await readdir(join(store.folder, 'cold', 'partition-0000'));
    const name = names.find((one) => one.includes('.samples.parquet._S3rver_object')) as string;
    const path = join(store.folder, 'cold', 'partition-0000', name);
    const bytes = await readFile(path);
    bytes[Math.floor(bytes.length / 2)] ^= 1;
    await writeFile(path, bytes);
    assert.ok((await failures(objects)).length > 0);
  } finally {
    await tier.close();
    await store.close();
    await rm(folder, { recursive: true });
  }
});
