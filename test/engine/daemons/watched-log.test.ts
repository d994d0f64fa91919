// The watched log notes what changes the past: late batches by their times, and live ones that were
// long on their way; plain live batches are not looked at.
import assert from 'node:assert/strict';
import test from 'node:test';
import { WatchedLog } from '../../../src/engine/daemons/watched-log.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { Batch } from '../../../src/engine/model/batch.ts';
import type { Appended, Log } from '../../../src/engine/ports.ts';

const NOW = 1_700_000_000_000;

function batch(lateness: 0 | 1 | 2, times: readonly number[]): Batch {
  const timestamps = Float64Array.from(times);
  const floats = { refs: new Uint32Array(times.length), timestamps, values: timestamps.slice() };
  return { partition: 0, receivedMs: NOW, lateness, floats };
}

function watched(takesMs = 0) {
  const clock = new VirtualClock(NOW);
  const notes: number[][] = [];
  const log = {
    partitions: 4,
    generation: 9,
    async append(batches: readonly Batch[]): Promise<readonly Appended[]> {
      // The columns may be used again at once, as kernel memory is.
      for (const { floats } of batches) floats?.timestamps.fill(0);
      await clock.sleep(takesMs);
      return batches.map(() => ({ offset: 1 }));
    },
  } as unknown as Log;
  const note = (min: number, max: number, at: number): void => void notes.push([min, max, at]);
  return { clock, notes, log: new WatchedLog({ log, clock, note }) };
}

test('late batches are noted with their times, when they are durable', async () => {
  const { clock, notes, log } = watched(100);
  const late = [batch(0, [NOW]), batch(1, [NOW - 50_000, NOW - 20_000]), batch(2, [NOW - 9e6])];
  const done = log.append(late);
  assert.deepEqual(notes, []);
  await clock.advance(100);
  assert.equal((await done).length, 3);
  assert.deepEqual(notes, [[NOW - 9e6, NOW - 20_000, NOW + 100]]);
  assert.deepEqual([log.partitions, log.generation], [4, 9]);
});

test('live batches are not, unless they were long on their way', async () => {
  const quick = watched(1000);
  const done = quick.log.append([batch(0, [NOW - 5000])]);
  await quick.clock.advance(1000);
  await done;
  assert.deepEqual(quick.notes, []);
  const slow = watched(6000);
  const later = slow.log.append([batch(0, [NOW - 5000])]);
  await slow.clock.advance(6000);
  await later;
  assert.deepEqual(slow.notes, [[NOW - 10_000, NOW, NOW + 6000]]);
});
