// Whole samples out of replicas: for any holdings, any order in a store and any deaths in the
// middle every sample comes once, or what is missing is said. Easy to get wrong: the second store
// hands its series out in another order than the one that died, and in other pages.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { labelsKey } from '../../../src/engine/model/labels.ts';
import type { Source } from '../../../src/engine/ports.ts';
import type { SamplePage, SamplesAsk, SampleScans } from '../../../src/engine/ports-sql.ts';
import { HandedRuns } from '../../../src/engine/query/handed-runs.ts';
import { ReplicaReadings } from '../../../src/engine/query/replica-readings.ts';
import type { ScanHolder, ScanReplicas } from '../../../src/engine/query/replica-readings.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { Random } from '../../../src/engine/runtime/random.ts';

const ALL: SamplesAsk = { selections: [[]], minMs: -Infinity, maxMs: Infinity };
const AWAY = new MonError('MON_SERVER_UNREACHABLE', 'away');
const CLOSED = new MonError('MON_ABORTED', 'the reading has been closed');
/** Times of a series; its values are the same, and some samples have a body. */
const TIMES = Array.from({ length: 23 }, (_, i) => i * 10);

interface Run {
  readonly series: string;
  readonly times: readonly number[];
}

/** The runs of a partition's series in the order of one store, cut as it cuts them. */
function runsOf(partition: number, random: Random): Run[] {
  const names = Array.from({ length: 5 }, (_, i) => `p${partition}s${i}`);
  names.sort(() => random() - 0.5);
  return names.flatMap((series) => {
    const runs: Run[] = [];
    for (let at = 0; at < TIMES.length;) {
      const length = 1 + Math.floor(random() * 9);
      runs.push({ series, times: TIMES.slice(at, at + length) });
      at += length;
    }
    return runs;
  });
}

function pageOf(runs: readonly Run[]): SamplePage {
  const times = runs.flatMap((run) => run.times);
  const ends = [0];
  for (const run of runs) ends.push((ends.at(-1) ?? 0) + run.times.length);
  const bodies = runs.flatMap((run) =>
    run.times.map((time) => {
      const odd = run.series.endsWith('s0') && time % 50 === 0;
      return odd ? Uint8Array.of(time / 10) : undefined;
    }),
  );
  return {
    labels: runs.map(({ series }) => ['__name__', series]),
    from: Uint32Array.from(ends),
    timestamps: Float64Array.from(times),
    values: Float64Array.from(times),
    ...(bodies.some((one) => one !== undefined) ? { bodies } : {}),
  };
}

interface StoreWish {
  readonly name: string;
  readonly zone: string;
  readonly partitions: readonly number[];
  readonly lacks?: readonly number[];
  /** What it throws, and after how many pages of a reading. */
  readonly fails?: { readonly error: MonError; readonly after: number };
  /** After so many pages of a reading it lacks some runs, and says so. */
  readonly damagedAfter?: number;
}

function scansOf(wish: StoreWish, random: Random, open: Set<SampleScans>): SampleScans {
  const { name, fails, damagedAfter } = wish;
  let runs: Run[] = [];
  let pages = 0;
  const scans: SampleScans = {
    async openScan({ only = [] }) {
      if (fails?.after === 0) throw fails.error;
      assert.equal(only.length, 1, 'a reading is of one partition');
      runs = runsOf(only[0], random);
      open.add(scans);
      return { id: 1, left: [], floors: new Map() };
    },
    async nextScan() {
      if (fails !== undefined && pages >= fails.after) throw fails.error;
      pages++;
      const some = runs.splice(0, 1 + Math.floor(random() * 7));
      if (some.length === 0) return undefined;
      const whole = pages - 1 !== damagedAfter;
      return whole ? pageOf(some) : { ...pageOf(some.slice(1)), warnings: [`${name} is damaged`] };
    },
    async closeScan() {
      open.delete(scans);
    },
  };
  return scans;
}

