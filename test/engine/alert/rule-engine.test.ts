// What rules promise beside their arithmetic: kills at named points lose and double nothing, a
// clock that jumps pages nobody, a partial answer decides nothing, a reload keeps states, equal
// fragments run once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RuleSet } from '../../../src/engine/alert/rule-set.ts';
import { ALERT_OUTBOX_MAX } from '../../../src/engine/limits.ts';
import { makeLabels, NAME } from '../../../src/engine/model/labels.ts';
import { Killed, RuleWorld, alertRule, recordRule, ruleGroup } from './rule-world.ts';

const START = 1_700_000_000_000;
const HOUR = 3_600_000;

const up = (job: string) =>
  makeLabels([
    [NAME, 'up'],
    ['job', job],
  ]);

async function begun(
  rules: Parameters<typeof ruleGroup>[0],
  more: Parameters<typeof ruleGroup>[1] = {},
): Promise<RuleWorld> {
  const world = new RuleWorld([ruleGroup(rules, more)]);
  await world.start();
  return world;
}

/** A sample of up and a tick for each value, a second apart. */
async function live(world: RuleWorld, from: number, values: readonly (number | undefined)[]) {
  for (const [i, value] of values.entries()) {
    const ts = START + (from + i) * 1000;
    if (value !== undefined) world.add(up('a'), ts - 100, value);
    await world.tick(ts);
  }
}

test('pending, firing, resolved, with for', async () => {
  const world = await begun([alertRule('Down', 'up == 0', { forMs: 2000 })]);
  await live(world, 0, [1, 0, 0, 0, 0, 1, 1]);
  assert.deepEqual(world.names(), ['Down+', 'Down-']);
  const [fired, ended] = world.listener.events;
  assert.equal(fired.startsAtMs, START + 3000);
  assert.equal(ended.startsAtMs, fired.startsAtMs);
  assert.equal(ended.endsAtMs, START + 5000);
  assert.notEqual(fired.id, ended.id);
});

for (const point of ['outputs', 'flushed', 'evaluated', 'saved', 'published']) {
  test(`a kill at "${point}" of any tick loses nothing and doubles no id`, async () => {
    const values = [1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1];
    const rules = [
      recordRule('down', 'up == 0'),
      alertRule('Down', 'down == 0', { forMs: 1000 }),
      alertRule('Now', 'up == 0'),
    ];
    const whole = await begun(rules);
    await live(whole, 0, values);
    for (let kill = 0; kill < values.length; kill++) {
      const world = await begun(rules);
      for (const [i, value] of values.entries()) {
        world.add(up('a'), START + i * 1000 - 100, value);
        if (i === kill) world.killAt = point;
        try {
          await world.tick(START + i * 1000);
        } catch (thrown) {
          if (!(thrown instanceof Killed)) throw thrown;
          await world.start();
          // The log is read again from where the state stands: the tick comes once more.
          if (world.engine.tickMs < START + i * 1000) await world.tick(START + i * 1000);
          else await world.tell();
        }
      }
      const ids = (one: RuleWorld): string[] => one.listener.events.map(({ id }) => id);
      assert.deepEqual(ids(world).toSorted(), ids(whole).toSorted(), `killed at tick ${kill}`);
      assert.ok(world.listener.calls.length <= ids(world).length + 3);
    }
  });
}

test('a tick that could not be written comes again, and nothing is lost', async () => {
  const rules = [recordRule('down', 'up == 0'), alertRule('Down', 'down == 0')];
  const values = [1, 0, 0, 1, 1];
  const whole = await begun(rules);
  await live(whole, 0, values);
  for (let bad = 0; bad < values.length; bad++) {
    const world = await begun(rules);
    await live(world, 0, values.slice(0, bad));
    world.full = 1;
    const ts = START + bad * 1000;
    world.add(up('a'), ts - 100, values[bad]);
    await world.tick(ts).catch(() => undefined);
    world.full = 0;
    await world.tick(ts);
    await live(world, bad + 1, values.slice(bad + 1));
    assert.deepEqual(world.names(), whole.names(), `at tick ${bad}`);
  }
});

test('a notifier that is away delays and never loses', async () => {
  const world = await begun([alertRule('Down', 'up == 0')]);
  world.listener.down = true;
  await live(world, 0, [1, 0, 0, 1, 0]);
  assert.deepEqual(world.names(), []);
  await world.engine.save();
  await world.start();
  world.listener.down = false;
  await world.tell();
  assert.deepEqual(world.names(), ['Down+', 'Down-', 'Down+']);
});

