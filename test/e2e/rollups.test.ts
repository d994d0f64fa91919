// Rollups of a real `mon up`: samples of days ago are pushed, rolled up, and every window counts
// each of them once, also when they come twice and the process is killed while it works. Easy to
// get wrong: the figures must say that nothing waits before anything is compared.
import { strict as assert } from 'node:assert';
import { after, before, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { runShell } from '../support/run-cli.ts';
import type { CliResult } from '../support/run-cli.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { MonFolder } from './mon-folder.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const STEP = 30_000;
const CONFIG = `mon:
  host_agent: false
  self_scrape: false
  checkpoint_interval: 1s
  rollups: {quantiles: ['{__name__="latency"}']}
`;
const start = Math.floor(Date.now() / DAY) * DAY - 3 * DAY;
const atEnd = `--at ${(start + 2 * DAY) / 1000}`;

let folder: MonFolder;
let mon: MonProcess;

before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start(CONFIG);
});
after(async () => await folder.remove());

async function shell(line: string): Promise<CliResult> {
  return await runShell(line, { env: { MON_URL: mon.url } });
}

async function prints(line: string, stdout: string): Promise<void> {
  assert.deepEqual(await shell(line), { stdout, stderr: '', code: 0 }, line);
}

/** Two days of a counter that falls to zero each 1,000 steps, and a latency of 1 to 100. */
async function push(every: number): Promise<void> {
  const lines: string[] = [];
  for (let i = every; i <= (2 * DAY) / STEP; i += every) {
    const time = start + i * STEP;
    lines.push(`jobs_total{lane="a"} ${i % 1000} ${time}`, `latency ${(i % 100) + 1} ${time}`);
  }
  for (let at = 0; at < lines.length; at += 3000) {
    const body = `${lines.slice(at, at + 3000).join('\n')}\n`;
    const { status } = await fetch(`${mon.url}/api/v1/push`, { method: 'POST', body });
    assert.equal(status, 200);
  }
}

/** Waits until no hour waits and there are rows. */
async function rolledUp(): Promise<void> {
  for (let i = 0; i < 120; i++) {
    const text = await (await fetch(`${mon.url}/metrics`)).text();
    const figure = (name: string): number =>
      Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? NaN);
    const files = figure('mon_rollup_files');
    if (files > 0 && figure('mon_rollup_waiting_hours') === 0) {
      const { stdout } = await shell(
        `mon query 'count(jobs_total{__rollup__="1d:count"})' ${atEnd}`,
      );
      if (/ 1\n/.test(stdout)) return;
    }
    await pause(250);
  }
  assert.fail('it was never rolled up');
}

async function check(): Promise<void> {
  const day = DAY / STEP;
  await prints(`mon query 'jobs_total{__rollup__="1d:count"}' ${atEnd} -o value`, `${day}\n`);
  const hours = `sum_over_time(jobs_total{__rollup__="1h:count"}[2d])`;
  await prints(`mon query '${hours}' ${atEnd} -o value`, `${2 * day}\n`);
  const minutes = `sum_over_time(jobs_total{__rollup__="1m:count"}[2d])`;
  await prints(`mon query '${minutes}' ${atEnd} -o value`, `${2 * day}\n`);
  const most = `max_over_time(jobs_total{__rollup__="5m:max"}[1d])`;
  await prints(`mon query '${most}' ${atEnd} -o value`, '999\n');
  const { stdout } = await shell(`mon query 'latency{__rollup__="1d:p95"}' ${atEnd} -o value`);
  const latencies = Array.from({ length: day }, (_, i) => ((day + i + 1) % 100) + 1);
  const wanted = latencies.toSorted((a, b) => a - b)[Math.round(0.95 * (day - 1))];
  assert.ok(Math.abs(Number(stdout) - wanted) <= wanted * 0.0101, `${stdout}, not ${wanted}`);
}

it('samples of days ago are rolled up once', async () => {
  await push(1);
  await rolledUp();
  await check();
});

it('doubles and a kill change no window', async () => {
  await push(2);
  await mon.end('SIGKILL');
  mon = await folder.start(CONFIG);
  await push(3);
  await rolledUp();
  await check();
});

it('a replay computes the same again', async () => {
  const from = new Date(start).toISOString();
  const { stdout, stderr, code } = await shell(`mon replay --group rollup --from ${from} -o csv`);
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`^group,from,pieces,seconds\nrollup,${from},\\d+,[\\d.]+\n$`));
  await check();
  const wrong = await shell('mon replay --group nobody --from now-1h');
  assert.match(wrong.stderr, /nothing to replay for the group "nobody"; known: rollup/);
  assert.equal(wrong.stdout, '');
  assert.notEqual(wrong.code, 0);
});

it('a column that is not there is the user\u2019s mistake', async () => {
  const { stderr, code } = await shell(`mon query 'x{__rollup__="1h:median"}'`);
  assert.match(stderr, /no stored column "1h:median"/);
  assert.equal(code, 2);
});
