// Exploring a real server: who asked for what, over a restart; what nobody asked for in a month
// does not come in; policies that change at work, and a file with a mistake that changes nothing.
import { strict as assert } from 'node:assert';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import type { Exploration } from '../../src/engine/model/exploration.ts';
import type { MetricUse } from '../../src/engine/model/usage.ts';
import { SqliteState } from '../../src/engine/runtime/state-sqlite.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { until } from '../support/until.ts';
import { MonFolder, QUIET_CONFIG, endsBySelf, numberOf, writeSamples } from './mon-folder.ts';

let folder: MonFolder;
beforeEach(async () => void (folder = await MonFolder.make()));
afterEach(async () => await folder.remove());

async function data<T>(mon: MonProcess, path: string, headers = {}): Promise<T> {
  const reply = await fetch(`${mon.url}${path}`, { headers });
  return ((await reply.json()) as { data: T }).data;
}

async function use(mon: MonProcess, metric: string): Promise<MetricUse> {
  const path = `/api/v1/status/usage?metric=${metric}`;
  const { metrics } = await data<{ metrics: MetricUse[] }>(mon, path);
  assert.equal(metrics.length, 1, metric);
  return metrics[0];
}

async function push(mon: MonProcess, names: readonly string[], count = 1): Promise<void> {
  const series = names.flatMap((__name__) =>
    Array.from({ length: count }, (_, i) => ({
      labels: { __name__, id: `i${i}` },
      samples: [{ timestamp: Date.now(), value: 1 }],
    })),
  );
  assert.equal((await writeSamples(mon.url, series)).status, 204);
}

it('queries, dashboards and rules are told apart, and outlive the process', async () => {
  const rules = await folder.file(
    'rules.yml',
    'groups: [{name: g, rules: [{alert: A, expr: "sum by (id) (ruled) > 1"}]}]\n',
  );
  const config = `rule_files: ['${rules}']\n${QUIET_CONFIG}`;
  let mon = await folder.start(config);
  await push(mon, ['asked', 'shown', 'ruled', 'idle'], 3);
  assert.equal(await numberOf(mon.url, 'sum(asked{id!="x"})'), 3);
  await data(mon, '/api/v1/query?query=shown', { 'x-dashboard-uid': 'abc' });
  await fetch(`${mon.url}/federate?match[]=idle`);
  const before = [await use(mon, 'asked'), await use(mon, 'shown'), await use(mon, 'idle')];
  assert.deepEqual(
    before.map(({ by }) => [by.query.count, by.dashboard.count, by.rule.count]),
    [
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
    ],
  );
  assert.deepEqual(
    before[0].labels.map(([label]) => label),
    ['id'],
  );
  await until('the rule is known', async () => (await use(mon, 'ruled')).by.rule.count === 1);
  const found = await data<Exploration>(mon, '/api/v1/explore');
  const metric = found.metrics.find(({ name }) => name === 'asked');
  assert.deepEqual([metric?.series, metric?.live, metric?.queries, metric?.rules], [3, 3, 1, 0]);
  assert.equal(found.totals.series, 12);
  const inside = await data<Exploration>(mon, '/api/v1/explore?match[]=asked&label=id');
  assert.deepEqual(
    inside.pairs.map(({ value, series }) => [value, series]),
    [
      ['i0', 1],
      ['i1', 1],
      ['i2', 1],
    ],
  );
  assert.equal(await mon.end('SIGTERM'), 143);
  mon = await folder.start(config);
  assert.deepEqual((await use(mon, 'asked')).by, before[0].by);
  assert.deepEqual((await use(mon, 'shown')).by.dashboard, before[1].by.dashboard);
  const bad = await fetch(`${mon.url}/api/v1/explore?limit=no`);
  assert.equal(bad.status, 400);
  const list = await endsBySelf(['explore', '--url', mon.url, '-o', 'csv']);
  assert.match(list.stdout, /^list,name,count,of\ntotal,series,12,series\n/);
});