test('a clock that jumps an hour, forward or back, pages nobody', async () => {
  for (const jump of [HOUR, -HOUR]) {
    const rules = [
      alertRule('Absent', 'absent(up)'),
      alertRule('Pending', 'up == 1', { forMs: 600_000 }),
      alertRule('Old', 'time() - timestamp(up) > 60'),
    ];
    const world = await begun(rules);
    await live(world, 0, [1, 1, 1, 1]);
    const after = START + 4000 + jump;
    for (let i = 0; i < 90; i++) {
      if (i > 2) world.add(up('a'), after + i * 1000 - 100, 1);
      await world.tick(after + i * 1000);
    }
    assert.deepEqual(world.names(), [], `a jump of ${jump}`);
    const pending = world.engine.rules.rules[1].states.now;
    assert.equal(pending.size, 1);
    const [{ activeAtMs }] = pending.values();
    assert.equal(activeAtMs, START + jump + 1000, 'it goes on pending as long as it had');
  }
});

test('an alert that fires goes on firing over a jump', async () => {
  const world = await begun([alertRule('Down', 'up == 0')]);
  await live(world, 0, [0, 0]);
  for (let i = 0; i < 90; i++) {
    const ts = START + HOUR + i * 1000;
    if (i > 2) world.add(up('a'), ts - 100, 0);
    await world.tick(ts);
  }
  assert.deepEqual(world.names(), ['Down+']);
});

test('a partial answer never resolves, never reports absence and never pages', async () => {
  const rules = [alertRule('Down', 'up == 0'), alertRule('Absent', 'absent(down)')];
  const world = await begun(rules);
  world.add(makeLabels([[NAME, 'down']]), START - 100, 1);
  await live(world, 0, [0, 0]);
  world.whole = false;
  await live(world, 2, [1, 0, 1, 0, 0]);
  assert.deepEqual(world.names(), ['Down+']);
  assert.equal(world.engine.rules.rules[0].health, 'err');
  world.whole = true;
  await live(world, 7, [0]);
  // What was missed is played again: it had been up in between.
  assert.deepEqual(world.names(), ['Down+', 'Down-', 'Down+']);
});

test('a late sample within 15 minutes corrects the steps that it touches', async () => {
  const world = await begun([alertRule('High', 'up > 5', { forMs: 3000 })]);
  await live(world, 0, [9, undefined, undefined, undefined, undefined]);
  assert.deepEqual(world.names(), ['High+']);
  // It had been low at the second step: the alert had begun later, so it did not fire.
  world.add(up('a'), START + 500, 1);
  world.add(up('a'), START + 1900, 9);
  await world.tick(START + 4000 + 500);
  await world.tick(START + 5000);
  const [alert] = world.engine.rules.rules[0].states.now.values();
  assert.equal(alert.activeAtMs, START + 2000);
});

test('a reload keeps what did not change and ends what is gone', async () => {
  const world = await begun([alertRule('Down', 'up == 0'), alertRule('Low', 'up < 1')]);
  await live(world, 0, [0, 0]);
  const groups = [
    ruleGroup([alertRule('Down', 'up == 0'), alertRule('New', 'up == 7')]),
    ruleGroup([alertRule('Other', 'up > 100')], { name: 'h' }),
  ];
  const changed = await world.engine.replace(groups);
  assert.deepEqual(changed, { added: ['test;h'], removed: [], changed: ['test;g'], unchanged: 0 });
  await world.tell();
  assert.deepEqual(world.names(), ['Down+', 'Low+', 'Low-']);
  await live(world, 2, [0, 1]);
  assert.deepEqual(world.names(), ['Down+', 'Low+', 'Low-', 'Down-']);
  await assert.rejects(world.engine.replace([ruleGroup([alertRule('Bad', 'up ==')])]));
  assert.equal(world.engine.rules.groups.length, 2);
});

test('rules that were taken away while nobody ran end what they had told', async () => {
  const world = await begun([alertRule('Down', 'up == 0')]);
  await live(world, 0, [0, 0]);
  const state = world.state;
  const next = new RuleWorld([ruleGroup([alertRule('Other', 'up == 3')])]);
  Object.assign(next, { state });
  await next.start();
  await next.tell();
  assert.deepEqual(next.names(), ['Down-']);
});

