// Tiers of a real `mon up`: samples of days ago become Parquet in a folder, every query answers as
// before, also after a kill, and a damaged object is named while the rest answers.
import { strict as assert } from 'node:assert';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { MonProcess } from '../support/mon-process.ts';
import { runCli } from '../support/run-cli.ts';
import { until } from '../support/until.ts';
import { ask } from './peer-answers.ts';
import { MonFolder } from './mon-folder.ts';
import {
  answersTo,
  atMs,
  pushDays,
  QUERIES,
  ROWS_MIN,
  start,
  TIER_CONFIG,
} from './tier-samples.ts';

const ASKED = [...QUERIES, 'sum(rate(jobs_total[90m] offset 2d))'];

let folder: MonFolder;
let mon: MonProcess;

before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start(TIER_CONFIG);
});
after(async () => await folder.remove());

function answers(): Promise<unknown[]> {
  return answersTo(ASKED, mon.url);
}

async function figure(name: string): Promise<number> {
  const text = await (await fetch(`${mon.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? NaN);
}

let known: unknown[];

it('what is old becomes objects, and no answer changes', async () => {
  await pushDays(mon.url);
  known = await answers();
  await until('objects', async () => (await figure('mon_cold_rows_written_total')) >= ROWS_MIN);
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

it('tier commands know the configuration of the server that runs in the folder', async () => {
  const { stdout, code } = await runCli([
    'tier',
    'ls',
    '--data-dir',
    folder.dataDir,
    '-o',
    'value',
  ]);
  assert.equal(code, 0);
  assert.match(stdout, /^raw-\d+-\d+-\d+$/m);
});

it('a kill changes nothing', async () => {
  await mon.end('SIGKILL');
  mon = await folder.start(TIER_CONFIG);
  assert.deepEqual(await answers(), known);
});

it('a death of the process that reads objects is mended by the next question', async () => {
  const task = `/proc/${mon.child.pid}/task`;
  const lists = await Promise.all(
    (await readdir(task)).map((id) => readFile(join(task, id, 'children'), 'utf8')),
  );
  const children = lists.join(' ').split(' ').filter(Boolean).map(Number);
  assert.ok(children.length > 0, 'there is such a process');
  for (const pid of children) process.kill(pid, 'SIGKILL');
  await pause(200);
  const query = 'sum(max_over_time(jobs_total[3d]))';
  const [points] = (await ask(mon.url, query, { timeMs: atMs })).values();
  assert.ok(Number(points[0][1]) > 0);
  await until('a start', async () => (await figure('mon_cold_process_starts_total')) >= 2);
  assert.deepEqual((await answers()).slice(0, 3), known.slice(0, 3));
});

it('a damaged object is named and the rest answers', async () => {
  await mon.end('SIGKILL');
  const place = join(folder.path, 'cold', 'cold', 'partition-0000');
  const names = (await readdir(place)).filter((name) => name.endsWith('.samples.parquet'));
  const path = join(place, names[0]);
  const bytes = await readFile(path);
  bytes[bytes.length >> 1] ^= 1;
  await writeFile(path, bytes);
  mon = await folder.start(TIER_CONFIG);
  const query = encodeURIComponent('count_over_time({lane=~".+"}[5d])');
  const answer = await fetch(`${mon.url}/api/v1/query?query=${query}&time=${atMs / 1000}`);
  const body = (await answer.json()) as { status: string; warnings: string[]; partial?: boolean };
  const { status, warnings, partial } = body;
  assert.deepEqual({ status, partial }, { status: 'success', partial: true });
  const name = names[0].replace('.samples.parquet', '');
  assert.ok(
    warnings.some((text) => text.includes(`cold object ${name} is missing`)),
    `${warnings}`,
  );
  await notTakenForTheWhole(name);
});

/** What a shell sees: the rest with a mark, no export, and a gate that does not pass. */
async function notTakenForTheWhole(name: string): Promise<void> {
  const env = { MON_URL: mon.url };
  for (const form of ['jsonl', 'openmetrics', 'parquet']) {
    const { stdout, stderr, code } = await runCli(['export', '{lane=~".+"}', '-o', form], { env });
    assert.ok(stderr.includes(`would not be whole: cold object ${name} is missing`), stderr);
    assert.deepEqual([code, stdout], [1, ''], form);
  }
  const all = 'sum(count_over_time({lane=~".+"}[5d])) + sum(count_over_time(load[5d]))';
  const asked = await runCli(['query', all, '-o', 'json'], { env });
  assert.equal((JSON.parse(asked.stdout) as { partial?: boolean }).partial, true);
  const counted = await runCli(['sql', 'SELECT count(*) AS n FROM samples', '-o', 'json'], { env });
  const { partial, rows } = JSON.parse(counted.stdout) as {
    partial?: boolean;
    rows: { n: number }[];
  };
  assert.ok(partial === true && rows[0].n > 0, counted.stdout);
  assert.ok(counted.stderr.includes(`cold object ${name} is missing`), counted.stderr);
  const metric = (query: string): string => `{metricSource: {spec: {query: "${query}"}}}`;
  const slo = await folder.file(
    'slo.yml',
    `apiVersion: openslo/v1
kind: SLO
metadata: {name: all}
spec:
  service: shop
  indicator:
    metadata: {name: i}
    spec:
      ratioMetric:
        counter: true
        bad: ${metric('none')}
        total: ${metric("{__name__=~'jobs_total|load'}")}
  timeWindow: [{duration: 7d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.9}]
`,
  );
  const gate = await runCli(['slo', 'check', slo], { env });
  assert.match(gate.stdout, /^failed +shop-all .*partial answer: cold object/m);
  assert.equal(gate.code, 1);
}
