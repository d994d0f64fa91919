// ec2_sd_configs: the instances of an Amazon region, by DescribeInstances in pages, signed by us.
// Easy to get wrong: an answer counts only when all its pages came; an instance with neither a
// private nor an IPv6 address is no target; keys of tags are any text.
// Source: Amazon EC2 API Reference, DescribeInstances, DescribeAvailabilityZones.
import { MonError } from '../errors.ts';
import { EC2_PAGES_MAX } from '../limits.ts';
import type { Discovery, DiscoveryRoom } from './discovery.ts';
import { groupsOf, hostPort, labelWord, PolledDiscovery } from './discovery.ts';
import { HttpClient, refusedBy } from './http-client.ts';
import type { Ec2DiscoveryConfig } from './discovery-config.ts';
import type { XmlElement } from './aws-xml.ts';
import { childOf, itemsOf, parseXml, textAt } from './aws-xml.ts';
import type { AwsCredentials } from './sigv4.ts';
import { awsEncoded, signedHeaders } from './sigv4.ts';
import type { TargetGroup } from './scrape-config.ts';

const API_VERSION = '2016-11-15';
const PAGE = '1000';
const SEPARATOR = ',';

interface Access {
  readonly region: string;
  readonly endpoint: string;
  readonly credentials: AwsCredentials;
}

/** Region, address and keys, from the configuration or the environment. @throws MonError. */
function accessOf(config: Ec2DiscoveryConfig, room: DiscoveryRoom): Access {
  const { env } = room;
  const region = config.region || (env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? '');
  if (region === '') throw new MonError('MON_CONFIG_INVALID', 'no region: set it, or AWS_REGION');
  const endpoint = config.endpoint || `https://ec2.${region}.amazonaws.com`;
  const fromConfig = config.accessKey !== '';
  const accessKey = fromConfig ? config.accessKey : (env.AWS_ACCESS_KEY_ID ?? '');
  const secretKey = fromConfig ? config.secretKey : (env.AWS_SECRET_ACCESS_KEY ?? '');
  if (accessKey === '' || secretKey === '') {
    const words = 'no keys: set access_key and secret_key, or AWS_ACCESS_KEY_ID and its secret';
    throw new MonError('MON_CONFIG_INVALID', words);
  }
  const sessionToken = fromConfig ? undefined : env.AWS_SESSION_TOKEN;
  const token = sessionToken === undefined ? {} : { sessionToken };
  return { region, endpoint, credentials: { accessKey, secretKey, ...token } };
}

/** Labels whose value is the text at a path of the instance. */
const PLAIN: readonly (readonly [label: string, ...path: string[]])[] = [
  ['instance_id', 'instanceId'],
  ['private_ip', 'privateIpAddress'],
  ['private_dns_name', 'privateDnsName'],
  ['platform', 'platform'],
  ['ami', 'imageId'],
  ['availability_zone', 'placement', 'availabilityZone'],
  ['instance_state', 'instanceState', 'name'],
  ['instance_type', 'instanceType'],
  ['instance_lifecycle', 'instanceLifecycle'],
  ['architecture', 'architecture'],
];

/** Subnets and IPv6 addresses, as lists with the separator at both ends. */
function putNetwork(labels: Record<string, string>, instance: XmlElement): void {
  const vpc = textAt(instance, 'vpcId');
  if (vpc === undefined) return;
  labels.__meta_ec2_vpc_id = vpc;
  labels.__meta_ec2_primary_subnet_id = textAt(instance, 'subnetId') ?? '';
  const subnets = new Set<string>();
  const addresses: string[] = [];
  const primary: string[] = [];
  for (const nic of itemsOf(instance, 'networkInterfaceSet')) {
    const subnet = textAt(nic, 'subnetId');
    if (subnet === undefined) continue;
    subnets.add(subnet);
    const index = Number(textAt(nic, 'attachment', 'deviceIndex') ?? 0);
    for (const item of itemsOf(nic, 'ipv6AddressesSet')) {
      const address = textAt(item, 'ipv6Address');
      if (address === undefined) continue;
      addresses.push(address);
      if (textAt(item, 'isPrimaryIpv6') === 'true') primary[index] = address;
    }
  }
  const list = (items: Iterable<string>): string =>
    SEPARATOR + [...items].join(SEPARATOR) + SEPARATOR;
  labels.__meta_ec2_subnet_id = list(subnets);
  if (addresses.length > 0) labels.__meta_ec2_ipv6_addresses = list(addresses);
  if (primary.length > 0) labels.__meta_ec2_primary_ipv6_addresses = list(primary);
  const usual = [...primary, ...addresses].find((address) => address);
  if (usual !== undefined) labels.__meta_ec2_default_ipv6_address = usual;
}

function instanceLabels(
  instance: XmlElement,
  owner: string | undefined,
  zones: ReadonlyMap<string, string>,
): Record<string, string> {
  const labels = Object.create(null) as Record<string, string>;
  for (const [label, ...path] of PLAIN) {
    const text = textAt(instance, ...path);
    if (text !== undefined) labels[`__meta_ec2_${label}`] = text;
  }
  if (owner !== undefined) labels.__meta_ec2_owner_id = owner;
  const publicIp = textAt(instance, 'ipAddress');
  if (publicIp !== undefined) {
    labels.__meta_ec2_public_ip = publicIp;
    labels.__meta_ec2_public_dns_name = textAt(instance, 'dnsName') ?? '';
  }
  const zone = zones.get(labels.__meta_ec2_availability_zone ?? '');
  if (zone !== undefined) labels.__meta_ec2_availability_zone_id = zone;
  putNetwork(labels, instance);
  for (const tag of itemsOf(instance, 'tagSet')) {
    const key = textAt(tag, 'key');
    if (key !== undefined) labels[`__meta_ec2_tag_${labelWord(key)}`] = textAt(tag, 'value') ?? '';
  }
  return labels;
}

