// `mon region init`, `mon plan` and what can be said of `mon bench` without measuring: whole
// output, files that are written, and what is refused.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { runCli } from '../support/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'mon-region-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const REGIONS = ['--region', 'eu=k1.eu:9092,k2.eu:9092', '--region', 'us=k1.us:9092'];
const INIT = ['region', 'init', ...REGIONS, '--global', 'g1:9092'];

describe('mon region init', () => {
  it('writes files that mon and MirrorMaker take', async () => {
    const { code, stdout, stderr } = await runCli([...INIT, '--dir', folder, '-o', 'value']);
    assert.deepEqual([code, stderr], [0, '']);
    const names = ['mirror-maker.properties', 'region-eu.yml', 'region-us.yml', 'global.yml'];
    assert.deepEqual(
      stdout.trim().split('\n'),
      names.map((name) => join(folder, name)),
    );
    for (const name of names.slice(1)) {
      const checked = await runCli(['config', 'check', join(folder, name)]);
      assert.equal(checked.code, 0, checked.stderr);
      assert.equal(checked.stderr, '');
    }
  });

  it('copies one way, keeps bytes and partitions, and writes nothing into regions', () => {
    const text = readFileSync(join(folder, 'mirror-maker.properties'), 'utf8');
    for (const line of [
      'clusters = eu, us, global',
      'eu.bootstrap.servers = k1.eu:9092,k2.eu:9092',
      'global.bootstrap.servers = g1:9092',
      'eu->global.enabled = true',
      'us->global.enabled = true',
      'topics = metrics\\\\.raw(\\\\.g[0-9]+)?',
      'value.converter = org.apache.kafka.connect.converters.ByteArrayConverter',
      'offset-syncs.topic.location = target',
      'replication.factor = 3',
    ]) {
      assert.ok(text.split('\n').includes(line), line);
    }
    assert.doesNotMatch(text, /->(?:eu|us)\.enabled = true/);
    const global = readFileSync(join(folder, 'global.yml'), 'utf8');
    assert.match(global, /from:\n {6}eu: eu\.metrics\.raw\n {6}us: us\.metrics\.raw\n/);
  });

  it('replaces no file unasked', async () => {
    const again = await runCli([...INIT, '--dir', folder]);
    assert.equal(again.code, 2);
    assert.match(again.stderr, /mirror-maker\.properties is there already\nhint: replace it with/);
    const forced = await runCli([...INIT, '--dir', folder, '--force', '--label', 'site']);
    assert.equal(forced.code, 0, forced.stderr);
    assert.match(readFileSync(join(folder, 'global.yml'), 'utf8'), /label: site/);
  });

  it('refuses names that cannot be', async () => {
    for (const [region, words] of [
      ['eu', /"eu" names no region/],
      ['a b=k:1', /names no region/],
      ['global=k:1', /"global" is the name of the stack/],
      ['eu=nonsense:port', /the region eu: /],
    ] as const) {
      const dir = join(folder, 'never');
      const asked = ['region', 'init', '--region', region, '--global', 'g:1', '--dir', dir];
      const { code, stdout, stderr } = await runCli(asked);
      assert.deepEqual([code, stdout], [2, ''], region);
      assert.match(stderr, words);
      assert.equal(existsSync(dir), false);
    }
  });
});

describe('mon plan', () => {
  it('prints the same plan in every form', async () => {
    const table = await runCli(['plan']);
    assert.deepEqual([table.code, table.stderr], [0, '']);
    assert.match(table.stdout, /^Figures of one core\n {2}mon .* on /);
    assert.match(table.stdout, /100 M samples\/s of 100 M series, 3 zones/);
    assert.match(table.stdout, /total +107,500 /);
    assert.match(table.stdout, /total +244,000 /);
    const json = await runCli(['plan', '-o', 'json']);
    const plan = JSON.parse(json.stdout) as {
      kind: string;
      plan: { samplesPerSecond: number; month: number };
      scales: { samplesPerSecond: number }[];
      breaks: { samplesPerSecond: number; next?: { name: string } }[];
    };
    assert.equal(plan.kind, 'Plan');
    assert.equal(plan.plan.samplesPerSecond, 100e6);
    const loads = plan.scales.map((one) => one.samplesPerSecond);
    assert.deepEqual(loads, [1e6, 1e7, 1e8, 1e9]);
    const csv = await runCli(['plan', '-o', 'csv']);
    assert.match(csv.stdout, /^section,figure,value,unit,of\r\n/);
    const page = await runCli(['plan', '-o', 'markdown']);
    assert.match(page.stdout, /^## Figures of one core\n/);
    assert.match(page.stdout, /\n\| total \| +\|/);
    const month = Math.round(plan.plan.month).toLocaleString('en-US');
    for (const { stdout } of [table, page]) assert.ok(stdout.includes(`$${month}`), month);
    assert.ok(csv.stdout.includes(`"$${month}"`));
  });

  it('takes a load, prices and figures from files, and names the place of a mistake', async () => {
    const load = join(folder, 'load.yml');
    const prices = join(folder, 'prices.yml');
    writeFileSync(load, 'targets: 100\ninterval: 10s\n');
    writeFileSync(prices, 'currency: EUR\n');
    const asked = ['plan', '--inputs', load, '--prices', prices];
    const { stdout, code } = await runCli(asked);
    assert.equal(code, 0);
    assert.match(stdout, /1000 samples\/s of 10 k series, 3 zones, no Kafka/);
    assert.match(stdout, /EUR\d/);
    writeFileSync(load, 'targets: 100\nzone: 2\n');
    const bad = await runCli(asked);
    assert.deepEqual([bad.code, bad.stdout], [2, '']);
    assert.match(bad.stderr, /load\.yml:2:1: unknown field "zone" in the inputs\n/);
    assert.match(bad.stderr, /hint: did you mean zones\?\n/);
    const none = await runCli(['plan', '--figures', join(folder, 'none.json')]);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /none\.json/);
  });
});

describe('mon bench', () => {
  it('refuses what it cannot measure before it starts anything', async () => {
    for (const [args, words] of [
      [['speed'], /there is no part "speed"\nhint: one of ingest, store, query, rules, kafka\n/],
      [['kafka'], /kafka needs brokers\nhint: mon bench kafka --brokers/],
    ] as const) {
      const { code, stdout, stderr } = await runCli(['bench', ...args]);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, words);
    }
  });
});
