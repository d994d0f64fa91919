// A replay of rules, told the same way in every form: samples of an hour ago come too late for
// rules, `mon replay --group alert` computes what they would have recorded and how their alerts
// would have gone; a second time changes nothing, and nobody is told of the past. Easy to get
// wrong: an alert that was pending when the replay begins has to fire in time.
import { strict as assert } from 'node:assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../support/run-cli.ts';
import { until } from '../support/until.ts';
import { FormWorld } from './form-world.ts';
import type { FormOptions } from './form-world.ts';
import { numberOf, writeSamples } from './mon-folder.ts';

const STEP_MS = 15_000;
const MINUTE_MS = 60_000;
const RULES = `groups:
- name: replayed
  interval: 15s
  rules:
  - {record: 'job:load:sum', expr: sum by (job) (load)}
  - {record: 'job:load:half', expr: 'sum by (job) (sum_over_time(load[10m]))'}
  - {alert: High, expr: 'job:load:sum > 50', for: 2m, labels: {team: 'of {{ $labels.job }}'}}
`;

/** Minutes from the begin in which the load is high. */
const HIGH = { from: 10, to: 20 };
const MINUTES = 30;

type Points = Map<number, number>;

async function points(url: string, query: string, span: [number, number]): Promise<Points> {
  const grid = `start=${span[0] / 1000}&end=${span[1] / 1000}&step=${STEP_MS / 1000}`;
  const text = `${url}/api/v1/query_range?query=${encodeURIComponent(query)}&${grid}`;
  const answer = (await (await fetch(text)).json()) as {
    data: { result: { values: [number, string][] }[] };
    warnings?: string[];
  };
  assert.equal(answer.warnings, undefined);
  assert.ok(answer.data.result.length <= 1, query);
  const values = answer.data.result[0]?.values ?? [];
  return new Map(values.map(([at, value]) => [at * 1000, Number(value)]));
}

async function writeHistory(url: string, beginMs: number): Promise<void> {
  const samples = Array.from({ length: (MINUTES * MINUTE_MS) / STEP_MS + 1 }, (_, i) => {
    const timestamp = beginMs + i * STEP_MS;
    const minute = (i * STEP_MS) / MINUTE_MS;
    const high = minute >= HIGH.from && minute < HIGH.to;
    return { timestamp, value: high ? 40 + (i % 3) : i % 7 };
  });
  const series = ['a', 'b'].map((instance) => ({
    labels: { __name__: 'load', instance, job: 'web' },
    samples,
  }));
  const { status, text } = await writeSamples(url, series);
  assert.ok(status < 300, text);
}

async function replay(url: string, fromMs: number): Promise<void> {
  const from = new Date(fromMs).toISOString();
  const done = await runCli(['replay', '--group', 'alert', '--from', from, '--url', url]);
  assert.equal(done.code, 0, done.stderr);
}

/** ALERTS as they have to be from `beginMs` on: pending for two minutes, then firing. */
async function checkAlerts(url: string, span: [number, number], beginMs: number): Promise<void> {
  const minute = (n: number): number => beginMs + n * MINUTE_MS;
  const of = (state: string) => points(url, `ALERTS{alertstate="${state}",team="of web"}`, span);
  const [pending, firing] = [await of('pending'), await of('firing')];
  for (let at = span[0]; at <= span[1]; at += STEP_MS) {
    const high = at >= minute(HIGH.from) && at < minute(HIGH.to);
    const fires = high && at >= minute(HIGH.from + 2);
    const words = `${(at - beginMs) / MINUTE_MS} minutes`;
    assert.equal(firing.has(at), fires, `firing at ${words}`);
    assert.equal(pending.has(at), high && !fires, `pending at ${words}`);
  }
}

/** Where the samples lie that the rules are played over. */
export interface ReplayAge {
  /** How long ago they began. */
  readonly hours: number;
  /** What stands below `mon:` beside the rest. */
  readonly config?: string;
  /** Resolves when they lie where they are meant to be. */
  readonly settled?: (world: FormWorld, span: [number, number]) => Promise<void>;
}

/** The whole story in one form. */
export async function ruleReplay(
  options: FormOptions,
  { hours, config = '', settled }: ReplayAge = { hours: 1 },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mon-replay-'));
  const path = join(folder, 'rules.yml');
  await writeFile(path, RULES);
  const world = await FormWorld.start({
    ...options,
    config: `default_rules: false${config}`,
    args: ['--rules', path],
  });
  try {
    await world.ready();
    const { url } = world;
    const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
    const beginMs = now - hours * 60 * MINUTE_MS;
    const span: [number, number] = [beginMs, beginMs + MINUTES * MINUTE_MS];
    await writeHistory(url, beginMs);
    await settled?.(world, span);
    assert.equal((await points(url, 'job:load:sum', span)).size, 0, 'too late for rules');
    // It begins while the alert is pending: what came before its first step counts.
    const pendingMs = beginMs + (HIGH.from + 1) * MINUTE_MS;
    const later: [number, number] = [pendingMs, span[1]];
    await until('rules tick', async () => {
      const text = await (await fetch(`${url}/api/v1/rules`)).text();
      return /"lastEvaluation":"2/.test(text);
    });
    await replay(url, pendingMs);
    assert.deepEqual(
      await points(url, 'job:load:sum', later),
      await points(url, 'sum(load)', later),
    );
    await replay(url, beginMs);
    const same = async (): Promise<void> => {
      const answer = (query: string) => points(url, query, span);
      assert.deepEqual(await answer('job:load:sum'), await answer('sum(load)'));
      const half = 'sum(sum_over_time(load[10m]))';
      assert.deepEqual(await answer('job:load:half'), await answer(half));
      await checkAlerts(url, span, beginMs);
    };
    await same();
    const reach = `[${hours + 1}h]`;
    const series = ['job:load:sum', 'job:load:half', 'ALERTS', 'ALERTS_FOR_STATE'];
    const count = series.map((one) => `sum(count_over_time(${one}${reach}))`).join(' + ');
    const before = await numberOf(url, count, span[1] + MINUTE_MS);
    await replay(url, beginMs);
    await settled?.(world, span);
    const again = await numberOf(url, count, span[1] + MINUTE_MS);
    assert.equal(again, before, 'a second time changes nothing');
    await same();
    const told = (await (await fetch(`${url}/api/v1/alerts`)).json()) as {
      data: { alerts: unknown[] };
    };
    assert.deepEqual(told.data.alerts, [], 'nothing of the past fires now');
  } finally {
    await world.remove();
    await rm(folder, { recursive: true });
  }
}