class Ec2 {
  readonly #config: Ec2DiscoveryConfig;
  readonly #room: DiscoveryRoom;
  readonly #client: HttpClient;
  /** Names of zones and their ids, which are the same in all accounts. */
  readonly #zones = new Map<string, string>();

  constructor(config: Ec2DiscoveryConfig, room: DiscoveryRoom) {
    this.#config = config;
    this.#room = room;
    this.#client = new HttpClient(room, config);
  }

  close(): void {
    this.#client.close();
  }

  async groups(signal: AbortSignal): Promise<TargetGroup[]> {
    const access = accessOf(this.#config, this.#room);
    const reservations = await this.#reservations(access, signal);
    const instances = reservations.flatMap((reservation) => {
      const owner = textAt(reservation, 'ownerId');
      return itemsOf(reservation, 'instancesSet').map((instance) => [instance, owner] as const);
    });
    const zoneOf = (instance: XmlElement): string =>
      textAt(instance, 'placement', 'availabilityZone') ?? '';
    if (instances.some(([instance]) => !this.#zones.has(zoneOf(instance)))) {
      await this.#askZones(access, signal);
    }
    const found = instances.flatMap(([instance, owner]) => {
      const labels = instanceLabels(instance, owner, this.#zones);
      const address = labels.__meta_ec2_private_ip || labels.__meta_ec2_default_ipv6_address;
      if (address === undefined) return [];
      return [[hostPort(address, this.#config.port), labels] as const];
    });
    const { region } = access;
    return groupsOf(`ec2/${region}`, { __meta_ec2_region: region }, found);
  }

  async #reservations(access: Access, signal: AbortSignal): Promise<XmlElement[]> {
    const filters = this.#config.filters.flatMap(({ name, values }, i) => [
      [`Filter.${i + 1}.Name`, name],
      ...values.map((value, k) => [`Filter.${i + 1}.Value.${k + 1}`, value]),
    ]) as [string, string][];
    const all: XmlElement[] = [];
    let token: string | undefined;
    for (let page = 0; page < EC2_PAGES_MAX; page++) {
      const more: [string, string][] = token === undefined ? [] : [['NextToken', token]];
      const parameters: [string, string][] = [...filters, ['MaxResults', PAGE], ...more];
      const answer = await this.#ask(access, 'DescribeInstances', parameters, signal);
      all.push(...itemsOf(answer, 'reservationSet'));
      token = textAt(answer, 'nextToken');
      if (token === undefined || token === '') return all;
    }
    throw new MonError('MON_LIMIT_EXCEEDED', `more than ${EC2_PAGES_MAX} pages; use filters`);
  }

  /** Without the right to ask, instances go without this one label. */
  async #askZones(access: Access, signal: AbortSignal): Promise<void> {
    try {
      const answer = await this.#ask(access, 'DescribeAvailabilityZones', [], signal);
      for (const zone of itemsOf(answer, 'availabilityZoneInfo')) {
        this.#zones.set(textAt(zone, 'zoneName') ?? '', textAt(zone, 'zoneId') ?? '');
      }
    } catch (thrown) {
      if (signal.aborted || !(thrown instanceof MonError)) throw thrown;
      if (thrown.code !== 'MON_SERVER_FAILED') throw thrown;
    }
  }

  async #ask(
    access: Access,
    action: string,
    parameters: readonly [string, string][],
    signal: AbortSignal,
  ): Promise<XmlElement> {
    const { region, endpoint, credentials } = access;
    const pairs = [['Action', action], ['Version', API_VERSION], ...parameters];
    const body = pairs.map(([name, value]) => `${awsEncoded(name)}=${awsEncoded(value)}`).join('&');
    const url = new URL(endpoint);
    const type = 'application/x-www-form-urlencoded; charset=utf-8';
    const request = { method: 'POST', url, headers: { 'Content-Type': type }, body } as const;
    const nowMs = this.#room.clock.now();
    const headers = signedHeaders(request, { region, service: 'ec2' }, credentials, nowMs);
    const question = { method: 'POST', headers, body: Buffer.from(body), signal } as const;
    const reply = await this.#client.ask(url.href, question);
    if (reply.status === 200) return parseXml(Buffer.from(reply.body).toString('utf8'));
    throw refusal(url.href, reply);
  }
}

/** The failure of an answer: Amazon's own code and words where they can be read. */
function refusal(url: string, reply: { status: number; body: Uint8Array }): MonError {
  try {
    const root = parseXml(Buffer.from(reply.body).toString('utf8'));
    const error = childOf(childOf(root, 'Errors'), 'Error');
    const code = error === undefined ? undefined : textAt(error, 'Code');
    if (error === undefined || code === undefined) return refusedBy(url, reply);
    const words = `${code}: ${textAt(error, 'Message') ?? ''}`;
    return new MonError('MON_SERVER_FAILED', `Amazon refused: ${words}`);
  } catch (thrown) {
    if (thrown instanceof MonError) return refusedBy(url, reply);
    throw thrown;
  }
}

export function ec2Discovery(config: Ec2DiscoveryConfig, room: DiscoveryRoom): Discovery {
  const ec2 = new Ec2(config, room);
  const { refreshMs } = config;
  const look = (signal: AbortSignal): Promise<TargetGroup[]> => ec2.groups(signal);
  return new PolledDiscovery({ room, what: 'ec2', refreshMs, look, close: () => ec2.close() });
}
