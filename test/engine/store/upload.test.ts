// Sealed blocks in an object store, and a store that has lost its disk and comes back from there
// and from the log; objects that nothing names any more go.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { FolderObjects } from '../../../src/engine/cold/folder-objects.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { Store } from '../../../src/engine/store/store.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';
import { HOUR, StoreWorld } from './store-world.ts';

const OBJECTS = '/objects/g1/partition-0000';

test('a store with an empty disk rebuilds itself from objects and the log', async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const world = new StoreWorld(seed);
    const far = new MemoryDisk({ random: seededRandom(seed) });
    world.objects = new FolderObjects(far, '/objects');
    await world.open();
    for (let i = 0; i < 12; i++) {
      await world.append(world.randomSamples());
      await world.store.seal(world.nowMs);
      if (i % 3 === 0) await world.store.compact(world.nowMs, 40 * 24 * HOUR);
      const { postponed } = await world.store.upload();
      assert.deepEqual(postponed, []);
    }
    const named = (await world.store.blocks()).map(({ name }) => name);
    const there = far.names(OBJECTS).filter((name) => name.endsWith('.block'));
    assert.deepEqual(there, named.toSorted(), 'the objects are the blocks');
    assert.equal(far.names(OBJECTS).length, named.length + 1, 'and one manifest');
    await world.store.close();
    world.disk = new MemoryDisk({ random: seededRandom(seed) });
    await world.open();
    world.check();
    assert.equal(world.store.stats().blocks.files, named.length);
    await world.store.upload();
  }
});

test('what was deleted stays so when all but objects and log is lost', async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const world = new StoreWorld(seed);
    const far = new MemoryDisk({ random: seededRandom(seed) });
    world.objects = new FolderObjects(far, '/objects');
    await world.open();
    for (let i = 0; i < 8; i++) {
      await world.append(world.randomSamples());
      if (i % 2 === 0) await world.store.seal(world.nowMs);
      await world.store.upload();
      const path = `/p/${world.below(5)}`;
      const min = world.nowMs - world.below(9) * HOUR;
      const max = min + world.below(9) * HOUR;
      await world.store.delete([[{ name: 'path', op: '=', value: path }]], min, max);
      world.forget((key, time) => world.hasPath(key, path) && time >= min && time <= max);
      // Some of it comes again, which is no matter of what was deleted before.
      await world.append(world.randomSamples());
      if (i % 4 === 3) await world.store.seal(world.nowMs + 9 * HOUR);
    }
    world.check();
    await world.store.close();
    world.disk = new MemoryDisk({ random: seededRandom(seed) });
    await world.open();
    world.check();
    await world.store.seal(world.nowMs + 9 * HOUR);
    world.check();
    await world.store.close();
    await world.open();
    world.check();
  }
});

test('an object store that is full puts uploads off and is tried again', async () => {
  const world = new StoreWorld(3);
  const far = new MemoryDisk({ random: seededRandom(3), capacityBytes: 100 });
  world.objects = new FolderObjects(far, '/objects');
  await world.open();
  for (let i = 0; i < 12; i++) await world.append(world.randomSamples());
  await world.store.seal(world.nowMs);
  assert.equal((await world.store.upload()).postponed.length, 1);
  world.check();
  far.capacityBytes = 1e9;
  assert.ok((await world.store.upload()).uploaded > 0);
});

test('an object never changes, and a key is no path out of the folder', async () => {
  const disk = new MemoryDisk({ random: seededRandom(1) });
  const objects = new FolderObjects(disk, '/objects');
  const bytes = async function* (text: string) {
    yield new TextEncoder().encode(text);
  };
  assert.equal(await objects.putIfAbsent('a/b', bytes('one')), true);
  assert.equal(await objects.putIfAbsent('a/b', bytes('two')), false);
  assert.equal(new TextDecoder().decode(await objects.getRange('a/b', 1, 9)), 'ne');
  assert.deepEqual(await objects.list('a/'), [{ key: 'a/b', bytes: 3 }]);
  assert.deepEqual(await objects.list('c/'), []);
  await assert.rejects(objects.getRange('../b', 0, 1), /no object/);
  await objects.remove('a/b');
  await objects.remove('a/b');
  const kernels = new Kernels();
  const none = { folder: '/data', disk, kernels, partitions: [0], generation: 1, objects };
  assert.equal((await Store.open(none)).stats().samples, 0);
});
