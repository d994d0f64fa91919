// http_sd_configs: target groups as JSON from an HTTP server. It is asked again and again. Easy to
// get wrong: anything but a 200 with application/json and well-formed groups leaves the targets as
// they were. Source: Prometheus' documentation, "HTTP SD".
import { messageOf, MonError } from '../errors.ts';
import type { Discovery, DiscoveryRoom } from './discovery.ts';
import { PolledDiscovery } from './discovery.ts';
import { HttpClient, jsonOf, refusedBy } from './http-client.ts';
import type { HttpDiscoveryConfig } from './discovery-config.ts';
import { targetGroups } from './discovery-file.ts';

const JSON_TYPE = /^application\/json(?:\s*;\s*charset="?utf-8"?)?$/i;

export function httpDiscovery(config: HttpDiscoveryConfig, room: DiscoveryRoom): Discovery {
  const { url, refreshMs } = config;
  const client = new HttpClient(room, config);
  const headers = {
    Accept: 'application/json',
    'X-Prometheus-Refresh-Interval-Seconds': String(refreshMs / 1000),
  };
  const look = async (signal: AbortSignal) => {
    const reply = await client.ask(url, { headers, signal });
    if (reply.status !== 200) throw refusedBy(url, reply);
    const type = reply.headers['content-type'] ?? '';
    if (!JSON_TYPE.test(type.trim())) {
      const words = `its content type is ${JSON.stringify(type)}, not application/json`;
      throw new MonError('MON_SERVER_FAILED', words);
    }
    try {
      return targetGroups(jsonOf(url, reply.body), url, '__meta_url');
    } catch (thrown) {
      throw new MonError('MON_SERVER_FAILED', messageOf(thrown), { cause: thrown });
    }
  };
  return new PolledDiscovery({ room, what: url, refreshMs, look, close: () => client.close() });
}
