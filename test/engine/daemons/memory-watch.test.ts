// What happens when the memory of the heads nears its end: new series are refused first, then
// everything, known series go on until then, and sealing opens the door again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryWatch } from '../../../src/engine/daemons/memory-watch.ts';
import { MonError } from '../../../src/engine/errors.ts';
import type { PushOutcome } from '../../../src/engine/ports.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { Chain } from '../../sim/chain.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { writeRequestBody } from '../../support/write-request.ts';

const HOUR = 3_600_000;
const HOLD = 1_000_000;
const SETTINGS = {
  ...{ partitions: 2, stores: 1, segmentBytes: 1 << 20, pendingBytesMax: 1 << 24 },
  ...{ recentBytes: 1 << 20, keepMs: 0, gatherMs: 0, checkpointMs: HOUR, checkpointBytes: 1 << 24 },
  ...{ retentionMs: 240 * HOUR, recordBytes: 1 << 20, cached: false },
};

class World {
  readonly clock = new VirtualClock();
  readonly disk = new MemoryDisk({ random: seededRandom(1), clock: this.clock });
  readonly told: string[] = [];
  chain!: Chain;
  watch!: MemoryWatch;
  /** What the shard says that it holds; a real one takes gigabytes to get there. */
  memoryBytes = 0;

  async open(): Promise<void> {
    const failed = (error: unknown): void => {
      throw error;
    };
    const given = { disk: this.disk, clock: this.clock, settings: SETTINGS, failed };
    this.chain = await Chain.open({
      ...{ ...given, postponed: failed },
      opened: async (log, book) => {
        const stats = (): { series: number; memoryBytes: number }[] =>
          this.chain.stores.map((store) => ({ ...store.stats(), memoryBytes: this.memoryBytes }));
        const tell = (words: string): void => void this.told.push(words);
        const limits = { holdBytes: HOLD, maxBytes: 2 * HOLD };
        this.watch = new MemoryWatch({ book, stats, tell, ...limits });
        return this.watch.guard(log);
      },
    });
    await this.chain.start();
  }

  /** Series from..to, one sample each. */
  async push(from: number, to: number): Promise<PushOutcome> {
    const timestamp = this.clock.now();
    const series = Array.from({ length: to - from }, (_, i) => ({
      labels: { __name__: 'm', number: `${from + i}`, more: `label-${from + i}-of-some-length` },
      samples: [{ timestamp, value: i }],
    }));
    const outcome = await this.chain.door.remoteWrite(writeRequestBody(series));
    await this.chain.consumer.caughtUp();
    await this.clock.advance(1000);
    this.watch.look();
    return outcome;
  }
}

test('new series are refused before the heads are full, and everything when they are', async () => {
  const world = new World();
  await world.open();
  await world.push(0, 1000);
  await world.chain.stop();
  await world.open();
  world.memoryBytes = HOLD;
  world.watch.look();
  assert.deepEqual(world.told, ['the heads are nearly full: no new series are taken']);
  // The book of the new run knows none of them, and takes those that the heads hold.
  assert.equal((await world.push(0, 1000)).refused, 0);
  const outcome = await world.push(500, 1500);
  assert.deepEqual([outcome.accepted, outcome.refused], [500, 500]);
  assert.deepEqual(outcome.reasons, { tooManySeries: 500 });
  assert.match(outcome.examples[0], /no room for more series/);
  assert.equal(world.chain.stores[0].stats().series, 1000);

  world.memoryBytes = 2 * HOLD;
  world.watch.look();
  await assert.rejects(world.push(0, 10), (thrown) => {
    assert.ok(thrown instanceof MonError);
    assert.equal(thrown.code, 'MON_LOG_BUSY');
    assert.match(String(thrown.hint), /more shards/);
    return true;
  });
  await world.chain.door.tick();

  world.memoryBytes = 0;
  world.watch.look();
  assert.equal((await world.push(500, 1500)).refused, 0);
  assert.equal(world.chain.stores[0].stats().series, 1500);
  assert.deepEqual(world.told.slice(1), [
    'the heads are full: nothing is taken until blocks are sealed',
    'the heads have room again: new series are taken',
  ]);
  await world.chain.stop();
});
