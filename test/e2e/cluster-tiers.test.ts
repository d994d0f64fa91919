// Tiers in a cluster: each zone archives what its stores hold, every query answers as before, from
// either zone alone, after kills, when a store's disk is wiped, and when a zone begins anew.
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { until } from '../support/until.ts';
import { ClusterWorld } from './cluster-world.ts';
import { endsBySelf } from './mon-folder.ts';
import { answersTo, pushDays, QUERIES, ROWS_MIN, TIER_CONFIG } from './tier-samples.ts';

const ARCHIVED_MS_MAX = 120_000;
let world: ClusterWorld;
let known: unknown[];

before(async () => {
  world = await ClusterWorld.start(2, { config: TIER_CONFIG });
  await world.ready();
});
after(() => world?.remove());

function answers(): Promise<unknown[]> {
  return answersTo(QUERIES, world.url);
}

/** Rows of samples that a zone has archived, as `mon tier ls` tells it. */
async function archived(zone: string): Promise<number> {
  const config = join(world.folder.path, 'mon.yml');
  const args = ['tier', 'ls', '--config', config, '--zone', zone, '-o', 'jsonl'];
  const { stdout, stderr, code } = await endsBySelf(args);
  assert.equal(code, 0, stderr);
  const rows = stdout.trim().split('\n').filter(Boolean);
  return rows
    .map((line) => JSON.parse(line) as { kind: string; rows: number })
    .reduce((sum, { kind, rows: count }) => sum + (kind === 'raw' ? count : 0), 0);
}

async function untilArchived(zone: string): Promise<void> {
  const whole = async (): Promise<boolean> => (await archived(zone)) >= ROWS_MIN;
  const seen = async (): Promise<string> => `${await archived(zone)} rows`;
  await until(`zone ${zone} has archived`, whole, { ms: ARCHIVED_MS_MAX, seen });
}

it('each zone archives, and no answer changes', async () => {
  await pushDays(world.url);
  known = await answers();
  for (const zone of ['a', 'b']) await untilArchived(zone);
  assert.deepEqual(await answers(), known);
});

it('each zone alone answers the same', async () => {
  for (const member of ['store-0', 'store-1']) {
    const thaw = await world.freeze(member);
    try {
      assert.deepEqual(await answers(), known, `without ${member}`);
    } finally {
      thaw();
    }
  }
  await world.ready();
});

it('a kill, and a disk that is wiped, change nothing', async () => {
  await world.kill('store-0');
  await world.ready();
  assert.deepEqual(await answers(), known);
  const folder = join(world.folder.dataDir, 'stores', 'store-0');
  const { pid } = await world.role('store-0');
  process.kill(pid, 'SIGSTOP');
  await rm(folder, { recursive: true, force: true });
  await world.kill('store-0');
  await world.ready();
  const thaw = await world.freeze('store-1');
  try {
    assert.deepEqual(await answers(), known, 'from the one that was rebuilt');
  } finally {
    thaw();
  }
  await world.ready();
});

it('a zone that has lost everything takes what another one has archived', async () => {
  const { pid } = await world.role('store-1');
  process.kill(pid, 'SIGSTOP');
  const data = world.folder.dataDir;
  const places = [join(data, 'stores', 'store-1'), join(data, 'objects', 'b')];
  places.push(join(world.folder.path, 'cold', 'b'));
  for (const place of places) {
    assert.ok(existsSync(place), place);
    await rm(place, { recursive: true, force: true });
  }
  await world.kill('store-1');
  await world.ready();
  assert.ok(readdirSync(join(world.folder.path, 'cold', 'b')).length > 0);
  await untilArchived('b');
  const thaw = await world.freeze('store-0');
  try {
    assert.deepEqual(await answers(), known);
  } finally {
    thaw();
  }
});
