// The promises of every log about append: offsets, order, partial failure, columns, fullness. Part
// of the contract in log.contract.ts.
import assert from 'node:assert/strict';
import { MonError } from '../../src/engine/errors.ts';
import type { Appended } from '../../src/engine/ports.ts';
import { plainBatch } from '../support/plain-records.ts';
import { CONTRACT_PARTITIONS, everywhere, failsWith, offsetOf, put, take } from './log-promise.ts';
import type { LogPromise } from './log-promise.ts';

/** What append promises. */
export const APPENDING: readonly LogPromise[] = [
  {
    words: 'answers one offset a batch, from 0 without gaps in each partition',
    run: async (one) => {
      const { log } = one;
      assert.equal(log.partitions, CONTRACT_PARTITIONS);
      const batches = [0, 1, 0, 2, 0, 1].map((p, i) => plainBatch(p, i));
      const offsets = (await log.append(batches)).map(offsetOf);
      assert.deepEqual(offsets, [0, 0, 1, 0, 2, 1]);
      assert.equal(await log.end(0), 3);
      assert.equal(await log.end(1), 2);
      assert.equal(await log.end(2), 1);
      assert.equal(await log.start(0), 0);
    },
  },
  {
    words: 'answers an append of nothing',
    run: async ({ log }) => {
      assert.deepEqual(await log.append([]), []);
      assert.equal(await log.end(0), 0);
    },
  },
  {
    words: 'keeps the order of calls in each partition',
    run: async ({ log, decode }) => {
      const calls = Array.from({ length: 200 }, (_, i) =>
        log.append([plainBatch(i % 2, i), plainBatch(2, i)]),
      );
      const answers = await Promise.all(calls);
      answers.forEach((answer, i) => {
        assert.equal(offsetOf(answer[0]), Math.floor(i / 2));
        assert.equal(offsetOf(answer[1]), i);
      });
      const reader = await log.read('order', new Map([[2, 0]]));
      const numbers = (await take(reader, 200)).map((d) => decode(d.bytes).number);
      assert.deepEqual(numbers, [...Array(200).keys()]);
      await reader.close();
    },
  },
  {
    words: 'has read the columns when append returns',
    run: async ({ log, decode }) => {
      const refs = Uint32Array.of(1, 2, 3);
      const values = Float64Array.of(1.5, 2.5, 3.5);
      const first = log.append([plainBatch(0, 1, { refs, values })]);
      refs.fill(9);
      values.fill(-1);
      const second = log.append([plainBatch(0, 2, { refs, values })]);
      refs.fill(0);
      await Promise.all([first, second]);
      const reader = await log.read('columns', new Map([[0, 0]]));
      const [a, b] = (await take(reader, 2)).map((d) => decode(d.bytes));
      assert.deepEqual(
        [a.refs, a.values],
        [
          [1, 2, 3],
          [1.5, 2.5, 3.5],
        ],
      );
      assert.deepEqual(
        [b.refs, b.values],
        [
          [9, 9, 9],
          [-1, -1, -1],
        ],
      );
      await reader.close();
    },
  },
  {
    needs: 'refused',
    words: 'fails single batches of a call',
    run: async ({ log, refused, decode }) => {
      const answers = await log.append([
        plainBatch(0, 1),
        refused(0),
        plainBatch(0, 2),
        refused(1),
        plainBatch(1, 3),
      ]);
      assert.deepEqual(
        answers.map((a) => ('offset' in a ? a.offset : 'error')),
        [0, 'error', 1, 'error', 0],
      );
      for (const a of answers) if ('error' in a) assert.ok(a.error instanceof MonError);
      assert.equal(await put(log, 0, 4), 2);
      const reader = await log.read('partial', everywhere());
      const got = await take(reader, 4);
      const numbers = got.filter((d) => d.partition === 0).map((d) => decode(d.bytes).number);
      assert.deepEqual(numbers, [1, 2, 4]);
      await reader.close();
    },
  },
  {
    needs: 'fill',
    words: 'answers "retry" while it can take nothing, then goes on',
    run: async (one) => {
      const { log, fill, decode } = one;
      await put(log, 0, 1);
      const free = await fill();
      const [full] = await log.append([plainBatch(0, 2)]);
      assert.ok('error' in full);
      assert.equal(full.error.kind, 'retry');
      assert.equal(await log.end(0), 1);
      await free();
      // The first refusal after that may still be from what was known before.
      let answer: Appended = full;
      for (let i = 0; i < 100 && 'error' in answer; i++) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        [answer] = await log.append([plainBatch(0, 3)]);
      }
      assert.equal(offsetOf(answer), 1);
      const reader = await log.read('full', new Map([[0, 0]]));
      const numbers = (await take(reader, 2)).map((d) => decode(d.bytes).number);
      assert.deepEqual(numbers, [1, 3]);
      await reader.close();
    },
  },
  {
    words: 'takes nothing after close',
    run: async ({ log }) => {
      const last = log.append([plainBatch(0, 1)]);
      await log.close();
      assert.equal(offsetOf((await last)[0]), 0);
      const [late] = await log.append([plainBatch(0, 2)]);
      assert.ok('error' in late && late.error.code === 'MON_LOG_CLOSED');
      await failsWith('MON_LOG_CLOSED', log.read('late', new Map([[0, 0]])));
    },
  },
];
