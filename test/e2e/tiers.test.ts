// Tiers of a real `mon up`: samples of days ago become Parquet in a folder, every query answers as
// before, also after a kill, and a damaged object is named while the rest answers.
import { strict as assert } from 'node:assert';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { MonProcess } from '../support/mon-process.ts';
import { ask } from './peer-answers.ts';
import { MonFolder, until } from './mon-folder.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const STEP = 60_000;
const CONFIG = `mon:
  host_agent: false
  self_scrape: false
  default_rules: false
  seal_interval: 500ms
  tiers: {store: cold, cold_after: 1d, archive: raw}
`;
const start = Math.floor(Date.now() / DAY) * DAY - 4 * DAY;
const QUERIES = [
  'sum(count_over_time(jobs_total[4d]))',
  'sum by (lane) (increase(jobs_total[4d]))',
  'max_over_time(load[3d]) - min_over_time(load[3d])',
  'sum(rate(jobs_total[90m] offset 2d))',
];

let folder: MonFolder;
let mon: MonProcess;

before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start(CONFIG);
});
after(async () => await folder.remove());

async function push(): Promise<void> {
  const lines: string[] = [];
  for (let time = start + STEP; time <= Date.now(); time += STEP) {
    const i = (time - start) / STEP;
    for (const lane of ['a', 'b', 'c']) lines.push(`jobs_total{lane="${lane}"} ${i} ${time}`);
    lines.push(`load ${i % 77} ${time}`);
  }
  for (let at = 0; at < lines.length; at += 4000) {
    const body = `${lines.slice(at, at + 4000).join('\n')}\n`;
    const { status } = await fetch(`${mon.url}/api/v1/push`, { method: 'POST', body });
    assert.equal(status, 200);
  }
}

const atMs = Date.now();

async function answers(): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const query of QUERIES) {
    all.push([query, [...(await ask(mon.url, query, { timeMs: atMs }))]]);
    const range = { start, end: start + 4 * DAY, stepMs: 1_234_567 };
    all.push([query, [...(await ask(mon.url, query, range))]]);
  }
  return all;
}

async function figure(name: string): Promise<number> {
  const text = await (await fetch(`${mon.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? NaN);
}

let known: unknown[];

it('what is old becomes objects, and no answer changes', async () => {
  await push();
  known = await answers();
  await until('objects', async () => (await figure('mon_cold_rows_written_total')) >= 4 * 2 * 1440);
  await pause(1000);
  assert.deepEqual(await answers(), known);
  await until('reads', async () => (await figure('mon_cold_objects_read_total')) > 0);
  const labels = await (
    await fetch(
      `${mon.url}/api/v1/label/lane/values?start=${start / 1000}&end=${start / 1000 + 60}`,
    )
  ).json();
  assert.deepEqual((labels as { data: unknown }).data, ['a', 'b', 'c']);
});

it('a kill changes nothing', async () => {
  await mon.end('SIGKILL');
  mon = await folder.start(CONFIG);
  assert.deepEqual(await answers(), known);
});

it('a damaged object is named and the rest answers', async () => {
  await mon.end('SIGKILL');
  const place = join(folder.path, 'cold', 'cold', 'partition-0000');
  const names = (await readdir(place)).filter((name) => name.endsWith('.samples.parquet'));
  const path = join(place, names[0]);
  const bytes = await readFile(path);
  bytes[bytes.length >> 1] ^= 1;
  await writeFile(path, bytes);
  mon = await folder.start(CONFIG);
  const query = encodeURIComponent('count_over_time({lane=~".+"}[5d])');
  const answer = await fetch(`${mon.url}/api/v1/query?query=${query}&time=${atMs / 1000}`);
  const { status, warnings } = (await answer.json()) as { status: string; warnings: string[] };
  assert.equal(status, 'success');
  const name = names[0].replace('.samples.parquet', '');
  assert.ok(
    warnings.some((text) => text.includes(`cold object ${name} is missing`)),
    `${warnings}`,
  );
});
