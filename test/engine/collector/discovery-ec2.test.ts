// EC2 discovery against a service that checks signatures and answers in pages; and its XML reader
// against what is no XML.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { itemsOf, parseXml, textAt } from '../../../src/engine/collector/aws-xml.ts';
import type { Ec2DiscoveryConfig } from '../../../src/engine/collector/discovery-config.ts';
import { ec2Discovery } from '../../../src/engine/collector/discovery-ec2.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { addresses, labelsAt, TestRoom } from '../../support/discovery-room.ts';
import { FakeEc2 } from '../../support/fake-ec2.ts';

async function setUp(t: TestContext, more: Partial<Ec2DiscoveryConfig> = {}) {
  const ec2 = new FakeEc2();
  await ec2.outage.up();
  const room = new TestRoom();
  const config: Ec2DiscoveryConfig = {
    ...{ kind: 'ec2', region: 'eu-1', endpoint: ec2.endpoint, accessKey: 'AKID' },
    ...{ secretKey: 'EXAMPLEKEY', port: 9100, filters: [], refreshMs: 60_000 },
    ...{ followRedirects: true, ...more },
  };
  const discovery = ec2Discovery(config, room);
  t.after(async () => {
    await discovery.stop();
    await ec2.outage.down().catch(() => undefined);
  });
  const shows = (...wanted: string[]) =>
    room.until(wanted.join(), () => addresses(discovery).join() === wanted.join());
  return { ec2, room, discovery, shows };
}

const zone = 'eu-1a';

test('instances appear, change and vanish, in pages', async (t) => {
  const { ec2, discovery, shows } = await setUp(t);
  ec2.pageMax = 2;
  ec2.instances = [1, 2, 3, 4, 5].map((i) => ({ id: `i-${i}`, ip: `10.0.0.${i}`, zone }));
  await discovery.start();
  await shows(...[1, 2, 3, 4, 5].map((i) => `10.0.0.${i}:9100`));
  assert.equal(ec2.bodies.filter((body) => body.includes('DescribeInstances&')).length, 3);
  ec2.instances = [
    { id: 'i-1', ip: '10.0.0.11', zone },
    { id: 'i-6', zone },
  ];
  await shows('10.0.0.11:9100');
});

test('labels, and characters that XML writes otherwise', async (t) => {
  const { ec2, discovery } = await setUp(t, { filters: [{ name: 'tag:a&b', values: ['x y'] }] });
  const more =
    '<ipAddress>198.51.100.1</ipAddress><dnsName>a.example</dnsName><vpcId>vpc-1</vpcId>' +
    '<subnetId>s-1</subnetId><architecture>arm64</architecture><networkInterfaceSet><item>' +
    '<subnetId>s-1</subnetId><ipv6AddressesSet><item><ipv6Address>2001:db8::1</ipv6Address>' +
    '</item></ipv6AddressesSet></item><item><subnetId>s-2</subnetId></item></networkInterfaceSet>';
  const tags = { Name: 'a & <b>', 'team:x': 'blue', __proto__y: 'z' };
  ec2.instances = [{ id: 'i-1', ip: '10.0.0.1', zone, tags, more }];
  await discovery.start();
  const prefix = '__meta_ec2_';
  const found = Object.entries(labelsAt(discovery, '10.0.0.1:9100'));
  assert.deepEqual(Object.fromEntries(found.map(([k, v]) => [k.slice(prefix.length), v])), {
    ...{ ami: 'ami-1', architecture: 'arm64', availability_zone: zone },
    ...{
      default_ipv6_address: '2001:db8::1',
      availability_zone_id: 'euz1',
      instance_id: 'i-1',
      instance_state: 'running',
    },
    ...{ instance_type: 'm5.large', ipv6_addresses: ',2001:db8::1,', owner_id: '4711' },
    ...{ primary_subnet_id: 's-1', private_ip: '10.0.0.1', public_dns_name: 'a.example' },
    ...{ public_ip: '198.51.100.1', region: 'eu-1', subnet_id: ',s-1,s-2,', vpc_id: 'vpc-1' },
    ...{ tag_Name: 'a & <b>', tag_team_x: 'blue', tag___proto__y: 'z' },
  });
  assert.match(ec2.bodies[0], /&Filter\.1\.Name=tag%3Aa%26b&Filter\.1\.Value\.1=x%20y&/);
});

