// A store agrees with a naive model about every sample, whatever was sealed, joined, deleted, set
// aside or read again from disk in between. Rerun one seed with STORE_SEED=number.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { HOUR, StoreWorld } from './store-world.ts';

const SEEDS = process.env.STORE_SEED
  ? [Number(process.env.STORE_SEED)]
  : Array.from({ length: 16 }, (_, i) => i + 1);

async function step(world: StoreWorld): Promise<void> {
  const { store } = world;
  switch (world.below(9)) {
    case 0:
      await store.partitions.get(0)?.seal(world.nowMs - world.below(30) * HOUR);
      break;
    case 1:
      await store.seal(world.nowMs);
      break;
    case 2:
      await store.compact(world.nowMs, 10 * 24 * HOUR * world.below(3));
      break;
    case 3: {
      // Records arrive while a block is written.
      const sealing = store.partitions.get(0)?.seal(world.nowMs - world.below(9) * HOUR);
      for (let i = 0; i < 5; i++) await world.append(world.randomSamples());
      world.check();
      await sealing;
      break;
    }
    case 4: {
      const path = `/p/${world.below(9)}`;
      const min = world.nowMs - world.below(60) * HOUR;
      const max = min + world.below(20) * HOUR;
      await store.delete([[{ name: 'path', op: '=', value: path }]], min, max);
      world.forget((key, time) => world.hasPath(key, path) && time >= min && time <= max);
      break;
    }
    case 5:
      if (world.below(3) === 0) {
        const floor = world.nowMs - (10 + world.below(100)) * HOUR;
        world.truncateModel(floor);
        await store.truncateBefore(floor);
      }
      if (world.below(2) === 0) await store.cleanTombstones();
      break;
    case 6:
      await store.checkpoint();
      break;
    case 7:
      await store.checkpoint();
      await store.close();
      await world.open();
      break;
    default:
      for (let i = 0; i < 3; i++) await world.append(world.randomSamples());
  }
}

for (const seed of SEEDS) {
  test(`a store agrees with a naive model, seed ${seed}`, async () => {
    const world = new StoreWorld(seed);
    await world.open();
    for (let i = 0; i < 50; i++) {
      await world.append(world.randomSamples());
      await step(world);
      world.checkSome();
    }
    assert.ok(world.check() >= 0);
  });
}
