// The reading of whole samples against a naive model: blocks, head and objects, doubles, deletions
// and retention, in pages, while the store seals, joins and archives between the pages. Easy to get
// wrong: what moved between two pages must come once, neither twice nor never.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { labelsKey } from '../../../src/engine/model/labels.ts';
import type { SamplePage, SamplesAsk } from '../../../src/engine/ports-sql.ts';
import { SampleScan } from '../../../src/engine/store/sample-scan.ts';
import { ColdWorld } from '../cold/cold-world.ts';
import { HOUR, type Sample } from './store-world.ts';

const BLOCKS = '/data/head/blocks/partition-0000';

type Found = Map<string, [number, bigint][]>;

function add(found: Found, { labels, from, timestamps, values }: SamplePage): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  labels.forEach((one, r) => {
    const rows = found.get(labelsKey(one)) ?? [];
    found.set(labelsKey(one), rows);
    for (let i = from[r]; i < from[r + 1]; i++) {
      // Whoever goes on with another store's reading leans on it.
      assert.ok((rows.at(-1)?.[0] ?? -Infinity) < timestamps[i], 'a series comes in order of time');
      rows.push([timestamps[i], (BigInt(words[i * 2 + 1]) << 32n) | BigInt(words[i * 2])]);
    }
  });
}

function expected(world: ColdWorld, { minMs, maxMs }: SamplesAsk, only?: RegExp): Found {
  const out: Found = new Map();
  for (const [key, times] of world.model) {
    if (only !== undefined && !only.test(key)) continue;
    const rows = [...times].filter(([t]) => t >= minMs && t <= maxMs);
    if (rows.length > 0)
      out.set(
        key,
        rows.toSorted((a, b) => a[0] - b[0]),
      );
  }
  return out;
}

