// What every Log promises (engine/ports.ts), as tests that any implementation can be put through: the
// embedded log on a real and on a simulated disk now, Kafka later. What one implementation cannot be
// brought to do (fill its disk, run its retention) is a hook that may be missing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MonError } from '../../src/engine/errors.ts';
import type { FailureCode } from '../../src/engine/errors.ts';
import type { Batch } from '../../src/engine/model/batch.ts';
import type { Appended, Delivery, Log, LogReader } from '../../src/engine/ports.ts';
import { plainBatch } from '../support/plain-records.ts';

export const CONTRACT_PARTITIONS = 3;

/** A log and what can be done to it. Its records come from batches of `plainBatch`. */
export interface LogUnderTest {
  readonly log: Log;
  /** Closes the log and opens it again, perhaps with another number of partitions. */
  reopen(partitions?: number): Promise<Log>;
  /** What the bytes of a record say. */
  decode(bytes: Uint8Array): { number: number; refs: readonly number[]; values: readonly number[] };
  /** A batch that fails singly while others of the call succeed. */
  refused?(partition: number): Batch;
  /** Makes retention remove all that it may. */
  expire?(log: Log): Promise<void>;
  /** Appends so much that what came before is no longer in memory and lies in an older segment. */
  roll?(log: Log, from: number): Promise<number>;
  forget?(log: Log, reader: string): Promise<void>;
  /** Makes the log's disk full, or the broker unreachable, until the function answered is called. */
  fill?(): Promise<() => Promise<void>>;
  dispose(): Promise<void>;
}

type Make = () => Promise<LogUnderTest>;

/** Runs the whole list of promises against a fresh log for each. */
export function logContract(name: string, make: Make): void {
  describe(`Log contract: ${name}`, () => {
    appending(make);
    reading(make);
    starting(make);
    keeping(make);
    reopening(make);
  });
}

/** A test on a fresh log that is thrown away after it. */
function promise(words: string, make: Make, run: (one: LogUnderTest) => Promise<void>): void {
  it(words, async () => {
    const one = await make();
    try {
      await run(one);
    } finally {
      await one.dispose();
    }
  });
}

/** The same for what needs a hook. */
function promiseIf(
  hook: keyof LogUnderTest,
  words: string,
  make: Make,
  run: (one: Required<LogUnderTest>) => Promise<void>,
): void {
  it(words, async (t) => {
    const one = await make();
    try {
      if (one[hook] === undefined) t.skip(`this log cannot be made to ${hook}`);
      else await run(one as Required<LogUnderTest>);
    } finally {
      await one.dispose();
    }
  });
}

function offsetOf(appended: Appended): number {
  assert.ok('offset' in appended, 'error' in appended ? appended.error.message : '');
  return appended.offset;
}

async function put(log: Log, partition: number, number: number): Promise<number> {
  const [one] = await log.append([plainBatch(partition, number)]);
  return offsetOf(one);
}

async function failsWith(code: FailureCode, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (thrown) => thrown instanceof MonError && thrown.code === code);
}

/** Reads on until so many deliveries have come. */
export async function take(reader: LogReader, count: number): Promise<Delivery[]> {
  const out: Delivery[] = [];
  while (out.length < count) {
    const more = await reader.next();
    assert.ok(more.length > 0, 'next waits for at least one record');
    out.push(...more);
  }
  assert.equal(out.length, count);
  return out;
}

function everywhere(offset = 0): Map<number, number> {
  return new Map(Array.from({ length: CONTRACT_PARTITIONS }, (_, p) => [p, offset]));
}

function offsetsOf(deliveries: readonly Delivery[], partition: number): number[] {
  return deliveries.filter((d) => d.partition === partition).map((d) => d.offset);
}

