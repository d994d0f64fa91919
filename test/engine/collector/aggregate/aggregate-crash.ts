// Lives of one machine with aggregation rules, each ended at a random operation or at a named
// place, and what its log must then say. Easy to get wrong: a life that was ended goes on in this
// process unless its disk stands still.
import assert from 'node:assert/strict';
import type { AggregateRule } from '../../../../src/engine/collector/aggregate/aggregate-rule.ts';
import { OUTPUTS } from '../../../../src/engine/collector/aggregate/aggregate-rule.ts';
import { labelValue } from '../../../../src/engine/model/labels.ts';
import { settle } from '../../../support/virtual-clock.ts';
import { AggregateWorld, PARTITIONS } from './aggregate-world.ts';
import type { Life } from './aggregate-world.ts';
import { keyOf, naiveAggregates, recordsOf } from './naive-aggregates.ts';
import type { NaiveRule } from './naive-aggregates.ts';

const equals = (name: string, value: string) => ({ name, op: '=' as const, value });

export const LOAD: AggregateRule = {
  match: [[equals('__name__', 'load')]],
  ...{ labels: ['service'], without: false, windowMs: 10_000, graceMs: 8000 },
  ...{ outputs: OUTPUTS, name: '{metric}:{by}_{output}', keep: false, type: 'gauge' },
};
export const REQUESTS: AggregateRule = {
  match: [[equals('__name__', 'requests_total')], [equals('__name__', 'depth')]],
  ...{ labels: ['pod'], without: true, windowMs: 5000, graceMs: 3000 },
  ...{ outputs: OUTPUTS, name: 'agg:{metric}_{output}_{window}', keep: true, type: 'auto' },
};
const SAME_LOAD: AggregateRule = {
  ...LOAD,
  ...{ labels: [], windowMs: 7000, graceMs: 0, name: '{metric}:{by}_{output}', keep: true },
};

const RULES = [LOAD, REQUESTS, SAME_LOAD];

export function naive(rule: AggregateRule, sinceMs: number, untilMs?: number): NaiveRule {
  const names = rule.match.map(([one]) => one.value);
  return {
    ...{ rule, sinceMs, untilMs },
    matches: (labels) => names.includes(labelValue(labels, '__name__')),
    counter: (metric) => rule.type !== 'gauge' && metric !== 'load',
  };
}

/** Holds what the log says to what it must say. */
export async function verify(world: AggregateWorld, rules: readonly NaiveRule[]): Promise<number> {
  const log = await world.openLog();
  const records = await recordsOf(log);
  await log.close();
  const { outputs, givenOn } = naiveAggregates(records, rules, PARTITIONS);
  const found = new Map<string, number>();
  const plain = new Set<string>();
  const all = new Set<string>();
  for (const { held, samples } of records) {
    for (const { labels, timeMs, value } of samples) {
      const key = keyOf(labels, timeMs);
      all.add(key);
      if (held) continue;
      plain.add(key);
      const name = labelValue(labels, '__name__');
      // As in the head, the first of a time counts.
      const derived = name.includes(':') && name !== 'requests:made';
      if (derived && !found.has(key)) found.set(key, value);
    }
  }
  for (const [key, value] of outputs) {
    assert.ok(found.has(key), `${key} is missing, it is ${value}`);
    assert.ok(Object.is(found.get(key), value), `${key} is ${found.get(key)}, not ${value}`);
  }
  for (const key of found.keys()) assert.ok(outputs.has(key), `${key} was not to be`);
  for (const key of givenOn) assert.ok(plain.has(key), `${key} was held back and is lost`);
  for (const { labels, timeMs } of world.acknowledged) {
    assert.ok(all.has(keyOf(labels, timeMs)), `${keyOf(labels, timeMs)} was acknowledged`);
  }
  assert.deepEqual(world.failures, []);
  return outputs.size;
}

export async function someTime(world: AggregateWorld, life: Life, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    for (let batches = world.random() * 3; batches > 0; batches--) {
      world.send(life, 1 + Math.floor(world.random() * 12));
      if (world.random() < 0.5) await settle(1);
    }
    await world.seconds(life.door, 1);
  }
}

/** All windows end, and the life with them. */
export async function toTheEnd(world: AggregateWorld, life: Life): Promise<void> {
  await world.seconds(life.door, 40);
  await life.aggregation.drain?.();
  await life.log.close();
}

export const METADATA = [{ family: 'depth', type: 'counter', help: '', unit: '' }];

/** Four lives that end badly and one that ends well. */
export async function crashRun(
  seed: number,
  how: { powerLoss: boolean; dieAt?: string },
): Promise<void> {
  const world = new AggregateWorld(seed);
  const sinceMs = world.clock.now();
  for (let lives = 0; lives < 4; lives++) {
    if (how.dieAt === undefined && lives > 0) {
      void world.disk.freezeAfter(Math.floor(20 + world.random() * 400));
    }
    const opened = world.live(RULES, how.dieAt);
    await world.clock.advance(10);
    let life: Life | undefined;
    void opened.then((made) => (life = made));
    for (let i = 0; i < 50 && life === undefined; i++) await settle();
    if (life !== undefined) {
      life.door.metadata(METADATA);
      await someTime(world, life, 20 + Math.floor(world.random() * 30));
    }
    await world.kill(how.powerLoss);
    if (world.random() < 0.5) await world.clock.advance(world.random() * 60_000);
  }
  const last = await world.live(RULES);
  last.door.metadata(METADATA);
  await someTime(world, last, 5);
  await toTheEnd(world, last);
  const rules = RULES.map((rule) => naive(rule, sinceMs));
  assert.ok((await verify(world, rules)) > 100, 'the run makes aggregates');
}
