// `mon up` through real Kafka: samples per CPU second of the server, bytes a sample in the topic,
// and how long after its acknowledgement a sample can be read, at 10,000 and 200,000 samples a
// second and as fast as it goes. Beside it kafkajs alone, as it comes, sending the same records.
// Brokers: MON_BENCH_BROKERS, 1 by default. Broker, server and sender share the machine.
import { globSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import snappy from 'snappy';
import { BatchCodec } from '../../src/engine/codec/batch.ts';
import { Door } from '../../src/engine/collector/door.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import type { Batch } from '../../src/engine/model/batch.ts';
import type { Log } from '../../src/engine/ports.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { KafkaCluster } from '../kafka/cluster.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import { runCli } from '../support/run-cli.ts';
import { fleetBodies } from '../support/rwload.ts';
import { WRITE_HEADERS } from '../support/write-request.ts';

const RUN_MS = Number(process.env['MON_BENCH_MS'] ?? 5000);
const BROKERS = process.env['MON_BENCH_BROKERS'] === '3' ? 3 : 1;
const COMPRESSION = process.env['MON_BENCH_COMPRESSION'] ?? 'snappy';
const PARTITIONS = Number(process.env['MON_BENCH_PARTITIONS'] ?? 24);
const HOSTS = 200;
const SERIES = HOSTS * 101;
const STEP_MS = 10_000;
const PROBE_MS = 100;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const ms = (n: number | undefined): string => (n === undefined ? '-' : `${n.toFixed(1)} ms`);

function quantile(values: readonly number[], q: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

async function metric(url: string, name: string): Promise<number> {
  const text = await fetch(`${url}/metrics`).then((answer) => answer.text());
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
}

async function push(url: string, body: Buffer): Promise<void> {
  const bytes = new Uint8Array(body);
  const request = { method: 'POST', headers: WRITE_HEADERS, body: bytes };
  const answer = await fetch(`${url}/api/v1/write`, request);
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}

interface Probes {
  readonly ack: number[];
  readonly readable: number[];
}

/** Pushes a number and asks for it until it is there, again and again. */
async function probe(url: string, until: AbortSignal, into: Probes): Promise<void> {
  for (let i = 1; !until.aborted; i++) {
    const begun = performance.now();
    const body = JSON.stringify({ metrics: { probe: i }, labels: {} });
    const sent = await fetch(`${url}/metrics`, {
      ...{ method: 'POST', body, headers: { 'content-type': 'application/json' } },
    });
    await sent.arrayBuffer();
    const acked = performance.now();
    into.ack.push(acked - begun);
    for (;;) {
      const answer = await fetch(`${url}/api/v1/query?query=probe`);
      const { data } = (await answer.json()) as {
        data: { result: { value: [number, string] }[] };
      };
      if (Number(data.result[0]?.value[1]) >= i) break;
    }
    into.readable.push(performance.now() - acked);
    await pause(PROBE_MS);
  }
}

interface Load {
  readonly words: string;
  readonly perSecond: number;
  readonly per: number;
  readonly senders: number;
}

/** Times go on from load to load, or every sample would be late. */
let reachedMs = Date.now() - 60 * 60_000;

function bodiesFor({ perSecond, per }: Load): Buffer[] {
  const steps = Math.ceil((perSecond * RUN_MS) / 1000 / SERIES);
  reachedMs += steps * STEP_MS;
  const all = fleetBodies({ hosts: HOSTS, steps, per, endMs: reachedMs });
  return all.map((body) => snappy.compressSync(body) as Buffer);
}

/** CPU is counted until the server has nothing left to do. */
async function run(url: string, load: Load): Promise<number> {
  const bodies = bodiesFor(load);
  const stop = new AbortController();
  const probes: Probes = { ack: [], readable: [] };
  const probing = probe(url, stop.signal, probes);
  const cpu = await metric(url, 'process_cpu_seconds_total');
  const before = await metric(url, 'mon_door_samples_total');
  const begun = performance.now();
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < bodies.length) {
      const mine = next++;
      const due = begun + (mine * load.per * 1000) / load.perSecond - performance.now();
      if (due > 1) await pause(due);
      await push(url, bodies[mine]);
    }
  };
  await Promise.all(Array.from({ length: load.senders }, sender));
  const seconds = (performance.now() - begun) / 1000;
  stop.abort();
  await probing;
  await pause(500);
  const samples = (await metric(url, 'mon_door_samples_total')) - before;
  const used = (await metric(url, 'process_cpu_seconds_total')) - cpu;
  say(
    `${load.words}: ${(samples / seconds / 1000).toFixed(0)} k samples/s, ` +
      `${(samples / used / 1e6).toFixed(2)} M samples per CPU second, ` +
      `acknowledged p50 ${ms(quantile(probes.ack, 0.5))} p99 ${ms(quantile(probes.ack, 0.99))}, ` +
      `then readable p50 ${ms(quantile(probes.readable, 0.5))} ` +
      `p99 ${ms(quantile(probes.readable, 0.99))} (${probes.readable.length} probes)`,
  );
  return samples;
}

