// Two sets of series as columns, for benchmarks of sealed blocks: a recorded node_exporter, one
// scrape a second for a quarter of an hour, and the fleet that check/rwload.mjs sends, with its
// names, its random numbers and its steps. Easy to get wrong: the recording keeps its own times.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { BlockSeries } from '../../src/engine/codec/block.ts';
import { compareLabels, makeLabels, NAME, type Labels } from '../../src/engine/model/labels.ts';
import { sharedData } from './project.ts';

/** One series, whole. */
export interface ColumnSeries {
  readonly labels: Labels;
  readonly timestamps: Float64Array;
  readonly words: Uint32Array;
}

function sorted(series: ColumnSeries[]): ColumnSeries[] {
  return series.sort((a, b) => compareLabels(a.labels, b.labels));
}

/** The series as the writer of a block takes them. */
export function* asBlockSeries(series: readonly ColumnSeries[]): Iterable<BlockSeries> {
  for (const { labels, timestamps, words } of series) {
    yield { labels, pieces: [{ kind: 'float', count: timestamps.length, timestamps, words }] };
  }
}

function labelsOfLine(series: string): Labels {
  const brace = series.indexOf('{');
  const pairs: [string, string][] = [
    [NAME, brace < 0 ? series : series.slice(0, brace)],
    ['instance', 'localhost:9100'],
    ['job', 'node'],
  ];
  const rest = brace < 0 ? '' : series.slice(brace);
  for (const [, name, value] of rest.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    pairs.push([name, value]);
  }
  return makeLabels(pairs);
}

/** The recording, or undefined where this checkout stands without it. */
export function recordedSeries(): ColumnSeries[] | undefined {
  const data = sharedData();
  const path = data && join(data, 'exposition/node_exporter_1s.txt.br');
  if (path === undefined || !existsSync(path)) return undefined;
  const text = brotliDecompressSync(readFileSync(path)).toString();
  const found = new Map<string, { times: number[]; values: number[] }>();
  let time = 0;
  for (const line of text.split('\n')) {
    if (line.startsWith('# scrape ')) time = Number(line.slice(9));
    if (line === '' || line.startsWith('#')) continue;
    const space = line.lastIndexOf(' ');
    const key = line.slice(0, space);
    let one = found.get(key);
    if (one === undefined) found.set(key, (one = { times: [], values: [] }));
    one.times.push(time);
    one.values.push(Number(line.slice(space + 1)));
  }
  return sorted(
    [...found].map(([key, { times, values }]) => ({
      labels: labelsOfLine(key),
      timestamps: Float64Array.from(times),
      words: new Uint32Array(Float64Array.from(values).buffer),
    })),
  );
}

const FLEET: Readonly<Record<string, string>> = {
  cpu: `usage_user usage_system usage_idle usage_nice usage_iowait usage_irq usage_softirq
    usage_steal usage_guest usage_guest_nice`,
  diskio: 'reads writes read_bytes write_bytes read_time write_time io_time',
  disk: 'total free used used_percent inodes_total inodes_free inodes_used',
  kernel: 'boot_time interrupts context_switches processes_forked disk_pages_in disk_pages_out',
  mem: 'total available used free cached buffered used_percent available_percent buffered_percent',
  net: 'bytes_sent bytes_recv packets_sent packets_recv err_in err_out drop_in drop_out',
  nginx: 'accepts active handled reading requests waiting writing',
  postgresl: `numbackends xact_commit xact_rollback blks_read blks_hit tup_returned tup_fetched
    tup_inserted tup_updated tup_deleted conflicts temp_files temp_bytes deadlocks
    blk_read_time blk_write_time`,
  redis: `uptime_in_seconds total_connections_received expired_keys evicted_keys keyspace_hits
    keyspace_misses instantaneous_ops_per_sec instantaneous_input_kbps
    instantaneous_output_kbps connected_clients used_memory used_memory_rss used_memory_peak
    used_memory_lua rdb_changes_since_last_save sync_full sync_partial_ok sync_partial_err
    pubsub_channels pubsub_patterns latest_fork_usec connected_slaves master_repl_offset
    repl_backlog_active repl_backlog_size repl_backlog_histlen mem_fragmentation_ratio
    used_cpu_sys used_cpu_user used_cpu_sys_children used_cpu_user_children`,
};
const GAUGE = /percent|usage|instantaneous|active|waiting|reading|writing|free|used|available/;
const STEP_MS = 10_000;

function fleetLabels(host: number, name: string): Labels {
  return makeLabels([
    [NAME, name],
    ['arch', ['x64', 'x86'][host % 2]],
    ['datacenter', `us-east-1${'abc'[host % 3]}`],
    ['hostname', `host_${host}`],
    ['os', ['Ubuntu16.10', 'Ubuntu16.04LTS', 'Ubuntu15.10'][host % 3]],
    ['rack', String(host % 97)],
    ['region', ['us-east-1', 'eu-west-1', 'ap-southeast-2'][host % 3]],
    ['service', String(host % 19)],
    ['service_environment', ['production', 'staging', 'test'][host % 3]],
    ['service_version', String(host % 2)],
    ['team', ['SF', 'NYC', 'LON', 'CHI'][host % 4]],
  ]);
}

/**
 * What `rwload --hosts H --steps N` sends, its series sorted, from a time that is always the same.
 */
export function fleetSeries(hosts: number, steps: number, startMs = 1_700_000_000_000) {
  let state = 12345;
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const timestamps = Float64Array.from({ length: steps }, (_, i) => startMs + i * STEP_MS);
  const all: { labels: Labels; counter: boolean; value: number; values: Float64Array }[] = [];
  for (let host = 0; host < hosts; host++) {
    for (const [group, fields] of Object.entries(FLEET)) {
      for (const field of fields.split(/\s+/)) {
        const labels = fleetLabels(host, `${group}_${field}`);
        const counter = !GAUGE.test(field);
        const value = Math.floor(random() * (counter ? 1e6 : 100));
        all.push({ labels, counter, value, values: new Float64Array(steps) });
      }
    }
  }
  for (let step = 0; step < steps; step++) {
    for (const one of all) {
      one.value = one.counter
        ? one.value + Math.floor(random() * 50)
        : Math.min(100, Math.max(0, one.value + Math.round((random() - 0.5) * 4)));
      one.values[step] = one.value;
    }
  }
  return sorted(
    all.map(({ labels, values }) => ({
      labels,
      timestamps,
      words: new Uint32Array(values.buffer),
    })),
  );
}
