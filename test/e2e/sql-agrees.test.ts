// SQL and PromQL say the same of the same samples, wherever they lie: a hundred generated questions
// (count, sum, min, max, last by metric and label) over a real `mon up` whose samples are in
// Parquet objects, sealed blocks and the head, some sent twice, some late, some deleted. Easy to
// get wrong: a window of PromQL is left-open; and values are whole, so that sums do not depend on
// their order.
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { until } from '../support/until.ts';
import { ask } from './peer-answers.ts';
import { MonFolder } from './mon-folder.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const STEP = 120_000;
const CONFIG = `mon:
  host_agent: false
  self_scrape: false
  default_rules: false
  seal_interval: 500ms
  tiers: {store: cold, cold_after: 36h, archive: raw}
`;
const seed = Number(process.env['MON_TEST_SEED'] ?? 8_421);
const random = seededRandom(seed);
const now = Math.floor(Date.now() / STEP) * STEP;
const start = Math.floor(now / DAY) * DAY - 3 * DAY;
const METRICS = ['jobs', 'load', 'temp'];
const LANES = ['a', 'b', 'c'];

let folder: MonFolder;
let mon: MonProcess;

function below(n: number): number {
  return Math.floor(random() * n);
}

function pick<T>(list: readonly T[]): T {
  return list[below(list.length)];
}

async function push(lines: readonly string[]): Promise<void> {
  for (let at = 0; at < lines.length; at += 4000) {
    const body = `${lines.slice(at, at + 4000).join('\n')}\n`;
    const { status } = await fetch(`${mon.url}/api/v1/push`, { method: 'POST', body });
    assert.equal(status, 200);
  }
}

/** Samples of all series at some times; later ones for the same time lose. */
function linesOf(every: number, shift: number, from = start): string[] {
  const lines: string[] = [];
  for (let time = from + STEP + shift; time <= now; time += STEP * every) {
    for (const metric of METRICS) {
      for (const lane of LANES) {
        lines.push(
          `${metric}{lane="${lane}",zone="${lane === 'c' ? 'x' : 'y'}"} ${below(1000)} ${time}`,
        );
      }
    }
  }
  return lines;
}

/** Whether anything was archived. */
function archived(): boolean {
  const cold = join(folder.path, 'cold');
  if (!existsSync(cold)) return false;
  const all = readdirSync(cold, { recursive: true, encoding: 'utf8' });
  return all.some((name) => name.endsWith('.parquet'));
}

before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start(CONFIG, ['--enable-admin']);
  await push(linesOf(1, 0));
  await until('objects', archived);
  // Doubles of what lies in objects, blocks and the head, and new ones between; the first day's
  // objects stay alone in their time, so that they are read as files.
  await push(linesOf(7, 0, start + DAY));
  await push(linesOf(11, 30_000, start + DAY));
  for (const [selector, from, to] of [
    ['load{lane="b"}', start + 5 * HOUR, start + 29 * HOUR],
    ['temp', now - 20 * HOUR, now - 18 * HOUR],
    ['jobs{lane="a"}', now - 1800_000, now - 900_000],
  ] as const) {
    const params = new URLSearchParams({ 'match[]': selector });
    params.set('start', String(from / 1000));
    params.set('end', String(to / 1000));
    const path = `/api/v1/admin/tsdb/delete_series?${params}`;
    assert.equal((await fetch(mon.url + path, { method: 'POST' })).status, 204);
  }
});
after(async () => await folder.remove());

type Answer = Map<string, number>;

async function sql(text: string): Promise<unknown[][]> {
  const response = await fetch(`${mon.url}/api/v1/sql`, { method: 'POST', body: text });
  const lines = (await response.text()).trim().split('\n');
  const all = lines.map((line) => JSON.parse(line) as unknown);
  assert.deepEqual((all.at(-1) as { end?: { warnings: [] } }).end?.warnings, [], text);
  return all.slice(1, -1) as unknown[][];
}

interface Question {
  readonly sql: string;
  readonly promql: string;
  readonly timeMs: number;
}

const FUNCTIONS = [
  { sql: 'count(*)', over: 'count_over_time', by: 'sum' },
  { sql: 'sum(value)', over: 'sum_over_time', by: 'sum' },
  { sql: 'min(value)', over: 'min_over_time', by: 'min' },
  { sql: 'max(value)', over: 'max_over_time', by: 'max' },
];

