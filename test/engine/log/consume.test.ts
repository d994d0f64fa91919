// The consume loop against a log and a sink that only remember: order, waiting, checkpoints,
// failures.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { Consumer } from '../../../src/engine/log/consume.ts';
import type { Delivery, Log, LogReader, Offset, Sink } from '../../../src/engine/ports.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import type { Clock } from '../../../src/engine/runtime/clock.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

function delivery(offset: Offset): Delivery {
  return { partition: 0, offset, bytes: new Uint8Array(10), definitionsOnly: false };
}

class FakeLog {
  queue: Delivery[] = [];
  released: Offset[] = [];
  ended = 0;
  #wake: (() => void) | undefined;

  push(...offsets: Offset[]): void {
    this.queue.push(...offsets.map(delivery));
    this.ended = Math.max(this.ended, ...offsets.map((o) => o + 1));
    this.#wake?.();
  }

  log(): Log {
    const reader: LogReader = {
      next: async (signal) => {
        while (this.queue.length === 0 && !signal?.aborted) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
            signal?.addEventListener('abort', () => resolve(), { once: true });
          });
        }
        return signal?.aborted ? [] : this.queue.splice(0, 2);
      },
      release: (_partition, offset) => this.released.push(offset),
      close: async () => undefined,
    };
    const log: Partial<Log> = {
      partitions: 1,
      end: async () => this.ended,
      read: async () => reader,
    };
    return log as Log;
  }
}

class FakeSink implements Sink {
  applied: Offset[] = [];
  checkpoints = 0;
  fail: Error | undefined;
  failCheckpoint: Error | undefined;

  async resumeAt(): Promise<ReadonlyMap<number, Offset>> {
    return new Map([[0, 0]]);
  }

  async apply(some: readonly Delivery[]): ReturnType<Sink['apply']> {
    if (this.fail) throw this.fail;
    this.applied.push(...some.map((one) => one.offset));
    return { accepted: some.length, duplicate: 0, outOfOrder: 0, tooOld: 0, newSeries: 0 };
  }

  async checkpoint(): Promise<ReadonlyMap<number, Offset>> {
    if (this.failCheckpoint) throw this.failCheckpoint;
    this.checkpoints++;
    return new Map([[0, (this.applied.at(-1) ?? -1) + 1]]);
  }

  async close(): Promise<void> {}
}

interface More {
  readonly checkpointBytes?: number;
  readonly clock?: Clock;
  readonly gatherMs?: number;
}

function consumer(log: FakeLog, sink: FakeSink, more: More = {}) {
  const failures: unknown[] = [];
  const postponed: MonError[] = [];
  const made = new Consumer({
    name: 'store',
    log: log.log(),
    sink,
    clock: systemClock,
    ...more,
    failed: (error) => failures.push(error),
    postponed: (error) => postponed.push(error),
  });
  return { made, failures, postponed };
}

test('deliveries reach the sink in order and caughtUp waits for them', async () => {
  const log = new FakeLog();
  const sink = new FakeSink();
  const { made } = consumer(log, sink);
  await made.start();
  log.push(0, 1, 2, 3, 4);
  await made.caughtUp();
  assert.deepEqual(sink.applied, [0, 1, 2, 3, 4]);
  await made.stop();
  assert.deepEqual(log.released, [5]);
  assert.equal(sink.checkpoints, 1);
});

test('records gather before the sink gets them, unless somebody waits', async () => {
  const log = new FakeLog();
  const sink = new FakeSink();
  const clock = new VirtualClock();
  const { made } = consumer(log, sink, { clock, gatherMs: 10 });
  await made.start();
  log.push(0);
  await settle();
  assert.deepEqual(sink.applied, [0], 'the first goes at once');
  log.push(1);
  log.push(2);
  await settle();
  assert.deepEqual(sink.applied, [0]);
  await clock.advance(10);
  assert.deepEqual(sink.applied, [0, 1, 2]);
  log.push(3);
  await settle();
  assert.deepEqual(sink.applied, [0, 1, 2]);
  await made.caughtUp();
  assert.deepEqual(sink.applied, [0, 1, 2, 3], 'no time has passed');
  log.push(4);
  await made.stop();
  assert.deepEqual(log.released.slice(-1), [sink.applied.length]);
});

test('a checkpoint follows the bytes and only then the log is released', async () => {
  const log = new FakeLog();
  const sink = new FakeSink();
  const { made } = consumer(log, sink, { checkpointBytes: 40 });
  await made.start();
  log.push(0, 1, 2, 3);
  await made.caughtUp();
  log.push(4);
  await made.caughtUp();
  assert.equal(sink.checkpoints, 1);
  assert.deepEqual(log.released, [4]);
  await made.stop();
  assert.deepEqual(log.released, [4, 5]);
});

test('a failing sink stops the loop, releases nothing and frees who waits', async () => {
  const log = new FakeLog();
  const sink = new FakeSink();
  sink.fail = new MonError('MON_DISK_FAILED', 'broken');
  const { made, failures } = consumer(log, sink);
  await made.start();
  log.push(0);
  await made.caughtUp();
  for (let i = 0; i < 20 && failures.length === 0; i++) await systemClock.sleep(1);
  assert.equal(failures.length, 1);
  await made.stop();
  assert.deepEqual(log.released, []);
});

test('who waits hears of the failure, and does not take less for all', async () => {
  const log = new FakeLog();
  const sink = new FakeSink();
  sink.failCheckpoint = new MonError('MON_DISK_FAILED', 'broken');
  let applied = (): void => undefined;
  const gate = new Promise<void>((resolve) => (applied = resolve));
  sink.checkpoint = async () => {
    await gate;
    throw sink.failCheckpoint;
  };
  const { made, failures } = consumer(log, sink, { checkpointBytes: 10 });
  await made.start();
  log.push(0, 1);
  await made.caughtUp();
  // The loop is in a checkpoint now; what comes meanwhile is not handed on.
  log.push(2);
  const waiting = made.caughtUp();
  applied();
  await assert.rejects(waiting, { code: 'MON_DISK_FAILED' });
  await assert.rejects(made.caughtUp(), { code: 'MON_DISK_FAILED' });
  assert.equal(failures.length, 1);
  assert.deepEqual(sink.applied, [0, 1]);
  await made.stop();
});

test('a checkpoint that fails for a full disk is tried again', async () => {
  const log = new FakeLog();
  const sink = new FakeSink();
  sink.failCheckpoint = new MonError('MON_DISK_FULL', 'no space');
  const { made, failures, postponed } = consumer(log, sink, { checkpointBytes: 10 });
  await made.start();
  log.push(0, 1);
  await made.caughtUp();
  for (let i = 0; i < 20 && postponed.length === 0; i++) await systemClock.sleep(1);
  assert.equal(postponed.length, 1);
  sink.failCheckpoint = undefined;
  log.push(2);
  await made.caughtUp();
  await made.stop();
  assert.deepEqual(failures, []);
  assert.equal(log.released.at(-1), 3);
});
