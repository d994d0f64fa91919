// What standing rules cost: a real `mon up` under remote write of 20,000 series, each once a
// second, with so many rules, and how long a sample takes to the notifier. With `prometheus` as
// the third argument the same load and rules go to Debian's Prometheus instead, evaluating every
// second. usage: node dist/test/bench/rules.bench.js [rules] [seconds] [prometheus]
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import snappy from 'snappy';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import { encodeWriteRequest } from '../support/write-request.ts';

const RULES = Number(process.argv[2] ?? 1000);
const SECONDS = Number(process.argv[3] ?? 30);
const PEER = process.argv[4] === 'prometheus';
const METRICS = 100;
const INSTANCES = 200;
const SLICES = 10;

const folder = mkdtempSync(join(tmpdir(), 'mon-rules-bench-'));
const random = seededRandom(7);

function ruleFile(): string {
  const rules = ['- alert: Probe', '  expr: probe > 0'];
  for (let i = 0; i < RULES; i++) {
    const bound = 1000 + Math.floor(i / METRICS);
    const expr = `avg by (service) (rate(m_${i % METRICS}[1m])) > ${bound}`;
    rules.push(`- alert: R${i}`, `  expr: ${expr}`, '  for: 5s');
  }
  return `groups:\n- name: bench\n  rules:\n${rules.map((line) => `  ${line}`).join('\n')}\n`;
}

interface Server {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<unknown>;
}

async function startServer(rules: string): Promise<Server> {
  const port = await freePort();
  if (!PEER) {
    const mon = await startMon({ dataDir: join(folder, 'mon'), port, args: ['--rules', rules] });
    return { url: mon.url, pid: mon.pid, stop: () => mon.end('SIGTERM') };
  }
  const config = join(folder, 'prometheus.yml');
  const text = `global: {evaluation_interval: 1s}\nrule_files: [${rules}]\n`;
  writeFileSync(config, text);
  const child = spawn('prometheus', [
    ...[`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'prom')}`],
    ...[`--web.listen-address=127.0.0.1:${port}`, '--web.enable-remote-write-receiver'],
    '--log.level=error',
  ]);
  const url = `http://127.0.0.1:${port}`;
  while (
    !(await fetch(`${url}/-/ready`).then(
      (r) => r.ok,
      () => false,
    ))
  )
    await pause(100);
  return { url, pid: child.pid as number, stop: async () => child.kill('SIGTERM') };
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function megabytes(pid: number): number {
  const found = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) / 1024;
}

async function write(url: string, series: Parameters<typeof encodeWriteRequest>[0]): Promise<void> {
  const body = snappy.compressSync(encodeWriteRequest(series)) as Buffer<ArrayBuffer>;
  const headers = { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' };
  const answer = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}

const all: Record<string, string>[] = [];
for (let m = 0; m < METRICS; m++) {
  for (let i = 0; i < INSTANCES; i++) {
    const labels = { __name__: `m_${m}`, instance: `host-${i}`, service: `s${i % 20}` };
    all.push({ ...labels, job: 'bench', region: `r${i % 3}` });
  }
}

/** One tenth of the series, a second's growth each. */
async function load(url: string, beat: number): Promise<void> {
  const size = all.length / SLICES;
  const from = (beat % SLICES) * size;
  const timestamp = Date.now();
  const series = all.slice(from, from + size).map((labels, i) => {
    return { labels, samples: [{ timestamp, value: beat * (i % 7) }] };
  });
  await write(url, series);
}

const sent: number[] = [];
async function probe(url: string): Promise<void> {
  const timestamp = Date.now();
  const labels = { __name__: 'probe', i: String(sent.length) };
  sent.push(timestamp);
  await write(url, [{ labels, samples: [{ timestamp, value: 1 }] }]);
}

/** When each probe's alert was told, in order. */
function told(): number[] {
  const log = readFileSync(join(folder, 'mon', 'mon.log'), 'utf8');
  const found = log.matchAll(/^(\S+) info +the alert Probe fires/gm);
  return [...found].map(([, at]) => Date.parse(at));
}

function show(name: string, value: number | string): void {
  process.stdout.write(`${name.padEnd(34)}${value}\n`);
}

const rules = join(folder, 'rules.yml');
writeFileSync(rules, ruleFile());
const server = await startServer(rules);
try {
  await pause(2000);
  const begin = { cpu: cpuSeconds(server.pid), at: performance.now() };
  let nextProbe = 3000;
  for (let beat = 0; beat < SECONDS * SLICES; beat++) {
    await load(server.url, beat);
    const passed = performance.now() - begin.at;
    if (passed > nextProbe && passed < (SECONDS - 3) * 1000) {
      nextProbe = passed + 100 + random() * 300;
      await probe(server.url);
    }
    await pause(Math.max(0, (beat + 1) * (1000 / SLICES) - (performance.now() - begin.at)));
  }
  const seconds = (performance.now() - begin.at) / 1000;
  show('rules, series, samples a second', `${RULES}, ${all.length}, ${all.length}`);
  show('cores used', ((cpuSeconds(server.pid) - begin.cpu) / seconds).toFixed(2));
  show('memory, MB', megabytes(server.pid).toFixed(0));
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  for (const line of metrics.split('\n')) {
    if (/^mon_rules_(?!written)\w+ /.test(line)) show(line.split(' ')[0], line.split(' ')[1]);
    if (/^prometheus_rule_group_iterations(_missed)?_total\{/.test(line)) show(line, '');
    if (line.startsWith('prometheus_rule_group_last_duration_seconds')) show(line, '');
  }
  if (!PEER) {
    const waits = told()
      .map((at, i) => at - sent[i])
      .toSorted((a, b) => a - b);
    show('probes sent, told', `${sent.length}, ${waits.length}`);
    for (const share of [0.5, 0.99]) {
      show(`sample to notify p${share * 100}, ms`, waits[Math.floor(waits.length * share)]);
    }
  }
} finally {
  await server.stop();
  await pause(500);
  rmSync(folder, { recursive: true, force: true });
}
