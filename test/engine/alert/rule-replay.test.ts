// A replay of rules where a part of the data is away: what it writes cannot be replaced, so it
// waits, and leaves out what stays away rather than write what is wrong. Easy to get wrong: a rule
// that reads what another one records must not be computed from what that one lacked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RuleReplay } from '../../../src/engine/alert/rule-replay.ts';
import { REPLAY_PARTS_TRIES } from '../../../src/engine/limits-alert.ts';
import { NAME, makeLabels } from '../../../src/engine/model/labels.ts';
import type { Fragment } from '../../../src/engine/model/fragment.ts';
import { RuleWorld, alertRule, clock, recordRule, ruleGroup } from './rule-world.ts';

const MINUTE = 60_000;
const START = Math.ceil(1_700_000_000_000 / MINUTE) * MINUTE;
const END = START + 10 * MINUTE;

interface Story {
  readonly world: RuleWorld;
  readonly replay: RuleReplay;
  readonly said: string[];
}

/** Ten minutes of samples that no rule has seen. */
async function story(touches: (world: RuleWorld) => void): Promise<Story> {
  const rules = [
    recordRule('twice', 'up * 2'),
    recordRule('more', 'sum(twice) or vector(-1)'),
    alertRule('Up', 'twice > 1'),
  ];
  const world = new RuleWorld([ruleGroup(rules, { intervalMs: 15_000 })]);
  await world.start();
  const up = makeLabels([
    [NAME, 'up'],
    ['job', 'a'],
  ]);
  await world.tick(END);
  for (let t = START; t < END; t += 15_000) world.series.add(up, [{ t, v: 1 }]);
  const said: string[] = [];
  touches(world);
  const replay = new RuleReplay({
    ...{ intervalMs: 15_000, alertIntervalMs: 15_000, queryOffsetMs: 0, engine: world.engine },
    clock,
    leaves: async (fragments) => world.leaves(fragments),
    context: { externalLabels: [], externalUrl: '', query: async () => [] },
    ...{ floorMs: () => 0, warn: (sentence) => void said.push(sentence) },
    failed: (thrown) => assert.fail(thrown as Error),
  });
  return { world, replay, said };
}

function touchesMinute(n: number): (fragment: Fragment) => boolean {
  const from = START + n * MINUTE;
  return ({ grid, matchers }) =>
    matchers.some(({ value }) => value === 'up') &&
    grid.start < from + MINUTE &&
    grid.end >= from &&
    grid.start < END;
}

async function until(replay: RuleReplay): Promise<void> {
  while ((await replay.waiting()) > 0) await new Promise((resolve) => setImmediate(resolve));
}

function minutesOf(world: RuleWorld, metric: string): Map<number, number> {
  const out = new Map<number, number>();
  for (const { t, stale } of world.shown(metric)) {
    if (t >= END || stale === true) continue;
    const minute = (t - START - ((t - START) % MINUTE)) / MINUTE;
    out.set(minute, (out.get(minute) ?? 0) + 1);
  }
  return out;
}

const all = Array.from({ length: 10 }, (_, minute): [number, number] => [minute, 4]);

test('what is away for a while is waited for', async () => {
  let left = 3;
  const lacks = touchesMinute(4);
  const { world, replay, said } = await story((one) => {
    one.lacks = (fragment) => lacks(fragment) && left-- > 0;
  });
  await replay.replay(START);
  await until(replay);
  for (const metric of ['twice', 'more', 'ALERTS']) {
    assert.deepEqual([...minutesOf(world, metric)], all, metric);
  }
  assert.deepEqual(said, []);
});

test('what stays away is left out with all that leans on it, and told', async () => {
  let asked = 0;
  const { world, replay, said } = await story((one) => {
    const lacks = [touchesMinute(4), touchesMinute(5)];
    one.lacks = (fragment) => lacks.some((test) => test(fragment)) && ++asked > 0;
  });
  await replay.replay(START);
  await until(replay);
  await replay.stop();
  const rest = all.filter(([minute]) => minute !== 4 && minute !== 5);
  for (const metric of ['twice', 'more', 'ALERTS']) {
    assert.deepEqual([...minutesOf(world, metric)], rest, metric);
  }
  assert.equal(asked, REPLAY_PARTS_TRIES + 1, 'the second minute is not waited for again');
  assert.equal(said.length, 2);
  assert.match(said[0], /leaves minutes out, from .*T.*Z on: a part of the archive cannot be read/);
  assert.match(said[1], /has left out 2 minutes/);
});

test('a tick decides nothing by what lacks a part, and goes on', async () => {
  const { world } = await story((one) => (one.lacks = () => true));
  await world.tick(END + 15_000);
  const { rules } = world.engine.rules;
  assert.ok(rules.every(({ health }) => health === 'err'));
  world.lacks = () => false;
  await world.tick(END + 30_000);
  assert.ok(rules.every(({ health }) => health === 'ok'));
});
