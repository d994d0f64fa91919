// Rollups as a role of its own: a consumer of the log under its own name, with a store and rollups
// in a folder that nobody else has. Easy to get wrong: the log may forget only what both hold, and
// after a restart nothing may count twice.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { BatchCodec } from '../../../src/engine/codec/batch.ts';
import { openRollups, type RollupShard } from '../../../src/engine/daemons/rollup-wiring.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import { Consumer } from '../../../src/engine/log/consume.ts';
import { EmbeddedLog } from '../../../src/engine/log/embedded-log.ts';
import { batchEncoder } from '../../../src/engine/log/record-encoder.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import { QueryService } from '../../../src/engine/query/query-service.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { StoreSource } from '../../../src/engine/store/store-source.ts';
import { Store } from '../../../src/engine/store/store.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';

const DAY = 86_400_000;
const START = 19_700 * DAY;
const STEP = 60_000;
const KEEP = { keepMs: [1e13, 1e13, 1e13, 1e13], runMs: DAY, sketches: [] };

interface Role extends RollupShard {
  readonly consumer: Consumer;
}

async function startRole(disk: MemoryDisk, log: EmbeddedLog): Promise<Role> {
  const kernels = new Kernels();
  const { generation } = log;
  const base = { disk, kernels, generation, clock: systemClock };
  const store = await Store.open({ ...base, folder: '/role/head', partitions: [0, 1] });
  const source = new StoreSource(store);
  const role = await openRollups({ ...base, store, source, folder: '/role/rollups', keep: KEEP });
  const thrown = (failure: unknown): void => assert.fail(String(failure));
  const reading = { name: 'rollup', log, sink: role.sink, clock: systemClock };
  const consumer = new Consumer({ ...reading, failed: thrown, postponed: thrown });
  await consumer.start();
  return { ...role, consumer };
}

async function counted({ source }: Role): Promise<number[]> {
  const rollups = { retentionMs: 15 * DAY, keepMs: KEEP.keepMs };
  const service = new QueryService({ sources: [source], clock: systemClock, rollups });
  const { result } = await service.instant('sum(x{__rollup__="1d:count"})', START + DAY);
  return 'matrix' in result ? [...result.matrix.values] : [];
}

test('a role reads the log under its own name and counts every sample once', async () => {
  const disk = new MemoryDisk({ random: seededRandom(5) });
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, 2);
  const encoder = batchEncoder(new BatchCodec(kernels), book);
  const folder = '/data/log';
  const log = await EmbeddedLog.open({ folder, disk, clock: systemClock, encoder, partitions: 2 });
  const append = async (from: number, to: number): Promise<void> => {
    for (const name of ['a', 'b', 'c', 'd']) {
      const ref = book.refOfLabels(
        makeLabels([
          ['__name__', 'x'],
          ['lane', name],
        ]),
      );
      const timestamps = Float64Array.from(
        { length: to - from },
        (_, i) => START + (from + i) * STEP,
      );
      const refs = Uint32Array.from(timestamps, () => ref);
      const floats = { refs, timestamps, values: timestamps };
      const partition = book.partition(ref);
      await log.append([{ partition, receivedMs: 0, lateness: 0, floats }]);
    }
  };
  let role = await startRole(disk, log);
  const work = async (): Promise<void> => {
    await role.consumer.caughtUp();
    // The channel of a shard keeps order; here the consumer hands over and goes on.
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    for (let idle = 0; idle < 2; idle++) {
      while (await role.rollups.workRollups(START + 2 * DAY)) idle = 0;
    }
  };
  await append(1, 1001);
  await work();
  assert.deepEqual(await counted(role), [4000]);
  // Doubles, and the rest of a day that has been rolled up already.
  await append(500, 1441);
  await work();
  assert.deepEqual(await counted(role), [4 * 1440]);
  await role.consumer.stop();
  await role.sink.close();
  role = await startRole(disk, log);
  await append(1, 900);
  await work();
  assert.deepEqual(await counted(role), [4 * 1440]);
  await role.consumer.stop();
  await role.sink.close();
  await log.close();
});
