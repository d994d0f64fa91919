// The promises of every log about reading: each record once and in order, waiting, signals, starts
// in the middle and past the end. Part of the contract in log.contract.ts.
import assert from 'node:assert/strict';
import type { Delivery } from '../../src/engine/ports.ts';
import { plainBatch } from '../support/plain-records.ts';
import { CONTRACT_PARTITIONS, everywhere, failsWith, offsetsOf, put, take } from './log-promise.ts';
import type { LogPromise } from './log-promise.ts';

/** What a reader gets. */
export const READING: readonly LogPromise[] = [
  {
    words: 'delivers each record once and in order, to every reader',
    run: async (one) => {
      const { log, decode } = one;
      const readers = [await log.read('a', everywhere()), await log.read('b', everywhere())];
      const expected: number[][] = [[], [], []];
      const appends: Promise<unknown>[] = [];
      for (let i = 0; i < 300; i++) {
        const p = (i * 7) % CONTRACT_PARTITIONS;
        expected[p].push(i);
        appends.push(log.append([plainBatch(p, i)]));
      }
      for (const reader of readers) {
        const got = await take(reader, 300);
        for (let p = 0; p < CONTRACT_PARTITIONS; p++) {
          const mine = got.filter((d) => d.partition === p);
          assert.deepEqual(
            mine.map((d) => d.offset),
            [...expected[p].keys()],
          );
          assert.deepEqual(
            mine.map((d) => decode(d.bytes).number),
            expected[p],
          );
          assert.ok(mine.every((d) => !d.definitionsOnly));
        }
        await reader.close();
      }
      await Promise.all(appends);
    },
  },
  {
    words: 'delivers only the partitions that were asked for',
    run: async ({ log }) => {
      await log.append([0, 1, 2, 1].map((p, i) => plainBatch(p, i)));
      const reader = await log.read('one', new Map([[1, 0]]));
      const got = await take(reader, 2);
      assert.ok(got.every((d) => d.partition === 1));
      await reader.close();
    },
  },
  {
    words: 'delivers nothing that is not durable',
    run: async ({ log }) => {
      const reader = await log.read('durable', everywhere());
      const appends = Array.from({ length: 100 }, (_, i) => log.append([plainBatch(i % 3, i)]));
      for (let seen = 0; seen < 100;) {
        const got = await reader.next();
        for (const d of got) assert.ok(d.offset < (await log.end(d.partition)));
        seen += got.length;
      }
      await Promise.all(appends);
      await reader.close();
    },
  },
  {
    words: 'gives bytes that belong to the reader',
    run: async ({ log, decode }) => {
      await put(log, 0, 5);
      const first = await log.read('first', new Map([[0, 0]]));
      (await take(first, 1))[0].bytes.fill(0);
      const second = await log.read('second', new Map([[0, 0]]));
      assert.equal(decode((await take(second, 1))[0].bytes).number, 5);
      await Promise.all([first.close(), second.close()]);
    },
  },
  {
    words: 'waits for the next record',
    run: async ({ log, decode }) => {
      const reader = await log.read('tail', everywhere());
      let done = false;
      const waiting = reader.next().then((got) => {
        done = true;
        return got;
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(done, false);
      await put(log, 1, 7);
      const [got] = await waiting;
      assert.deepEqual([got.partition, got.offset, decode(got.bytes).number], [1, 0, 7]);
      await reader.close();
    },
  },
  {
    words: 'stops waiting when the signal fires, and can go on',
    run: async ({ log }) => {
      const reader = await log.read('signal', everywhere());
      const abort = new AbortController();
      const waiting = reader.next(abort.signal);
      await Promise.resolve();
      abort.abort();
      assert.deepEqual(await waiting, []);
      assert.deepEqual(await reader.next(abort.signal), []);
      await put(log, 0, 1);
      assert.equal((await take(reader, 1))[0].offset, 0);
      await reader.close();
    },
  },
  {
    words: 'answers nothing when reader or log are closed',
    run: async ({ log }) => {
      const reader = await log.read('closing', everywhere());
      const waiting = reader.next();
      await Promise.resolve();
      await reader.close();
      assert.deepEqual(await waiting, []);
      assert.deepEqual(await reader.next(), []);
      const other = await log.read('other', everywhere());
      const still = other.next();
      await log.close();
      assert.deepEqual(await still, []);
    },
  },
  {
    needs: 'roll',
    words: 'lets a slow reader have everything, not in anyone’s way',
    run: async (one) => {
      const { log, roll, decode } = one;
      const slow = await log.read('slow', everywhere());
      await put(log, 0, 0);
      const count = await roll(log, 1);
      const got = await take(slow, 1 + count);
      const numbers = got.map((d) => decode(d.bytes).number).sort((a, b) => a - b);
      assert.deepEqual(numbers, [...Array(1 + count).keys()]);
      for (let p = 0; p < CONTRACT_PARTITIONS; p++) {
        const offsets = offsetsOf(got, p);
        assert.deepEqual(offsets, [...offsets.keys()]);
      }
      await slow.close();
    },
  },
];

/** Where a reader may begin. */
export const STARTING: readonly LogPromise[] = [
  {
    words: 'begins where it is told; what is earlier comes for definitions',
    run: async (one) => {
      const { log } = one;
      await log.append([0, 0, 0, 0, 1, 1].map((p, i) => plainBatch(p, i)));
      const reader = await log.read(
        'middle',
        new Map([
          [0, 2],
          [1, 2],
        ]),
      );
      await put(log, 1, 9);
      const got: Delivery[] = [];
      while (got.filter((d) => !d.definitionsOnly).length < 3) got.push(...(await reader.next()));
      const plain = got.filter((d) => !d.definitionsOnly);
      assert.deepEqual(offsetsOf(plain, 0), [2, 3]);
      assert.deepEqual(offsetsOf(plain, 1), [2]);
      for (const p of [0, 1]) {
        // Also the earlier ones come in order and before what may refer to them.
        const all = offsetsOf(got, p);
        assert.deepEqual(
          all,
          [...all].sort((a, b) => a - b),
        );
        assert.ok(got.filter((d) => d.definitionsOnly).every((d) => d.offset < 2));
      }
      await reader.close();
    },
  },
  {
    words: 'refuses a start past the end',
    run: async ({ log }) => {
      await put(log, 0, 1);
      await failsWith('MON_LOG_OFFSET_PAST_END', log.read('past', new Map([[0, 2]])));
      await failsWith('MON_LOG_OFFSET_PAST_END', log.read('past', new Map([[1, 1]])));
      await failsWith(
        'MON_LOG_OFFSET_PAST_END',
        log.read('past', new Map([[CONTRACT_PARTITIONS, 0]])),
      );
      const atEnd = await log.read('at end', new Map([[0, 1]]));
      await atEnd.close();
    },
  },
];
