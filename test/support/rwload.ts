// Remote-write bodies like those of a fleet: 101 metrics a host in 9 groups, 10 tags, counters
// and gauges of whole numbers, what TSBS calls devops. For benchmarks; the same seed makes the
// same bytes.
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { encodeWriteRequest, type WriteSeries } from './write-request.ts';

/** Metrics of each group; names do not matter, their number and length do. */
const GROUPS: Readonly<Record<string, number>> = {
  cpu_usage: 10,
  diskio_operations: 7,
  disk_bytes: 7,
  kernel_counts: 6,
  mem_bytes: 9,
  net_packets: 8,
  nginx_connections: 7,
  postgresl_tuples: 16,
  redis_instantaneous: 31,
};
const STEP_MS = 10_000;

function tagsOf(host: number): Record<string, string> {
  return {
    arch: ['x64', 'x86'][host % 2],
    datacenter: `us-east-1${'abc'[host % 3]}`,
    hostname: `host_${host}`,
    os: ['Ubuntu16.10', 'Ubuntu16.04LTS', 'Ubuntu15.10'][host % 3],
    rack: String(host % 97),
    region: ['us-east-1', 'eu-west-1', 'ap-southeast-2'][host % 3],
    service: String(host % 19),
    service_environment: ['production', 'staging', 'test'][host % 3],
    service_version: String(host % 2),
    team: ['SF', 'NYC', 'LON', 'CHI'][host % 4],
  };
}

export interface FleetOptions {
  readonly hosts: number;
  readonly steps: number;
  /** Samples in a request. */
  readonly per: number;
  readonly endMs: number;
}

/** Uncompressed WriteRequests: each step sends every series once. */
export function fleetBodies({ hosts, steps, per, endMs }: FleetOptions): Buffer[] {
  const random = seededRandom(12345);
  const all: { labels: Record<string, string>; counter: boolean; value: number }[] = [];
  for (let host = 0; host < hosts; host++) {
    for (const [group, metrics] of Object.entries(GROUPS)) {
      for (let i = 0; i < metrics; i++) {
        const labels = { ...tagsOf(host), __name__: `${group}_${i}` };
        const counter = !/usage|bytes|instantaneous|connections/.test(group);
        all.push({ labels, counter, value: Math.floor(random() * (counter ? 1e6 : 100)) });
      }
    }
  }
  const bodies: Buffer[] = [];
  for (let step = 0; step < steps; step++) {
    const timestamp = endMs - (steps - 1 - step) * STEP_MS;
    for (let from = 0; from < all.length; from += per) {
      const portion = all.slice(from, from + per).map((one): WriteSeries => {
        const move = one.counter ? Math.floor(random() * 50) : Math.round((random() - 0.5) * 4);
        one.value = one.counter ? one.value + move : Math.min(100, Math.max(0, one.value + move));
        return { labels: one.labels, samples: [{ timestamp, value: one.value }] };
      });
      bodies.push(encodeWriteRequest(portion));
    }
  }
  return bodies;
}
