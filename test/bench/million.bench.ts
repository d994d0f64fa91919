// One `mon up` with a million active series: every step sends all of them, at the rate that is
// told; meanwhile single series are asked for. Prints memory, rate and the percentiles of those
// questions, at rest and under ingest. Run: node dist/test/bench/million.bench.js [series] [steps]
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { FleetPush, fleetLabels } from '../support/fleet-push.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import { askNumber, cpuOf, memoryOf } from '../support/server-figures.ts';
import { setTimeout as pause } from 'node:timers/promises';

const SERIES = Number(process.argv[2] ?? 1_000_000);
const STEPS = Number(process.argv[3] ?? 6);
const STEP_MS = 10_000;
const QUESTIONS = 300;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const random = seededRandom(5);

/** Milliseconds of a select of one series each, by all its labels; sorted. */
async function questions(url: string, timeMs: number, until: () => boolean): Promise<number[]> {
  const took: number[] = [];
  while (!until()) {
    const labels = fleetLabels(Math.floor(random() * SERIES));
    const selector = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
    const params = new URLSearchParams({ query: `{${selector.join()}}`, time: `${timeMs / 1000}` });
    const began = performance.now();
    const response = await fetch(`${url}/api/v1/query?${params}`);
    const { data } = (await response.json()) as { data: { result: unknown[] } };
    took.push(performance.now() - began);
    if (data.result.length !== 1) throw new Error(`${data.result.length} series for one`);
    await pause(5);
  }
  return took.sort((a, b) => a - b);
}

function percentiles(took: readonly number[]): string {
  const at = (part: number): string => took[Math.floor((took.length - 1) * part)].toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms of ${took.length}`;
}

const folder = await mkdtemp(join(tmpdir(), 'mon-million-'));
const config = join(folder, 'mon.yml');
await writeFile(config, 'mon: {host_agent: false, self_scrape: false}\n');
const port = await freePort();
const mon = await startMon({ dataDir: join(folder, 'data'), port, config });
try {
  const fleet = new FleetPush(SERIES, 5000);
  const start = Date.now() - STEPS * STEP_MS;
  const step = async (at: number): Promise<string> => {
    const [began, cpu] = [performance.now(), await cpuOf(mon.pid)];
    await fleet.send(mon.url, start + at * STEP_MS);
    // An answer waits for all that was taken before it was asked for.
    await askNumber(mon.url, 'metric_7{hostname="host_1"}', start + at * STEP_MS);
    const rate = SERIES / ((performance.now() - began) / 1000);
    const perCpu = SERIES / ((await cpuOf(mon.pid)) - cpu);
    return `${(rate / 1e3).toFixed(0)} k samples/s, ${(perCpu / 1e3).toFixed(0)} k a CPU second`;
  };
  say(`series first seen: ${await step(0)}`);
  for (let at = 1; at < 3; at++) say(`series known: ${await step(at)}`);
  const { rss, peak } = await memoryOf(mon.pid);
  const each = (rss / SERIES).toFixed(0);
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  say(`memory: ${mib(rss)}, ${each} bytes a series; at most ${mib(peak)} so far`);
  let asked = 0;
  const rest = await questions(mon.url, start + 2 * STEP_MS, () => asked++ >= QUESTIONS);
  say(`select of one series, at rest: ${percentiles(rest)}`);
  let done = false;
  const under = questions(mon.url, start + 2 * STEP_MS, () => done);
  for (let at = 3; at < STEPS; at++) say(`with questions beside: ${await step(at)}`);
  done = true;
  say(`select of one series, under full ingest: ${percentiles(await under)}`);
  done = false;
  const paced = questions(mon.url, start + 2 * STEP_MS, () => done);
  const began = performance.now();
  for (let body = 0; body < fleet.bodies; body++) {
    await fleet.sendOne(mon.url, body, start + STEPS * STEP_MS);
    const due = ((body + 1) / fleet.bodies) * STEP_MS;
    await pause(Math.max(0, due - (performance.now() - began)));
  }
  done = true;
  say(`select of one series, at ${SERIES / 10} samples/s: ${percentiles(await paced)}`);
  say(`memory at the end: ${mib((await memoryOf(mon.pid)).rss)}`);
} finally {
  await mon.end('SIGKILL');
  await rm(folder, { recursive: true, force: true });
}
