// Whoever looks at dashboards, in a thread of their own: what the load beside them costs its sender
// (bodies of 10,000 samples, answers of 32 MB) is not to be taken for the server's.
import { parentPort, Worker } from 'node:worker_threads';
import { beat, post } from './paced-load.ts';
import type { Reply } from './paced-load.ts';

interface Wish {
  readonly base: string;
  readonly perSecond: number;
  readonly seconds: number;
}

const SPAN_SECONDS = 1800;

type Query = readonly [query: string, step: number];

const RANGES: readonly Query[] = [
  ['cpu_0{hostname="host_7"}', 10],
  ['max by (hostname) (max_over_time(cpu_0{hostname=~"host_[0-7]"}[1m]))', 60],
  ['sum by (region) (rate(diskio_0[5m]))', 15],
  ['topk(5, sum by (hostname) (rate(net_0[5m])))', 30],
  ['avg by (datacenter, os) (avg_over_time(cpu_3[5m]))', 60],
  ['sum(rate(redis_0[2m])) / (sum(rate(redis_0[2m])) + sum(rate(redis_1[2m])))', 15],
  ['quantile(0.95, cpu_1)', 10],
  ['quantile_over_time(0.99, mem_0[5m])', 60],
  ['count(cpu_2 > 20) by (team)', 10],
  ['cpu_0{hostname=~"host_1.*"} > on (hostname) group_left cpu_1', 30],
  ['max_over_time(sum by (rack) (rate(nginx_0[1m]))[10m:1m])', 60],
  ['predict_linear(disk_0[10m], 3600)', 60],
  ['sum by (service) (irate(postgres_0[1m]))', 15],
];
const INSTANTS: readonly string[] = [
  'count by (__name__) ({__name__=~"cpu_.+"})',
  'sort_desc(sum by (service) (increase(postgres_1[30m])))',
  'label_replace(mem_1{hostname="host_3"}, "h", "$1", "hostname", "host_(.*)")',
];

function ask(base: string, n: number): Promise<Reply> {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'user-agent': 'Grafana/12.1.0',
  };
  const which = n % (RANGES.length + INSTANTS.length);
  const now = Math.floor(Date.now() / 1000);
  if (which >= RANGES.length) {
    const form = new URLSearchParams({ query: INSTANTS[which - RANGES.length], time: `${now}` });
    return post(`${base}/api/v1/query`, form.toString(), headers);
  }
  const [query, step] = RANGES[which];
  const end = Math.floor(now / step) * step;
  const times = { start: String(end - SPAN_SECONDS), end: String(end), step: String(step) };
  const form = new URLSearchParams({ query, ...times });
  return post(`${base}/api/v1/query_range`, form.toString(), headers);
}

/** The thread: warm after its first call, as whoever looks at a dashboard for long. */
export class DashboardAsker {
  readonly #thread = new Worker(new URL(import.meta.url));

  /** Asks so many times a second; answers when all answers have come. */
  ask(wish: Wish): Promise<Reply[]> {
    return new Promise((resolve, reject) => {
      this.#thread.once('message', resolve);
      this.#thread.once('error', reject);
      this.#thread.postMessage(wish);
    });
  }

  async end(): Promise<void> {
    await this.#thread.terminate();
  }
}

parentPort?.on('message', async ({ base, perSecond, seconds }: Wish) => {
  const replies: Promise<Reply>[] = [];
  await beat(perSecond, seconds, (n) => void replies.push(ask(base, n)));
  parentPort?.postMessage(await Promise.all(replies));
});
