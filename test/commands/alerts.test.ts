// The commands about alerts as processes, against a notifier behind a real API: silences,
// incidents, acknowledging, tests of receivers, routing files. What they say and how they exit.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ApiServer } from '../../src/engine/api/api-server.ts';
import type { ApiParts } from '../../src/engine/api/api-parts.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { NotifyWorld } from '../support/notify-world.ts';
import { runCli } from '../support/run-cli.ts';
import type { CliResult } from '../support/run-cli.ts';

const ROUTES = `
route: {receiver: team, group_by: [alertname], group_wait: 0s}
receivers:
  - name: team
    webhook_configs: [{url: 'http://hook'}]
  - name: bad
    webhook_configs: [{url: 'http://bad'}]
`;
const folder = mkdtempSync(join(tmpdir(), 'mon-alerts-'));
const file = join(folder, 'alertmanager.yml');
let api: ApiServer;
let world: NotifyWorld;
let url = '';

before(async () => {
  writeFileSync(file, ROUTES);
  world = await new NotifyWorld(ROUTES).start();
  // Its time stands still: a minute ahead, so that what the command line begins has begun.
  world.clock.jump(Date.now() + 60_000 - world.clock.now());
  await world.restart();
  world.answer = (to) => (to === 'http://bad' ? { status: 403, body: 'go away' } : {});
  await world.fire('web-1');
  await world.fire('db-1', { alertname: 'DiskFull' });
  const parts = {
    ...{ desk: world.notifier, clock: systemClock, version: { version: '0' }, startedMs: 0 },
    ready: () => ({ ready: true, why: '' }),
  };
  api = new ApiServer(parts as unknown as ApiParts);
  const { port } = await api.listen('127.0.0.1', 0);
  url = `http://127.0.0.1:${port}`;
});

after(async () => {
  await api.drain(0);
  rmSync(folder, { recursive: true, force: true });
});

function mon(...words: string[]): Promise<CliResult> {
  return runCli([...words, '--url', url], { env: { USER: 'ann' } });
}

test('a silence is previewed, made, listed, extended and ended', async () => {
  const words = ['silence', 'add', 'alertname=HighCpu', 'host=~web.*', '-d', '2h', '-c', 'works'];
  const unasked = await mon(...words);
  assert.equal(unasked.code, 2);
  assert.match(unasked.stderr, /hides 1 of the alerts that fire now\nHighCpu host=web-1/);
  assert.match(unasked.stderr, /nobody to ask\nhint: in a script say --yes\n$/);
  const made = await mon(...words, '--yes');
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /^[0-9a-f-]{36}\n$/);
  const id = made.stdout.trim();
  const listed = await mon('silence', 'list', '-o', 'value');
  assert.deepEqual([listed.code, listed.stdout], [0, `${id}\n`]);
  const preview = await mon('silence', 'preview', 'HighCpu', '-o', 'csv');
  assert.match(preview.stdout, /\nsuppressed,/);
  const longer = await mon('silence', 'extend', id.slice(0, 8), '-d', '1h');
  assert.deepEqual([longer.code, longer.stdout], [0, `${id}\n`]);
  assert.equal((await mon('silence', 'expire', id.slice(0, 8))).code, 0);
  assert.equal((await mon('silence', 'list', '-o', 'value')).stdout, '');
  assert.equal((await mon('silence', 'list', '--all', '-o', 'value')).stdout, `${id}\n`);
  const twice = await mon('silence', 'expire', id);
  assert.equal(twice.code, 2);
  assert.match(twice.stderr, /already expired/);
  assert.equal((await mon('silence', 'add', 'x=~(', '-c', 'c', '--yes')).code, 2);
  const silent = await mon('silence', 'add', 'x=y', '--yes');
  assert.match(silent.stderr, /^error: say why with -c TEXT\n/);
});

test('incidents are listed, acknowledged by number and by matcher, and told', async () => {
  const first = await mon('incidents', '--status', 'firing', '-o', 'value');
  assert.deepEqual(first.stdout.trim().split('\n').sort(), ['1', '2']);
  const acked = await mon('ack', '1', '-c', 'on it', '-o', 'csv');
  assert.equal(acked.code, 0, acked.stderr);
  assert.match(acked.stdout, /\n1,acknowledged,.*,ann\n$/);
  const history = await mon('incidents', '1', '-o', 'csv');
  assert.match(history.stdout, /,acknowledged,ann,on it\n/);
  const byMatcher = await mon('ack', 'DiskFull', 'host=~db.*', '-a', 'bob', '-o', 'value');
  assert.deepEqual([byMatcher.code, byMatcher.stdout], [0, '2\n']);
  assert.equal((await mon('ack', '77')).code, 5);
  assert.equal((await mon('incidents', '77')).code, 5);
  assert.equal((await mon('ack', 'alertname=Nobody')).code, 5);
});

test('receivers are tried', async () => {
  const good = await mon('notify', 'test', 'team', '-o', 'jsonl');
  assert.equal(good.stdout, '{"receiver":"team","kind":"webhook","ok":true,"words":"delivered"}\n');
  const bad = await mon('notify', 'test', 'bad');
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /answered 403: go away/);
  assert.equal((await mon('notify', 'test', 'nobody')).code, 5);
});

test('routing files are checked and tried without a server', async () => {
  const checked = await runCli(['routes', 'check', file]);
  assert.equal(
    checked.stdout,
    `${file}: all well, 2 receivers, 0 inhibition rules, 0 template patterns\n`,
  );
  const tried = await runCli(['routes', 'test', file, 'a=b', '--expect', 'team']);
  assert.deepEqual([tried.code, tried.stdout], [0, 'team\n']);
  assert.equal((await runCli(['routes', 'test', file, 'a=b', '--expect', 'x'])).code, 3);
  const broken = join(folder, 'broken.yml');
  writeFileSync(broken, 'route: {receiver: nobody}\n');
  const told = await runCli(['routes', 'check', broken]);
  assert.equal(told.code, 2);
  assert.match(told.stderr, /broken\.yml:1:19: undefined receiver "nobody"/);
});

test('a server that notifies nobody says so', async () => {
  const empty = { clock: systemClock, ready: () => ({ ready: true, why: '' }) };
  const other = new ApiServer(empty as unknown as ApiParts);
  const { port } = await other.listen('127.0.0.1', 0);
  const at = ['--url', `http://127.0.0.1:${port}`];
  const found = await runCli(['silence', 'list', ...at]);
  assert.equal(found.code, 5);
  assert.match(found.stderr, /this server sends no notifications/);
  await other.drain(0);
});
