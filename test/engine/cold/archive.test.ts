// Blocks into the cold tier and back into queries: nothing lost, nothing doubled, nothing left
// over, whatever step the process dies at. Seeds are printed with a failure.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { ColdWorld, type Death } from './cold-world.ts';
import { HOUR } from '../store/store-world.ts';

const DEATHS: readonly (Death | undefined)[] = [
  ...['written', 'data up', 'index up', 'named', 'archived'],
  undefined,
] as (Death | undefined)[];

async function withWorld(seed: number, work: (world: ColdWorld) => Promise<void>): Promise<void> {
  const world = new ColdWorld(seed);
  try {
    await world.open();
    await work(world);
  } catch (thrown) {
    throw new Error(`seed ${seed}`, { cause: thrown });
  } finally {
    await world.close();
  }
}

/** Some hours of samples, sealed. */
async function live(world: ColdWorld): Promise<void> {
  for (let i = 0; i < 12; i++) {
    await world.append(world.randomSamples());
    world.nowMs += world.below(3) * HOUR;
  }
  world.nowMs += 20 * HOUR;
  await world.store.seal(world.nowMs);
  await world.store.compact(world.nowMs, 1000 * HOUR);
}

test('what is old is answered from objects, the rest from blocks and head', async () => {
  for (let seed = 1; seed <= 6; seed++) {
    await withWorld(seed, async (world) => {
      if (seed % 2 === 0) world.rowsMax = 300;
      await world.tier.close();
      await world.open();
      await live(world);
      const before = await world.checkAll();
      assert.ok(await world.archive());
      assert.ok(world.archivedRows > 0);
      assert.equal(world.archivedRows + world.localSamples(), before);
      await live(world);
      await world.archive();
      await world.checkAll();
      const min = world.nowMs - world.below(100) * HOUR;
      await world.checkAll(min, min + world.below(60) * HOUR);
    });
  }
});

test('a death at any step of the archive loses, doubles and leaves nothing', async () => {
  for (const [i, dying] of DEATHS.entries()) {
    await withWorld(100 + i, async (world) => {
      await live(world);
      const before = await world.checkAll();
      world.dying = dying;
      assert.equal(await world.archive(), dying === undefined);
      await world.checkAll();
      // The process begins anew on what it left.
      await world.tier.close();
      await world.open();
      await world.checkAll();
      assert.ok(await world.archive());
      await world.checkAll();
      assert.equal(world.archivedRows + world.localSamples(), before, `died at ${dying}`);
      await world.tier.keepOnly(0, world.nowMs, {});
      const keys = (await world.cold.list('cold/partition-0000/')).map(({ key }) => key);
      const named = world.tier.objects(0).length * 2;
      assert.equal(keys.filter((key) => key.endsWith('.parquet')).length, named);
      assert.ok(keys.length - named <= 2, 'a manifest and the one before');
    });
  }
});

/** Hours of samples that are sealed in between, so that late doubles become blocks of their own. */
async function liveOn(world: ColdWorld): Promise<void> {
  for (let i = 0; i < 6; i++) {
    await world.append(world.randomSamples());
    world.nowMs += world.below(6) * HOUR;
    if (world.below(3) === 0) await world.store.seal(world.nowMs);
  }
  await world.store.seal(world.nowMs);
  if (world.below(2) === 0) await world.store.compact(world.nowMs, 1000 * HOUR);
}

test('the first in log order wins, whenever blocks of late doubles are archived', async () => {
  for (const seed of [2, 4, 8]) {
    await withWorld(seed, async (world) => {
      for (let round = 0; round < 6; round++) {
        await liveOn(world);
        await world.checkAll();
        world.dying = world.below(2) === 0 ? DEATHS[world.below(DEATHS.length)] : undefined;
        if (!(await world.archive())) {
          await world.tier.close();
          await world.open();
          await world.checkAll();
          // What lies in both tiers now may be joined with more before it is archived again.
          if (world.below(2) === 0) await liveOn(world);
          await world.archive();
        }
        world.dying = undefined;
        await world.checkAll();
      }
      assert.ok(world.archivedRows > 0);
    });
  }
});

test('archived samples can be deleted and forgotten', () =>
  withWorld(31, async (world) => {
    await live(world);
    await world.archive();
    const one = [{ name: 'path', op: '=', value: '/p/1' }] as const;
    const from = world.nowMs - 60 * HOUR;
    await world.store.delete([one], from, Infinity);
    await world.tier.delete(0, [one], from, Infinity);
    world.forget((key, time) => world.hasPath(key, '/p/1') && time >= from);
    await world.checkAll();
    await world.tier.close();
    await world.open();
    await world.checkAll();
    const objects = world.tier.objects(0);
    const past = world.nowMs - objects[0].maxMs - 1;
    assert.ok((await world.tier.keepOnly(0, world.nowMs, { raw: past })) >= 1);
    assert.ok(world.tier.objects(0).every(({ maxMs }) => maxMs > objects[0].maxMs));
    const files = async (): Promise<number> =>
      (await world.cold.list('cold/partition-0000/')).length;
    const kept = await files();
    await world.tier.keepOnly(0, world.nowMs + HOUR, { raw: 1e12 });
    assert.ok((await files()) < kept, 'files go after their time of grace');
  }));
