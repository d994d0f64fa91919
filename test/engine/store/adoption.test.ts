// A store whose checkpoint is lost again and again takes its blocks up by what they say of
// themselves, reads the rest from the log, and shows what it showed before: of two samples at one
// time the first in the log still wins, whatever was sealed late or joined meanwhile. Rerun one
// seed with ADOPTION_SEED=number.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { HOUR, StoreWorld } from './store-world.ts';

const SEEDS = process.env['ADOPTION_SEED']
  ? [Number(process.env['ADOPTION_SEED'])]
  : Array.from({ length: 24 }, (_, i) => i + 1);
const STATE = '/data/head/partition-0000.checkpoint';
const LIVES = 4;

async function work(world: StoreWorld): Promise<void> {
  const { store } = world;
  for (let i = 0; i < 8; i++) {
    await world.append(world.randomSamples());
    if (world.below(4) === 0) world.nowMs += world.below(12) * HOUR;
    // Past the rule that what came late waits: blocks that overlap are what this is about.
    if (world.below(2) === 0) await store.partitions.get(0)?.seal(world.nowMs - HOUR);
    else await store.seal(world.nowMs);
    if (world.below(2) === 0) await store.compact(world.nowMs, 400 * 24 * HOUR);
  }
}

for (const seed of SEEDS) {
  test(`blocks without a checkpoint are taken up in their order, seed ${seed}`, async () => {
    const world = new StoreWorld(seed);
    await world.open();
    for (let life = 0; life < LIVES; life++) {
      await work(world);
      world.check();
      if (world.below(2) === 0) await world.store.checkpoint();
      await world.store.close();
      await world.disk.remove(STATE);
      await world.open();
      world.checkSome();
      assert.ok(world.store.stats().blocks.files > 0, 'there were blocks to take up');
    }
  });
}

test('a block that is joined after a later one was sealed keeps its place before it', async () => {
  const world = new StoreWorld(1);
  const day = Math.ceil(world.nowMs / (24 * HOUR)) * 24 * HOUR;
  const at = (hours: number, bits: bigint) => ({ series: 0, time: day + hours * HOUR, bits });
  world.nowMs = day + 5.5 * HOUR;
  await world.open();
  await world.append([at(1, 1n), at(3, 1n), at(5.4, 1n)]);
  assert.equal((await world.store.seal(world.nowMs)).sealed, 2);
  // Late, for a time that is sealed already, and in a block that is too large to be joined.
  world.nowMs = day + 26 * HOUR;
  const many = Array.from({ length: 2000 }, (_, i) => at(8 + i / 200, BigInt(i * i * i)));
  await world.append([at(1, 2n), ...many]);
  assert.equal((await world.store.seal(world.nowMs)).sealed, 1);
  await world.store.compact(world.nowMs, 400 * 24 * HOUR);
  assert.equal(world.store.stats().blocks.files, 2, 'the first two are one');
  world.check();
  await world.store.close();
  await world.disk.remove(STATE);
  await world.open();
  world.check();
});
