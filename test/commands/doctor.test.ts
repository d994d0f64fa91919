// `mon doctor` on machines that are not well: each thing that it looks at broken in turn, with what
// it says, what that means, and a command that mends it.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { nodeFinding, processFindings } from '../../src/cli/doctor-machine.ts';
import type { HostReader } from '../../src/engine/runtime/host-reader.ts';
import { MonFolder, QUIET_CONFIG } from '../e2e/mon-folder.ts';
import { runCli } from '../support/run-cli.ts';

interface Item {
  readonly severity: string;
  readonly check: string;
  readonly problem: string;
  readonly meaning: string;
  readonly command: string;
}

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mon-doctor-'));
});
after(async () => await rm(folder, { recursive: true, force: true }));

async function doctor(...args: string[]): Promise<{ code: number | string; items: Item[] }> {
  const { code, stdout, stderr } = await runCli(['doctor', '-o', 'json', ...args]);
  assert.notEqual(stdout, '', stderr);
  return { code, items: (JSON.parse(stdout) as { items: Item[] }).items };
}

describe('the doctor', () => {
  it('names what is well when it is asked to, and nothing else by itself', async () => {
    const { code, items } = await doctor('--all', '--data-dir', folder);
    assert.equal(code, 0);
    for (const check of ['node', 'disk', 'sync', 'files', 'memory', 'server']) {
      assert.ok(
        items.some((one) => one.check === check),
        check,
      );
    }
    const quiet = await runCli(['doctor', '--data-dir', folder]);
    assert.equal(quiet.code, 0);
    assert.doesNotMatch(quiet.stdout, /^\+ ok/m);
  });

  it('finds mistakes in configuration, rules and routes', async () => {
    const rules = join(folder, 'rules.yml');
    await writeFile(rules, 'groups: [{name: a, rules: [{alert: A, expr: "up ==="}]}]\n');
    const config = join(folder, 'mon.yml');
    await writeFile(config, `rule_files: [${rules}]\nglobal: {scrape_interval: 5s}\n`);
    const routes = join(folder, 'routes.yml');
    await writeFile(routes, 'route: {receiver: nobody}\nreceivers: [{name: ops}]\n');
    const args = ['--data-dir', folder, '--config', config, '--routes', routes];
    const { code, items } = await doctor(...args);
    assert.equal(code, 1);
    const said = items.map(({ severity, check, problem }) => `${severity} ${check} ${problem}`);
    assert.ok(
      said.some((one) => /^error rules .*rules\.yml:1:/.test(one)),
      said.join('\n'),
    );
    assert.ok(
      said.some((one) => /^error routes .*nobody/.test(one)),
      said.join('\n'),
    );
    for (const { severity, meaning, command } of items) {
      if (severity === 'error') assert.ok(meaning !== '' && command !== '');
    }
    await writeFile(config, 'global: {scrape_intervall: 5s}\n');
    const wrong = await doctor('--data-dir', folder, '--config', config);
    assert.ok(wrong.items.some((one) => /did you|unknown field/.test(one.problem)));
    assert.ok(wrong.items.some((one) => one.command === `mon config check ${config}`));
  });

  it('finds a log that lacks what was acknowledged, and a kill that cost nothing', async () => {
    const world = await MonFolder.make();
    try {
      const mon = await world.start(QUIET_CONFIG);
      const send = (n: number): Promise<Response> =>
        fetch(`${mon.url}/api/v1/push`, {
          method: 'POST',
          headers: { 'Content-Type': 'text/plain' },
          body: `doctor_test ${n}\n`,
        });
      for (let n = 0; n < 20; n++) assert.equal((await send(n)).status, 200);
      await mon.end('SIGKILL');
      const killed = await doctor('--data-dir', world.dataDir);
      assert.equal(killed.code, 0);
      assert.ok(killed.items.some(({ severity, check }) => severity === 'note' && check === 'log'));
      const again = await world.start(QUIET_CONFIG);
      await again.end('SIGTERM');
      const first = join(world.dataDir, 'log', '000000000001.segment');
      await truncate(first, 200);
      const ill = await doctor('--data-dir', world.dataDir);
      assert.equal(ill.code, 1);
      const [found] = ill.items.filter(({ check }) => check === 'log');
      assert.match(found.problem, /bytes too short/);
      assert.match(found.meaning, /acknowledged samples may be lost/);
    } finally {
      await world.remove();
    }
  });

  it('names a process of a cluster that crashes in a loop', async () => {
    const world = await MonFolder.make();
    try {
      const mon = await world.start(QUIET_CONFIG);
      const roles = [
        { role: 'store', member: 'store-1', state: 'crashing', restarts: 7, why: 'error: no' },
      ];
      const text = JSON.stringify({ pid: mon.pid, url: mon.url, roles });
      await writeFile(join(world.dataDir, 'roles.json'), text);
      const { code, items } = await doctor('--data-dir', world.dataDir);
      assert.equal(code, 1);
      const found = items.find(({ check }) => check === 'roles');
      assert.match(found?.problem ?? '', /store-1 is crashing \(7 restarts\): error: no/);
      assert.match(found?.command ?? '', /mon logs --role store-1/);
    } finally {
      await world.remove();
    }
  });
});

