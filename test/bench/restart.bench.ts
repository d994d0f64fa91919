// The start of a whole `mon up` on a folder of 200,000 series and 10 million samples: from spawn to
// the first 200 of /-/ready, after an orderly end, after a kill with a checkpoint just written, and
// after a kill with all of it in the log alone. Run: node dist/test/bench/restart.bench.js [series]
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FleetPush } from '../support/fleet-push.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { askNumber, folderBytes, memoryOf } from '../support/server-figures.ts';

const SERIES = Number(process.argv[2] ?? 200_000);
const STEPS = Math.round(10_000_000 / SERIES);
const STEP_MS = 10_000;
const QUIET = 'host_agent: false, self_scrape: false';
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

const folder = await mkdtemp(join(tmpdir(), 'mon-restart-'));
const dataDir = join(folder, 'data');
const port = await freePort();

async function started(settings = ''): Promise<{ mon: MonProcess; ms: number }> {
  const config = join(folder, 'mon.yml');
  await writeFile(config, `mon: {${QUIET}${settings}}\n`);
  const began = performance.now();
  const mon = await startMon({ dataDir, port, config, readyMs: 120_000 });
  return { mon, ms: performance.now() - began };
}

async function tell(what: string, mon: MonProcess, ms: number): Promise<void> {
  const asked = performance.now();
  const samples = await askNumber(mon.url, 'sum(count_over_time(metric_7[1d]))');
  const queryMs = performance.now() - asked;
  const { rss } = await memoryOf(mon.pid);
  say(`${what}: ready after ${seconds(ms)}`);
  say(`  ${samples} samples of a metric counted ${seconds(queryMs)} later`);
  say(`  ${(rss / 2 ** 20).toFixed(0)} MiB of memory then`);
}

try {
  const empty = await started();
  say(`an empty folder: ready after ${seconds(empty.ms)}`);
  const fleet = new FleetPush(SERIES, 5000);
  const start = Date.now() - STEPS * STEP_MS;
  const began = performance.now();
  for (let step = 0; step < STEPS; step++) {
    await fleet.send(empty.mon.url, start + step * STEP_MS);
  }
  say(`${SERIES} series, ${SERIES * STEPS} samples sent in ${seconds(performance.now() - began)}`);
  await pause(1500);
  await empty.mon.end('SIGKILL');
  const { log, state } = await folderBytes(dataDir);
  say(`log ${log} bytes, state ${state} bytes`);
  const replayed = await started(', checkpoint_interval: 1s');
  await tell('after a kill, by the log', replayed.mon, replayed.ms);
  await pause(5000);
  await replayed.mon.end('SIGKILL');
  const killed = await started();
  await tell('after a kill, by the checkpoint', killed.mon, killed.ms);
  await killed.mon.end('SIGTERM');
  const ended = await started();
  await tell('after an orderly end', ended.mon, ended.ms);
  await ended.mon.end('SIGTERM');
} finally {
  await rm(folder, { recursive: true, force: true });
}
