// What standing rules cost, and how long a sample takes to a webhook: a real `mon up` under remote
// write of 20,000 series, each once a second, with so many rules; beside it, in the same run and
// fed the same bodies, Debian's Prometheus that evaluates the same rules every second. `alone`
// leaves Prometheus out, `interval=250ms` writes an interval into the rules' group, `firing` makes
// every series of a rule's metric an alert that fires: 100 rules, 20,000 alerts.
// usage: node dist/test/bench/rules.bench.js [rules] [seconds] [alone] [firing] [interval=…]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import snappy from 'snappy';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { encodeWriteRequest } from '../support/write-request.ts';
import {
  cpuSeconds,
  listen,
  megabytes,
  startMeasuredMon,
  startPrometheus,
} from './rules-servers.ts';
import type { Measured } from './rules-servers.ts';

const RULES = Number(process.argv[2] ?? 1000);
const SECONDS = Number(process.argv[3] ?? 30);
const ALONE = process.argv.includes('alone');
const INTERVAL = process.argv.find((one) => one.startsWith('interval='))?.slice(9);
const FIRING = process.argv.includes('firing');
const METRICS = 100;
const INSTANCES = 200;
const SLICES = 10;

const folder = mkdtempSync(join(tmpdir(), 'mon-rules-bench-'));
const random = seededRandom(7);

function ruleFile(): string {
  const rules = ['- alert: Probe', '  expr: probe > 0'];
  for (let i = 0; i < RULES; i++) {
    const bound = 1000 + Math.floor(i / METRICS);
    const rate = `avg by (service) (rate(m_${i % METRICS}[1m])) > ${bound}`;
    const expr = FIRING ? `m_${i % METRICS} >= 0` : rate;
    rules.push(`- alert: R${i}`, `  expr: ${expr}`, '  for: 5s');
  }
  const interval = INTERVAL === undefined ? '' : `  interval: ${INTERVAL}\n`;
  const lines = rules.map((line) => `  ${line}`).join('\n');
  return `groups:\n- name: bench\n${interval}  rules:\n${lines}\n`;
}

async function write(
  servers: readonly Measured[],
  series: Parameters<typeof encodeWriteRequest>[0],
): Promise<void> {
  const body = snappy.compressSync(encodeWriteRequest(series)) as Buffer<ArrayBuffer>;
  const headers = { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' };
  await Promise.all(
    servers.map(async ({ url }) => {
      const answer = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body });
      if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
      await answer.arrayBuffer();
    }),
  );
}

const all: Record<string, string>[] = [];
for (let m = 0; m < METRICS; m++) {
  for (let i = 0; i < INSTANCES; i++) {
    const labels = { __name__: `m_${m}`, instance: `host-${i}`, service: `s${i % 20}` };
    all.push({ ...labels, job: 'bench', region: `r${i % 3}` });
  }
}

/** One tenth of the series, a second's growth each. */
async function load(servers: readonly Measured[], beat: number): Promise<void> {
  const size = all.length / SLICES;
  const from = (beat % SLICES) * size;
  const timestamp = Date.now();
  const series = all.slice(from, from + size).map((labels, i) => {
    return { labels, samples: [{ timestamp, value: beat * (i % 7) }] };
  });
  await write(servers, series);
}

const sent: number[] = [];
const acknowledged: number[] = [];
async function probe(servers: readonly Measured[]): Promise<void> {
  const timestamp = Date.now();
  const labels = { __name__: 'probe', i: String(sent.length) };
  sent.push(timestamp);
  await write(servers, [{ labels, samples: [{ timestamp, value: 1 }] }]);
  acknowledged.push(Date.now());
}

function show(name: string, ...values: readonly (number | string)[]): void {
  const columns = values.map((one) => String(one).padEnd(10));
  process.stdout.write(`${name.padEnd(44)}${columns.join('')}\n`);
}

/** Median and 99th part of some milliseconds. */
function spread(values: readonly number[]): string[] {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) return ['none', 'none'];
  return [0.5, 0.99].map((share) => sorted[Math.floor(sorted.length * share)].toFixed(0));
}

async function showMetrics({ url }: Measured): Promise<void> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (const line of metrics.split('\n')) {
    if (/^mon_rules_(?!written)\w+(\{[^}]*\})? /.test(line)) show(...cut(line));
    if (/^prometheus_rule_group_(iterations(_missed)?_total|last_duration_seconds)\{/.test(line)) {
      show(...cut(line.replace(/\{.*\}/, '')));
    }
  }
}

function cut(line: string): [string, string] {
  const at = line.lastIndexOf(' ');
  return [line.slice(0, at), line.slice(at + 1)];
}

const rules = join(folder, 'rules.yml');
writeFileSync(rules, ruleFile());
const listener = await listen();
const servers = [await startMeasuredMon(folder, rules, listener)];
if (!ALONE) servers.push(await startPrometheus(folder, rules, listener));
try {
  await pause(2000);
  const begin = { cpu: servers.map(cpuSeconds), at: performance.now() };
  let nextProbe = 3000;
  for (let beat = 0; beat < SECONDS * SLICES; beat++) {
    await load(servers, beat);
    const passed = performance.now() - begin.at;
    if (passed > nextProbe && passed < (SECONDS - 3) * 1000) {
      nextProbe = passed + 100 + random() * 300;
      await probe(servers);
    }
    await pause(Math.max(0, (beat + 1) * (1000 / SLICES) - (performance.now() - begin.at)));
  }
  const seconds = (performance.now() - begin.at) / 1000;
  show('rules, series, samples a second', `${RULES}, ${all.length}, ${all.length}`);
  show('', ...servers.map(({ name }) => name));
  const used = servers.map((one, i) => ((cpuSeconds(one) - begin.cpu[i]) / seconds).toFixed(2));
  show('cores used', ...used);
  show('memory, MB', ...servers.map((one) => megabytes(one).toFixed(0)));
  show('probes', sent.length);
  show('of a probe, ms', 'p50', 'p99');
  show('sent to acknowledged by all', ...spread(acknowledged.map((at, i) => at - sent[i])));
  for (const name of ['mon', 'prometheus'] as const) {
    const heard = [...listener.heard[name]];
    if (heard.length === 0) continue;
    const of = (ms: (i: number, one: (typeof heard)[0][1]) => number): string[] =>
      spread(heard.map(([i, one]) => ms(i, one)));
    show(`${name}: told`, heard.length);
    show(`${name}: sample to the step that sees it`, ...of((i, one) => one.startsAtMs - sent[i]));
    show(`${name}: that step to the webhook`, ...of((_, one) => one.atMs - one.startsAtMs));
    show(`${name}: sample to webhook`, ...of((i, { atMs }) => atMs - sent[i]));
  }
  for (const server of servers) await showMetrics(server);
} finally {
  for (const server of servers) await server.stop();
  listener.close();
  await pause(500);
  rmSync(folder, { recursive: true, force: true });
}
