// dns_sd_configs: targets from A, AAAA, SRV, MX or NS records, each name asked for itself. Easy to
// get wrong: "there is no such name" is an answer that takes the targets away, no answer at all is
// not; and a relative name is tried in the search domains of resolv.conf.
import { Resolver } from 'node:dns/promises';
import { MonError, messageOf } from '../errors.ts';
import { DISCOVERY_TIMEOUT_MS } from '../limits.ts';
import type { Disk } from '../runtime/disk.ts';
import type { Discovery, DiscoveryRoom } from './discovery.ts';
import { groupsOf, hostPort, PolledDiscovery } from './discovery.ts';
import type { DnsDiscoveryConfig } from './discovery-config.ts';
import type { TargetGroup } from './scrape-config.ts';

const RESOLV_CONF = '/etc/resolv.conf';
/** A server is asked so often before the next one. */
const TRIES = 2;
const NO_RECORD = new Set(['ENOTFOUND', 'ENODATA']);

type Found = readonly [address: string, labels: Record<string, string>];

/** The names that a name stands for, in the order in which they are tried. */
export function searchedNames(name: string, resolvConf: string): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  let domains: string[] = [];
  let dots = 1;
  for (const line of resolvConf.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === 'search' || word === 'domain') domains = rest;
    const told = word === 'options' && rest.find((option) => /^ndots:\d+$/.test(option));
    if (told) dots = Number(told.slice('ndots:'.length));
  }
  const searched = domains.map((domain) => `${name}.${domain.replace(/\.$/, '')}`);
  const isFull = name.split('.').length > dots;
  return isFull ? [name, ...searched] : [...searched, name];
}

/** The records of one name. @throws what node:dns throws. */
async function records(resolver: Resolver, name: string, config: DnsDiscoveryConfig) {
  const { type, port } = config;
  switch (type) {
    case 'A':
      return (await resolver.resolve4(name)).map((ip): Found => [hostPort(ip, port), {}]);
    case 'AAAA':
      return (await resolver.resolve6(name)).map((ip): Found => [hostPort(ip, port), {}]);
    case 'SRV':
      return (await resolver.resolveSrv(name)).map((record): Found => {
        const target = `${record.name}.`;
        const labels = {
          __meta_dns_srv_record_target: target,
          __meta_dns_srv_record_port: String(record.port),
        };
        return [hostPort(record.name, record.port), labels];
      });
    case 'MX':
      return (await resolver.resolveMx(name)).map(({ exchange }): Found => {
        return [hostPort(exchange, port), { __meta_dns_mx_record_target: `${exchange}.` }];
      });
    case 'NS':
      return (await resolver.resolveNs(name)).map((server): Found => {
        return [hostPort(server, port), { __meta_dns_ns_record_target: `${server}.` }];
      });
  }
}

async function lookUp(
  resolver: Resolver,
  names: readonly string[],
  config: DnsDiscoveryConfig,
): Promise<Found[]> {
  for (const name of names) {
    try {
      const found = await records(resolver, name, config);
      if (found.length > 0) return found;
    } catch (thrown) {
      if (NO_RECORD.has((thrown as NodeJS.ErrnoException).code ?? '')) continue;
      throw new MonError('MON_SERVER_UNREACHABLE', messageOf(thrown), { cause: thrown });
    }
  }
  return [];
}

/** Records come in any order: a list that only turned is the same list. */
function sorted(found: readonly Found[]): Found[] {
  const text = ([address, labels]: Found): string => `${address} ${JSON.stringify(labels)}`;
  return [...found].sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

async function resolvConf(disk: Disk): Promise<string> {
  try {
    return new TextDecoder().decode(await disk.readFile(RESOLV_CONF));
  } catch (thrown) {
    if (thrown instanceof MonError) return '';
    throw thrown;
  }
}

/** One for each name. `servers` (ip:port) stand in for those of this host. */
export function dnsDiscoveries(
  config: DnsDiscoveryConfig,
  room: DiscoveryRoom,
  servers?: readonly string[],
): Discovery[] {
  const { refreshMs, type } = config;
  return config.names.map((name) => {
    const look = async (): Promise<TargetGroup[]> => {
      // Anew each time: the servers of the host may be others by now.
      const resolver = new Resolver({ timeout: DISCOVERY_TIMEOUT_MS / 10, tries: TRIES });
      if (servers !== undefined) resolver.setServers(servers);
      const names = searchedNames(name, await resolvConf(room.disk));
      const found = await lookUp(resolver, names, config);
      return groupsOf(`dns/${name}`, { __meta_dns_name: name }, sorted(found));
    };
    return new PolledDiscovery({ room, what: `${type} records of ${name}`, refreshMs, look });
  });
}
