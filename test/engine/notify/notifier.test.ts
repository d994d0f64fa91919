// The notifier in virtual time: grouping, repeating, deduplicating, muting. What Alertmanager
// promises is held to its documentation.
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
