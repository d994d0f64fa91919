// Consul discovery against an agent with blocking queries: services and instances come, change and
// go, the agent is away for minutes or begins anew.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { ConsulDiscoveryConfig } from '../../../src/engine/collector/discovery-config.ts';
import { ConsulDiscovery } from '../../../src/engine/collector/discovery-consul.ts';
import { addresses, labelsAt, TestRoom } from '../../support/discovery-room.ts';
import { FakeConsul } from '../../support/fake-consul.ts';

async function setUp(t: TestContext, more: Partial<ConsulDiscoveryConfig> = {}) {
  const consul = new FakeConsul();
  await consul.outage.up();
  const room = new TestRoom();
  const discovery = new ConsulDiscovery(
    {
      ...{ kind: 'consul', server: consul.server, pathPrefix: '', scheme: 'http' },
      ...{ datacenter: '', namespace: '', partition: '', services: [], tags: [], nodeMeta: {} },
      ...{ filter: '', healthFilter: '', tagSeparator: ',', allowStale: true, refreshMs: 30_000 },
      ...{ followRedirects: true, ...more },
    },
    room,
  );
  t.after(async () => {
    await discovery.stop();
    await consul.outage.down().catch(() => undefined);
  });
  const shows = (...wanted: string[]) =>
    room.until(wanted.join(), () => addresses(discovery).join() === wanted.join());
  return { consul, room, discovery, shows };
}

const cart = (id: string, port: number, more = {}) => ({
  ...{ id, name: 'cart', node: 'n1', nodeAddress: '10.0.0.1', port, ...more },
});

test('services and instances appear, change and vanish', async (t) => {
  const { consul, discovery, shows, room } = await setUp(t);
  consul.put(cart('c1', 80));
  await discovery.start();
  await shows('10.0.0.1:80');
  consul.put(cart('c2', 81));
  await shows('10.0.0.1:80', '10.0.0.1:81');
  consul.put({ ...cart('t1', 90), name: 'till', address: '10.0.0.9' });
  await shows('10.0.0.1:80', '10.0.0.1:81', '10.0.0.9:90');
  consul.remove('c1');
  await shows('10.0.0.1:81', '10.0.0.9:90');
  consul.remove('c2');
  await shows('10.0.0.9:90');
  assert.equal(discovery.failures, 0, room.warnings.join());
  // Nothing changes: the questions are held back, not asked again and again.
  await room.until('two held', () => consul.held === 2);
  const { length } = consul.requests;
  await room.pass(60_000);
  assert.equal(consul.requests.length, length);
});

test('labels', async (t) => {
  const { consul, discovery } = await setUp(t);
  const meta = { 'team-name': 'blue' };
  const tags = ['a', 'b'];
  consul.put(cart('c1', 80, { tags, meta, nodeMeta: { rack: '7' }, status: 'critical' }));
  await discovery.start();
  assert.deepEqual(labelsAt(discovery, '10.0.0.1:80'), {
    __meta_consul_address: '10.0.0.1',
    __meta_consul_dc: 'dc1',
    __meta_consul_health: 'critical',
    __meta_consul_metadata_rack: '7',
    __meta_consul_namespace: '',
    __meta_consul_node: 'n1',
    __meta_consul_partition: '',
    __meta_consul_service: 'cart',
    __meta_consul_service_address: '',
    __meta_consul_service_id: 'c1',
    __meta_consul_service_metadata_team_name: 'blue',
    __meta_consul_service_port: '80',
    __meta_consul_tagged_address_lan: '10.0.0.1',
    __meta_consul_tags: ',a,b,',
  });
});

test('tags and node meta choose, named services are asked for directly', async (t) => {
  const chosen = await setUp(t, { tags: ['prod'], nodeMeta: { rack: '7' } });
  chosen.consul.put(cart('c1', 80, { tags: ['prod'], nodeMeta: { rack: '7' } }));
  chosen.consul.put(cart('c2', 81, { tags: ['test'], nodeMeta: { rack: '7' } }));
  chosen.consul.put(cart('c3', 82, { tags: ['prod'], nodeMeta: { rack: '8' } }));
  await chosen.discovery.start();
  await chosen.shows('10.0.0.1:80');
  const named = await setUp(t, { services: ['cart'], token: 'x', datacenter: 'dc1' });
  named.consul.token = 'x';
  named.consul.put(cart('c1', 80));
  await named.discovery.start();
  await named.shows('10.0.0.1:80');
  const [first] = named.consul.requests;
  assert.equal(first.pathname, '/v1/health/service/cart');
  assert.equal(first.search, '?wait=120000ms&dc=dc1&stale=');
});

test('an agent that is away for five minutes takes no target along', async (t) => {
  const { consul, discovery, shows, room } = await setUp(t);
  consul.put(cart('c1', 80));
  await discovery.start();
  await shows('10.0.0.1:80');
  await consul.outage.down();
  await room.pass(300_000);
  assert.deepEqual(addresses(discovery), ['10.0.0.1:80']);
  assert.match(room.warnings[0], /does not answer.*stay/);
  assert.equal(room.warnings.length, 2, 'once for the catalog, once for the service');
  consul.put(cart('c2', 81));
  consul.remove('c1');
  await consul.outage.up();
  await shows('10.0.0.1:81');
});

test('an index that goes back, and a wrong token', async (t) => {
  const { consul, discovery, shows, room } = await setUp(t);
  consul.index = 100;
  consul.put(cart('c1', 80));
  await discovery.start();
  await room.until('two held', () => consul.held === 2);
  consul.beginAnew();
  consul.put(cart('c2', 81));
  await shows('10.0.0.1:80', '10.0.0.1:81');
  consul.token = 'other';
  consul.put(cart('c3', 82));
  await room.until('a refusal', () => room.warnings.length > 0);
  assert.match(room.warnings[0], /HTTP status 403: "rpc error/);
  assert.equal(addresses(discovery).length, 2);
  consul.token = undefined;
  await shows('10.0.0.1:80', '10.0.0.1:81', '10.0.0.1:82');
});
