// The notifier in virtual time: escalation and acknowledging, receivers that are down, refuse or
// are slow, clocks that jump, disks that are full.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { NotifyWorld } from '../../support/notify-world.ts';

const MINUTE = 60_000;

async function world(file: string): Promise<NotifyWorld> {
  return await new NotifyWorld(file).start();
}

const LADDER = `
route:
  receiver: hook
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1m
receivers:
  - name: hook
    webhook_configs: [{url: 'http://hook'}]
  - name: lead
    webhook_configs: [{url: 'http://lead'}]
  - name: vp
    webhook_configs: [{url: 'http://vp'}]
x-mon:
  escalation: [{after: 10m, to: lead}, {after: 30m, to: vp}]
`;

test('escalates until somebody acknowledges, and tells all of them that it is over', async () => {
  const one = await world(LADDER);
  await one.fire('a');
  await one.clock.advance(10 * MINUTE - 1);
  assert.deepEqual(one.story(), ['hook: a |']);
  await one.clock.advance(1);
  assert.deepEqual(one.story().slice(1), ['lead: a |']);
  await one.notifier.acknowledge(
    { matchers: [{ name: 'host', op: '=', value: 'a' }] },
    'ann',
    'on it',
  );
  await one.clock.advance(60 * MINUTE);
  assert.equal(one.told.length, 2);
  await one.resolve('a');
  await one.clock.advance(MINUTE);
  assert.deepEqual(one.story().slice(2).sort(), ['hook: | a', 'lead: | a']);
  const [incident] = await one.notifier.incidents();
  const whats = incident.history.map(({ what, who }) => `${what} ${who}`);
  for (const line of ['opened mon', 'escalated lead', 'acknowledged ann', 'resolved mon']) {
    assert.ok(whats.includes(line), `${line} is in ${whats.join(', ')}`);
  }
});

test('escalation survives a restart, goes on to the end, and skips what is silenced', async () => {
  const one = await world(LADDER);
  await one.fire('a');
  await one.clock.advance(5 * MINUTE);
  await one.restart();
  await one.clock.advance(25 * MINUTE);
  assert.deepEqual(one.story(), ['hook: a |', 'lead: a |', 'vp: a |']);
  await one.clock.advance(300 * MINUTE);
  assert.deepEqual(one.story().slice(3), ['hook: a |', 'lead: a |', 'vp: a |'], 'the repeat');

  const two = await world(LADDER);
  const now = two.clock.now();
  const times = { startsAtMs: now, endsAtMs: now + 20 * MINUTE };
  const matchers = [{ name: 'host', op: '=' as const, value: 'a' }];
  await two.notifier.silence({ matchers, ...times, createdBy: 'ann', comment: 'x' });
  await two.fire('a');
  await two.clock.advance(19 * MINUTE);
  assert.deepEqual(two.story(), []);
  await two.clock.advance(3 * MINUTE);
  assert.ok(two.story().includes('lead: a |'), two.story().join());
});

test('a policy by severity, and one that repeats', async () => {
  const one = await world(`${LADDER.slice(0, LADDER.indexOf('x-mon'))}
x-mon:
  escalation:
    - severity: P1|critical
      repeat: 1
      steps: [{after: 1m, to: lead}, {after: 2m, to: vp}]
`);
  await one.fire('a', { severity: 'P1' });
  await one.fire('b', { severity: 'warning', alertname: 'Low' });
  await one.clock.advance(30 * MINUTE);
  const calls = one.story().filter((line) => !line.startsWith('hook'));
  assert.deepEqual(calls, ['lead: a |', 'vp: a |', 'lead: a |', 'vp: a |']);
});

const TWO = `
route:
  receiver: both
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1m
receivers:
  - name: both
    webhook_configs: [{url: 'http://bad'}, {url: 'http://good'}]
`;

