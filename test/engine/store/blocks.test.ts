// What a store does with its files when things go wrong: bytes that flip, files that vanish, a
// state that is gone, a disk that is full. What can be served is served, and what is missing is
// said.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Fragment } from '../../../src/engine/model/fragment.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { Store } from '../../../src/engine/store/store.ts';
import { StoreSource } from '../../../src/engine/store/store-source.ts';
import { HOUR, StoreWorld } from './store-world.ts';

const FOLDER = '/data/head/blocks/partition-0000';
const STATE = '/data/head/partition-0000.checkpoint';

async function sealedWorld(seed: number): Promise<StoreWorld> {
  const world = new StoreWorld(seed);
  await world.open();
  for (let i = 0; i < 12; i++) await world.append(world.randomSamples());
  await world.store.seal(world.nowMs);
  await world.append(world.randomSamples());
  await world.store.checkpoint();
  return world;
}

function countFragment(atMs: number): Fragment {
  return {
    matchers: [{ name: 'path', op: '=~', value: '.+' }],
    grid: { start: atMs, end: atMs, step: 1 },
    windowMs: 1000 * HOUR,
    fn: 'count_over_time',
    args: [],
    keepName: false,
    maxSeries: 1000,
    maxSamples: 1e7,
  } as Fragment;
}

test('every flipped byte of a block is found, and nothing wrong is served', async () => {
  const world = await sealedWorld(4);
  const [name] = world.disk.names(FOLDER);
  const path = `${FOLDER}/${name}`;
  const size = world.disk.content(path).length;
  const stride = Math.max(1, Math.floor(size / 400));
  for (let at = 0; at < size; at += stride) {
    world.disk.corrupt(path, at, 1 << (at % 8));
    const options = { folder: '/data/head', disk: world.disk, partitions: [0], generation: 1 };
    const store = await Store.open({ ...options, kernels: new Kernels() });
    const answer = await new StoreSource(store).fragment(countFragment(world.nowMs));
    const damaged = (await store.blocks()).filter((one) => one.damaged === true);
    assert.deepEqual(
      damaged.map((one) => one.name),
      [name],
      `byte ${at} of ${size}`,
    );
    assert.match(answer.warnings.join(), /is damaged/);
    await store.close();
    // Back as it was.
    await world.disk.rename(`${path}.corrupt`, path);
    world.disk.corrupt(path, at, 1 << (at % 8));
  }
  await world.open();
  world.check();
});

test('a store without its state is rebuilt from its blocks and the log', async () => {
  for (let seed = 1; seed <= 8; seed++) {
    const world = await sealedWorld(seed);
    for (let i = 0; i < 6; i++) {
      await world.append(world.randomSamples());
      await world.store.seal(world.nowMs);
      if (i % 2 === 1) await world.store.compact(world.nowMs, 40 * 24 * HOUR);
    }
    await world.store.checkpoint();
    await world.store.close();
    await world.disk.remove(STATE);
    await world.open();
    world.check();
    assert.ok(world.store.stats().blocks.files > 0);
  }
});

test('a snapshot is a store of its own', async () => {
  const world = await sealedWorld(2);
  await world.store.snapshot('/data/snapshots/one/head');
  const then = new Map([...world.model].map(([key, times]) => [key, new Map(times)]));
  await world.append(world.randomSamples());
  await world.store.delete([[{ name: 'path', op: '=~', value: '.*' }]], -Infinity, Infinity);
  await world.store.cleanTombstones();
  world.model.forEach((times) => times.clear());
  world.check();
  const options = { folder: '/data/snapshots/one/head', disk: world.disk, partitions: [0] };
  const kernels = new Kernels();
  await world.store.close();
  world.store = await Store.open({ ...options, kernels, generation: 1 });
  world.model.clear();
  for (const [key, times] of then) world.model.set(key, times);
  world.check();
});

test('a full disk postpones upkeep, reads go on, and it is done when there is room', async () => {
  const world = await sealedWorld(3);
  for (let i = 0; i < 12; i++) await world.append(world.randomSamples());
  const { capacityBytes } = world.disk;
  world.disk.capacityBytes = world.disk.usedBytes + 100;
  const report = await world.store.seal(world.nowMs + 9 * HOUR);
  assert.equal(report.sealed, 0);
  assert.equal(report.postponed.length, 1);
  world.check();
  world.disk.capacityBytes = capacityBytes;
  const later = await world.store.seal(world.nowMs + 9 * HOUR);
  assert.ok(later.sealed > 0);
  world.check();
  await world.store.close();
  await world.open();
  world.check();
});

test('heads that are nearly full are sealed up to what may come late', async () => {
  const world = new StoreWorld(6);
  await world.open();
  world.nowMs += HOUR - (world.nowMs % HOUR);
  for (let i = 0; i < 4; i++) await world.append(world.randomSamples());
  await world.store.seal(world.nowMs);
  await world.store.checkpoint();
  await world.store.close();
  const options = { folder: '/data/head', disk: world.disk, partitions: [0], generation: 1 };
  world.store = await Store.open({ ...options, kernels: new Kernels(), holdBytes: 0 });
  assert.ok((await world.store.seal(world.nowMs)).sealed > 0);
  const oldest = world.store.heads.get(0)?.oldestMs(-Infinity) ?? 0;
  assert.ok(oldest >= world.nowMs - 20 * 60_000, 'only the newest minutes are left');
  world.check();
  const sealed = (): Promise<number> => world.store.seal(world.nowMs).then((one) => one.sealed);
  world.nowMs += 60_000;
  await world.append(world.randomSamples());
  world.check();
  assert.ok((await sealed()) >= 0);
  world.nowMs += 2 * HOUR;
  assert.ok((await sealed()) > 0, 'and later again');
  world.check();
  await world.store.close();
});

test('what a failed sync threw away never counts', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const world = await sealedWorld(seed);
    for (let i = 0; i < 6; i++) await world.append(world.randomSamples());
    world.disk.faults.syncError = 0.5;
    for (let i = 0; i < 6; i++) await world.store.seal(world.nowMs + i * HOUR);
    world.disk.faults.syncError = 0;
    world.check();
    world.disk.powerLoss();
    await world.open();
    world.check();
  }
});

test('retention by size and by pattern drops what it says and nothing else', async () => {
  const world = await sealedWorld(5);
  const matchers = [{ name: '__name__', op: '=~', value: 'debug_.*' }] as const;
  const keep = { retentionMs: 1000 * HOUR, patterns: [{ matchers, keepMs: 3 * HOUR }] };
  await world.store.keepOnly(world.nowMs, keep);
  const past = world.nowMs - 3 * HOUR;
  world.forget((key, time) => key.includes('debug_') && time < past);
  world.check();
  await world.store.keepOnly(world.nowMs, keep);
  world.check();
  await world.store.keepOnly(world.nowMs, { retentionMs: 1000 * HOUR, bytesMax: 0 });
  assert.equal(world.store.stats().blocks.files, 0);
});
