// `mon up --cluster` as a user has it: data in and out, roles killed under a ledger, stores of two
// zones gone, a role that crashes in a loop, and an end that leaves nobody behind.
import { strict as assert } from 'node:assert';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../support/until.ts';
import { clusterCrash } from './cluster-crash.ts';
import { ClusterWorld } from './cluster-world.ts';
import type { RoleRow } from './cluster-world.ts';
import { endsBySelf, numberOf, writeSamples } from './mon-folder.ts';

test('every role killed once loses no acknowledged sample and counts none twice', async (t) => {
  const report = await clusterCrash(7, 1);
  t.diagnostic(`${report.acknowledged} samples checked, ${report.refused} bodies sent again`);
  assert.equal(new Set(report.killed).size, 7);
});

describe('a cluster of three zones', () => {
  let world: ClusterWorld;
  before(async () => {
    world = await ClusterWorld.start(3);
  });
  after(async () => await world.remove());

  it('answers with what it has just acknowledged', async () => {
    const now = Date.now();
    for (let i = 0; i < 50; i++) {
      const labels = { __name__: 'written', i: `${i}` };
      const samples = [{ timestamp: now, value: i }];
      assert.equal((await writeSamples(world.url, [{ labels, samples }])).status, 204);
      assert.equal(await numberOf(world.url, `count(written)`, now), i + 1);
    }
    assert.equal(await numberOf(world.url, 'sum(written)', now), 1225);
  });

  it('answers whole, or says that it does not, while any two stores are away', async () => {
    const now = Date.now();
    const series = Array.from({ length: 40 }, (_, i) => ({
      labels: { __name__: 'kept', i: `${i}` },
      samples: [{ timestamp: now, value: 1 }],
    }));
    await writeSamples(world.url, series);
    for (const away of [
      [0, 1],
      [1, 2],
      [0, 2],
    ]) {
      const thaw = await Promise.all(away.map((i) => world.freeze(`store-${i}`)));
      try {
        for (let i = 0; i < 3; i++) {
          const url = `${world.url}/api/v1/query?query=sum(kept)&time=${now / 1000}`;
          const answer = (await (await fetch(url)).json()) as {
            status: string;
            warnings?: string[];
            data: { result: { value: [number, string] }[] };
          };
          assert.equal(answer.status, 'success');
          const [one] = answer.data.result;
          if (answer.warnings === undefined) assert.equal(one.value[1], '40', `${away}`);
          else assert.ok(Number(one?.value[1] ?? 0) <= 40);
        }
      } finally {
        for (const go of thaw) go();
      }
      await world.ready();
    }
    for (const member of ['store-0', 'store-1']) await world.kill(member);
    assert.equal(await numberOf(world.url, 'sum(kept)', now), 40);
    await world.ready();
  });

  it('rebuilds a store whose disk was wiped', async () => {
    const folder = join(world.folder.dataDir, 'stores', 'store-1');
    await writeSamples(world.url, [
      { labels: { __name__: 'before' }, samples: [{ timestamp: Date.now(), value: 7 }] },
    ]);
    await world.kill('store-1');
    await rm(folder, { recursive: true, force: true });
    await world.ready();
    const thaw = await Promise.all(['store-0', 'store-2'].map((one) => world.freeze(one)));
    try {
      assert.equal(await numberOf(world.url, 'before'), 7);
      assert.equal(await numberOf(world.url, 'sum(written)'), 1225);
    } finally {
      for (const go of thaw) go();
    }
    await world.ready();
  });

  it('names a role that crashes in a loop, with its last words', async () => {
    const head = join(world.folder.dataDir, 'stores', 'store-2', 'head');
    await pause(300);
    await world.kill('store-2');
    await world.ready();
    // Its checkpoint is written when it drains: a damaged one is found at the next start.
    process.kill((await world.role('store-2')).pid, 'SIGTERM');
    await until('it has drained', async () => (await world.role('store-2')).restarts > 1);
    await world.ready();
    const files = (await readdir(head)).filter((name) => name.endsWith('.checkpoint'));
    assert.ok(files.length > 0, 'there are checkpoints');
    for (const name of files) await writeFile(join(head, name), 'damaged');
    await world.kill('store-2');
    await until('it is named', async () => {
      const { state, why } = await world.role('store-2');
      return state === 'crashing' && why.startsWith('error: ');
    });
    const said = await endsBySelf(['status', '--data-dir', world.folder.dataDir, '-o', 'json']);
    assert.equal(said.code, 1);
    assert.match(said.stdout, /"store-2"[^}]*"crashing"|"crashing"[^}]*"store-2"/);
    assert.match(said.stdout, /"why": "error: .*checkpoint/);
    assert.equal((await fetch(`${world.url}/-/ready`)).status, 503);
    assert.equal(await numberOf(world.url, 'count(written)'), 50);
    const logs = await endsBySelf(['logs', '--data-dir', world.folder.dataDir, '--role', 'store']);
    assert.match(logs.stdout, /role=store-2/);
    assert.equal(logs.code, 0);
  });

  it('ends in order when it is stopped, and leaves nobody behind', async () => {
    const rows = await world.roles();
    const pids = rows.map(({ pid }) => pid).filter((pid) => pid > 0);
    const said = await endsBySelf(['down', '--data-dir', world.folder.dataDir]);
    assert.equal(said.code, 0, said.stderr);
    for (const pid of pids) assert.ok(!lives(pid), `${pid} has ended`);
    // One crashes in a loop since the test before.
    const ready = rows.filter(({ state }) => state === 'ready');
    const ended = await Promise.all(ready.map((row) => endOf(world, row)));
    const times = (roles: readonly string[]): number[] =>
      ended.filter(({ role }) => roles.includes(role)).map(({ atMs }) => atMs);
    const stores = times(['store']);
    assert.ok(Math.max(...times(['api', 'collector', 'query'])) <= Math.min(...stores));
    assert.ok(Math.max(...stores) <= Math.min(...times(['log'])));
  });
});

/** When a process began to stop. A store wrote its last checkpoint, so that it need not read on. */
async function endOf(world: ClusterWorld, { member, role }: RoleRow) {
  const path = join(world.folder.dataDir, 'logs', `${member}.log`);
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const last = lines.findLastIndex((line) => line.includes(' stopping '));
  assert.ok(last >= 0, `${member} was told to stop`);
  const rest = lines.slice(last).join('\n');
  assert.doesNotMatch(rest, / (warn|error) /);
  return { role, atMs: Date.parse(lines[last].slice(0, lines[last].indexOf(' '))) };
}

test('a supervisor that is killed takes its processes along', async () => {
  const world = await ClusterWorld.start(1);
  try {
    const pids = (await world.roles()).map(({ pid }) => pid);
    assert.ok(pids.every(lives));
    await world.mon.end('SIGKILL');
    await until('all have ended', async () => !pids.some(lives));
  } finally {
    await world.remove();
  }
});

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
