// The notifier in virtual time: grouping, repeating, muting, acknowledging, escalating, retrying,
// and clocks that jump. What Alertmanager promises is held to its documentation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MonError, UserError } from '../../../src/engine/errors.ts';
import type { AlertEvent } from '../../../src/engine/ports.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import { NotifyWorld, alertOf } from '../../support/notify-world.ts';

const MINUTE = 60_000;
const FILE = `
route:
  receiver: hook
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
receivers:
  - name: hook
    webhook_configs: [{url: 'http://hook'}]
`;

async function world(file = FILE): Promise<NotifyWorld> {
  return await new NotifyWorld(file).start();
}

test('waits for the group, then tells what is new at each interval', async () => {
  const one = await world();
  await one.fire('a');
  await one.clock.advance(10_000);
  await one.fire('b');
  assert.deepEqual(one.story(), []);
  await one.clock.advance(20_000);
  assert.deepEqual(one.story(), ['hook: a b |']);
  await one.fire('c');
  await one.clock.advance(4 * MINUTE);
  assert.equal(one.told.length, 1);
  await one.clock.advance(MINUTE);
  assert.deepEqual(one.story().slice(1), ['hook: a b c |']);
  await one.resolve('a');
  await one.clock.advance(5 * MINUTE);
  assert.deepEqual(one.story().slice(2), ['hook: b c | a']);
  await one.resolve('b');
  await one.resolve('c');
  await one.clock.advance(5 * MINUTE);
  assert.deepEqual(one.story().slice(3), ['hook: | b c']);
  await one.clock.advance(24 * 60 * MINUTE);
  assert.equal(one.told.length, 4);
  assert.equal(new Set(one.told.map(({ id }) => id)).size, 4);
  const [incident] = await one.notifier.incidents();
  assert.equal(incident.status, 'resolved');
  assert.equal(incident.alerts, 3);
  assert.deepEqual(one.bugs, []);
});

test('what resolves within the wait is never told', async () => {
  const one = await world();
  await one.fire('a');
  await one.resolve('a');
  await one.clock.advance(60 * MINUTE);
  assert.deepEqual(one.story(), []);
});

test('repeats what still fires, and not while it is acknowledged', async () => {
  const one = await world();
  await one.fire('a');
  await one.clock.advance(4 * 60 * MINUTE + 30_000);
  assert.equal(one.told.length, 2);
  assert.equal(one.told[1].body['notification_reason'], 'repeat interval passed');
  const [{ id }] = await one.notifier.incidents();
  await one.notifier.acknowledge({ id }, 'ann', 'on it');
  await one.clock.advance(24 * 60 * MINUTE);
  assert.equal(one.told.length, 2);
  await one.fire('b');
  await one.clock.advance(5 * MINUTE);
  assert.deepEqual(one.story().slice(2), ['hook: a b |']);
});

test('what comes back within the dedupe window is told when that has passed', async () => {
  const one = await world();
  await one.fire('a');
  await one.clock.advance(30_000);
  await one.resolve('a');
  await one.clock.advance(5 * MINUTE);
  assert.deepEqual(one.story(), ['hook: a |', 'hook: | a']);
  await one.fire('a');
  await one.clock.advance(5 * MINUTE);
  assert.equal(one.told.length, 2, 'told a few minutes ago');
  await one.clock.advance(10 * MINUTE);
  assert.deepEqual(one.story().slice(2), ['hook: a |']);
});

test('an alert that nobody posts again is resolved after the timeout', async () => {
  const one = await world();
  const { endsAtMs: _ends, ...open } = alertOf('a');
  await one.notifier.post([open]);
  await one.clock.advance(30_000);
  await one.clock.advance(10 * MINUTE);
  assert.deepEqual(one.story(), ['hook: a |', 'hook: | a']);
});

function event(id: string, host: string, atMs: number, endsAtMs = 0): AlertEvent {
  return {
    id,
    labels: makeLabels([
      ['alertname', 'HighCpu'],
      ['host', host],
    ]),
    annotations: [],
    startsAtMs: atMs,
    endsAtMs,
    generatorUrl: '',
    atMs,
  };
}

test('events told twice or late change nothing, and never end by themselves', async () => {
  const one = await world();
  const t0 = one.clock.now();
  const fired = event('x1', 'a', t0);
  await one.notifier.take([fired]);
  await one.clock.advance(24 * 60 * MINUTE);
  const before = one.told.length;
  assert.ok(before > 1, 'fires and is repeated');
  const over = { ...event('x2', 'a', one.clock.now(), one.clock.now()), startsAtMs: t0 };
  await one.notifier.take([over]);
  await one.notifier.take([fired]);
  await one.clock.advance(5 * MINUTE);
  assert.deepEqual(one.story().slice(before), ['hook: | a']);
  await one.notifier.take([over, fired]);
  await one.restart();
  await one.notifier.take([over, fired]);
  await one.clock.advance(60 * MINUTE);
  assert.equal(one.told.length, before + 1);
});

