// A burst through real Kafka: steady load, five times of it for a minute, steady load again. Told
// are both rates, how late the latest acknowledgement was against its plan, how long the newest
// sample could not be read, when both were below a second again, and what was lost. Form, rates and
// seconds: MON_BENCH_FORM=cluster, MON_BENCH_STEADY, MON_BENCH_BURST_S. Easy to get wrong: senders
// keep to a plan in time, or a slow server would only be sent less.
import { setTimeout as pause } from 'node:timers/promises';
import { FormWorld } from '../e2e/form-world.ts';
import { KafkaCluster } from '../kafka/cluster.ts';
import { FleetTemplate } from '../support/fleet-template.ts';
import { WRITE_HEADERS } from '../support/write-request.ts';

const STEADY = Number(process.env['MON_BENCH_STEADY'] ?? 20_000);
const TIMES = 5;
const BURST_S = Number(process.env['MON_BENCH_BURST_S'] ?? 60);
const STEADY_S = 20;
const BROKERS = process.env['MON_BENCH_BROKERS'] === '3' ? 3 : 1;
const FORM = process.env['MON_BENCH_FORM'] === 'cluster' ? 'a cluster' : 'one process';
const SENDERS = 8;
const PROBE_MS = 250;
const HOSTS = 200;
const PER = 2000;
/** After this much of steady load it is said that the lag stayed. */
const PATIENCE_S = 120;
/** Later than this is lag: a scrape's shortest interval. */
const LAG_MS = 1000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Mark {
  /** Seconds since the begin. */
  readonly at: number;
  readonly ms: number;
}

interface Run {
  readonly url: string;
  readonly begun: number;
  readonly fleet: FleetTemplate;
  readonly acks: Mark[];
  readonly reads: Mark[];
  acknowledged: number;
  refused: number;
}

const since = ({ begun }: Run): number => (performance.now() - begun) / 1000;

async function send(run: Run, due: number): Promise<void> {
  const { body, samples } = run.fleet.next(Date.now());
  const bytes = new Uint8Array(body);
  for (;;) {
    const request = { method: 'POST', headers: WRITE_HEADERS, body: bytes };
    const answer = await fetch(`${run.url}/api/v1/write`, request);
    await answer.arrayBuffer();
    if (answer.ok) break;
    run.refused++;
    if (answer.status !== 429 && answer.status !== 503) throw new Error(`status ${answer.status}`);
    await pause(200);
  }
  run.acknowledged += samples;
  run.acks.push({ at: since(run), ms: performance.now() - due });
}

/** Sends at this rate for so long, or until `over`; what is late is sent at once. */
async function phase(run: Run, rate: number, seconds: number, over = () => false): Promise<number> {
  const begun = performance.now();
  const before = run.acknowledged;
  const perRequest = run.fleet.series / run.fleet.requests;
  const count = Math.ceil((rate * seconds) / perRequest);
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < count && !over()) {
      const due = begun + (next++ * perRequest * 1000) / rate;
      const early = due - performance.now();
      if (early > 1) await pause(early);
      await send(run, due);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return ((run.acknowledged - before) / (performance.now() - begun)) * 1000;
}

/** Pushes a number again and again and asks for it until it is there. */
async function probe(run: Run, until: AbortSignal): Promise<void> {
  for (let i = 1; !until.aborted; i++) {
    const body = JSON.stringify({ metrics: { probe: i }, labels: {} });
    const headers = { 'content-type': 'application/json' };
    const sent = await fetch(`${run.url}/metrics`, { method: 'POST', body, headers });
    await sent.arrayBuffer();
    if (!sent.ok) {
      await pause(PROBE_MS);
      continue;
    }
    const acked = performance.now();
    for (;;) {
      const answer = await fetch(`${run.url}/api/v1/query?query=probe`);
      const { data } = (await answer.json()) as {
        data?: { result: { value: [number, string] }[] };
      };
      if (Number(data?.result[0]?.value[1]) >= i) break;
      await pause(5);
    }
    run.reads.push({ at: since(run), ms: performance.now() - acked });
    await pause(PROBE_MS);
  }
}