test('equal fragments of many rules run once a tick', async () => {
  const rules = Array.from({ length: 50 }, (_, i) => {
    return alertRule(`R${i}`, `avg by (job) (rate(up[1m])) > ${i}`);
  });
  const world = await begun(rules);
  await live(world, 0, [1, 1, 1]);
  assert.ok(
    world.batches.every((count) => count === 1),
    `${world.batches}`,
  );
});

test('limits discard, doubled label sets fail, and the rule says so', async () => {
  const world = await begun(
    [alertRule('Many', 'up >= 0'), alertRule('Twice', 'up >= 0', { labels: [['job', 'x']] })],
    { limit: 1 },
  );
  world.add(up('b'), START - 100, 0);
  await live(world, 0, [0, 0]);
  const [many, twice] = world.engine.rules.rules;
  assert.equal(many.lastError, 'exceeded limit of 1 with 2 alerts');
  assert.match(twice.lastError, /same labelset after applying alert labels/);
  assert.deepEqual(world.names(), []);
});

test('ALERTS and ALERTS_FOR_STATE are written, and end with a stale marker', async () => {
  const world = await begun([
    alertRule('Down', 'up == 0', { forMs: 1000 }),
    alertRule('Seen', 'ALERTS{alertname="Down", alertstate="firing"} == 1'),
  ]);
  await live(world, 0, [1, 0, 0, 1, 1]);
  assert.deepEqual(world.names(), ['Down+', 'Seen+', 'Down-', 'Seen-']);
});

test('what there is no room for is told when there is', async () => {
  const many = ALERT_OUTBOX_MAX + 50;
  const world = await begun([alertRule('Many', 'up == 0'), alertRule('Other', 'up == 0')]);
  world.listener.down = true;
  const jobs = Array.from({ length: many }, (_, i) => `j${i}`);
  for (const job of jobs) world.add(up(job), START - 100, 0);
  await world.tick(START);
  assert.equal(world.engine.outbox.length, ALERT_OUTBOX_MAX, 'no more than the bound waits');
  assert.equal(world.engine.counts.transitionsHeld, 2);
  const first = world.engine.outbox[0].id;
  await world.tick(START + 1000);
  assert.equal(world.engine.outbox[0].id, first, 'the oldest stay');
  // What fires and is over while nobody could be told of it is told to nobody.
  for (const job of jobs.slice(-10)) world.add(up(job), START + 1900, 1);
  await world.tick(START + 2000);
  world.listener.down = false;
  for (let i = 3; i < 8; i++) {
    await world.tell();
    await world.tick(START + i * 1000);
  }
  await world.tell();
  assert.equal(world.engine.outbox.length, 0);
  assert.equal(world.firing().length, 2 * (many - 10));
  const ids = world.listener.events.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, 'no change is told twice');
});

test('groups that record nothing have a shorter interval by default, their own is kept', () => {
  const set = new RuleSet({ intervalMs: 1000, alertIntervalMs: 500, queryOffsetMs: 0 });
  const alert = alertRule('A', 'x > 0');
  set.replace([
    ruleGroup([alert], { name: 'alerts' }),
    ruleGroup([alert, recordRule('y', 'x')], { name: 'both' }),
    ruleGroup([alert], { name: 'own', intervalMs: 30_000 }),
  ]);
  assert.deepEqual(
    set.groups.map(({ intervalMs }) => intervalMs),
    [500, 1000, 30_000],
  );
});

test('alerts that are decided twice a second are written once a second', async () => {
  const world = new RuleWorld([ruleGroup([alertRule('Down', 'up == 0')])], 1000, 500);
  await world.start();
  for (let i = 0; i <= 8; i++) {
    const ts = START + i * 500;
    world.add(up('a'), ts - 100, i >= 1 && i < 6 ? 0 : 1);
    await world.tick(ts);
  }
  assert.deepEqual(
    world.listener.events.map(({ atMs }) => atMs - START),
    [500, 3000],
  );
  const shown = world.shown('ALERTS').map(({ t, stale }) => [t - START, stale === true]);
  assert.deepEqual(shown, [
    [1000, false],
    [2000, false],
    [3000, true],
  ]);
});
