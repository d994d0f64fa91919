// The promises of every log about time: what retention may remove, what an opening finds again, and
// how a new generation begins. Part of the contract in log.contract.ts.
import assert from 'node:assert/strict';
import { plainBatch } from '../support/plain-records.ts';
import { CONTRACT_PARTITIONS, everywhere, failsWith, put, take } from './log-promise.ts';
import type { LogPromise } from './log-promise.ts';

/** What retention may remove. */
export const KEEPING: readonly LogPromise[] = [
  {
    needs: 'expire',
    words: 'holds what a reader has not released',
    run: async (one) => {
      const { log, expire, roll } = one;
      const reader = await log.read('holder', everywhere());
      await put(log, 0, 0);
      await roll(log, 1);
      await expire(log);
      assert.equal(await log.start(0), 0);
      const end = await log.end(0);
      for (let p = 0; p < CONTRACT_PARTITIONS; p++) reader.release(p, await log.end(p));
      await expire(log);
      assert.ok((await log.start(0)) > 0);
      assert.equal(await log.end(0), end);
      await reader.close();
    },
  },
  {
    needs: 'expire',
    words: 'holds it for the slowest of several readers',
    run: async (one) => {
      const { log, expire, roll, forget } = one;
      const [fast, slow] = [
        await log.read('fast', everywhere()),
        await log.read('slow', everywhere()),
      ];
      await put(log, 0, 0);
      await roll(log, 1);
      for (let p = 0; p < CONTRACT_PARTITIONS; p++) fast.release(p, await log.end(p));
      await expire(log);
      assert.equal(await log.start(0), 0);
      await slow.close();
      await expire(log);
      assert.equal(await log.start(0), 0, 'a closed reader may come back');
      await forget(log, 'slow');
      await expire(log);
      assert.ok((await log.start(0)) > 0);
      await fast.close();
    },
  },
  {
    needs: 'expire',
    words: 'refuses a start below what is kept',
    run: async (one) => {
      const { log, expire, roll } = one;
      const reader = await log.read('first', everywhere());
      await put(log, 0, 0);
      await roll(log, 1);
      for (let p = 0; p < CONTRACT_PARTITIONS; p++) reader.release(p, await log.end(p));
      await expire(log);
      await failsWith('MON_LOG_OFFSET_GONE', log.read('second', new Map([[0, 0]])));
      const again = await log.read('third', new Map([[0, await log.start(0)]]));
      await Promise.all([again.close(), reader.close()]);
    },
  },
];

/** What is there after the log was opened again. */
export const REOPENING: readonly LogPromise[] = [
  {
    words: 'has everything after it was opened again',
    run: async ({ log, reopen, decode }) => {
      await log.append([0, 1, 0].map((p, i) => plainBatch(p, i)));
      const again = await reopen();
      assert.equal(again.generation, log.generation);
      assert.equal(await again.end(0), 2);
      assert.equal(await put(again, 0, 3), 2);
      const reader = await again.read('again', everywhere());
      const got = await take(reader, 4);
      const numbers = got.filter((d) => d.partition === 0).map((d) => decode(d.bytes).number);
      assert.deepEqual(numbers, [0, 2, 3]);
      await reader.close();
      await failsWith('MON_LOG_OFFSET_PAST_END', again.read('past', new Map([[0, 4]])));
    },
  },
  {
    needs: 'expire',
    words: 'holds retention for readers that have not come back yet',
    run: async (one) => {
      const { log, reopen, roll, expire } = one;
      const reader = await log.read('absent', everywhere());
      await put(log, 0, 0);
      await roll(log, 1);
      await reader.close();
      const again = await reopen();
      const other = await again.read('present', everywhere());
      for (let p = 0; p < CONTRACT_PARTITIONS; p++) other.release(p, await again.end(p));
      await expire(again);
      assert.equal(await again.start(0), 0);
      await other.close();
    },
  },
  {
    words: 'begins a new generation with other partitions, once drained',
    run: async (one) => {
      const { log, reopen } = one;
      const reader = await log.read('drain', everywhere());
      await log.append([0, 1, 2].map((p, i) => plainBatch(p, i)));
      await reader.close();
      await failsWith('MON_CONFIG_INVALID', reopen(CONTRACT_PARTITIONS + 1));
      const same = await reopen();
      assert.equal(same.generation, log.generation);
      const drain = await same.read('drain', everywhere());
      for (let p = 0; p < CONTRACT_PARTITIONS; p++) drain.release(p, await same.end(p));
      await drain.close();
      const next = await reopen(CONTRACT_PARTITIONS + 1);
      assert.equal(next.generation, log.generation + 1);
      assert.equal(next.partitions, CONTRACT_PARTITIONS + 1);
      assert.equal(await next.end(0), 0);
      assert.equal(await put(next, CONTRACT_PARTITIONS, 1), 0);
      const again = await reopen(CONTRACT_PARTITIONS + 1);
      assert.equal(await again.end(CONTRACT_PARTITIONS), 1);
    },
  },
];
