// The notifier is killed at every commit of a story, before and after the write, and started again
// on the same State. Nothing may be lost, and what is told twice, at most once a kill, carries the
// id it had. The commits are the named points: taking an alert, deciding, recording what was sent,
// acknowledging, silencing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NotifyWorld } from '../../support/notify-world.ts';

const FILE = `
route:
  receiver: all
  group_by: [alertname]
  group_wait: 1s
  group_interval: 10s
receivers:
  - name: all
    webhook_configs: [{url: 'http://one'}, {url: 'http://two'}]
  - name: lead
    webhook_configs: [{url: 'http://lead'}]
x-mon:
  dedupe_window: 0s
  escalation: [{after: 30s, to: lead}]
`;

/** Does something as a client does it: again, when the server died meanwhile. */
async function surely(world: NotifyWorld, work: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 3; tries++) {
    try {
      return void (await work());
    } catch {
      await world.restart();
    }
  }
  assert.fail('the server does not come back');
}

/** Lets time pass; a process that died is started again a little later. */
async function pass(world: NotifyWorld, ms: number): Promise<void> {
  const { clock, state } = world;
  for (let left = ms; left > 0; left -= 500) {
    await clock.advance(500);
    if (state.dead) await world.restart();
  }
}

interface Kill {
  readonly commit: number;
  readonly written: boolean;
}

/** Two hosts fire, one more joins, one silence, an escalation, an acknowledgement, the end. */
async function story(kill?: Kill): Promise<{ world: NotifyWorld; silence: string }> {
  const world = await new NotifyWorld(FILE).start();
  world.state.commits = 0;
  world.state.killAt = kill;
  let silence = '';
  await surely(world, () => world.fire('a'));
  await surely(world, () => world.fire('b'));
  await pass(world, 5000);
  await surely(world, () => world.fire('c'));
  await pass(world, 30_000);
  await surely(world, async () => {
    const now = world.clock.now();
    const times = { startsAtMs: now, endsAtMs: now + 3_600_000 };
    const matchers = [{ name: 'host', op: '=' as const, value: 'd' }];
    silence = await world.notifier.silence({ matchers, ...times, createdBy: 'ann', comment: 'x' });
  });
  await surely(world, () => world.fire('d'));
  await surely(world, () => world.notifier.acknowledge({ id: '1' }, 'ann', 'on it'));
  await pass(world, 15_000);
  for (const host of ['a', 'b', 'c', 'd']) await surely(world, () => world.resolve(host));
  await pass(world, 60_000);
  return { world, silence };
}

test('a story without a kill', async () => {
  const { world } = await story();
  assert.deepEqual(world.bugs, []);
  const one = world.story().filter((line) => line.startsWith('one'));
  assert.deepEqual(one, ['one: a b |', 'one: a b c |', 'one: | a b c']);
  const lead = world.story().filter((line) => line.startsWith('lead'));
  assert.deepEqual(lead, ['lead: a b c |', 'lead: | a b c']);
});

test('killed at every commit, before and after the write', async () => {
  const { world: calm } = await story();
  const { commits } = calm.state;
  assert.ok(commits > 15, `${commits} commits`);
  let doubled = 0;
  for (let commit = 1; commit <= commits; commit++) {
    for (const written of [false, true]) {
      const { world, silence } = await story({ commit, written });
      const where = `killed at commit ${commit}, ${written ? 'after' : 'before'} the write`;
      doubled += check(world, silence, where);
    }
  }
  assert.ok(doubled > 0, 'some kills fell between sending and recording');
});

/** Holds the promises; answers how many notifications were told twice. */
function check(world: NotifyWorld, silence: string, where: string): number {
  assert.deepEqual(world.bugs, [], where);
  assert.equal(world.notifier.waiting, 0, where);
  let doubled = 0;
  for (const url of ['http://one', 'http://two']) {
    const told = world.told.filter((one) => one.url === url);
    const firing = new Set(told.flatMap((one) => one.firing));
    assert.deepEqual(firing, new Set(['a', 'b', 'c']), `${where}: ${world.story().join('; ')}`);
    const last = told.at(-1);
    assert.deepEqual([last?.firing, last?.resolved], [[], ['a', 'b', 'c']], where);
    const ids = new Set(told.map(({ id }) => id));
    const twice = told.length - ids.size;
    assert.ok(twice <= 1, `${where}: ${twice} told twice`);
    doubled += twice;
    // The same words come only under the same id.
    const words = new Set(told.map(({ firing: f, resolved: r }) => `${f.join()}|${r.join()}`));
    assert.equal(words.size, ids.size, `${where}: ${world.story().join('; ')}`);
  }
  const leads = world.told.filter((one) => one.url === 'http://lead');
  assert.ok(
    leads.some((one) => one.firing.length === 3),
    where,
  );
  assert.equal(new Set(leads.map(({ id }) => id)).size, 2, where);
  assert.ok(world.notifier.book.silences.rows.has(silence), where);
  const [incident, ...rest] = world.notifier.book.incidents.rows.values();
  assert.deepEqual([incident.status, incident.acknowledgedBy, rest.length], ['resolved', 'ann', 0]);
  return doubled;
}