function replicasOf(partitions: number, stores: readonly StoreWish[], random: Random) {
  const failed: string[] = [];
  const open = new Set<SampleScans>();
  const replicas: ScanReplicas = {
    partitions,
    holders: () =>
      stores.map((store): ScanHolder => ({
        ...{ lacks: [], doubtful: false, ...store },
        within: () => ({}) as Source,
        scans: () => scansOf(store, random, open),
      })),
    ends: async () => new Map(),
    failed: ({ name }) => void failed.push(name),
  };
  return { readings: new ReplicaReadings(replicas), failed, open: () => open.size };
}

async function read(readings: ReplicaReadings) {
  const found = new Map<string, number[]>();
  const warnings: string[] = [];
  for await (const page of readings.pages(ALL)) {
    warnings.push(...(page.warnings ?? []));
    page.labels.forEach((labels, r) => {
      const times = found.get(labelsKey(labels)) ?? [];
      found.set(labelsKey(labels), times);
      for (let i = page.from[r]; i < page.from[r + 1]; i++) {
        assert.equal(page.values[i], page.timestamps[i]);
        times.push(page.timestamps[i]);
        const odd = labels[1].endsWith('s0') && page.timestamps[i] % 50 === 0;
        assert.equal(page.bodies?.[i]?.[0], odd ? page.timestamps[i] / 10 : undefined);
      }
    });
  }
  return { found, warnings };
}

/** Every series of these partitions with every time once, in order. */
function expected(partitions: Iterable<number>): [string, readonly number[]][] {
  return [...partitions]
    .flatMap((p) => Array.from({ length: 5 }, (_, i) => labelsKey(['__name__', `p${p}s${i}`])))
    .toSorted()
    .map((key) => [key, TIMES]);
}

test('every sample comes once, whoever dies in the middle, or it is said', async () => {
  for (let seed = 1; seed <= 600; seed++) {
    const random = seededRandom(seed);
    const partitions = 1 + Math.floor(random() * 4);
    const stores: StoreWish[] = [];
    const alive = new Set<number>();
    const dying = new Set<number>();
    for (const zone of ['a', 'b', 'c'].slice(0, 1 + Math.floor(random() * 3))) {
      const held = [...Array(partitions).keys()].filter(() => random() < 0.8);
      const fails = random() < 0.5 ? { error: AWAY, after: Math.floor(random() * 5) } : undefined;
      stores.push({ name: zone, zone, partitions: held, ...(fails && { fails }) });
      for (const p of held) (fails === undefined ? alive : dying).add(p);
    }
    const { readings, open } = replicasOf(partitions, stores, random);
    const words = `seed ${seed}`;
    if (alive.size === 0) {
      await assert.rejects(read(readings), { message: 'no store answers' }, words);
      continue;
    }
    const { found, warnings } = await read(readings);
    const missing = [...Array(partitions).keys()].filter((p) => !alive.has(p));
    const list = missing.join(', ');
    const said = `no store answers for partition${missing.length === 1 ? '' : 's'} ${list}`;
    const want = missing.length === 0 ? [] : [`${said}: their series are missing`];
    assert.deepEqual(warnings, want, words);
    const there = [...found].filter(([key]) => alive.has(Number(/p(\d)s/.exec(key)?.[1])));
    const all = there.toSorted(([a], [b]) => (a < b ? -1 : 1));
    assert.deepEqual(all, expected(alive), words);
    // Of the others a part may have come before the last of their stores died; none of it twice.
    for (const [key, times] of found) {
      assert.deepEqual(times, TIMES.slice(0, times.length), `${words}: ${key}`);
    }
    assert.equal(open(), 0, `${words}: every reading is closed`);
  }
});

test('a store that has ended a reading is asked again, and then another one', async () => {
  const random = seededRandom(3);
  const fails = { error: CLOSED, after: 2 };
  const [a, b] = ['a', 'b'].map((name): StoreWish => ({ name, zone: name, partitions: [0] }));
  const one = replicasOf(1, [{ ...a, fails }, b], random);
  for (let i = 0; i < 4; i++) {
    const { found, warnings } = await read(one.readings);
    assert.deepEqual([...found].toSorted(), expected([0]));
    assert.deepEqual(warnings, []);
  }
  assert.deepEqual([...new Set(one.failed)], ['a']);
});

