// What every Cache promises (engine/ports.ts), whatever keeps it: this process, or Redis. Each
// promise gets a fresh cache.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cache } from '../../src/engine/ports.ts';

export interface CacheUnderTest {
  readonly cache: Cache;
  /** Lets so much time pass for the cache. */
  pass(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

export const bytesOf = (text: string): Uint8Array => Buffer.from(text);

/** What is under the keys, as text. */
export async function textsOf(cache: Cache, ...keys: string[]): Promise<(string | undefined)[]> {
  const found = await cache.get(keys);
  return found.map((bytes) => (bytes === undefined ? undefined : Buffer.from(bytes).toString()));
}

interface Promised {
  readonly words: string;
  readonly run: (one: CacheUnderTest) => Promise<void>;
}

const PROMISES: readonly Promised[] = [
  {
    words: 'has nothing at first, and nothing for no key',
    run: async ({ cache }) => {
      assert.deepEqual(await textsOf(cache, 'a', 'b'), [undefined, undefined]);
      assert.deepEqual(await textsOf(cache), []);
    },
  },
  {
    words: 'answers in the order of the keys, the last value set',
    run: async ({ cache }) => {
      await cache.set('a', bytesOf('one'), 60_000);
      await cache.set('b', bytesOf('two'), 60_000);
      await cache.set('a', bytesOf('three'), 60_000);
      assert.deepEqual(await textsOf(cache, 'b', 'c', 'a', 'a'), [
        'two',
        undefined,
        'three',
        'three',
      ]);
    },
  },
  {
    words: 'keeps any byte',
    run: async ({ cache }) => {
      const all = Uint8Array.from({ length: 512 }, (_, i) => i % 256);
      await cache.set('all', all, 60_000);
      await cache.set('none', new Uint8Array(0), 60_000);
      const [found, none] = await cache.get(['all', 'none']);
      assert.deepEqual(Buffer.from(found ?? []), Buffer.from(all));
      assert.equal(none?.length, 0);
    },
  },
  {
    words: 'forgets in time',
    run: async ({ cache, pass }) => {
      await cache.set('short', bytesOf('x'), 50);
      await cache.set('long', bytesOf('y'), 60_000);
      assert.deepEqual(await textsOf(cache, 'short', 'long'), ['x', 'y']);
      await pass(120);
      assert.deepEqual(await textsOf(cache, 'short', 'long'), [undefined, 'y']);
    },
  },
  {
    words: 'does not keep what is too large or has no time left',
    run: async ({ cache }) => {
      await cache.set('large', new Uint8Array(64 * 1024 * 1024), 60_000);
      await cache.set('ended', bytesOf('x'), 0);
      assert.deepEqual(await textsOf(cache, 'large', 'ended'), [undefined, undefined]);
    },
  },
  {
    words: 'may be closed twice',
    run: async ({ cache }) => {
      await cache.close();
      await cache.close();
    },
  },
];

/** Runs all promises against what `make` answers. */
export function cacheContract(
  name: string,
  make: () => Promise<CacheUnderTest>,
  skip: string | false = false,
): void {
  describe(`${name} keeps the promises of a cache`, { skip }, () => {
    for (const { words, run } of PROMISES) {
      it(words, async () => {
        const one = await make();
        try {
          await run(one);
        } finally {
          await one.dispose();
        }
      });
    }
  });
}
