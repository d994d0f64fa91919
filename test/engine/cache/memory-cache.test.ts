// The cache of one process: the contract that every cache keeps, and its own bounds: bytes, order
// of leaving, and what a second writing of a key counts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MemoryCache } from '../../../src/engine/cache/memory-cache.ts';
import { cacheContract, textsOf, bytesOf } from '../../contract/cache.contract.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

cacheContract('memory', async () => {
  const clock = new VirtualClock();
  const cache = new MemoryCache({ clock });
  return { cache, pass: (ms) => clock.advance(ms), dispose: () => cache.close() };
});

test('the least recently used go first, and bytes never pass the bound', async () => {
  const cache = new MemoryCache({ clock: new VirtualClock(), bytesMax: 4000 });
  for (let i = 0; i < 3; i++) await cache.set(`key${i}`, new Uint8Array(1000), 1000);
  assert.equal((await cache.get(['key0']))[0]?.length, 1000);
  await cache.set('key3', new Uint8Array(1000), 1000);
  const left = await cache.get(['key0', 'key1', 'key2', 'key3']);
  assert.deepEqual(
    left.map((bytes) => bytes !== undefined),
    [true, false, true, true],
  );
  assert.ok(cache.bytes <= 4000);
  for (let i = 0; i < 1000; i++) await cache.set(`many${i}`, bytesOf('x'), 1000);
  assert.ok(cache.bytes <= 4000);
  assert.ok(cache.size < 20);
});

test('an entry that is set anew is counted once', async () => {
  const cache = new MemoryCache({ clock: new VirtualClock() });
  await cache.set('a', new Uint8Array(100), 1000);
  const once = cache.bytes;
  await cache.set('a', new Uint8Array(100), 1000);
  assert.equal(cache.bytes, once);
  await cache.set('a', new Uint8Array(100), 0);
  assert.equal(cache.bytes, 0);
  assert.deepEqual(await textsOf(cache, 'a'), [undefined]);
});