test('channels of a rule are told beside the tree', async () => {
  const file = `${FILE}  - name: team
    slack_configs: [{api_url: 'http://slack', channel: '#alerts'}]
  - name: other
    webhook_configs: [{url: 'http://other'}]
`;
  const one = await world(file);
  const channels = ['slack:#alerts', 'nobody', 'hook'];
  await one.notifier.take([{ ...event('1', 'a', one.clock.now()), channels }]);
  await one.clock.advance(30_000);
  assert.deepEqual(one.told.map(({ url }) => url).sort(), ['http://hook', 'http://slack']);
});

test('silences hold back, can be changed and expired, and outlive the process', async () => {
  const one = await world();
  const now = one.clock.now();
  const wish = {
    matchers: [{ name: 'host', op: '=~' as const, value: 'a.*' }],
    ...{ startsAtMs: now, endsAtMs: now + 60 * MINUTE, createdBy: 'ann', comment: 'works' },
  };
  const id = await one.notifier.silence(wish);
  await one.restart();
  await one.fire('a1');
  await one.fire('b1');
  await one.clock.advance(30_000);
  assert.deepEqual(one.story(), ['hook: b1 |']);
  const [view] = await one.notifier.alerts({
    matchers: [{ name: 'host', op: '=', value: 'a1' }],
  });
  assert.deepEqual([view.state, view.silencedBy], ['suppressed', [id]]);
  const longer = { ...wish, id, endsAtMs: now + 120 * MINUTE };
  assert.equal(await one.notifier.silence(longer), id);
  const other = await one.notifier.silence({
    ...longer,
    matchers: [{ name: 'host', op: '=', value: 'a1' }],
  });
  assert.notEqual(other, id);
  await one.notifier.expire(other);
  await one.clock.advance(5 * MINUTE);
  assert.deepEqual(one.story().slice(1), ['hook: a1 b1 |']);
  await assert.rejects(one.notifier.expire(other), UserError);
  await assert.rejects(one.notifier.expire('nobody'), MonError);
  await assert.rejects(one.notifier.silence({ ...wish, matchers: [] }), UserError);
  await assert.rejects(one.notifier.silence({ ...wish, comment: '' }), UserError);
  const all = [{ name: 'x', op: '=~' as const, value: '.*' }];
  await assert.rejects(one.notifier.silence({ ...wish, matchers: all }), UserError);
});

test('inhibition by equal labels, and never by itself', async () => {
  const one = await world(`${FILE}
inhibit_rules:
  - source_matchers: ['severity=critical']
    target_matchers: ['severity=~warning|critical']
    equal: [dc]
`);
  await one.fire('a', { dc: 'x' });
  await one.fire('b', { dc: 'x', severity: 'warning' });
  await one.fire('c', { dc: 'y', severity: 'warning' });
  await one.clock.advance(30_000);
  assert.deepEqual(one.story(), ['hook: a c |'], 'a alone is not inhibited by itself');
});

test('a source that is no target inhibits', async () => {
  const one = await world(`${FILE}
inhibit_rules:
  - source_matchers: ['severity=critical']
    target_matchers: ['severity=warning']
    equal: [dc]
`);
  await one.fire('a', { dc: 'x' });
  await one.fire('b', { dc: 'x', severity: 'warning' });
  await one.fire('c', { dc: 'y', severity: 'warning' });
  await one.clock.advance(30_000);
  assert.deepEqual(one.story(), ['hook: a c |']);
  await one.resolve('a', { dc: 'x' });
  await one.clock.advance(5 * MINUTE);
  assert.deepEqual(one.story().slice(1), ['hook: b c | a']);
});

test('hours of a route', async () => {
  // The world begins on a Friday, 2027-01-15 at 08:00 UTC.
  const one = await world(`
route:
  receiver: hook
  group_by: [alertname]
  group_wait: 0s
  group_interval: 10m
  routes:
    - matchers: [team=night]
      receiver: night
      active_time_intervals: [nights]
receivers:
  - name: hook
  - name: night
    webhook_configs: [{url: 'http://night'}]
time_intervals:
  - name: nights
    time_intervals:
      - weekdays: ['friday']
        times: [{start_time: '20:00', end_time: '24:00'}]
        location: Europe/Berlin
`);
  assert.equal(new Date(one.clock.now()).toISOString(), '2027-01-15T08:00:00.000Z');
  await one.fire('a', { team: 'night' });
  await one.clock.advance(10 * 60 * MINUTE);
  assert.deepEqual(one.story(), []);
  await one.clock.advance(2 * 60 * MINUTE);
  assert.deepEqual(one.story(), ['night: a |']);
  const at = new Date(one.told[0].atMs).toISOString();
  assert.match(at, /^2027-01-15T19:0/, 'eight in the evening in Berlin');
});

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
