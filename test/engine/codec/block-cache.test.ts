// The cache of unpacked sections stays within its bytes, forgets what was used longest ago, and
// forgets a file when it is told to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockCache } from '../../../src/engine/codec/block-cache.ts';

/** Asks for a section of 10 bytes and tells whether it had to be made. */
function made(cache: BlockCache, file: number, section: number): boolean {
  let fresh = false;
  const value = cache.get(file, section, () => {
    fresh = true;
    return { value: `${file}:${section}`, bytes: 10 };
  });
  assert.equal(value, `${file}:${section}`);
  return fresh;
}

test('what was used longest ago goes first', () => {
  const cache = new BlockCache(30);
  const file = cache.register();
  for (const section of [1, 2, 3]) assert.ok(made(cache, file, section));
  assert.ok(!made(cache, file, 1));
  assert.ok(made(cache, file, 4));
  assert.ok(!made(cache, file, 1));
  assert.ok(made(cache, file, 2));
  assert.equal(cache.bytes, 30);
  assert.deepEqual([cache.hits, cache.misses], [2, 5]);
});

test('something larger than all is answered and not kept', () => {
  const cache = new BlockCache(5);
  assert.ok(made(cache, cache.register(), 1));
  assert.equal(cache.bytes, 0);
});

test('a dropped file leaves the others alone', () => {
  const cache = new BlockCache(1000);
  const [a, b] = [cache.register(), cache.register()];
  for (const section of [0, 1, 2 ** 27]) for (const file of [a, b]) made(cache, file, section);
  cache.drop(a);
  assert.equal(cache.bytes, 30);
  assert.ok(made(cache, a, 1));
  assert.ok(!made(cache, b, 2 ** 27));
});
