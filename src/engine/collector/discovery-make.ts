// From what a job says of discovery to the discoveries themselves: the one place that knows all
// kinds. The pool of a job calls it. Easy to get wrong: a kind may be several, one for each name,
// so that one name that fails leaves the others alone.
import type { Discovery, DiscoveryRoom } from './discovery.ts';
import type { DiscoveryConfig } from './discovery-config.ts';
import { ConsulDiscovery } from './discovery-consul.ts';
import { dnsDiscoveries } from './discovery-dns.ts';
import { ec2Discovery } from './discovery-ec2.ts';
import { FileDiscovery } from './discovery-file.ts';
import { httpDiscovery } from './discovery-http.ts';
import { KubernetesDiscovery } from './discovery-kubernetes.ts';
import type { ScrapeConfig } from './scrape-config.ts';

function made(config: DiscoveryConfig, room: DiscoveryRoom): Discovery[] {
  switch (config.kind) {
    case 'dns':
      return dnsDiscoveries(config, room);
    case 'http':
      return [httpDiscovery(config, room)];
    case 'kubernetes':
      return [new KubernetesDiscovery(config, room)];
    case 'consul':
      return [new ConsulDiscovery(config, room)];
    case 'ec2':
      return [ec2Discovery(config, room)];
  }
}

/** All discoveries of a job; none of them has started. */
export function makeDiscoveries(config: ScrapeConfig, room: DiscoveryRoom): Discovery[] {
  const files = config.fileConfigs.map((file) => new FileDiscovery({ ...room, config: file }));
  return [...files, ...(config.discoveries ?? []).flatMap((one) => made(one, room))];
}
