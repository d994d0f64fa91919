// The shared cache against a real Redis, also killed and started again in the middle: what is away
// has nothing, at once, and nothing ever rejects.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { RedisCache } from '../../../src/engine/cache/redis-cache.ts';
import { UserError } from '../../../src/engine/errors.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { bytesOf, cacheContract, textsOf } from '../../contract/cache.contract.ts';
import { skipWithout } from '../../support/program.ts';
import { RealRedis } from '../../support/real-redis.ts';

const skip = skipWithout('redis-server') === false ? false : 'needs redis';

async function there(cache: RedisCache, wanted = true): Promise<void> {
  for (let i = 0; i < 400 && cache.there !== wanted; i++) await pause(25);
  assert.equal(cache.there, wanted);
}

cacheContract(
  'redis',
  async () => {
    const redis = await RealRedis.start();
    const cache = new RedisCache({ url: redis.url, clock: systemClock, waitMs: 2000 });
    await there(cache);
    const dispose = async (): Promise<void> => {
      await cache.close();
      await redis.kill();
    };
    return { cache, pass: (ms) => pause(ms), dispose };
  },
  skip,
);

test('killed and started again: a miss meanwhile, and then it works again', { skip }, async () => {
  const redis = await RealRedis.start();
  const told: boolean[] = [];
  const changed = (is: boolean): void => void told.push(is);
  const cache = new RedisCache({ url: redis.url, clock: systemClock, waitMs: 2000, changed });
  try {
    await there(cache);
    await cache.set('a', bytesOf('one'), 60_000);
    assert.deepEqual(await textsOf(cache, 'a'), ['one']);
    // Calls under way when it dies are answered too.
    const during = Promise.all(Array.from({ length: 50 }, () => cache.get(['a'])));
    await redis.kill();
    await during;
    await there(cache, false);
    assert.deepEqual(await textsOf(cache, 'a'), [undefined]);
    await cache.set('a', bytesOf('lost'), 60_000);
    await redis.again();
    await there(cache);
    assert.deepEqual(await textsOf(cache, 'a'), [undefined]);
    await cache.set('a', bytesOf('two'), 60_000);
    assert.deepEqual(await textsOf(cache, 'a'), ['two']);
    assert.deepEqual(told, [true, false, true]);
  } finally {
    await cache.close();
    await redis.kill();
  }
});

test('two prefixes in one Redis do not meet', { skip }, async () => {
  const redis = await RealRedis.start();
  const make = (prefix: string): RedisCache =>
    new RedisCache({ url: redis.url, clock: systemClock, prefix, waitMs: 2000 });
  const [a, b, again] = [make('a:'), make('b:'), make('a:')];
  try {
    for (const cache of [a, b, again]) await there(cache);
    await a.set('key', bytesOf('of a'), 60_000);
    assert.deepEqual(await textsOf(b, 'key'), [undefined]);
    assert.deepEqual(await textsOf(again, 'key'), ['of a']);
  } finally {
    for (const cache of [a, b, again]) await cache.close();
    await redis.kill();
  }
});

test('an address that nobody answers is an empty cache, at once', async () => {
  const url = 'redis://127.0.0.1:1/0';
  const cache = new RedisCache({ url, clock: systemClock });
  assert.deepEqual(await textsOf(cache, 'a'), [undefined]);
  await cache.set('a', bytesOf('x'), 1000);
  await cache.close();
  const none = (): RedisCache => new RedisCache({ url: 'nonsense', clock: systemClock });
  assert.throws(none, UserError);
});

test('one that takes connections and is silent is an empty cache', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const sockets: { destroy(): void }[] = [];
  server.on('connection', (socket) => sockets.push(socket.on('error', () => undefined)));
  const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}/0`;
  const cache = new RedisCache({ url, clock: systemClock, waitMs: 50 });
  await pause(50);
  assert.deepEqual(await textsOf(cache, 'a'), [undefined]);
  await cache.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});
