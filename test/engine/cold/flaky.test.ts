// The cold tier over an object store that fails, slows, cuts, flips bits and pages: whatever it
// does, nothing is lost, doubled or left over, and no wrong value is ever answered. And verify
// finds any flipped byte of anything that counts.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { FolderObjects } from '../../../src/engine/cold/folder-objects.ts';
import { inspectCold, verifyCold } from '../../../src/engine/cold/inspect.ts';
import { S3Objects } from '../../../src/engine/cold/s3-objects.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { COLD_AWAY_MS } from '../../../src/engine/limits-cold.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { FakeS3, type Fault } from '../../support/fake-s3.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';
import { HOUR } from '../store/store-world.ts';
import { ColdWorld } from './cold-world.ts';

const FAULTS: readonly Fault[] = [500, 503, 'drop', 'cut', 'flip', 'slow'];

async function live(world: ColdWorld): Promise<void> {
  for (let i = 0; i < 8; i++) {
    await world.append(world.randomSamples());
    world.nowMs += world.below(3) * HOUR;
  }
  world.nowMs += 20 * HOUR;
  await world.store.seal(world.nowMs);
}

/** Archives through all failures; answers how often it had to begin anew. */
async function insisted(world: ColdWorld): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      if (await world.archive()) return tries;
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      await world.clock.advance(COLD_AWAY_MS);
    }
  }
  throw new Error('it never came through');
}

test('a store that fails, slows, cuts and flips loses and doubles nothing', async () => {
  const seed = 5;
  const random = seededRandom(seed);
  const store = new FakeS3({ page: 2 });
  const endpoint = await store.start();
  const world = new ColdWorld(seed);
  world.between = () => new S3Objects({ ...store.settings(endpoint), requestMs: 300 });
  try {
    await world.open();
    for (let round = 0; round < 3; round++) {
      await live(world);
      const before = await world.checkAll();
      store.fault = () => {
        return random() < 0.15 ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined;
      };
      await insisted(world);
      store.fault = () => undefined;
      await world.clock.advance(COLD_AWAY_MS);
      assert.equal(await world.checkAll(), before);
      await world.tier.close();
      await world.open();
      await world.archive();
      await world.checkAll();
      // Later rounds write some samples again that are archived already.
      if (round === 0) assert.equal(world.archivedRows + world.localSamples(), before);
      const sources = world.tier.objects(0).flatMap((one) => one.sources);
      assert.equal(new Set(sources).size, sources.length, `seed ${seed}: archived twice`);
      for (;;) {
        try {
          await world.tier.keepOnly(0, world.nowMs, {});
          break;
        } catch (thrown) {
          if (!(thrown instanceof MonError)) throw thrown;
        }
      }
      const files = [...store.objects.keys()].filter((key) => key.endsWith('.parquet'));
      assert.equal(files.length, world.tier.objects(0).length * 2, 'nothing is left over');
      assert.equal(store.uploads.size, 0);
    }
    assert.ok(
      store.asked.some(({ query }) => query.has('continuation-token')),
      'lists had pages',
    );
  } finally {
    await world.close();
    await store.stop();
  }
});

test('a store that is away is said, and the rest answers', async () => {
  const store = new FakeS3();
  const endpoint = await store.start();
  const world = new ColdWorld(9);
  world.between = () => new S3Objects({ ...store.settings(endpoint), requestMs: 300 });
  try {
    await world.open();
    await live(world);
    await world.archive();
    await world.tier.close();
    await world.open();
    store.fault = () => 503;
    const ask = { partition: 0, kind: 'raw', matchers: [], rowsMax: 1e9 } as const;
    const { parts, warnings } = await world.tier.read({ ...ask, minMs: -1e15, maxMs: 1e15 });
    const asked = store.asked.length;
    await world.tier.read({ ...ask, minMs: -1e15, maxMs: 1e15 });
    assert.equal(store.asked.length, asked, 'a store that is away is left alone');
    assert.equal(parts.length, 0);
    assert.equal(warnings.length, world.tier.objects(0).length);
    assert.match(warnings[0], /^cold object raw-\d+-\d+-\d+ is missing from the answer: /);
    store.fault = () => undefined;
    await world.clock.advance(COLD_AWAY_MS);
    await world.checkAll();
  } finally {
    await world.close();
    await store.stop();
  }
});

