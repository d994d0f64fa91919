// Rollups against a naive computation of every window: samples shuffled, doubled, late, of days
// ago, deleted; kills between any two writes of the disk; replays. Easy to get wrong: a window that
// a crash left half done must come out whole, and one that was done must not count twice.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { ColdTier } from '../../../src/engine/ports-cold.ts';
import { makeBuffer } from '../../../src/engine/store/merge-samples.ts';
import type { Fragment } from '../../../src/engine/model/fragment.ts';
import type { FetchedRows } from '../../../src/engine/rollup/rollups.ts';
import { HOUR, RollupWorld } from './rollup-world.ts';

/** One turn of random life without a crash. */
async function live(world: RollupWorld): Promise<void> {
  const turn = world.below(12);
  if (turn < 6) await world.append(world.randomSamples());
  else if (turn === 6) await world.checkpoint();
  else if (turn === 7) await world.store.seal(world.nowMs);
  else if (turn === 8) await world.rollups.work(world.nowMs);
  else if (turn === 9) world.nowMs += world.below(5) * HOUR;
  else if (turn === 10) await world.rollups.replay(world.nowMs - world.below(50) * HOUR);
  else await world.store.compact(world.nowMs, 1e12);
}

for (let seed = 1; seed <= 5; seed++) {
  test(`every window is what its samples make, seed ${seed}`, async () => {
    const world = new RollupWorld(seed);
    await world.open();
    let cells = 0;
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 12; i++) await live(world);
      await world.workAll();
      cells += world.checkRows();
    }
    assert.ok(cells > 100, `${cells} cells`);
    await world.rollups.close();
  });
}

for (let seed = 1; seed <= 12; seed++) {
  test(`kills between any two writes change no window, seed ${seed}`, async () => {
    const world = new RollupWorld(1000 + seed);
    await world.open();
    for (let life = 0; life < 4; life++) {
      const { disk } = world;
      const cut = disk.freezeAfter(1 + world.below(60));
      const lived = (async () => {
        for (let i = 0; i < 25; i++) await live(world);
      })();
      await Promise.race([lived, cut]);
      if (world.below(2) === 0) disk.powerLoss();
      else disk.processCrash();
      await settled();
      await world.open();
      await world.workAll();
      world.checkRows();
    }
  });
}

/** Long enough for all that can still happen in a frozen life. */
async function settled(): Promise<void> {
  for (let i = 0; i < 30; i++) await new Promise((resolve) => setImmediate(resolve));
}

test('what came while the cold tier was asked leaves rows where they are', async () => {
  const world = new RollupWorld(7);
  world.cold = { reach: () => ({ minMs: Infinity, maxMs: -Infinity }) } as unknown as ColdTier;
  await world.open();
  const samples = world.randomSamples();
  await world.append(samples);
  world.nowMs += 50 * HOUR;
  await world.workAll();
  const rollup = { resolutionMs: 60_000, column: 'count', prefer: 'rows', aligned: true } as const;
  const span = [0, world.nowMs] as const;
  const fetched = await world.rollups.fetchCold(
    { matchers: [], maxSamples: 1e9 } as unknown as Fragment,
    rollup,
    ...span,
  );
  await world.append(samples);
  const rowsOf = (cold?: FetchedRows): number => {
    const [reader] = world.rollups.readers(rollup, ...span, cold);
    for (const id of reader.match([], ...span)) reader.read(id, ...span, makeBuffer());
    return reader.rowsRead;
  };
  assert.ok(rowsOf(fetched) > 0, 'the samples of these hours may be away, and nobody fetched them');
  assert.equal(rowsOf(), 0, 'who asks now has samples that came twice');
  await world.rollups.close();
});
