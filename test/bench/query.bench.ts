// What sixteen dashboard queries cost inside the process: four heads of a fleet's series in one
// kernel memory, fragments run and merged as a shard does it, root and JSON as the server does it.
// Milliseconds of the whole, of the fragments, of JSON; million samples a second. No HTTP, no
// thread: check against a peer with qbench.
// usage: node dist/test/bench/query.bench.js [hosts] [steps]
import { canonicalOf } from '../../src/engine/codec/canonical.ts';
import { Head } from '../../src/engine/head/head.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { queryJson } from '../../src/engine/api/query-json.ts';
import { beginFragment, reachOfFragment } from '../../src/engine/promql/leaf.ts';
import { QueryService } from '../../src/engine/query/query-service.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import type { OpenRecord } from '../../src/engine/codec/record.ts';
import type { Fragment, FragmentResult } from '../../src/engine/model/fragment.ts';
import type { QueryAnswer } from '../../src/engine/model/query-result.ts';
import type { Source } from '../../src/engine/ports.ts';

const HOSTS = Number(process.argv[2] ?? 100);
const STEPS = Number(process.argv[3] ?? 200);
const HEADS = 4;
const INTERVAL = 10_000;
const BEGIN = 1_700_000_000_000;
const METRICS = [
  ...['usage_user', 'usage_system', 'usage_idle', 'usage_nice', 'usage_iowait'].map(
    (name) => `cpu_${name}`,
  ),
  ...['cpu_usage_irq', 'cpu_usage_softirq', 'cpu_usage_steal', 'cpu_usage_guest', 'mem_free'],
  ...['diskio_reads', 'net_bytes_sent', 'redis_keyspace_hits', 'redis_keyspace_misses'],
  ...['mem_used_percent', 'nginx_requests', 'disk_used', 'postgresl_xact_commit'],
  ...Array.from({ length: 83 }, (_, i) => `other_metric_${i}`),
];
const END = BEGIN + (STEPS - 1) * INTERVAL - 3000;
const SPAN = Math.min(1_800_000, END - BEGIN);

const QUERIES: readonly (readonly [stepSeconds: number, query: string])[] = [
  [10, 'cpu_usage_user{hostname="host_7"}'],
  [60, 'max by (hostname) (max_over_time(cpu_usage_user{hostname=~"host_[0-7]"}[1m]))'],
  [15, 'sum by (region) (rate(diskio_reads[5m]))'],
  [30, 'topk(5, sum by (hostname) (rate(net_bytes_sent[5m])))'],
  [60, 'avg by (os) (avg_over_time(cpu_usage_user[5m])) + avg by (os) (cpu_usage_idle)'],
  [15, 'sum(rate(redis_keyspace_hits[2m])) / sum(rate(redis_keyspace_misses[2m]))'],
  [10, 'quantile(0.95, cpu_usage_system)'],
  [60, 'quantile_over_time(0.99, mem_used_percent[5m])'],
  [10, 'count(cpu_usage_idle > 20) by (team)'],
  [30, 'cpu_usage_user{hostname=~"host_1.*"} > on (hostname) group_left cpu_usage_system'],
  [60, 'max_over_time(sum by (rack) (rate(nginx_requests[1m]))[10m:1m])'],
  [60, 'predict_linear(disk_used[10m], 3600)'],
  [0, 'count by (__name__) ({__name__=~".+"})'],
  [0, 'sort_desc(sum by (service) (increase(postgresl_xact_commit[30m])))'],
  [0, 'histogram_quantile(0.9, sum by (le) (rate(nginx_requests[5m])))'],
  [0, 'label_replace(mem_free{hostname="host_3"}, "h", "$1", "hostname", "host_(.*)")'],
];

