// What every ObjectStore promises, whatever lies behind it. Easy to get wrong: an object never
// changes, and a range behind the end is shorter and no failure.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { MonError } from '../../src/engine/errors.ts';
import type { ObjectStore } from '../../src/engine/ports.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';

/** A store that nobody else uses, and its end. */
export interface OpenedObjects {
  readonly objects: ObjectStore;
  close(): Promise<void>;
}

async function* inParts(bytes: Uint8Array, size = 100_000): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function randomBytes(seed: number, length: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

async function all(objects: ObjectStore, key: string, size: number): Promise<Uint8Array> {
  return new Uint8Array(await objects.getRange(key, 0, size));
}

type Work = (objects: ObjectStore) => Promise<void>;

/** Tests with a store of their own each. */
function testsOf(name: string, open: () => Promise<OpenedObjects>) {
  return (what: string, work: Work): void => {
    void test(`${name}: ${what}`, async () => {
      const opened = await open();
      try {
        await work(opened.objects);
      } finally {
        await opened.close();
      }
    });
  };
}

export interface ObjectsContractOptions {
  /** False for a store that cannot read an object of no bytes. */
  readonly emptyObjects?: boolean;
}

export function objectsContract(
  name: string,
  open: () => Promise<OpenedObjects>,
  { emptyObjects = true }: ObjectsContractOptions = {},
): void {
  const it = testsOf(name, open);

  it('what was put is there, and the first stays', async (objects) => {
    const first = randomBytes(1, 5000);
    assert.equal(await objects.putIfAbsent('a/b/one', inParts(first, 700)), true);
    assert.equal(await objects.putIfAbsent('a/b/one', inParts(randomBytes(2, 10))), false);
    assert.deepEqual(await all(objects, 'a/b/one', 5000), first);
    if (!emptyObjects) return;
    assert.equal(await objects.putIfAbsent('a/empty', inParts(new Uint8Array(0))), true);
    assert.equal((await all(objects, 'a/empty', 10)).length, 0);
  });

  it('large objects go in parts and come back whole', async (objects) => {
    const large = randomBytes(3, 21 * 1024 * 1024 + 17);
    assert.equal(await objects.putIfAbsent('large', inParts(large, 1024 * 1024)), true);
    assert.equal(Buffer.compare(await all(objects, 'large', large.length), large), 0);
    assert.equal(await objects.putIfAbsent('large', inParts(large, 1024 * 1024)), false);
  });

  it('ranges are exact, and shorter only behind the end', async (objects) => {
    const bytes = randomBytes(4, 1000);
    await objects.putIfAbsent('r', inParts(bytes));
    for (const [at, length] of [
      [0, 1],
      [999, 1],
      [10, 500],
      [990, 100],
      [1000, 5],
      [5000, 5],
      [3, 0],
    ]) {
      const got = new Uint8Array(await objects.getRange('r', at, length));
      assert.deepEqual(got, bytes.slice(at, at + length), `${at} ${length}`);
    }
  });

  it('lists what lies directly below, in order, however many', async (objects) => {
    const keys = Array.from({ length: 11 }, (_, i) => `p/q/object-${String(i).padStart(2, '0')}`);
    for (const key of [...keys.toReversed(), 'p/q/deeper/x', 'p/other', 'p/q-not']) {
      await objects.putIfAbsent(key, inParts(randomBytes(5, key.length)));
    }
    assert.deepEqual(
      await objects.list('p/q/'),
      keys.map((key) => ({ key, bytes: key.length })),
    );
    assert.deepEqual(await objects.list('nothing/'), []);
  });

  it('what is removed is gone, and removing it again is done already', async (objects) => {
    await objects.putIfAbsent('gone', inParts(randomBytes(6, 10)));
    await objects.remove('gone');
    await objects.remove('gone');
    const missing = { code: 'MON_NOT_FOUND' };
    await assert.rejects(objects.getRange('gone', 0, 1), (thrown: unknown) => {
      return thrown instanceof MonError && thrown.code === missing.code;
    });
    assert.equal(await objects.putIfAbsent('gone', inParts(randomBytes(7, 20))), true);
    assert.equal((await all(objects, 'gone', 100)).length, 20);
  });
}