const greatest = (marks: readonly Mark[]): number =>
  marks.reduce((most, { ms }) => Math.max(most, ms), 0);
const within = (marks: readonly Mark[], from: number, to: number): Mark[] =>
  marks.filter(({ at }) => at >= from && at < to);

async function stored(url: string, seconds: number): Promise<number> {
  let sum = 0;
  const match = encodeURIComponent('{hostname="host_0"}');
  const listed = await fetch(`${url}/api/v1/label/__name__/values?match[]=${match}`);
  // A metric at a time: without their names series of several are one.
  for (const name of ((await listed.json()) as { data: string[] }).data) {
    const query = `sum(count_over_time(${name}{hostname=~"host_.*"}[${seconds}s]))`;
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
    const told = (await answer.json()) as {
      data?: { result: { value: [number, string] }[] };
      warnings?: string[];
    };
    if (told.data === undefined || told.warnings) throw new Error(JSON.stringify(told));
    sum += Number(told.data.result[0]?.value[1] ?? 0);
  }
  return sum;
}

function p(marks: readonly Mark[], q: number): string {
  const sorted = marks.map(({ ms }) => ms).sort((a, b) => a - b);
  return `${(sorted[Math.floor(sorted.length * q)] ?? NaN).toFixed(0)} ms`;
}

async function bench(world: FormWorld): Promise<void> {
  const fleet = new FleetTemplate(HOSTS, PER);
  const run: Run = {
    ...{ url: world.url, begun: performance.now(), fleet, acks: [], reads: [] },
    ...{ acknowledged: 0, refused: 0 },
  };
  const ended = new AbortController();
  const probing = probe(run, ended.signal);
  await phase(run, STEADY, STEADY_S / 2);
  const warm = since(run);
  const steady = await phase(run, STEADY, STEADY_S);
  const from = since(run);
  const usual = Math.max(
    greatest(within(run.acks, warm, from)),
    greatest(within(run.reads, warm, from)),
  );
  const burst = await phase(run, STEADY * TIMES, BURST_S);
  const to = since(run);
  // Gone when a second has passed in which nothing was later than that.
  const gone = (): boolean => {
    const now = since(run);
    const last = [...within(run.acks, now - 1, now), ...within(run.reads, now - 1, now)];
    return now > to + 1 && greatest(last) <= LAG_MS;
  };
  await phase(run, STEADY, PATIENCE_S, gone);
  const after = since(run);
  ended.abort();
  await probing;
  const acks = within(run.acks, from, to);
  const reads = within(run.reads, from, to);
  const rate = (perSecond: number): string => `${(perSecond / 1000).toFixed(1)} k/s`;
  say(`${FORM}, ${BROKERS} broker(s), ${fleet.series} series`);
  say(`steady ${rate(steady)}, burst ${rate(burst)} for ${(to - from).toFixed(0)} s`);
  say(`before: nothing later than ${usual.toFixed(0)} ms`);
  say(`burst: acknowledged after p50 ${p(acks, 0.5)} p99 ${p(acks, 0.99)} of its plan`);
  say(`burst: then readable p50 ${p(reads, 0.5)} p99 ${p(reads, 0.99)}`);
  say(`longest lag ${Math.max(greatest(acks), greatest(reads)).toFixed(0)} ms`);
  say(
    `lag gone ${Math.max(0, after - to - 1).toFixed(1)} s after the burst (looked at each second)`,
  );
  const found = await stored(run.url, Math.ceil(after) + 60);
  say(
    `${run.acknowledged} acknowledged, ${found} stored, lost ${run.acknowledged - found}, ` +
      `refused for a while ${run.refused}`,
  );
}

const kafka = await KafkaCluster.start({ brokers: BROKERS });
try {
  const world = await FormWorld.start({ form: FORM, kafka, partitions: 24, stores: 1 });
  try {
    await bench(world);
  } finally {
    await world.remove();
  }
} finally {
  await kafka.stop();
}