test('an instance with IPv6 alone is asked by its primary address, or by any', async (t) => {
  const { ec2, discovery } = await setUp(t);
  const nic = (index: number, ...items: string[]): string =>
    `<item><subnetId>s</subnetId><attachment><deviceIndex>${index}</deviceIndex></attachment>` +
    `<ipv6AddressesSet>${items.join('')}</ipv6AddressesSet></item>`;
  const address = (text: string, primary = false): string =>
    `<item><ipv6Address>${text}</ipv6Address><isPrimaryIpv6>${primary}</isPrimaryIpv6></item>`;
  const vpc = (...nics: string[]): string =>
    `<vpcId>v</vpcId><subnetId>s</subnetId><networkInterfaceSet>${nics.join('')}` +
    '</networkInterfaceSet>';
  ec2.instances = [
    {
      id: 'i-1',
      zone,
      more: vpc(nic(0, address('2001:db8::1')), nic(1, address('2001:db8::2', true))),
    },
    { id: 'i-2', zone, more: vpc(nic(0, address('2001:db8::3'))) },
    { id: 'i-3', zone, more: vpc() },
  ];
  await discovery.start();
  assert.deepEqual(addresses(discovery), ['[2001:db8::2]:9100', '[2001:db8::3]:9100']);
  const first = labelsAt(discovery, '[2001:db8::2]:9100');
  assert.equal(first['__meta_ec2_primary_ipv6_addresses'], ',,2001:db8::2,');
  assert.equal(first['__meta_ec2_default_ipv6_address'], '2001:db8::2');
});

test('filters, keys of the environment, a wrong key', async (t) => {
  const values = ['running', 'pending'];
  const filters = [{ name: 'instance-state-name', values }];
  const { ec2, room, discovery, shows } = await setUp(t, {
    ...{ accessKey: '', secretKey: '', region: '', filters },
  });
  ec2.instances = [
    { id: 'i-1', ip: '10.0.0.1', zone },
    { id: 'i-2', ip: '10.0.0.2', zone, state: 'stopped' },
  ];
  await discovery.start();
  assert.match(room.warnings[0], /no region/);
  room.env = { AWS_REGION: 'eu-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'wrong' };
  await room.until('a refusal', () => room.warnings.length > 1);
  assert.match(room.warnings[1], /SignatureDoesNotMatch: no <match>/);
  room.env.AWS_SECRET_ACCESS_KEY = 'EXAMPLEKEY';
  await shows('10.0.0.1:9100');
});

test('a region that is away for five minutes takes no target along', async (t) => {
  const { ec2, room, discovery, shows } = await setUp(t);
  ec2.instances = [{ id: 'i-1', ip: '10.0.0.1', zone }];
  await discovery.start();
  await ec2.outage.down();
  await room.pass(300_000);
  assert.deepEqual(addresses(discovery), ['10.0.0.1:9100']);
  assert.ok(discovery.failures >= 4, String(discovery.failures));
  assert.equal(room.warnings.length, 1);
  ec2.instances = [{ id: 'i-2', ip: '10.0.0.2', zone }];
  await ec2.outage.up();
  await shows('10.0.0.2:9100');
});

test('XML: what is cut, crossed, deep or has a DTD is refused; chance breaks nothing', () => {
  const good = '<?xml version="1.0"?><a x="1"><b><item><c>1 &#x41;&amp;</c></item></b><d/></a>';
  const root = parseXml(good);
  assert.equal(textAt(itemsOf(root, 'b')[0], 'c'), '1 A&');
  const bad = ['', '<a>', '<a></b>', '<a><b></a></b>', 'x', '<a>&x;</a>', '<a/><b/>'];
  bad.push('<!DOCTYPE a [<!ENTITY x "y">]><a/>', '<a>'.repeat(50), '<a>&#x110000;</a>');
  for (const text of bad) assert.throws(() => parseXml(text), MonError, text);
  const seed = 7;
  const random = seededRandom(seed);
  for (let round = 0; round < 3000; round++) {
    const letters = [...good];
    for (let i = 0; i < 3; i++) {
      letters[Math.floor(random() * letters.length)] = '<>/&;a "'[Math.floor(random() * 8)];
    }
    try {
      parseXml(letters.join(''));
    } catch (thrown) {
      assert.ok(thrown instanceof MonError, `seed ${seed}: ${letters.join('')}`);
    }
  }
});