for (const [words, answer] of [
  ['refuses connections', () => new Error('connect ECONNREFUSED')],
  ['answers 500', () => ({ status: 500 })],
  ['answers 429', () => ({ status: 429, retryAfter: '7' })],
  ['never answers', () => 'never' as const],
] as const) {
  test(`a receiver that ${words} for half an hour loses nothing`, async () => {
    const one = await world(TWO);
    let down = true;
    one.answer = (url) => (url === 'http://bad' && down ? answer() : {});
    await one.fire('a');
    await one.clock.advance(5 * MINUTE);
    await one.fire('b');
    await one.clock.advance(10 * MINUTE);
    await one.resolve('a');
    await one.clock.advance(15 * MINUTE);
    assert.deepEqual(one.story(), ['good: a |', 'good: a b |', 'good: b | a']);
    assert.ok(one.notifier.waiting > 0);
    down = false;
    await one.clock.advance(2 * MINUTE);
    const bad = one.told.filter(({ url }) => url === 'http://bad');
    assert.deepEqual(new Set(bad.flatMap(({ firing }) => firing)), new Set(['a', 'b']));
    assert.deepEqual(bad.at(-1)?.resolved, ['a']);
    assert.deepEqual(bad.at(-1)?.firing, ['b']);
    assert.equal(new Set(bad.map(({ id }) => id)).size, bad.length);
    assert.equal(one.notifier.waiting, 0);
    assert.deepEqual(one.bugs, []);
    const [incident] = await one.notifier.incidents();
    assert.ok(incident.history.some(({ what }) => what === 'delayed'));
  });
}

test('Retry-After is kept to the letter', async () => {
  const one = await world(TWO);
  const at: number[] = [];
  one.answer = (url) => {
    if (url !== 'http://bad') return {};
    at.push(one.clock.now());
    return at.length < 4 ? { status: 429, retryAfter: '20' } : {};
  };
  await one.fire('a');
  await one.clock.advance(2 * MINUTE);
  assert.deepEqual(
    at.map((ms) => ms - at[0]),
    [0, 20_000, 40_000, 60_000],
  );
});

test('what is refused for good is told again with the next interval', async () => {
  const one = await world(TWO);
  let refuse = true;
  one.answer = (url) => (url === 'http://bad' && refuse ? { status: 400, body: 'no' } : {});
  await one.fire('a');
  await one.clock.advance(10_000);
  assert.equal(one.notifier.waiting, 0);
  refuse = false;
  await one.clock.advance(MINUTE);
  assert.deepEqual(one.story(), ['good: a |', 'bad: a |']);
});

test('a clock that jumps an hour, forth or back, pages nobody', async () => {
  for (const jump of [60 * MINUTE, -60 * MINUTE, 10 * 365 * 24 * 60 * MINUTE]) {
    const one = await world(LADDER);
    const now = one.clock.now();
    const times = { startsAtMs: now, endsAtMs: now + 30 * MINUTE };
    const matchers = [{ name: 'host', op: '=' as const, value: 'quiet' }];
    await one.notifier.silence({ matchers, ...times, createdBy: 'ann', comment: 'x' });
    await one.fire('quiet', { alertname: 'Quiet' });
    await one.fire('a');
    await one.clock.advance(MINUTE);
    assert.deepEqual(one.story(), ['hook: a |']);
    one.clock.jump(jump);
    await one.clock.advance(5 * MINUTE);
    assert.deepEqual(one.story(), ['hook: a |'], `after a jump of ${jump}`);
    await one.clock.advance(6 * MINUTE);
    assert.deepEqual(one.story().slice(1), ['lead: a |'], 'and time goes on all the same');
  }
});

test('a full disk puts decisions off and loses none', async () => {
  const one = await world(TWO);
  one.state.full = true;
  await assert.rejects(one.fire('a'), MonError);
  one.state.full = false;
  await one.fire('a');
  one.state.full = true;
  await one.fire('b').catch(() => undefined);
  await one.clock.advance(5 * MINUTE);
  one.state.full = false;
  await one.fire('b');
  await one.clock.advance(2 * MINUTE);
  const bad = one.told.filter(({ url }) => url === 'http://bad');
  assert.deepEqual(bad.at(-1)?.firing, ['a', 'b']);
  assert.equal(new Set(bad.map(({ id }) => id)).size, bad.length, 'nothing was told twice');
});
