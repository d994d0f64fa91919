// DNS discovery against a name server: all types of records, search domains, and the difference
// between "no such name", which is an answer, and no answer.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { DnsDiscoveryConfig } from '../../../src/engine/collector/discovery-config.ts';
import { dnsDiscoveries, searchedNames } from '../../../src/engine/collector/discovery-dns.ts';
import { addresses, labelsAt, TestRoom } from '../../support/discovery-room.ts';
import { FakeDns } from '../../support/fake-dns.ts';

async function setUp(t: TestContext, more: Partial<DnsDiscoveryConfig>) {
  const dns = new FakeDns();
  await dns.up();
  const room = new TestRoom();
  const config: DnsDiscoveryConfig = {
    ...{ kind: 'dns', names: ['shop.example.com'], type: 'SRV', port: 9100, refreshMs: 30_000 },
    ...more,
  };
  const [discovery] = dnsDiscoveries(config, room, [dns.address]);
  t.after(async () => {
    await discovery.stop();
    await dns.down();
  });
  const shows = (...wanted: string[]) =>
    room.until(wanted.join(), () => addresses(discovery).join() === wanted.join());
  return { dns, room, discovery, shows };
}

test('SRV records appear, change and vanish; their order means nothing', async (t) => {
  const { dns, room, discovery, shows } = await setUp(t, {});
  const key = 'SRV shop.example.com';
  dns.records.set(key, ['10 5 8080 a.example.com', '10 5 8081 b.example.com']);
  await discovery.start();
  await shows('a.example.com:8080', 'b.example.com:8081');
  assert.deepEqual(labelsAt(discovery, 'a.example.com:8080'), {
    __meta_dns_name: 'shop.example.com',
    __meta_dns_srv_record_target: 'a.example.com.',
    __meta_dns_srv_record_port: '8080',
  });
  const { changes } = room;
  dns.records.get(key)?.reverse();
  await room.pass(60_000);
  assert.equal(room.changes, changes);
  dns.records.set(key, ['10 5 8082 b.example.com']);
  await shows('b.example.com:8082');
  dns.records.delete(key);
  await shows();
  assert.equal(discovery.failures, 0, 'no such name is an answer');
});

test('A, AAAA, MX and NS', async (t) => {
  const cases = [
    ['A', '10.0.0.1', '10.0.0.1:9100', {}],
    ['AAAA', '2001:db8:0:0:0:0:0:1', '[2001:db8::1]:9100', {}],
    ['MX', '10 m.example.com', 'm.example.com:9100', { mx: 'm.example.com.' }],
    ['NS', 'n.example.com', 'n.example.com:9100', { ns: 'n.example.com.' }],
  ] as const;
  for (const [type, record, address, more] of cases) {
    const { dns, discovery, shows } = await setUp(t, { type });
    dns.records.set(`${type} shop.example.com`, [record]);
    await discovery.start();
    await shows(address);
    const own = Object.entries(more).map(([k, v]) => [`__meta_dns_${k}_record_target`, v]);
    const wanted = { __meta_dns_name: 'shop.example.com', ...Object.fromEntries(own) };
    assert.deepEqual(labelsAt(discovery, address), wanted);
  }
});

test('a server that fails for five minutes takes no target along', async (t) => {
  const { dns, room, discovery, shows } = await setUp(t, { type: 'A' });
  dns.records.set('A shop.example.com', ['10.0.0.1']);
  await discovery.start();
  await shows('10.0.0.1:9100');
  dns.mode = 'fail';
  dns.records.delete('A shop.example.com');
  await room.pass(300_000);
  await room.until('a complaint', () => room.warnings.length > 0);
  assert.match(room.warnings[0], /A records of shop.example.com: .*SERVFAIL.*stay/);
  assert.deepEqual(addresses(discovery), ['10.0.0.1:9100']);
  dns.records.set('A shop.example.com', ['10.0.0.2']);
  dns.mode = 'answer';
  await shows('10.0.0.2:9100');
});

test('search domains as resolv.conf has them', async (t) => {
  const conf = 'nameserver 1.1.1.1\nsearch a.example. b.example\noptions ndots:2 rotate\n';
  const { dns, room, discovery, shows } = await setUp(t, { type: 'A', names: ['db.x'] });
  room.files.set('/etc/resolv.conf', conf);
  dns.records.set('A db.x.b.example', ['10.0.0.1']);
  await discovery.start();
  await shows('10.0.0.1:9100');
  assert.deepEqual(dns.asked, ['A db.x.a.example', 'A db.x.b.example']);
  assert.deepEqual(searchedNames('db.x.y', conf), [
    'db.x.y',
    'db.x.y.a.example',
    'db.x.y.b.example',
  ]);
  assert.deepEqual(searchedNames('db.', conf), ['db']);
  assert.deepEqual(searchedNames('db', ''), ['db']);
});