function topicBytes(kafka: KafkaCluster, topic: string): number {
  const files = globSync(`broker-*/data/${topic}-*/*.log`, { cwd: kafka.folder });
  const all = files.reduce((sum, file) => sum + statSync(join(kafka.folder, file)).size, 0);
  return all / kafka.brokers.length;
}

/** The records that the bodies become, in the order in which they would be sent. */
async function recordsOf(
  bodies: readonly Buffer[],
): Promise<{ partition: number; value: Buffer }[][]> {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, PARTITIONS);
  const codec = new BatchCodec(kernels);
  const all: { partition: number; value: Buffer }[][] = [];
  const append = (batches: readonly Batch[]) => {
    all.push(
      batches.map((batch) => ({
        partition: batch.partition,
        value: Buffer.from(codec.encode(batch, { epoch: 1, sequence: 1, book })),
      })),
    );
    return Promise.resolve(batches.map(() => ({ offset: 0 })));
  };
  const log = { partitions: PARTITIONS, generation: 1, append } as unknown as Log;
  const door = new Door({ log, book, kernels, clock: systemClock });
  for (const body of bodies) await door.remoteWrite(body);
  return all;
}

interface Stock {
  producer(options: object): {
    connect(): Promise<void>;
    send(request: object): Promise<unknown>;
    disconnect(): Promise<void>;
  };
}

/** kafkajs as it comes, sending what the server would have sent for each body, four at a time. */
async function alone(kafka: KafkaCluster, topic: string, load: Load): Promise<void> {
  const bodies = bodiesFor(load);
  const sends = await recordsOf(bodies);
  const require = createRequire(import.meta.url);
  const { Kafka, logLevel } = require('kafkajs') as {
    Kafka: new (options: object) => Stock;
    logLevel: { NOTHING: number };
  };
  const brokers = kafka.bootstrap.split(',');
  const client = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const producer = client.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const begun = performance.now();
  const cpu = process.cpuUsage();
  let next = 0;
  const sender = async (): Promise<void> => {
    while (next < sends.length) {
      await producer.send({ topic, acks: -1, messages: sends[next++] });
    }
  };
  await Promise.all(Array.from({ length: load.senders }, sender));
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - begun) / 1000;
  await producer.disconnect();
  const samples = sends.length * load.per;
  say(
    `kafkajs alone, the same records: ${(samples / seconds / 1000).toFixed(0)} k samples/s, ` +
      `${((samples / (user + system)) * 1).toFixed(2)} M samples per CPU second`,
  );
}

const kafka = await KafkaCluster.start({ brokers: BROKERS });
const folder = await mkdtemp(join(tmpdir(), 'mon-kafka-bench-'));
try {
  const init = ['kafka', 'init', '--brokers', kafka.bootstrap, '--compression', COMPRESSION];
  const sizes = ['--replication', String(BROKERS), '--partitions', String(PARTITIONS)];
  for (const topic of ['bench.mon', 'bench.alone']) {
    const made = await runCli([...init, ...sizes, '--topic', topic]);
    if (made.code !== 0) throw new Error(made.stdout + made.stderr);
  }
  const config = join(folder, 'mon.yml');
  const at = `kafka: { brokers: "${kafka.bootstrap}", topic: bench.mon }`;
  const quiet = 'host_agent: false, self_scrape: false';
  await writeFile(config, `mon: { ${quiet}, ${at} }\n`);
  const embedded = join(folder, 'embedded.yml');
  await writeFile(embedded, `mon: { ${quiet} }\n`);
  const mon = await startMon({ dataDir: folder, port: await freePort(), config });
  say(`${BROKERS} broker(s), ${PARTITIONS} partitions, ${COMPRESSION}, ${SERIES} series`);
  const slow = { words: '10 k/s', perSecond: 10_000, per: 500, senders: 2 };
  const fast = { words: '200 k/s', perSecond: 200_000, per: 2000, senders: 8 };
  const most = { words: 'as fast as it goes', perSecond: 300_000, per: 2000, senders: 8 };
  await run(mon.url, { ...slow, words: 'warming' });
  for (const load of [slow, fast, most]) {
    const before = topicBytes(kafka, 'bench.mon');
    const samples = await run(mon.url, load);
    const each = (topicBytes(kafka, 'bench.mon') - before) / samples;
    say(`  ${each.toFixed(2)} bytes a sample in the topic`);
  }
  const rss = (await metric(mon.url, 'process_resident_memory_bytes')) / 1e6;
  say(`server: ${rss.toFixed(0)} MB resident`);
  await mon.end('SIGTERM');
  const plain = await startMon({
    ...{ dataDir: join(folder, 'embedded'), port: await freePort(), config: embedded },
  });
  await run(plain.url, { ...slow, words: 'embedded log, warming' });
  await run(plain.url, { ...fast, words: 'embedded log, 200 k/s' });
  await plain.end('SIGTERM');
  await alone(kafka, 'bench.alone', most);
} finally {
  await kafka.stop();
  await rm(folder, { recursive: true, force: true });
}