it('what nobody asked for in a month does not come in, what a rule uses does', async () => {
  const rules = await folder.file(
    'rules.yml',
    'groups: [{name: g, rules: [{record: "r:x", expr: "sum(ruled)"}]}]\n',
  );
  await mkdir(folder.dataDir, { recursive: true });
  const state = new SqliteState(join(folder.dataDir, 'state.db'));
  const old = Date.now() - 60 * 86_400_000;
  const row = (name: string, asked: number) => [name, old, old, asked, 1, 0, 0, 0, 0, []];
  const recent = Date.now() - 86_400_000;
  const rows = [row('idle', old), row('asked', recent), row('ruled', 0), row('kept_idle', 0)];
  await state.compareAndSet('usage/00', JSON.stringify(rows), 0);
  await state.compareAndSet('usage/since', String(old), 0);
  await state.close();
  const policy = "{name: month, unqueried: 30d, except: ['kept_.*']}";
  const cardinality = `cardinality: {policies: [${policy}]}`;
  const quiet = QUIET_CONFIG.replace('}', `, ${cardinality}}`);
  const mon = await folder.start(`rule_files: ['${rules}']\n${quiet}`);
  const names = ['idle', 'asked', 'ruled', 'kept_idle'];
  await until('the first look at the rules', async () => {
    await push(mon, names);
    const { policies } = await data<Exploration>(mon, '/api/v1/explore');
    return policies[0].dropped > 0;
  });
  const { policies, metrics } = await data<Exploration>(mon, '/api/v1/explore');
  assert.deepEqual([policies[0].metrics, policies[0].series], [['idle'], 1]);
  assert.equal(metrics.find(({ name }) => name === 'idle')?.policy, 'month');
  for (const name of names.slice(1)) {
    const found = metrics.find((one) => one.name === name);
    assert.deepEqual([found?.policy, found?.live], ['', 1], name);
  }
  const figures = await (await fetch(`${mon.url}/metrics`)).text();
  assert.match(figures, /^mon_policy_dropped_total\{policy="month"\} [1-9]/m);
});

it('policies change at work; a file with a mistake changes nothing and says where', async () => {
  const thin = `{name: thin, match: '{__name__="fast"}', keep_every: 1h}`;
  const config = (policies: string): string =>
    QUIET_CONFIG.replace('}', `, cardinality: {policies: [${policies}]}}`);
  const logged = async (words: string): Promise<void> => {
    const path = join(folder.dataDir, 'mon.log');
    await until(words, async () => (await readFile(path, 'utf8')).includes(words));
  };
  const mon = await folder.start(config(thin));
  const fast = async (): Promise<number> => {
    const before = (await data<Exploration>(mon, '/api/v1/explore')).policies[0]?.dropped ?? 0;
    for (let i = 0; i < 5; i++) await push(mon, ['fast']);
    return ((await data<Exploration>(mon, '/api/v1/explore')).policies[0]?.dropped ?? 0) - before;
  };
  assert.ok((await fast()) >= 3);
  await folder.file('mon.yml', config(thin.replace('1h', '9h')));
  mon.child.kill('SIGHUP');
  await logged('keep_every must be from 1s to 1h');
  await logged('mon.yml:1:');
  assert.equal(await fast(), 5, 'the old policy runs on');
  await folder.file('mon.yml', config(thin.replace('}', ', dry_run: true}')));
  const reply = await endsBySelf(['config', 'check', join(folder.path, 'mon.yml')]);
  assert.equal(reply.code, 2, reply.stdout);
  const dry = thin.replace('keep_every: 1h', 'keep_every: 1h, dry_run: true');
  await folder.file('mon.yml', config(dry));
  mon.child.kill('SIGHUP');
  await logged('configuration reloaded');
  assert.equal(await fast(), 0);
});
