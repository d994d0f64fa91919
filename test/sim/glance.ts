// A question in the middle of things: what had been acknowledged before it was asked must be in its
// answer, whatever is sent, sealed or broken meanwhile.
import { strict as assert } from 'node:assert';
import { MonError } from '../../src/engine/errors.ts';
import type { QueryAnswer } from '../../src/engine/model/query-result.ts';
import type { Chain } from './chain.ts';
import type { World } from './world.ts';

/** Metric names that the simulation asks for. */
export const NAMES = [
  ...['sim_requests_total', 'sim_load', 'sim_wild', 'sim_latency', 'app_load', 'app_timed', 'up'],
];

export async function glance(world: World, chain: Chain): Promise<void> {
  const { model, dice, time } = world;
  const name = dice.pick(NAMES);
  const before = [...model.series]
    .filter(([series]) => series.split('\u0000').includes(name))
    .map(([series, times]): [string, number[]] => [series, [...times.keys()]]);
  const end = time.now() + 700_000;
  const selector = `last_over_time({__name__="${name}"}[${Math.ceil(end / 1000)}s])`;
  let answer: QueryAnswer;
  try {
    answer = await chain.ask.instant(selector, end);
  } catch (thrown) {
    // On a slow disk, or when hours pass at once, a question may run out of its time.
    if (!(thrown instanceof MonError) || thrown.code !== 'MON_TIMEOUT') throw thrown;
    world.count('questions out of time', 1);
    return;
  }
  const { result } = answer;
  assert.ok(result.type === 'vector');
  const found = new Set(result.matrix.labels.map((labels) => labels.join('\u0000')));
  for (const [series, times] of before) {
    const values = times.filter(
      (t) => t >= model.floorMs && !model.isStale(series, t) && !model.deletions.unsure(series, t),
    );
    assert.ok(values.length === 0 || found.has(series), `${series} was acknowledged`);
  }
}
