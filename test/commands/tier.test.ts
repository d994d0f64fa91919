// `mon tier` on a real folder of objects: what there is, how much lies in each tier, and damage
// that is found and named. Also what a configuration without a cold tier is told.
import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SampleFeed, type RawSeries } from '../../src/engine/cold/cold-rows.ts';
import { FolderObjects } from '../../src/engine/cold/folder-objects.ts';
import { ParquetTier } from '../../src/engine/cold/parquet-tier.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { systemDisk } from '../../src/engine/runtime/system-disk.ts';
import { runCli } from '../support/run-cli.ts';

const START = 1_700_006_400_000;
const CONFIG = `mon:
  data_dir: data
  tiers: {store: objects, cold_after: 10d, archive: raw}
`;
let folder = '';
let config = '';
let name = '';

function* pieces(): ReturnType<RawSeries['pieces']> {
  const timestamps = Float64Array.of(START, START + 1000, START + 2000);
  const words = new Uint32Array(Float64Array.of(1, NaN, -0).buffer);
  yield { kind: 'float', count: 3, timestamps, words };
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mon-tier-'));
  config = join(folder, 'mon.yml');
  await writeFile(config, CONFIG);
  const series: RawSeries[] = ['a', 'b'].map((job, i) => {
    return { labels: ['__name__', 'up', 'job', job], hash: BigInt(i), pieces };
  });
  const tier = await ParquetTier.open({
    objects: new FolderObjects(systemDisk, join(folder, 'objects')),
    ...{ disk: systemDisk, clock: systemClock, folder: join(folder, 'scratch'), partitions: [2] },
    sources: () => ({
      ...{ series, rows: 6, close: () => undefined },
      feed: (all) => new SampleFeed(all as RawSeries[]),
    }),
  });
  const source = { path: '', name: 'a block', bytes: 0, rows: 6, hidden: [] };
  await tier.archive({ partition: 2, kind: 'raw', sources: [source] });
  name = tier.objects(2)[0].name;
  await tier.close();
});
after(() => rmSync(folder, { recursive: true }));

describe('the tiers', () => {
  const run = (...args: string[]) => runCli(['tier', ...args, '--config', config]);

  it('are listed and counted', async () => {
    const { stdout, stderr, code } = await run('ls', '-o', 'csv');
    assert.deepEqual([stderr, code], ['', 0]);
    const [head, row, end] = stdout.split('\n');
    assert.equal(head, 'partition,kind,name,from,to,series,rows,bytes');
    assert.match(row, new RegExp(`^2,raw,${name},2023-11-15[^,]+,2023-11-15[^,]+,2,6,\\d+$`));
    assert.equal(end, '');
    const status = await run('status', '-o', 'json');
    const { items } = JSON.parse(status.stdout) as { items: Record<string, unknown>[] };
    assert.equal(items.length, 1);
    const [{ tier, kind, files, rows }] = items;
    assert.deepEqual([tier, kind, files, rows], ['cold', 'raw', 1, 6]);
  });

  it('are well until a byte changes', async () => {
    const well = await run('verify', '-o', 'csv');
    assert.deepEqual([well.stderr, well.code], ['', 0]);
    assert.match(
      well.stdout,
      new RegExp(
        `^partition,name,bytes,state\n2,manifest-000000000001.json,\\d+,good\n2,${name},\\d+,good\n$`,
      ),
    );
    const key = `cold/partition-0002/${name}.samples.parquet`;
    const path = join(folder, 'objects', key);
    const byte = Buffer.alloc(1);
    const file = openSync(path, 'r+');
    readSync(file, byte, 0, 1, 100);
    byte[0] ^= 8;
    writeSync(file, byte, 0, 1, 100);
    closeSync(file);
    const hurt = await run('verify', '-o', 'csv');
    assert.equal(hurt.code, 1);
    assert.ok(hurt.stdout.endsWith(`,${key}: checksum\n`), hurt.stdout);
    rmSync(path);
    const gone = await run('verify', '-o', 'jsonl');
    assert.equal(gone.code, 1);
    assert.match(gone.stdout, /not there/);
  });

  it('need a configuration that has them', async () => {
    const plain = join(folder, 'plain.yml');
    await writeFile(plain, 'mon: {}\n');
    const { stdout, stderr, code } = await runCli(['tier', 'ls', '--config', plain]);
    assert.deepEqual([stdout, code], ['', 2]);
    assert.match(stderr, /the configuration has no cold tier/);
  });
});
