// Questions that need only parts of an object: each begins with an empty cache, so a row group that
// was not fetched cannot be read by accident. Long series span several row groups, short ones
// share.
import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SampleFeed, type RawSeries } from '../../../src/engine/cold/cold-rows.ts';
import { FolderObjects } from '../../../src/engine/cold/folder-objects.ts';
import { ParquetTier } from '../../../src/engine/cold/parquet-tier.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { systemDisk } from '../../../src/engine/runtime/system-disk.ts';

const START = 1_705_190_400_000;
const STEP = 15_000;

function makeSeries(count: number, rows: number): RawSeries[] {
  return Array.from({ length: count }, (_, s): RawSeries => {
    const pieces = function* (): ReturnType<RawSeries['pieces']> {
      const timestamps = Float64Array.from({ length: rows }, (__, i) => START + i * STEP);
      const values = Float64Array.from({ length: rows }, (__, i) => s * 1e6 + i);
      const words = new Uint32Array(values.buffer);
      yield { kind: 'float', count: rows, timestamps, words };
    };
    const path = `/p/${String(s).padStart(3, '0')}`;
    return { labels: ['__name__', 'm', 'path', path], hash: BigInt(s), pieces };
  });
}

for (const [count, rows] of [
  [20, 40_000],
  [3, 300_000],
  [500, 600],
]) {
  void test(`${count} series of ${rows} samples are read by parts`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mon-ranges-'));
    const objects = new FolderObjects(systemDisk, join(folder, 'objects'));
    const series = makeSeries(count, rows);
    const open = (turn: number): Promise<ParquetTier> =>
      ParquetTier.open({
        ...{ objects, disk: systemDisk, clock: systemClock, partitions: [0] },
        folder: join(folder, `scratch-${turn}`),
        sources: () => ({
          ...{ series, rows: count * rows, close: () => undefined },
          feed: (all) => new SampleFeed(all as RawSeries[]),
        }),
      });
    let tier = await open(0);
    try {
      const source = { path: '', bytes: 0, rows: 0, hidden: [], name: 'a block' };
      await tier.archive({ partition: 0, kind: 'raw', sources: [source] });
      const random = seededRandom(count);
      const whole = tier.objects(0)[0].data.bytes;
      for (let turn = 1; turn <= 12; turn++) {
        await tier.close();
        tier = await open(turn);
        const below = (n: number): number => Math.floor(random() * n);
        const wanted = new Set([below(count), below(count)]);
        const first = below(rows);
        const last = turn % 3 === 0 ? rows - 1 : Math.min(rows - 1, first + below(200));
        const names = [...wanted].map((s) => `/p/${String(s).padStart(3, '0')}`);
        const { parts, warnings } = await tier.read({
          ...{ partition: 0, kind: 'raw', rowsMax: 1e9 },
          matchers: [{ name: 'path', op: '=~', value: names.join('|') }],
          ...{ minMs: START + first * STEP, maxMs: START + last * STEP },
        });
        assert.deepEqual(warnings, []);
        const [part] = parts;
        const numbers = [...wanted].sort((a, b) => a - b);
        assert.deepEqual(
          part.labels,
          numbers.map((s) => series[s].labels),
        );
        for (const [i, s] of numbers.entries()) {
          assert.equal(part.from[i + 1] - part.from[i], last - first + 1);
          assert.equal(part.timestamps[part.from[i]], START + first * STEP);
          assert.equal(part.columns[0][part.from[i]], s * 1e6 + first);
          assert.equal(part.columns[0][part.from[i + 1] - 1], s * 1e6 + last);
        }
        if (count === 20) assert.ok(tier.counts.fetchedBytes < whole, 'not all of it was fetched');
      }
    } finally {
      await tier.close();
      await rm(folder, { recursive: true });
    }
  });
}
