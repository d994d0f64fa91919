// Sixteen dashboard queries at 50 requests a second beside 100,000 samples a second of ingest, for
// a minute, against a real `mon up`: latencies, errors, and how much came out of the result cache.
// All load runs in this process, so on two cores it takes its share of them; its CPU is told apart.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import snappy from 'snappy';
import { freePort, startMon } from '../support/mon-process.ts';
import { WRITE_HEADERS, encodeWriteRequest } from '../support/write-request.ts';
import { DashboardAsker } from './dashboard-asker.ts';
import { agent, beat, post } from './paced-load.ts';
import type { Reply } from './paced-load.ts';

const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 60);
const HOSTILE_SECONDS = Math.min(15, SECONDS);
const QUERIES_PER_SECOND = 50;
const BULK_PER_SECOND = 99_000;
const HISTORY_SECONDS = 2100;
const INTERVAL_SECONDS = 10;
const GROUPS = ['cpu', 'disk', 'diskio', 'kernel', 'mem', 'net', 'nginx', 'postgres', 'redis'];
const PER_GROUP = 11;
const HOSTS = 100;

/** Series of one request; the sample stands at the end of each, so that it is changed in place. */
class Body {
  readonly #bytes: Buffer;
  readonly #ends: Uint32Array;
  readonly #values: Float64Array;

  constructor(labels: readonly Record<string, string>[]) {
    // A time of today takes six bytes as a varint, a value always eight.
    const parts = labels.map((set) =>
      encodeWriteRequest([{ labels: set, samples: [{ timestamp: Date.now(), value: 0 }] }]),
    );
    this.#bytes = Buffer.concat(parts);
    let end = 0;
    this.#ends = Uint32Array.from(parts, (part) => (end += part.length));
    this.#values = new Float64Array(labels.length);
  }

  get samples(): number {
    return this.#ends.length;
  }