function sorted(found: Found): [string, [number, bigint][]][] {
  const rows = [...found].map(([key, all]): [string, [number, bigint][]] => [
    key,
    all.toSorted((a, b) => a[0] - b[0]),
  ]);
  return rows.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Samples either come twice or go into objects: who wins among objects is their own test's. */
class ScanWorld extends ColdWorld {
  readonly archives: boolean;
  readonly #sent = new Set<string>();

  constructor(seed: number) {
    super(seed);
    this.archives = seed % 2 === 1;
  }

  override randomSamples(): Sample[] {
    const all = super.randomSamples();
    if (!this.archives) return all;
    return all.filter(({ series, time }) => {
      const key = `${series} ${time}`;
      return !this.#sent.has(key) && this.#sent.add(key);
    });
  }

  override async archive(): Promise<boolean> {
    return this.archives ? await super.archive() : true;
  }
}

async function grow(world: ColdWorld): Promise<void> {
  for (let round = 0; round < 6; round++) {
    await world.append(world.randomSamples());
    world.nowMs += world.below(8) * HOUR;
    if (world.below(2) === 0) await world.store.seal(world.nowMs);
    if (world.below(3) === 0) await world.store.compact(world.nowMs, 100 * HOUR);
    if (world.below(3) === 0) await world.archive();
  }
}

/** Something that moves samples and changes none. */
async function move(world: ColdWorld): Promise<void> {
  const what = world.below(4);
  if (what === 0) await world.store.seal(world.nowMs);
  else if (what === 1) await world.store.compact(world.nowMs, 100 * HOUR);
  else if (what === 2) await world.archive();
}

/** Flips bits all over one of the block files. */
function damageOne(world: ColdWorld): void {
  const { disk } = world;
  const names = disk.names(BLOCKS).filter((name) => name.endsWith('.block'));
  if (names.length === 0) return;
  const path = `${BLOCKS}/${names[world.below(names.length)]}`;
  const { length } = disk.content(path);
  for (let at = 64; at < length; at += 16) disk.corrupt(path, at, 1);
}

for (let seed = 1; seed <= 12; seed++) {
  test(`every sample comes once while the store works, seed ${seed}`, async () => {
    const world = new ScanWorld(seed);
    await world.open();
    try {
      await grow(world);
      await world.checkAll();
      const end = world.nowMs;
      for (const ask of [
        { minMs: -1e15, maxMs: 1e15, selections: [[]] },
        { minMs: end - 60 * HOUR, maxMs: end - 10 * HOUR, selections: [[]] },
      ]) {
        const scan = new SampleScan(world.store, ask, undefined, 1 + world.below(60));
        const found: Found = new Map();
        for (let page = await scan.next(); page !== undefined; page = await scan.next()) {
          assert.deepEqual(page.warnings ?? [], []);
          add(found, page);
          await move(world);
        }
        assert.deepEqual(sorted(found), sorted(expected(world, ask)));
      }
    } finally {
      await world.close();
    }
  });
}

/** All pages of a reading. */
async function readAll(scan: SampleScan): Promise<Found> {
  const found: Found = new Map();
  for (let page = await scan.next(); page !== undefined; page = await scan.next()) {
    add(found, page);
  }
  return found;
}

test('a block that turns out to be damaged is told of, and nothing else is left out', async () => {
  const ask = { minMs: -1e15, maxMs: 1e15, selections: [[]] };
  let midway = 0;
  // Odd ones: where samples come twice, the second one is served when the first is lost.
  for (let seed = 1; seed < 48; seed += 2) {
    const world = new ScanWorld(seed);
    await world.open();
    try {
      await grow(world);
      await world.store.checkpoint();
      await world.open();
      const whole = expected(world, ask);
      const scan = new SampleScan(world.store, ask, undefined, 1 + world.below(60));
      const found: Found = new Map();
      const warnings: string[] = [];
      const until = world.below(4);
      for (let n = 0; ; n++) {
        if (n === until) damageOne(world);
        const page = await scan.next();
        if (page === undefined) break;
        add(found, page);
        warnings.push(...(page.warnings ?? []));
      }
      const damaged = (await world.store.blocks()).filter((one) => one.damaged === true);
      const words = damaged.map(({ name }) => `block ${name} of partition 0 is damaged`);
      const told = words.map((one) => `${one}: its samples are missing`);
      assert.deepEqual(warnings, told, `seed ${seed}`);
      if (damaged.length > 0 && until > 0) midway++;
      for (const [key, rows] of await readAll(new SampleScan(world.store, ask))) {
        const times = new Set(found.get(key)?.map(([time]) => time));
        for (const [time] of rows) assert.ok(times.has(time), `seed ${seed}: ${key} at ${time}`);
      }
      for (const [key, rows] of found) {
        const known = new Map(whole.get(key));
        for (const [time, bits] of rows) assert.equal(known.get(time), bits, `seed ${seed}`);
      }
    } finally {
      await world.close();
    }
  }
  assert.ok(midway >= 3, `${midway} were found in the middle of a reading`);
});

test('a block may go while a page waits for its turn', async () => {
  for (let hops = 0; hops < 10; hops++) {
    const world = new ScanWorld(8);
    await world.open();
    try {
      await grow(world);
      await world.store.seal(world.nowMs);
      const scan = new SampleScan(world.store, { minMs: -1e15, maxMs: 1e15, selections: [[]] });
      const blocks = await world.store.blocks();
      const page = scan.next();
      for (let i = 0; i < hops; i++) await Promise.resolve();
      const gone = blocks.map(({ name }) => {
        const fields = { file: `${BLOCKS}/${name}` };
        return world.store.setAside(new MonError('MON_BLOCK_CORRUPT', name, { fields }));
      });
      assert.ok((await Promise.all(gone)).every(Boolean));
      assert.ok(await page, `${hops} hops`);
    } finally {
      await world.close();
    }
  }
});

test('a series that two selections name comes once', async () => {
  const world = new ScanWorld(77);
  await world.open();
  try {
    await grow(world);
    const matcher = (name: string, value: string) => ({ name, op: '=' as const, value });
    const selections = [[matcher('instance', 'host-1')], [matcher('__name__', 'requests_total')]];
    const ask = { minMs: -1e15, maxMs: 1e15, selections };
    const scan = new SampleScan(world.store, ask);
    const found = await readAll(scan);
    assert.deepEqual(sorted(found), sorted(expected(world, ask, /host-1|requests_total/)));
  } finally {
    await world.close();
  }
});

test('a stretch is left to the asker only where nothing newer lies', async () => {
  const world = new ScanWorld(5);
  await world.open();
  try {
    await grow(world);
    world.nowMs += 40 * HOUR;
    await world.store.seal(world.nowMs);
    await world.archive();
    const { minMs, maxMs } = world.tier.reach(0, 'raw');
    const stretch = { id: 9, partition: 0, minMs, maxMs };
    const ask = { minMs: -1e15, maxMs: 1e15, selections: [[]], archived: [stretch] };
    const scan = new SampleScan(world.store, ask);
    assert.deepEqual(scan.opened.left, [9]);
    const found = await readAll(scan);
    const rest = expected(world, { ...ask, minMs: maxMs + 1 });
    assert.deepEqual(sorted(found), sorted(rest));
    // One late sample in it, and all of it has to be read as one.
    const late = Math.floor((minMs + maxMs) / 2);
    await world.append([{ series: 0, time: late, bits: 0x4000000000000000n }]);
    assert.deepEqual(new SampleScan(world.store, ask).opened.left, []);
  } finally {
    await world.close();
  }
});
