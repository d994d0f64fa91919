// What scraping many small targets costs: 2,000 targets of 100 series every 10 s, each an address
// of its own, answered by a process beside. CPU and memory of `mon up` with all its roles, and of
// Prometheus with the same file where this machine has it. Run: node
// dist/test/bench/targets.bench.js
import { fork, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, startMon } from '../support/mon-process.ts';
import { findProgram } from '../support/program.ts';

const TARGETS = 2000;
const SERIES = 100;
const SETTLE_MS = 22_000;
const RUN_MS = Number(process.env['MON_BENCH_MS'] ?? 20_000);
/** Clock ticks of a CPU second in /proc. */
const TICKS = 100;

/** The targets: in a process of their own, so that their CPU is not counted. */
function serveTargets(): void {
  let scrapes = 0;
  const server = createServer((_request, reply) => {
    scrapes++;
    const lines: string[] = [];
    for (let i = 0; i < SERIES; i++) {
      const kind = i % 2 === 0 ? 'code="200",method="GET"' : 'code="500",method="POST"';
      lines.push(`app_metric_${i >> 1}_total{${kind},zone="eu-${i % 7}"} ${scrapes * (i + 3)}`);
    }
    reply.setHeader('Content-Type', 'text/plain; version=0.0.4');
    reply.end(`${lines.join('\n')}\n`);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '0.0.0.0', () => process.send?.((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit(0));
}

/** CPU seconds and resident MB of a process. */
function figures(pid: number): { cpu: number; mb: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpu: (Number(fields[11]) + Number(fields[12])) / TICKS, mb: Number(resident) / 1024 };
}

async function measure(name: string, url: string, pid: number): Promise<void> {
  await pause(SETTLE_MS);
  const before = figures(pid);
  await pause(RUN_MS);
  const after = figures(pid);
  const ask = async (query: string): Promise<string> => {
    const reply = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = (await reply.json()) as { data?: { result: { value: [number, string] }[] } };
    return data?.result[0]?.value[1] ?? `nothing (${reply.status})`;
  };
  const cores = (after.cpu - before.cpu) / (RUN_MS / 1000);
  const up = await ask('sum(up{job="many"})');
  const rate = await ask('sum(scrape_samples_scraped{job="many"}) / 10');
  process.stdout.write(
    `${name}: ${cores.toFixed(3)} cores, ${after.mb.toFixed(0)} MB, ${up} targets up, ` +
      `${Number(rate).toFixed(0)} samples a second\n`,
  );
}

async function main(): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ['serve']);
  const port = await new Promise<number>((resolve) => child.once('message', resolve as () => void));
  const folder = await mkdtemp(join(tmpdir(), 'mon-targets-'));
  const addresses = Array.from({ length: TARGETS }, (_, i) => {
    return `127.1.${Math.floor(i / 250)}.${(i % 250) + 1}:${port}`;
  });
  const scrape = `global: {scrape_interval: 10s, scrape_timeout: 5s}
scrape_configs:
  - {job_name: many, static_configs: [{targets: ${JSON.stringify(addresses)}}]}
`;
  const config = join(folder, 'mon.yml');
  const only = 'host_agent: false, cardinality: {series_per_metric: 0}';
  await writeFile(config, `${scrape}mon: {${only}}\n`);
  try {
    const mon = await startMon({ dataDir: join(folder, 'data'), port: await freePort(), config });
    await measure('mon up', mon.url, mon.pid);
    await mon.end('SIGTERM');
    if (findProgram('prometheus') !== undefined) await prometheus(folder, scrape);
  } finally {
    child.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

async function prometheus(folder: string, scrape: string): Promise<void> {
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, scrape);
  const listen = await freePort();
  const flags = [
    ...[`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'prometheus')}`],
    ...[`--web.listen-address=127.0.0.1:${listen}`, '--log.level=error'],
  ];
  const child = spawn('prometheus', flags, { stdio: 'inherit' });
  await measure('Prometheus', `http://127.0.0.1:${listen}`, child.pid as number);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
}

if (process.argv[2] === 'serve') serveTargets();
else await main();
