// A plan that is asked for again within a second is the same; another text, other times and a later
// moment have their own.
import assert from 'node:assert/strict';
import test from 'node:test';
import { PLANS_KEPT, PLAN_KEPT_MS } from '../../../src/engine/limits-plans.ts';
import type { Plan } from '../../../src/engine/promql/plan-node.ts';
import { RecentPlans } from '../../../src/engine/query/recent-plans.ts';
import type { PlanKey } from '../../../src/engine/query/recent-plans.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const KEY: PlanKey = {
  query: 'up',
  grid: { start: 0, end: 60_000, step: 1000 },
  instant: false,
  lookbackMs: 300_000,
};

function made(): Plan {
  return { source: '' } as unknown as Plan;
}

test('the same question has the same plan, for a moment', async () => {
  const clock = new VirtualClock(0);
  const plans = new RecentPlans(clock);
  const first = plans.of(KEY, made);
  assert.equal(plans.of({ ...KEY }, made), first);
  await clock.advance(PLAN_KEPT_MS);
  assert.notEqual(plans.of(KEY, made), first);
});

test('whatever is different in a question makes another plan', () => {
  const plans = new RecentPlans(new VirtualClock(0));
  const first = plans.of(KEY, made);
  const others: readonly Partial<PlanKey>[] = [
    { query: 'up ' },
    { instant: true },
    { lookbackMs: 1 },
    { grid: { ...KEY.grid, start: 1 } },
    { grid: { ...KEY.grid, end: 1 } },
    { grid: { ...KEY.grid, step: 1 } },
  ];
  for (const other of others) assert.notEqual(plans.of({ ...KEY, ...other }, made), first);
  assert.equal(plans.of(KEY, made), first);
});

test('no more are kept than may be, and a failure is not kept', () => {
  const plans = new RecentPlans(new VirtualClock(0));
  const first = plans.of(KEY, made);
  for (let i = 0; i < PLANS_KEPT; i++) plans.of({ ...KEY, query: `m${i}` }, made);
  assert.notEqual(plans.of(KEY, made), first);
  const fail = (): Plan => {
    throw new Error('no plan');
  };
  assert.throws(() => plans.of({ ...KEY, query: 'bad' }, fail), /no plan/);
  assert.ok(plans.of({ ...KEY, query: 'bad' }, made));
});
