// Placement by leases: the contract over a shared State, and what time decides, on a clock that is
// told to move: who falls silent is fenced before others have what it held, and nobody's silence is
// counted while State was away.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import type { Assignment, State } from '../../../src/engine/ports.ts';
import { HubState } from '../../../src/engine/daemons/hub-state.ts';
import { changeTable, dealSticky, findTable } from '../../../src/engine/runtime/lease-table.ts';
import { LeasePlacement } from '../../../src/engine/runtime/placement-leases.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { SqliteState } from '../../../src/engine/runtime/state-sqlite.ts';
import { CONTRACT_PLACES, placementContract } from '../../contract/placement.contract.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const LEASE = { leaseMs: 3000, beatMs: 500 };

interface World {
  readonly state: State;
  readonly clock: VirtualClock;
  away: boolean;
  make(owner: string): LeasePlacement;
  dispose(): Promise<void>;
}

async function world(places = 6): Promise<World> {
  const where = await mkdtemp(join(tmpdir(), 'mon-leases-'));
  const durable = new SqliteState(join(where, 'state.db'));
  const hub = new HubState(durable, 1_700_000_000_000);
  const clock = new VirtualClock();
  const made: LeasePlacement[] = [];
  const reached = <T>(work: () => Promise<T>): Promise<T> => {
    if (one.away) return Promise.reject(new MonError('MON_SERVER_UNREACHABLE', 'away'));
    return work();
  };
  const state: State = {
    get: (key) => reached(() => hub.get(key)),
    list: (prefix) => reached(() => hub.list(prefix)),
    compareAndSet: (...args) => reached(() => hub.compareAndSet(...args)),
    remove: (...args) => reached(() => hub.remove(...args)),
    commit: (...args) => reached(() => hub.commit(...args)),
    close: () => hub.close(),
  };
  const one: World = {
    ...{ state, clock, away: false },
    make(owner) {
      const placement = new LeasePlacement({
        ...{ ...LEASE, state, clock, places, owner, deal: dealSticky },
      });
      made.push(placement);
      return placement;
    },
    async dispose() {
      for (const placement of made) await placement.pause();
      await durable.close();
      await rm(where, { recursive: true });
    },
  };
  return one;
}

placementContract('leases', async () => {
  const where = await mkdtemp(join(tmpdir(), 'mon-lease-contract-'));
  const state = new SqliteState(join(where, 'state.db'));
  const clock = new VirtualClock();
  let owners = 0;
  const make = (): LeasePlacement =>
    new LeasePlacement({ ...LEASE, state, clock, places: CONTRACT_PLACES, owner: `o${owners++}` });
  return {
    ...{ placement: make(), other: make, shared: true },
    async dispose() {
      await state.close();
      await rm(where, { recursive: true });
    },
  };
});

test('who falls silent is fenced, and only then others have what it held', async () => {
  const w = await world();
  const held = new Map<string, Assignment>();
  const join_ = async (placement: LeasePlacement, name: string): Promise<void> => {
    const keep = (now: Assignment): void => void held.set(name, now);
    keep(await placement.join('store', name, keep));
  };
  const [a, b] = [w.make('a'), w.make('b')];
  await join_(a, 'store-0');
  await join_(b, 'store-1');
  await w.clock.advance(1000);
  assert.deepEqual(held.get('store-0')?.partitions.length, 3);
  assert.deepEqual(held.get('store-1')?.partitions.length, 3);
  const before = held.get('store-0') as Assignment;
  await a.pause();
  await w.clock.advance(2000);
  assert.equal(held.get('store-1')?.partitions.length, 3, 'its lease still stands');
  await w.clock.advance(3000);
  assert.deepEqual(held.get('store-1')?.partitions, [0, 1, 2, 3, 4, 5]);
  assert.ok((held.get('store-1')?.epoch ?? 0) > before.epoch);
  assert.equal(await a.holds('store', 'store-0', before.epoch), false);
  assert.equal(a.alive('store', 'store-0'), false);
  await w.dispose();
});

test('a hub that forgot all leases changes nothing', async () => {
  const w = await world();
  const seen: Assignment[] = [];
  const a = w.make('a');
  const first = await a.join('store', 'store-0', (now) => seen.push(now));
  const [[key, entry]] = await w.state.list('lease/store/');
  await w.state.remove(key, entry.version);
  await w.clock.advance(600);
  assert.deepEqual(seen, []);
  assert.equal(await a.holds('store', 'store-0', first.epoch), true);
  await w.dispose();
});

test('who hung for longer than its lease joins again by itself, with a new epoch', async () => {
  const w = await world();
  const seen: Assignment[] = [];
  const a = w.make('a');
  const first = await a.join('store', 'store-0', (now) => seen.push(now));
  await w.make('b').join('store', 'store-1', () => undefined);
  const [[key, entry]] = await w.state.list('lease/store/store-0');
  await w.state.remove(key, entry.version);
  const { table } = await findTable(w.state, 'store');
  const rest = table.members.filter(({ name }) => name !== 'store-0');
  await changeTable(w.state, 'store', { places: 6, deal: dealSticky }, () => rest);
  assert.equal(await a.holds('store', 'store-0', first.epoch), false);
  await w.clock.advance(1200);
  assert.equal(seen.at(-1)?.partitions.length, 3);
  assert.ok((seen.at(-1)?.epoch ?? 0) > first.epoch);
  assert.equal(a.alive('store', 'store-0'), true);
  await w.dispose();
});

test('nobody loses anything because State was away', async () => {
  const w = await world();
  const [a, b] = [w.make('a'), w.make('b')];
  const changes: Assignment[] = [];
  await a.join('store', 'store-0', (now) => changes.push(now));
  await b.join('store', 'store-1', () => undefined);
  await w.clock.advance(1000);
  const count = changes.length;
  w.away = true;
  await w.clock.advance(20_000);
  assert.equal(a.alive('store', 'store-0'), false, 'nobody may rely on it meanwhile');
  w.away = false;
  await w.clock.advance(2000);
  assert.equal(changes.length, count);
  assert.equal(a.alive('store', 'store-0'), true);
  await w.dispose();
});

test('sticky dealing is even and moves no more than it has to', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed);
    const places = 1 + Math.floor(random() * 40);
    let members: string[] = [];
    let holders: string[] = [];
    for (let step = 0; step < 12; step++) {
      const name = `m-${Math.floor(random() * 6)}`;
      const there = members.includes(name);
      if (there && members.length === 1) continue;
      const now = there ? members.filter((one) => one !== name) : [...members, name].sort();
      const dealt = dealSticky(places, now, holders);
      const counts = now.map((one) => dealt.filter((h) => h === one).length);
      const words = `seed ${seed}, step ${step}`;
      assert.equal(dealt.length, places, words);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, words);
      const stayed = dealt.filter((h, p) => h === holders[p]).length;
      const left = holders.filter((h) => h === name).length;
      const lost = there ? left : Math.ceil(places / now.length);
      if (holders.length > 0) assert.ok(stayed >= places - lost - members.length, words);
      [members, holders] = [now, dealt];
    }
  }
});
