// Every byte of a small state file flipped, and the file cut at each: a store that opens on it
// refuses with the name of the file and what can be done, and what the hint says works.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { Store } from '../../../src/engine/store/store.ts';
import { HOUR, StoreWorld } from './store-world.ts';

const STATE = '/data/head/partition-0000.checkpoint';

async function smallWorld(): Promise<StoreWorld> {
  const world = new StoreWorld(3);
  await world.open();
  await world.append(world.randomSamples());
  await world.store.seal(world.nowMs + 9 * HOUR);
  const time = world.nowMs;
  await world.append([
    { series: 1, time, bits: 0x4008000000000000n },
    { series: 1, time: time + 1, bits: 0x400a000000000000n },
    { series: 2, time, bits: 0x7ff0000000000002n },
  ]);
  await world.store.delete([[{ name: 'path', op: '=', value: '/p/0' }]], 0, time);
  world.forget((key, t) => world.hasPath(key, '/p/0') && t >= 0 && t <= time);
  await world.store.checkpoint();
  await world.store.close();
  return world;
}

async function refused(world: StoreWorld, kernels: Kernels, words: string): Promise<void> {
  const options = { folder: '/data/head', disk: world.disk, partitions: [0], generation: 1 };
  await assert.rejects(Store.open({ ...options, kernels }), (thrown) => {
    assert.ok(thrown instanceof MonError, `${words}: ${String(thrown)}`);
    assert.equal(thrown.code, 'MON_CHECKPOINT_CORRUPT', words);
    assert.match(thrown.message, new RegExp(STATE), words);
    assert.match(String(thrown.hint), /remove the file to rebuild/);
    return true;
  });
}

test('every flipped byte and every cut of a state file is refused by its name', async () => {
  const world = await smallWorld();
  const whole = world.disk.content(STATE);
  assert.ok(whole.length < 6000, `${whole.length} bytes are few enough to try them all`);
  const kernels = new Kernels();
  for (let at = 0; at < whole.length; at++) {
    world.disk.corrupt(STATE, at, 1 << (at % 8));
    await refused(world, kernels, `byte ${at} of ${whole.length}`);
    world.disk.corrupt(STATE, at, 1 << (at % 8));
  }
  for (let size = 0; size < whole.length; size++) {
    await world.disk.replaceFile(STATE, [whole.subarray(0, size)]);
    await refused(world, kernels, `cut to ${size} of ${whole.length}`);
  }
  await world.disk.replaceFile(STATE, [whole]);
  await world.open();
  world.check();
  await world.store.close();
});