  /** The same series with new samples, as it goes over the wire. */
  at(timeMs: number): Buffer {
    const time = Buffer.alloc(6);
    let rest = timeMs;
    for (let i = 0; i < 6; i++) {
      time[i] = (rest % 128) | (i < 5 ? 128 : 0);
      rest = Math.floor(rest / 128);
    }
    for (let i = 0; i < this.#ends.length; i++) {
      this.#values[i] += ((i * 7 + timeMs / 1000) % 13) | 0;
      const end = this.#ends[i];
      this.#bytes.set(time, end - 6);
      this.#bytes.writeDoubleLE(this.#values[i], end - 15);
    }
    return snappy.compressSync(this.#bytes) as Buffer;
  }
}

function bodies(prefix: string, hosts: number, hostsPerBody: number): Body[] {
  const made: Body[] = [];
  for (let host = 0; host < hosts; host += hostsPerBody) {
    const sets = Array.from({ length: Math.min(hostsPerBody, hosts - host) }, (_, i) => {
      const n = host + i;
      const tags = {
        hostname: `${prefix}host_${n}`,
        region: ['us-east-1', 'eu-west-1', 'ap-southeast-2'][n % 3],
        datacenter: `dc-${n % 9}`,
        os: ['debian', 'ubuntu'][n % 2],
        rack: String(n % 97),
        service: String(n % 19),
        team: ['SF', 'NYC', 'LON', 'CHI'][n % 4],
      };
      return GROUPS.flatMap((group) =>
        Array.from({ length: PER_GROUP }, (__, m) => ({
          ...tags,
          __name__: `${prefix}${group}_${m}`,
        })),
      );
    });
    made.push(new Body(sets.flat()));
  }
  return made;
}

/** Every kind of question that should hurt its asker alone. */
const HOSTILE: readonly {
  readonly kind: string;
  readonly query: string;
  readonly span: number;
  readonly step: number;
}[] = [
  { kind: 'all series for 30 days', query: '{__name__=~".+"}', span: 30 * 86_400, step: 3600 },
  {
    kind: 'all series, counted',
    query: 'count by (hostname) ({__name__=~".+"})',
    span: 60,
    step: 60,
  },
  { kind: 'deep nesting', query: `${'('.repeat(5000)}1${')'.repeat(5000)}`, span: 60, step: 15 },
  { kind: 'deep calls', query: `${'abs('.repeat(800)}cpu_0${')'.repeat(800)}`, span: 60, step: 15 },
  {
    kind: 'regular expression',
    query: '{hostname=~"(a*)*(b*)*(.*)*host_9"}',
    span: 1800,
    step: 15,
  },
  {
    kind: 'huge repetition',
    query: '{hostname=~"((.{1,900}){1,900}){1,900}x"}',
    span: 60,
    step: 15,
  },
  { kind: '1e6 steps', query: 'sum(cpu_0)', span: 1_000_000, step: 1 },
  {
    kind: 'inner steps',
    query: 'sum(max_over_time({__name__=~"bulk_.+"}[10m:1s]))',
    span: 1800,
    step: 15,
  },
  {
    kind: 'label_replace of all',
    query: 'label_replace({__name__=~"bulk_.+"}, "x", "$1$1$1$1", "hostname", "(.*)")',
    span: 600,
    step: 60,
  },
  { kind: 'huge answer', query: '{__name__=~"bulk_cpu_.+"}', span: 1800, step: 1 },
  {
    kind: 'large join',
    query: '{__name__=~"bulk_.+"} * on (hostname) group_left {__name__="bulk_cpu_0"}',
    span: 600,
    step: 15,
  },
  {
    kind: 'quantiles of all',
    query: 'quantile_over_time(0.9, {__name__=~"bulk_cpu_.+"}[30m])',
    span: 600,
    step: 15,
  },
];
const HOSTILE_AT_ONCE = 4;

/** How often each kind ended with which status, and its longest, ms. */
type Hostile = Map<string, { readonly count: number; readonly most: number }>;

/** Asks what nobody should, one after the other, while `until` lies ahead; counts by status. */
async function hostile(base: string, until: number, seen: Hostile, first: number): Promise<void> {
  for (let n = first; performance.now() < until; n++) {
    const { kind, query, span, step } = HOSTILE[n % HOSTILE.length];
    const end = Math.floor(Date.now() / 1000);
    const times = { start: String(end - span), end: String(end), step: String(step) };
    const form = new URLSearchParams({ query, ...times, nocache: '1' });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status, ms } = await post(`${base}/api/v1/query_range`, form.toString(), headers);
    const key = `${status} ${kind}`;
    const { count, most } = seen.get(key) ?? { count: 0, most: 0 };
    seen.set(key, { count: count + 1, most: Math.max(most, ms) });
  }
}

function quantile(sorted: readonly number[], q: number): string {
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * q));
  return (sorted[at] ?? NaN).toFixed(1);
}

function tell(name: string, replies: readonly Reply[]): void {
  const times = replies.map(({ ms }) => ms).sort((a, b) => a - b);
  const bad = replies.filter(({ status }) => status !== 200).length;
  const ms = [0.5, 0.9, 0.99, 1].map((q) => quantile(times, q)).join(' / ');
  process.stdout.write(`${name}: ${replies.length} asked, ${bad} bad, p50/p90/p99/max ${ms} ms\n`);
}

async function measured(url: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const cut = line.lastIndexOf(' ');
      return [line.slice(0, cut), Number(line.slice(cut + 1))] as const;
    }),
  );
}

