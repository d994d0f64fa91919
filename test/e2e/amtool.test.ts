// Debian's amtool against mon: alerts, silences, routes. Its own words are what is compared.
// Skipped where the machine has no amtool.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort, startMon } from '../support/mon-process.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { findProgram, runToEnd, skipWithout } from '../support/program.ts';

const ROUTES = `
route:
  receiver: default
  group_by: [alertname]
  routes:
    - matchers: [severity=~"critical|page"]
      receiver: pager
      continue: true
    - match: {team: db}
      receiver: db
receivers:
  - name: default
  - name: pager
    webhook_configs: [{url: 'http://127.0.0.1:1/secret'}]
  - name: db
`;

const skip = skipWithout('amtool');
const folder = mkdtempSync(join(tmpdir(), 'mon-amtool-'));
let mon: MonProcess;

before(async () => {
  if (skip !== false) return;
  const routes = join(folder, 'alertmanager.yml');
  writeFileSync(routes, ROUTES);
  const port = await freePort();
  mon = await startMon({ dataDir: join(folder, 'data'), port, args: ['--routes', routes] });
});
after(async () => {
  await mon?.end('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function amtool(...words: string[]): Promise<string> {
  const path = findProgram('amtool') as string;
  const { code, stdout, stderr } = await runToEnd(path, [
    `--alertmanager.url=${mon.url}`,
    ...words,
  ]);
  assert.equal(code, 0, `amtool ${words.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

test('amtool adds alerts and finds them', { skip }, async () => {
  await amtool('alert', 'add', 'HighCpu', 'host=web-1', 'severity=critical', '--annotation=a=b');
  await amtool('alert', 'add', 'HighCpu', 'host=web-2', 'severity=warning');
  const all = await amtool('alert', 'query', '-o', 'extended');
  assert.match(all, /alertname="HighCpu" host="web-1" severity="critical" +a="b"/);
  assert.match(all, /host="web-2".*active/);
  const one = await amtool('alert', 'query', '-o', 'extended', 'host=~.*-2');
  assert.ok(!one.includes('web-1') && one.includes('web-2'));
  const json = JSON.parse(await amtool('alert', 'query', '-o', 'json', 'host=web-1')) as {
    fingerprint: string;
    receivers: { name: string }[];
  }[];
  assert.deepEqual(json[0].receivers, [{ name: 'pager' }]);
  // What Prometheus' own hash says of these labels.
  assert.equal(json[0].fingerprint, 'acf23ea261f1ec30');
});

test('amtool silences, shows what is silenced, and expires', { skip }, async () => {
  const words = ['silence', 'add', 'host=web-2', '-d', '1h', '-c', 'works', '-a', 'ann'];
  const id = (await amtool(...words)).trim();
  assert.match(await amtool('silence', 'query'), new RegExp(`${id} +host="web-2".*ann +works`));
  assert.match(await amtool('silence', 'query', 'host=web-2'), new RegExp(id));
  assert.ok(!(await amtool('alert', 'query', '-o', 'extended')).includes('web-2'));
  const silenced = await amtool('alert', 'query', '--silenced', '-o', 'extended');
  assert.match(silenced, /web-2.*suppressed/);
  const update = await amtool('silence', 'update', '-d', '2h', '-c', 'more works', id);
  assert.match(update, new RegExp(id));
  await amtool('silence', 'expire', id);
  assert.ok(!(await amtool('silence', 'query')).includes(id));
  assert.match(await amtool('silence', 'query', '--expired'), new RegExp(id));
});

test('amtool imports silences', { skip }, async () => {
  const now = Date.now();
  const file = join(folder, 'silences.json');
  const silence = {
    matchers: [{ name: 'x', value: 'y', isRegex: false, isEqual: true }],
    startsAt: new Date(now).toISOString(),
    endsAt: new Date(now + 60_000).toISOString(),
    ...{ createdBy: 'bob', comment: 'imported' },
  };
  writeFileSync(file, JSON.stringify([silence]));
  await amtool('silence', 'import', file);
  assert.match(await amtool('silence', 'query'), /x="y".*imported/);
});

test(
  'amtool shows the configuration without its secrets, and tests routes with it',
  { skip },
  async () => {
    const shown = await amtool('config', 'show');
    assert.ok(!shown.includes('/secret'), shown);
    const receivers = async (...labels: string[]): Promise<string> =>
      (await amtool('config', 'routes', 'test', ...labels)).trim();
    assert.equal(await receivers('severity=critical', 'team=db'), 'pager,db');
    assert.equal(await receivers('severity=page'), 'pager');
    assert.equal(await receivers('team=web'), 'default');
    assert.match(await amtool('config', 'routes', 'show'), /default-route/);
    await amtool('config', 'routes', 'test', '--verify.receivers=default', 'a=b');
  },
);

test('amtool tells mistakes', { skip }, async () => {
  const path = findProgram('amtool') as string;
  const words = ['silence', 'add', 'x=~.*', '-d', '1h', '-c', 'c', '-a', 'a'];
  const { code, stderr } = await runToEnd(path, [`--alertmanager.url=${mon.url}`, ...words]);
  assert.equal(code, 1);
  assert.match(stderr, /must not match the empty string/);
});