function appending(make: Make): void {
  promise(
    'answers one offset a batch, from 0 without gaps in each partition',
    make,
    async (one) => {
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
  );

  promise('answers an append of nothing', make, async ({ log }) => {
    assert.deepEqual(await log.append([]), []);
    assert.equal(await log.end(0), 0);
  });

  promise('keeps the order of calls in each partition', make, async ({ log, decode }) => {
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
  });

  promise('has read the columns when append returns', make, async ({ log, decode }) => {
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
  });

  promiseIf('refused', 'fails single batches of a call', make, async ({ log, refused, decode }) => {
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
  });

  promiseIf(
    'fill',
    'answers "retry" while it can take nothing, then goes on',
    make,
    async (one) => {
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
  );

  promise('takes nothing after close', make, async ({ log }) => {
    const last = log.append([plainBatch(0, 1)]);
    await log.close();
    assert.equal(offsetOf((await last)[0]), 0);
    const [late] = await log.append([plainBatch(0, 2)]);
    assert.ok('error' in late && late.error.code === 'MON_LOG_CLOSED');
    await failsWith('MON_LOG_CLOSED', log.read('late', new Map([[0, 0]])));
  });
}

function reading(make: Make): void {
  promise('delivers each record once and in order, to every reader', make, async (one) => {
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
  });

  promise('delivers only the partitions that were asked for', make, async ({ log }) => {
    await log.append([0, 1, 2, 1].map((p, i) => plainBatch(p, i)));
    const reader = await log.read('one', new Map([[1, 0]]));
    const got = await take(reader, 2);
    assert.ok(got.every((d) => d.partition === 1));
    await reader.close();
  });

  promise('delivers nothing that is not durable', make, async ({ log }) => {
    const reader = await log.read('durable', everywhere());
    const appends = Array.from({ length: 100 }, (_, i) => log.append([plainBatch(i % 3, i)]));
    for (let seen = 0; seen < 100;) {
      const got = await reader.next();
      for (const d of got) assert.ok(d.offset < (await log.end(d.partition)));
      seen += got.length;
    }
    await Promise.all(appends);
    await reader.close();
  });

  promise('gives bytes that belong to the reader', make, async ({ log, decode }) => {
    await put(log, 0, 5);
    const first = await log.read('first', new Map([[0, 0]]));
    (await take(first, 1))[0].bytes.fill(0);
    const second = await log.read('second', new Map([[0, 0]]));
    assert.equal(decode((await take(second, 1))[0].bytes).number, 5);
    await Promise.all([first.close(), second.close()]);
  });

  promise('waits for the next record', make, async ({ log, decode }) => {
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
  });

  promise('stops waiting when the signal fires, and can go on', make, async ({ log }) => {
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
  });

  promise('answers nothing when reader or log are closed', make, async ({ log }) => {
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
  });

  promiseIf(
    'roll',
    'lets a slow reader have everything, not in anyone’s way',
    make,
    async (one) => {
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
  );
}

function starting(make: Make): void {
  promise('begins where it is told; what is earlier comes for definitions', make, async (one) => {
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
  });

  promise('refuses a start past the end', make, async ({ log }) => {
    await put(log, 0, 1);
    await failsWith('MON_LOG_OFFSET_PAST_END', log.read('past', new Map([[0, 2]])));
    await failsWith('MON_LOG_OFFSET_PAST_END', log.read('past', new Map([[1, 1]])));
    await failsWith(
      'MON_LOG_OFFSET_PAST_END',
      log.read('past', new Map([[CONTRACT_PARTITIONS, 0]])),
    );
    const atEnd = await log.read('at end', new Map([[0, 1]]));
    await atEnd.close();
  });
}

function keeping(make: Make): void {
  promiseIf('expire', 'holds what a reader has not released', make, async (one) => {
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
  });

  promiseIf('expire', 'holds it for the slowest of several readers', make, async (one) => {
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
  });

  promiseIf('expire', 'refuses a start below what is kept', make, async (one) => {
    const { log, expire, roll } = one;
    const reader = await log.read('first', everywhere());
    await put(log, 0, 0);
    await roll(log, 1);
    for (let p = 0; p < CONTRACT_PARTITIONS; p++) reader.release(p, await log.end(p));
    await expire(log);
    await failsWith('MON_LOG_OFFSET_GONE', log.read('second', new Map([[0, 0]])));
    const again = await log.read('third', new Map([[0, await log.start(0)]]));
    await Promise.all([again.close(), reader.close()]);
  });
}

function reopening(make: Make): void {
  promise('has everything after it was opened again', make, async ({ log, reopen, decode }) => {
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
  });

  promiseIf(
    'expire',
    'holds retention for readers that have not come back yet',
    make,
    async (one) => {
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
  );

  promise('begins a new generation with other partitions, once drained', make, async (one) => {
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
  });
}