describe('a server that the doctor asks', () => {
  const answers = new Map<string, unknown>();
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0];
    const data = answers.get(path);
    response.writeHead(data === undefined ? 404 : 200);
    response.end(JSON.stringify({ status: 'success', data }));
  });
  let url = '';
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  it('has its clock, rules, roles, targets, blocks and series looked at', async () => {
    const serverTime = new Date(Date.now() + 90_000).toISOString();
    answers.set('/-/ready', {});
    answers.set('/api/v1/status/runtimeinfo', { serverTime });
    const role = { member: 'store-0', state: 'away', why: 'its lease has run out' };
    answers.set('/api/v1/status', { roles: [role] });
    const rule = { name: 'R', query: "up{a='b'}", health: 'err', lastError: 'many-to-many' };
    answers.set('/api/v1/rules', { groups: [{ rules: [rule] }] });
    const target = { health: 'down', scrapeUrl: 'http://x', lastError: 'refused\u001b[31m' };
    answers.set('/api/v1/targets', { activeTargets: [target] });
    answers.set('/api/v1/status/tsdb/blocks', { blocks: [{ damaged: true }] });
    answers.set('/api/v1/status/cardinality', { mode: 'warn', over: { cardinalityLabels: 3 } });
    const { code, items } = await doctor('--url', url);
    assert.equal(code, 1);
    const said = items.map(({ severity, check, problem }) => `${severity} ${check} ${problem}`);
    for (const wanted of [
      /^error clock its clock is (?:8\d|90)\.\d s ahead of ours$/,
      /^error roles store-0 is away$/,
      /^error rules rule R fails: many-to-many$/,
      /^warning targets 1 of 1 targets are down$/,
      /^error blocks 1 of 1 blocks are damaged/,
      /^warning series 3 new series were over a limit$/,
    ]) {
      assert.ok(
        said.some((one) => wanted.test(one)),
        `${String(wanted)}\n${said.join('\n')}`,
      );
    }
    const table = await runCli(['doctor', '--url', url]);
    assert.doesNotMatch(table.stdout, /\u001b\[31m/);
    answers.clear();
    answers.set('/-/ready', {});
    const other = await doctor('--url', url);
    assert.equal(other.code, 0, JSON.stringify(other.items));
  });

  it('is an error when it does not answer', async () => {
    const { code, items } = await doctor('--url', 'http://127.0.0.1:1');
    assert.equal(code, 1);
    assert.match(items[0].problem, /connection refused/);
  });
});

it('an old Node, few files and little memory are told', async () => {
  assert.equal(nodeFinding('20.1.0').severity, 'error');
  assert.equal(nodeFinding('22.14.0').severity, 'error');
  assert.equal(nodeFinding('22.15.0').severity, 'note');
  assert.equal(nodeFinding('24.0.0').severity, 'ok');
  const texts = new Map([
    ['/proc/7/limits', 'Max open files            1024                 4096      files\n'],
    ['/proc/7/status', 'VmRSS:	  900000 kB\n'],
    ['/sys/fs/cgroup/memory.max', '1000000000\n'],
  ]);
  const host = {
    platform: 'linux',
    readText: async (path: string) => {
      const text = texts.get(path);
      if (text === undefined) throw new Error(`no ${path}`);
      return text;
    },
    facts: () => ({ memoryBytes: 16e9 }),
  } as unknown as HostReader;
  const found = await processFindings(7, host);
  assert.deepEqual(
    found.map(({ severity, check }) => `${severity} ${check}`),
    ['warning files', 'warning memory'],
  );
});

it('a log that cannot be read is told and hides nothing', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'mon-doctor-'));
  await mkdir(join(dir, 'log'));
  await writeFile(join(dir, 'log', 'meta.json'), '{"format": 3}');
  const { items } = await doctor('--data-dir', dir, '--all');
  assert.ok(items.some(({ check, severity }) => check === 'log' && severity === 'error'));
  assert.ok(items.some(({ check }) => check === 'node'));
  await rm(dir, { recursive: true, force: true });
});
