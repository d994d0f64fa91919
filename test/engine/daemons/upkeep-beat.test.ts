// The beat of the upkeep right after a start: what the log still held is sealed with the rest, and
// a replay that is long holds no seal up. Sealing first would leave the last record in the head
// until late samples are due, a quarter of an hour later.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { UpkeepBeat } from '../../../src/engine/daemons/upkeep-beat.ts';
import { makeLogger } from '../../../src/engine/runtime/logger.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';
import { HOUR, StoreWorld } from '../store/store-world.ts';

const DAY = 24 * HOUR;

/** A store that has opened while its log holds one more record than its checkpoint. */
async function behind() {
  const world = new StoreWorld(1);
  await world.open();
  const old = world.nowMs - 12 * HOUR;
  const record = (from: number) =>
    Array.from({ length: 100 }, (_, i) => ({ series: i % 6, time: from + i * 1000, bits: 5n }));
  await world.append(record(old));
  world.note(record(old + HOUR));
  const clock = new VirtualClock(world.nowMs);
  const inHead = (): number => world.store.stats().samples;
  const beat = (caughtUp: () => Promise<void>): UpkeepBeat => {
    const logger = makeLogger({ clock, format: 'text', write: () => undefined });
    const keep = { retentionMs: 15 * DAY, logger };
    return new UpkeepBeat({ upkeep: world.store, clock, keep, caughtUp });
  };
  return { world, clock, inHead, beat };
}

test('the first round seals what was still being replayed', async () => {
  const { world, inHead, beat } = await behind();
  const upkeep = beat(() => world.replay(1));
  await upkeep.round();
  assert.equal(inHead(), 0);
  assert.equal(world.check(), 200);
});

test('a long replay is sealed on its way', async () => {
  const { world, clock, inHead, beat } = await behind();
  let over = false;
  const round = beat(() => new Promise(() => undefined))
    .round()
    .then(() => (over = true));
  await clock.advance(4000);
  assert.equal(inHead(), 100, 'nothing is sealed yet');
  await clock.advance(2000);
  await round;
  await settle();
  assert.ok(over);
  assert.equal(inHead(), 0);
  await world.replay(1);
  assert.equal(inHead(), 100);
  assert.equal(world.check(), 200);
});