test('a damaged manifest is passed over by questions and by nobody who writes', async () => {
  const world = new ColdWorld(14);
  try {
    await world.open();
    await live(world);
    await world.archive();
    const [older] = world.tier.objects(0);
    await live(world);
    await world.archive();
    await world.tier.close();
    const all = await world.cold.list('cold/partition-0000/');
    const { key, bytes } = all.filter((one) => one.key.endsWith('.json')).at(-1) ?? all[0];
    const hurt = Buffer.from(await world.cold.getRange(key, 0, bytes));
    hurt[bytes >> 1] ^= 1;
    await world.cold.remove(key);
    await world.cold.putIfAbsent(key, stream([hurt]));
    await world.open();
    const ask = { partition: 0, kind: 'raw', matchers: [], rowsMax: 1e9 } as const;
    const { parts, warnings } = await world.tier.read({ ...ask, minMs: -1e15, maxMs: 1e15 });
    assert.ok(parts.some(({ name }) => name === older.name));
    assert.match(warnings[0], /manifest-\d+\.json: checksum: what it names beyond .* is missing/);
    await live(world);
    const files = (await world.cold.list('cold/partition-0000/')).length;
    await assert.rejects(world.archive(), /checksum/);
    await assert.rejects(world.tier.keepOnly(0, world.nowMs, { raw: 1 }), /checksum/);
    assert.equal((await world.cold.list('cold/partition-0000/')).length, files);
  } finally {
    await world.close();
  }
});

test('verify finds any flipped byte, whatever is cut off, grown or gone', async () => {
  const seed = 21;
  const world = new ColdWorld(seed);
  try {
    await world.open();
    await live(world);
    await world.archive();
    const bad = async (objects: FolderObjects): Promise<string[]> => {
      const found: string[] = [];
      for await (const { name, failures } of verifyCold(objects, 2)) {
        if (failures.length > 0) found.push(name);
      }
      return found;
    };
    assert.deepEqual(await bad(world.cold as FolderObjects), []);
    const [{ manifest }] = await inspectCold(world.cold, 2);
    assert.ok(manifest.objects.length > 0);
    const random = seededRandom(seed);
    const all = await world.cold.list('cold/partition-0000/');
    for (let i = 0; i < 120; i++) {
      const { key, bytes } = all[Math.floor(random() * all.length)];
      const disk = new MemoryDisk({ random });
      const copy = new FolderObjects(disk, '/copy');
      const at = Math.floor(random() * bytes);
      for (const one of all) {
        const got = Buffer.from(await world.cold.getRange(one.key, 0, one.bytes));
        let parts = [got];
        if (one.key === key && i % 10 < 7) got[at] ^= 1 << Math.floor(random() * 8);
        else if (one.key === key && i % 10 === 7) parts = [got.subarray(0, at)];
        else if (one.key === key && i % 10 === 8) parts = [got, Buffer.from([0])];
        else if (one.key === key) continue;
        await copy.putIfAbsent(one.key, stream(parts));
      }
      const gone = i % 10 === 9 && key.endsWith('.json');
      const name = key.slice('cold/partition-0000/'.length).replace(/\.[a-z]+\.parquet$/, '');
      // A manifest that went took its word with it: the one before it stands.
      if (!gone) assert.ok((await bad(copy)).includes(name), `${key} at ${at}, turn ${i}`);
    }
  } finally {
    await world.close();
  }
});

async function* stream(parts: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield part;
}