function labelsOf(host: number, metric: string): string[] {
  const tags: Record<string, string> = {
    __name__: metric,
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
  return Object.entries(tags).flat();
}

/** A head of every fourth series, filled scrape by scrape. */
function filledHead(kernels: Kernels, partition: number): Head {
  const head = new Head(kernels, { partition });
  const random = seededRandom(partition + 1);
  const series: { labels: string[]; counter: boolean }[] = [];
  for (let host = 0; host < HOSTS; host++) {
    METRICS.forEach((metric, m) => {
      if ((host * 7 + m) % HEADS !== partition) return;
      const counter = !/usage|free|used/.test(metric);
      series.push({ labels: labelsOf(host, metric), counter });
    });
  }
  const count = series.length;
  const values = Float64Array.from(series, () => Math.floor(random() * 100));
  const columns = kernels.exports.alloc(count * 20) >>> 0;
  const refsAt = columns + count * 16;
  const open = (more: Partial<OpenRecord>): OpenRecord =>
    ({
      ...{ epoch: 1, sequence: 0, partition, receivedMs: 0, lateness: 0, metadata: [] },
      ...{ floatCount: 0, timestampsAt: columns, valuesAt: columns + count * 8, refsAt },
      ...{ definitionCount: 0, definitionsAt: 0, histogramCount: 0, exemplarCount: 0 },
      ...more,
    }) as unknown as OpenRecord;
  series.forEach(({ labels }, ref) => {
    const bytes = canonicalOf(labels);
    const at = kernels.put(bytes);
    const definitionsAt = kernels.exports.alloc(12) >>> 0;
    kernels.u32.set([ref, at, bytes.length], definitionsAt / 4);
    head.applyOpen(open({ definitionCount: 1, definitionsAt }));
  });
  for (let step = 0; step < STEPS; step++) {
    series.forEach(({ counter }, i) => {
      const moved = Math.floor(random() * (counter ? 50 : 5));
      values[i] = counter ? values[i] + moved : Math.max(0, (values[i] + moved - 2) % 100);
    });
    kernels.f64.fill(BEGIN + step * INTERVAL, columns / 8, columns / 8 + count);
    kernels.f64.set(values, columns / 8 + count);
    for (let i = 0; i < count; i++) kernels.u32[refsAt / 4 + i] = i;
    head.applyOpen(open({ floatCount: count }));
  }
  return head;
}

/** Runs fragments as a shard does and keeps the time. */
class TimedSource {
  ms = 0;
  readonly #heads: readonly Head[];

  constructor(heads: readonly Head[]) {
    this.#heads = heads;
  }

  async fragment(fragment: Fragment): Promise<FragmentResult> {
    const begin = performance.now();
    const { first, last } = reachOfFragment(fragment);
    const found = this.#heads.map((head) => head.match(fragment.matchers, first, last));
    const series = found.reduce((sum, ids) => sum + ids.length, 0);
    const run = beginFragment(fragment, series);
    found.forEach((ids, i) => run.add(this.#heads[i], ids));
    const result = run.result();
    this.ms += performance.now() - begin;
    return result;
  }
}

function jsonMs(answer: QueryAnswer): number {
  const begin = performance.now();
  let bytes = 0;
  for (const page of queryJson(answer, { limit: 0 })) bytes += page.length;
  return bytes > 0 ? performance.now() - begin : 0;
}

async function main(): Promise<void> {
  const kernels = new Kernels();
  const heads = Array.from({ length: HEADS }, (_, partition) => filledHead(kernels, partition));
  const source = new TimedSource(heads);
  const service = new QueryService({ sources: [source as unknown as Source], clock: systemClock });
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  print(`${HOSTS * METRICS.length} series x ${STEPS} samples; ms: first call, then best of all,`);
  print('its fragments, its JSON');
  for (const [step, query] of QUERIES) {
    const ask = () =>
      step === 0 ? service.instant(query, END) : service.range(query, END - SPAN, END, step * 1000);
    const best = { first: 0, all: Infinity, leaf: 0, json: 0, samples: 0 };
    for (let run = 0; run < 60; run++) {
      source.ms = 0;
      const begin = performance.now();
      const answer = await ask();
      const asked = performance.now() - begin;
      const json = jsonMs(answer);
      if (run === 0) best.first = asked + json;
      if (asked + json >= best.all) continue;
      Object.assign(best, { all: asked + json, leaf: source.ms, json });
      best.samples = answer.samplesRead;
    }
    const ms = [best.first, best.all, best.leaf, best.json].map((n) => n.toFixed(2).padStart(7));
    const rate = (best.samples / best.leaf / 1000).toFixed(0).padStart(5);
    print(`${ms.join('')} ${rate} M samples/s  ${query}`);
  }
}

await main();