const folder = await mkdtemp(join(tmpdir(), 'mon-bench-'));
const config = join(folder, 'mon.yml');
await writeFile(config, 'mon: {host_agent: false, self_scrape: false}\n');
const port = await freePort();
const asker = new DashboardAsker();
const mon = await startMon({ dataDir: join(folder, 'data'), port, config });
try {
  const fleet = bodies('', HOSTS, 50);
  const bulk = bodies('bulk_', Math.round(BULK_PER_SECOND / (GROUPS.length * PER_GROUP)), 100);
  const write = (body: Buffer): Promise<Reply> =>
    post(`${mon.url}/api/v1/write`, body, WRITE_HEADERS);
  const start = Math.floor(Date.now() / 1000);
  for (let t = start - HISTORY_SECONDS; t < start; t += INTERVAL_SECONDS) {
    await Promise.all(fleet.map((body) => write(body.at(t * 1000))));
  }
  const writes: Promise<Reply>[] = [];
  const ask = (seconds: number): Promise<Reply[]> =>
    asker.ask({ base: mon.url, perSecond: QUERIES_PER_SECOND, seconds });
  let samples = 0;
  const send = (body: Body): void => {
    samples += body.samples;
    writes.push(write(body.at(Date.now())));
  };
  await beat(bulk.length, 5, (n) => send(bulk[n % bulk.length]));
  const before = await measured(mon.url);
  const cpu = process.cpuUsage();
  samples = 0;
  writes.length = 0;
  const [replies] = await Promise.all([
    ask(SECONDS),
    beat(bulk.length, SECONDS, (n) => send(bulk[n % bulk.length])),
    beat(fleet.length / INTERVAL_SECONDS, SECONDS, (n) => send(fleet[n % fleet.length])),
  ]);
  const stored = await Promise.all(writes);
  const after = await measured(mon.url);
  const { user, system } = process.cpuUsage(cpu);
  const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
  tell('all queries', replies);
  for (const cache of ['hit', 'partial', 'miss', 'none']) {
    tell(
      `  cache ${cache}`,
      replies.filter((reply) => reply.cache === cache),
    );
  }
  tell(
    'writes',
    stored.map((r) => ({ ...r, status: r.status === 204 ? 200 : r.status })),
  );
  const refused = [...replies, ...stored].find(({ refusal }) => refusal !== '');
  if (refused !== undefined) process.stdout.write(`first refusal: ${refused.refusal}\n`);
  const ranges = replies.filter(({ cache }) => cache !== 'none');
  const hits = ranges.filter(({ cache }) => cache !== 'miss').length;
  const found = grown('mon_query_cache_steps_found_total') / grown('mon_query_cache_steps_total');
  process.stdout.write(
    `range queries that found anything: ${((100 * hits) / ranges.length).toFixed(1)} %, ` +
      `steps found: ${(100 * found).toFixed(1)} %\n` +
      `ingest ${Math.round(samples / SECONDS)} samples/s; CPU of mon ` +
      `${(grown('process_cpu_seconds_total') / SECONDS).toFixed(2)} cores, of the load ` +
      `${((user + system) / 1e6 / SECONDS).toFixed(2)} cores\n`,
  );
  const seen: Hostile = new Map();
  const until = performance.now() + HOSTILE_SECONDS * 1000;
  const all = Array.from({ length: HOSTILE_AT_ONCE }, (_, i) => i * 3);
  const [beside] = await Promise.all([
    ask(HOSTILE_SECONDS),
    beat(bulk.length, HOSTILE_SECONDS, (n) => send(bulk[n % bulk.length])),
    ...all.map((first) => hostile(mon.url, until, seen, first)),
  ]);
  tell('dashboards beside hostile questions', beside);
  for (const [what, { count, most }] of seen) {
    process.stdout.write(`  ${count} times ${what}, ${most.toFixed(0)} ms at most\n`);
  }
  const p99 = (of: readonly Reply[]): number =>
    Number(
      quantile(
        of.map(({ ms }) => ms).toSorted((a, b) => a - b),
        0.99,
      ),
    );
  const times = p99(beside) / p99(replies);
  const kinds = new Set([...seen.keys()].map((key) => key.slice(4))).size;
  process.stdout.write(
    `summary: p99 ${p99(replies)} ms, beside hostile questions of ${kinds} of ${HOSTILE.length} ` +
      `kinds ${p99(beside)} ms, ${times.toFixed(2)} times that\n`,
  );
} finally {
  await mon.end('SIGTERM');
  await asker.end();
  agent.destroy();
  await rm(folder, { recursive: true, force: true });
}
