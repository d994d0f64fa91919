// A running server reads its scrape configuration again: by SIGHUP, by POST /-/reload, by
// `mon reload`. What did not change goes on, a file with a mistake changes nothing, and the way
// over HTTP has to be allowed. Also why a server in the background did not start.
import { strict as assert } from 'node:assert';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, it } from 'node:test';
import type { MonProcess } from '../support/mon-process.ts';
import { runCli } from '../support/run-cli.ts';
import { MonFolder } from './mon-folder.ts';
import { startFake } from '../support/fake-prometheus.ts';
import type { FakePrometheus } from '../support/fake-prometheus.ts';
import { until } from '../support/until.ts';

let fake: FakePrometheus;
let folder: MonFolder;
before(async () => void (fake = await startFake()));
after(async () => await fake.close());
beforeEach(async () => void (folder = await MonFolder.make()));
afterEach(async () => await folder.remove());

function config(jobs: Readonly<Record<string, string>>, more = ''): string {
  const list = Object.entries(jobs).map(
    ([job, interval]) =>
      `  - {job_name: ${job}, scrape_interval: ${interval}, ` +
      `static_configs: [{targets: ['${fake.url.slice(7)}']}]}\n`,
  );
  const own = `mon: {host_agent: false, self_scrape: false${more}}\n`;
  return `${own}scrape_configs:\n${list.join('')}`;
}

async function pools(mon: MonProcess): Promise<string[]> {
  const answer = await fetch(`${mon.url}/api/v1/scrape_pools`);
  return ((await answer.json()) as { data: { scrapePools: string[] } }).data.scrapePools;
}

async function log(): Promise<string> {
  return await readFile(join(folder.dataDir, 'mon.log'), 'utf8');
}

async function untilLogged(words: string): Promise<void> {
  await until(words, async () => (await log()).includes(words), { seen: log });
}

it('SIGHUP reloads, and a file with a mistake leaves all as it was', async () => {
  const mon = await folder.start(config({ a: '10s', b: '10s' }));
  await folder.file('mon.yml', config({ b: '10s', c: '10s' }));
  mon.child.kill('SIGHUP');
  await untilLogged('configuration reloaded added=c removed=a');
  assert.deepEqual(await pools(mon), ['b', 'c']);
  const path = await folder.file('mon.yml', 'scrape_configs:\n  - job_nam: x\n');
  mon.child.kill('SIGHUP');
  await untilLogged(`why="${path}:2:5: `);
  assert.deepEqual(await pools(mon), ['b', 'c']);
  assert.equal(await mon.end('SIGTERM'), 143);
});

it('mon reload says what changed and what waits for a restart', async () => {
  const mon = await folder.start(config({ a: '10s', b: '10s', d: '10s' }), ['--enable-lifecycle']);
  await folder.file('mon.yml', config({ a: '20s', b: '10s', c: '10s' }, ', retention: 2d'));
  const first = await runCli(['reload', '--url', mon.url]);
  assert.deepEqual(first, {
    stdout: 'JOB  CHANGE\nc    added\nd    removed\na    changed\n',
    stderr: 'reloaded: 1 job goes on as it was\nwarning: retention counts only after a restart\n',
    code: 0,
  });
  assert.deepEqual(await pools(mon), ['a', 'b', 'c']);
  const limits = ', retention: 2d, cardinality: {mode: reject}';
  await folder.file('mon.yml', config({ a: '20s', b: '10s', c: '10s' }, limits));
  const second = await runCli(['reload', '--url', mon.url]);
  assert.match(
    second.stderr,
    /^reloaded: 3 jobs go on [^;\n]+; cardinality as the file says now\n/,
  );
  const path = await folder.file('mon.yml', 'global: {scrape_interval: 1x}\n');
  const bad = await runCli(['reload', '--url', mon.url]);
  assert.equal(bad.stdout, '');
  assert.ok(bad.stderr.startsWith(`error: failed to reload config: ${path}:1:`), bad.stderr);
  assert.equal(bad.code, 2);
  assert.deepEqual(await pools(mon), ['a', 'b', 'c']);
});

it('is off unless it was allowed, and a token allows it', async () => {
  const mon = await folder.start(config({ a: '10s' }));
  const answer = await fetch(`${mon.url}/-/reload`, { method: 'POST' });
  assert.deepEqual([answer.status, await answer.text()], [403, 'Lifecycle API is not enabled.']);
  const refused = await runCli(['reload', '--url', mon.url]);
  assert.match(
    refused.stderr,
    /takes no reload: it is not enabled\nhint: mon up --enable-lifecycle/,
  );
  assert.equal(refused.code, 1);
  await mon.end('SIGTERM');
  const token = await folder.file('token', 'secret\n');
  const own = await folder.start(config({ a: '10s' }), ['--token-file', token]);
  assert.equal((await fetch(`${own.url}/-/reload`, { method: 'POST' })).status, 401);
  const headers = { authorization: 'Bearer secret' };
  const cross = { ...headers, origin: 'http://evil.example' };
  const stranger = await fetch(`${own.url}/-/reload`, { method: 'POST', headers: cross });
  assert.equal(stranger.status, 403);
  const taken = await fetch(`${own.url}/-/reload`, { method: 'POST', headers });
  assert.equal(taken.status, 200);
  const { data } = (await taken.json()) as { data: Record<string, unknown> };
  assert.deepEqual([data['added'], data['kept']], [[], 1]);
  const known = await fetch(`${own.url}/metrics`, { headers });
  assert.match(await known.text(), /mon_query_seconds_bucket\{kind="range",le="0.001"\} \d/);
});

it('up --detach tells why this server did not start, not why an earlier one did not', async () => {
  await mkdir(folder.dataDir);
  const out = join(folder.dataDir, 'mon.out');
  await writeFile(out, 'error: an older reason\nhint: an older hint\n');
  const busy = fake.url.slice(7);
  const args = ['up', '--detach', '--data-dir', folder.dataDir, '--listen', busy];
  const { stdout, stderr, code } = await runCli(args);
  assert.match(stderr, new RegExp(`^error: ${busy} is in use by process \\d+.*\nhint: .*\n$`));
  assert.deepEqual([stdout, code], ['', 1]);
  assert.match(await readFile(out, 'utf8'), /^error: an older reason\n/);
});