/** A question in both languages; keys are label values. */
function question(): Question {
  const metric = pick(METRICS);
  const lane = below(3) === 0 ? pick(LANES) : undefined;
  const length = [HOUR, 6 * HOUR, DAY, 2 * DAY, 3 * DAY][below(5)];
  const end = now - below(2 * DAY);
  const seconds = Math.floor(length / 1000);
  const selector = lane === undefined ? metric : `${metric}{lane="${lane}"}`;
  const time = (ms: number): string => `TIMESTAMPTZ '${new Date(ms).toISOString()}'`;
  const where = [
    `metric = '${metric}'`,
    `ts > ${time(end - length)}`,
    `ts <= ${time(end)}`,
    ...(lane === undefined ? [] : [`labels['lane'] = '${lane}'`]),
  ].join(' AND ');
  const label = pick(['lane', 'zone']);
  if (below(5) === 0) {
    const key = `labels['lane']`;
    return {
      sql: `SELECT ${key}, arg_max(value, ts) FROM samples WHERE ${where} GROUP BY ALL`,
      promql: `sum by (lane) (last_over_time(${selector}[${seconds}s]))`,
      timeMs: end,
    };
  }
  const fn = pick(FUNCTIONS);
  return {
    sql: `SELECT labels['${label}'], ${fn.sql} FROM samples WHERE ${where} GROUP BY ALL`,
    promql: `${fn.by} by (${label}) (${fn.over}(${selector}[${seconds}s]))`,
    timeMs: end,
  };
}

async function agree(one: Question): Promise<number> {
  const rows = await sql(one.sql);
  const bySql: Answer = new Map(rows.map(([key, value]) => [String(key), Number(value)]));
  const series = await ask(mon.url, one.promql, { timeMs: one.timeMs });
  const byPromql: Answer = new Map(
    [...series].map(([key, points]) => {
      const [[, value]] = JSON.parse(key) as [string, string][];
      return [value, Number(points[0][1])];
    }),
  );
  const sorted = (answer: Answer) => [...answer].sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(sorted(bySql), sorted(byPromql), `seed ${seed}\n${one.sql}\n${one.promql}`);
  return bySql.size;
}

it('agrees with PromQL on a hundred questions', async () => {
  let rows = 0;
  for (let i = 0; i < 100; i++) rows += await agree(question());
  assert.ok(rows > 150, `${rows} rows were compared`);
});

it('all samples are seen once, with times and metrics and without', async () => {
  const [[all]] = await sql('SELECT count(*) FROM samples');
  const [[values]] = await sql('SELECT count(value) FROM samples WHERE ts IS NOT NULL');
  const [[joined]] = await sql(
    `SELECT count(*) FROM samples WHERE metric IN ('jobs', 'load', 'temp')`,
  );
  const [[sum]] = await sql(`SELECT sum(n) FROM (SELECT metric, labels, ts, count(*) n
    FROM samples GROUP BY ALL HAVING n = 1)`);
  assert.deepEqual([values, joined, Number(sum)], [all, all, all]);
  const seconds = Math.ceil((now - start) / 1000);
  let told = 0;
  for (const metric of METRICS) {
    const promql = `sum(count_over_time(${metric}[${seconds}s]))`;
    // Between whole windows samples answer, not rollups, which forget deleted time by the window.
    const answer = await ask(mon.url, promql, { timeMs: now + 1 });
    told += Number([...answer.values()][0][0][1]);
  }
  assert.equal(told, all);
});

it('rollups of SQL are those of PromQL', async () => {
  const end = new Date(now).toISOString();
  const rows = await sql(`SELECT labels['lane'] AS lane, sum(count), max(max), min(min)
    FROM rollup_1h WHERE metric = 'jobs' AND ts <= TIMESTAMPTZ '${end}'
    GROUP BY lane ORDER BY lane`);
  assert.equal(rows.length, 3);
  for (const [lane, count, most, least] of rows) {
    const of = async (column: string, fn: string): Promise<number> => {
      const selector = `jobs{lane="${String(lane)}",__rollup__="1h:${column}"}`;
      const answer = await ask(mon.url, `${fn}(${selector}[4d])`, { timeMs: now });
      return Number([...answer.values()][0][0][1]);
    };
    assert.equal(count, await of('count', 'sum_over_time'));
    assert.equal(most, await of('max', 'max_over_time'));
    assert.equal(least, await of('min', 'min_over_time'));
  }
});