test('a fault of the question itself is thrown, and so is a store that is too busy', async () => {
  for (const code of ['MON_QUERY_LIMIT', 'MON_QUERY_BUSY'] as const) {
    const fails = { error: new MonError(code, 'no'), after: 1 };
    const stores = ['a', 'b'].map((zone) => ({ name: zone, zone, partitions: [0], fails }));
    await assert.rejects(read(replicasOf(1, stores, seededRandom(1)).readings), { code });
  }
});

test('an asker who leaves ends the reading, and no other store is asked', async () => {
  const gone = new AbortController();
  const stores = ['a', 'b'].map((zone) => ({ name: zone, zone, partitions: [0] }));
  const { readings, open, failed } = replicasOf(1, stores, seededRandom(1));
  const pages = readings.pages(ALL, gone.signal);
  assert.equal((await pages.next()).done, false);
  gone.abort();
  await assert.rejects(pages.next(), { code: 'MON_ABORTED' });
  assert.deepEqual([open(), failed], [0, []]);
});

test('what a store could not read comes from another one, or it is said', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed);
    const stores = ['a', 'b', 'c'].map((zone): StoreWish => {
      const what = Math.floor(random() * 3);
      const after = Math.floor(random() * 4);
      const fails = what === 1 ? { fails: { error: AWAY, after } } : {};
      const damage = what === 2 ? { damagedAfter: after } : {};
      return { name: zone, zone, partitions: [0], ...fails, ...damage };
    });
    const { readings, open } = replicasOf(1, stores, random);
    const words = `seed ${seed}: ${JSON.stringify(stores)}`;
    const damaged = stores.filter(({ damagedAfter }) => damagedAfter !== undefined);
    if (stores.every(({ fails }) => fails !== undefined)) continue;
    const { found, warnings } = await read(readings);
    assert.equal(open(), 0, words);
    if (damaged.length + stores.filter(({ fails }) => fails).length < stores.length) {
      assert.deepEqual(warnings, [], words);
      assert.deepEqual([...found].toSorted(), expected([0]), words);
      continue;
    }
    const names = damaged.map(({ name }) => `${name} is damaged`);
    assert.ok(warnings.length <= 1 && warnings.every((one) => names.includes(one)), words);
    if (warnings.length === 0) assert.deepEqual([...found].toSorted(), expected([0]), words);
    for (const times of found.values()) {
      assert.deepEqual(
        times,
        [...new Set(times)].toSorted((x, y) => x - y),
        words,
      );
    }
  }
});

test('stores that lack older samples are asked last, and it is said', async () => {
  const stores = [
    { name: 'a', zone: 'a', partitions: [0, 1], lacks: [0, 1] },
    { name: 'b', zone: 'b', partitions: [1] },
  ];
  const { readings } = replicasOf(2, stores, seededRandom(1));
  const { found, warnings } = await read(readings);
  assert.deepEqual([...found].toSorted(), expected([0, 1]));
  assert.deepEqual(warnings, ['only stores that lack older samples answer for partition 0']);
});

test('what a reading would lack is known before it as far as the holders know', async () => {
  const a = { name: 'a', zone: 'a', partitions: [0, 1], lacks: [1] };
  const b = { name: 'b', zone: 'b', partitions: [0] };
  const known = (stores: readonly StoreWish[], partitions: number): string[] =>
    replicasOf(partitions, stores, seededRandom(1)).readings.missing();
  assert.deepEqual(known([a, b], 1), []);
  assert.deepEqual(known([b, a], 2), [
    'only stores that lack older samples answer for partition 1',
  ]);
  assert.deepEqual(known([b], 3), [
    'no store answers for partitions 1, 2: their series are missing',
  ]);
});

test('of more series than are remembered a reading that breaks off is not gone on with', () => {
  const runs = runsOf(0, seededRandom(1));
  const few = new HandedRuns(2);
  few.begin();
  few.take(pageOf(runs.slice(0, 1)));
  assert.equal(few.canGoOn, true);
  few.take(pageOf(runs));
  assert.equal(few.canGoOn, false);
});
