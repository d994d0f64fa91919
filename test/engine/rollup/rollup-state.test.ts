// The state of rollups on disk: what is written is read, anything else is refused; and a partition
// whose state is lost or whose file is damaged goes on with what it has. Easy to get wrong: a
// window that was rolled up before must not be lost with the state.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { decodeState, encodeState } from '../../../src/engine/rollup/rollup-state.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { HOUR, RollupWorld } from './rollup-world.ts';

const STATE = {
  ...{ generation: 1, version: 77, foldedTo: 10 * HOUR, dirty: [0, HOUR], days: [0] },
  ...{ nextSequence: 9, files: [], tombstones: [] },
};

test('a state is read as it was written, or refused', () => {
  const bytes = Buffer.concat(encodeState(STATE));
  assert.deepEqual(decodeState(bytes, 'x'), STATE);
  const random = seededRandom(3);
  for (let i = 0; i < 3000; i++) {
    const bad = Buffer.from(bytes);
    const at = Math.floor(random() * bad.length);
    bad[at] ^= 1 + Math.floor(random() * 255);
    const cut = i % 3 === 0 ? bytes.subarray(0, at) : bad;
    assert.throws(() => decodeState(cut, 'x'), MonError, `byte ${at}`);
  }
});

async function filled(seed: number): Promise<RollupWorld> {
  const world = new RollupWorld(seed);
  await world.open();
  for (let i = 0; i < 6; i++) await world.append(world.randomSamples());
  world.nowMs += 60 * HOUR;
  await world.workAll();
  await world.checkpoint();
  return world;
}

async function reopened(world: RollupWorld): Promise<void> {
  await world.rollups.close();
  await world.open();
  await world.workAll();
  world.checkRows();
}

test('a lost state: files are taken up again, and what has samples is computed anew', async () => {
  const world = await filled(11);
  const { files } = world.rollups.status();
  assert.ok(files > 0);
  await world.disk.remove('/data/rollups/partition-0000.rollups');
  await reopened(world);
  assert.ok(world.rollups.status().files > 0);
});

test('a damaged state is set aside', async () => {
  const world = await filled(12);
  await world.disk.replaceFile('/data/rollups/partition-0000.rollups', [Uint8Array.of(1, 2, 3)]);
  await reopened(world);
  assert.ok(await world.disk.exists('/data/rollups/partition-0000.rollups.corrupt'));
});

test('a damaged file is set aside, and its hours are computed anew', async () => {
  const world = await filled(13);
  const folder = '/data/rollups/partition-0000';
  const [name] = (await world.disk.list(folder)).filter((one) => one.endsWith('.rollup'));
  const bytes = await world.disk.readFile(`${folder}/${name}`);
  await world.rollups.close();
  await world.disk.replaceFile(`${folder}/${name}`, [bytes.slice(0, bytes.length - 9)]);
  await world.open();
  await world.workAll();
  world.checkRows();
  assert.ok((await world.disk.list(folder)).includes(`${name}.corrupt`));
});

test('deleted samples are in no window, and the rest of a window stays', async () => {
  for (let seed = 21; seed <= 26; seed++) {
    const world = await filled(seed);
    const matchers = [{ name: 'path', op: '=~', value: '/p/[02]' }] as const;
    const minMs = world.nowMs - (61 + world.below(40)) * HOUR + world.below(HOUR);
    const maxMs = minMs + world.below(10 * HOUR);
    await world.store.delete([matchers], minMs, maxMs);
    await world.rollups.delete([matchers], minMs, maxMs);
    world.forget((key, time) => {
      return (
        (world.hasPath(key, '/p/0') || world.hasPath(key, '/p/2')) && time >= minMs && time <= maxMs
      );
    });
    await world.workAll();
    world.checkRows();
    await world.checkpoint();
    await reopened(world);
  }
});

test('where samples are gone, windows that a deletion cuts come from narrower ones', async () => {
  for (let seed = 31; seed <= 36; seed++) {
    const world = await filled(seed);
    const minute = 60_000;
    const matchers = [{ name: 'path', op: '=~', value: '/p/[02]' }] as const;
    const begin = Math.floor((world.nowMs - (61 + world.below(40)) * HOUR) / minute) * minute;
    const minMs = begin + world.below(60) * minute + 1;
    const maxMs = minMs - 1 + (1 + world.below(600)) * minute;
    // All samples go, all windows stay.
    await world.store.truncateBefore(world.nowMs - HOUR);
    await world.store.delete([matchers], minMs, maxMs);
    await world.rollups.delete([matchers], minMs, maxMs);
    world.forget((key, time) => {
      const own = world.hasPath(key, '/p/0') || world.hasPath(key, '/p/2');
      return own && time >= minMs && time <= maxMs;
    });
    await world.workAll();
    assert.ok(world.checkRows() > 0, `seed ${seed}`);
  }
});
