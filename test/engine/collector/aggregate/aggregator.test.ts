// Aggregates against a naive computation over the same log, by seed: samples shuffled, late and
// twice, the process killed at random operations and at the places where it hurts most. Not one bit
// may differ, and nothing that was held back may be missing.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AggregateWorld } from './aggregate-world.ts';
import {
  crashRun,
  LOAD,
  METADATA,
  naive,
  REQUESTS,
  someTime,
  toTheEnd,
  verify,
} from './aggregate-crash.ts';

describe('aggregates are what a naive computation makes of the log', () => {
  for (let seed = 1; seed <= 6; seed++) {
    test(`killed anywhere, seed ${seed}`, () => crashRun(seed, { powerLoss: seed % 2 === 0 }));
  }
  for (const dieAt of ['window closed', 'window written', 'state saved']) {
    test(`killed when: ${dieAt}`, () => crashRun(77, { powerLoss: true, dieAt }));
  }
});

test('rules that change at work: windows lie side by side and nothing is lost', async () => {
  const world = new AggregateWorld(5);
  const first = world.clock.now();
  const life = await world.live([LOAD, REQUESTS]);
  life.door.metadata(METADATA);
  await someTime(world, life, 33);
  const wider = { ...LOAD, labels: ['pod', 'service'] };
  const changedMs = world.clock.now();
  const changing = life.aggregation.replace([wider]);
  await world.seconds(life.door, 1);
  await changing;
  await someTime(world, life, 30);
  // Without rules nothing is held back any more, and what is open still ends.
  const endedMs = world.clock.now();
  const ending = life.aggregation.replace([]);
  await world.seconds(life.door, 1);
  await ending;
  assert.equal(life.aggregation.held.held, 0);
  await someTime(world, life, 5);
  await toTheEnd(world, life);
  const end = (rule: typeof LOAD, ms: number): number =>
    Math.ceil(ms / rule.windowMs) * rule.windowMs;
  await verify(world, [
    naive(LOAD, first, end(LOAD, changedMs)),
    naive(REQUESTS, first, end(REQUESTS, changedMs)),
    naive(wider, changedMs, end(wider, endedMs)),
  ]);
});

test('rules that change between two lives', async () => {
  const world = new AggregateWorld(6);
  const first = world.clock.now();
  const life = await world.live([LOAD, REQUESTS]);
  life.door.metadata(METADATA);
  await someTime(world, life, 23);
  await life.aggregation.drain?.();
  await life.log.close();
  await world.clock.advance(2000);
  const changedMs = world.clock.now();
  const wider = { ...LOAD, labels: [] };
  const second = await world.live([wider, REQUESTS]);
  second.door.metadata(METADATA);
  await someTime(world, second, 23);
  await toTheEnd(world, second);
  await verify(world, [
    naive(LOAD, first, Math.ceil(changedMs / LOAD.windowMs) * LOAD.windowMs),
    naive(REQUESTS, first),
    naive(wider, changedMs),
  ]);
});
