// HTTP discovery against a server that answers rightly, wrongly, elsewhere, or not at all; and
// through the scrape manager, where targets and their samples must not notice an outage.
import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { HttpDiscoveryConfig } from '../../../src/engine/collector/discovery-config.ts';
import { httpDiscovery } from '../../../src/engine/collector/discovery-http.ts';
import { ScrapeManager } from '../../../src/engine/collector/scrape-manager.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { addresses, labelsAt, Outage, TestRoom } from '../../support/discovery-room.ts';
import { until } from '../../support/until.ts';
import { DoorDouble, job, serve } from './scrape-double.ts';

async function setUp(t: TestContext, more: Partial<HttpDiscoveryConfig> = {}) {
  const requests: IncomingMessage[] = [];
  const said = { answer: ((_, reply) => reply.end()) as RequestListener };
  const server = createServer((request, reply) => {
    requests.push(request);
    said.answer(request, reply);
  });
  const outage = new Outage(server);
  await outage.up();
  const room = new TestRoom();
  const url = `http://127.0.0.1:${outage.port}/sd`;
  const base = { kind: 'http', url, refreshMs: 60_000, followRedirects: true } as const;
  const discovery = httpDiscovery({ ...base, ...more }, room);
  const say = (groups: unknown, type = 'application/json; charset=utf-8', code = 200): void => {
    said.answer = (_, reply) => {
      reply.writeHead(code, { 'Content-Type': type });
      reply.end(typeof groups === 'string' ? groups : JSON.stringify(groups));
    };
  };
  t.after(async () => {
    await discovery.stop();
    await outage.down().catch(() => undefined);
  });
  const shows = (...wanted: string[]) =>
    room.until(wanted.join(), () => addresses(discovery).join() === wanted.join());
  return { said, say, url, requests, outage, room, discovery, shows };
}

test('groups appear, change and vanish; five minutes away change nothing', async (t) => {
  const { say, url, requests, outage, room, discovery, shows } = await setUp(t);
  say([{ targets: ['a:1', 'b:2'], labels: { __meta_team: 'blue' } }, { targets: ['c:3'] }]);
  await discovery.start();
  await shows('a:1', 'b:2', 'c:3');
  assert.deepEqual(labelsAt(discovery, 'b:2'), { __meta_team: 'blue', __meta_url: url });
  assert.equal(requests[0].headers['x-prometheus-refresh-interval-seconds'], '60');
  say([{ targets: ['a:1'], labels: { __meta_team: 'red' } }]);
  await room.until('red', () => labelsAt(discovery, 'a:1').__meta_team === 'red');
  await outage.down();
  await room.pass(300_000);
  assert.deepEqual(addresses(discovery), ['a:1']);
  assert.equal(room.warnings.length, 1);
  await outage.up();
  say([]);
  await shows();
});

test('what is no answer changes nothing and is said', async (t) => {
  const { said, say, room, discovery, shows } = await setUp(t);
  say([{ targets: ['a:1'] }]);
  await discovery.start();
  await shows('a:1');
  const wrong: [() => void, RegExp][] = [
    [() => say('oops', 'text/plain', 503), /HTTP status 503: "oops"/],
    [() => say('[]', 'text/html'), /content type is "text\/html"/],
    [() => say('[{"targets": ["b'), /answered no JSON/],
    [() => say({ targets: [] }), /not a list of target groups/],
    [() => say([{ targets: ['b:1'], more: 1 }]), /group 1: unknown field "more"/],
    [() => say([{ targets: [1] }]), /group 1: targets is no list/],
    [() => say([{ targets: ['b:1'], labels: { a: 1 } }]), /label "a" is no text/],
    [() => (said.answer = (_, reply) => void reply.destroy()), /does not answer/],
  ];
  for (const [make, pattern] of wrong) {
    make();
    await room.until(String(pattern), () => pattern.test(room.warnings.at(-1) ?? ''));
    assert.deepEqual(addresses(discovery), ['a:1']);
  }
  assert.equal(room.warnings.length, wrong.length);
});

test('credentials stay with the first host when it redirects', async (t) => {
  const auth = { kind: 'credentials', type: 'Bearer', credentials: 's3cret' } as const;
  const { said, requests, discovery, shows } = await setUp(t, { auth });
  const other = await serve((_, reply) => {
    reply.writeHead(200, { 'Content-Type': 'application/json' });
    reply.end('[{"targets": ["a:1"]}]');
  });
  t.after(() => other.close());
  said.answer = (_, reply) => {
    reply.writeHead(302, { Location: `http://${other.address}/x` }).end();
  };
  await discovery.start();
  await shows('a:1');
  assert.equal(requests[0].headers.authorization, 'Bearer s3cret');
  assert.equal(other.requests[0].headers.authorization, undefined);
});

test('through the manager: an outage of discovery leaves no gap in the samples', async (t) => {
  const target = await serve((_, reply) => void reply.end('a 1\n'));
  const { say, url, outage } = await setUp(t);
  const room = new TestRoom();
  const door = new DoorDouble();
  const { disk, warn } = room;
  const manager = new ScrapeManager({ door, clock: systemClock, disk, warn });
  t.after(async () => {
    await manager.stop();
    await target.close();
    assert.equal(door.heldCount, 0);
  });
  say([{ targets: [target.address] }]);
  const discoveries = [{ kind: 'http', url, refreshMs: 20, followRedirects: true }] as const;
  await manager.apply([job({ discoveries })]);
  assert.equal(manager.active().length, 1);
  await until('a scrape', () => door.values('a').length > 0);
  await outage.down();
  await until('failures', () => manager.discoveryFailures() > 2);
  const { length } = door.values('a');
  await until('more scrapes', () => door.values('a').length > length + 2);
  assert.ok(!door.values('a').includes('stale'));
  await outage.up();
  say([]);
  await until('gone', () => manager.active().length === 0);
  await until('stale', () => door.last('a') === 'stale');
});
