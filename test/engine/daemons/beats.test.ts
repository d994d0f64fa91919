// Beats on the second: a timer of the system may go off a moment before its time, and what it
// starts must still find the second passed, or the step of that second would wait for the next
// beat.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Beats } from '../../../src/engine/daemons/beats.ts';
import type { Clock } from '../../../src/engine/runtime/clock.ts';
import type { Logger } from '../../../src/engine/runtime/logger.ts';

test('a timer that goes off early is waited for again, and a late one is not', async () => {
  let nowMs = 10_120;
  // What each wait takes beside what was asked: early, exact, the rest of the early one, late.
  const off = [-1, 0, -3, 0, 40, 0];
  const waits: number[] = [];
  const clock: Clock = {
    now: () => nowMs,
    monotonic: () => nowMs,
    after: () => ({ cancel: () => undefined }),
    sleep: async (ms, signal) => {
      if (signal?.aborted === true) return;
      waits.push(ms);
      nowMs += ms + (off.shift() ?? 0);
    },
  };
  const beats = new Beats(clock, {} as Logger);
  const at: number[] = [];
  await new Promise<void>((resolve) => {
    beats.onTheSecond(500, async () => {
      at.push(nowMs);
      if (at.length === 5) resolve();
    });
  });
  await beats.stop();
  assert.deepEqual(at, [10_120, 10_500, 11_000, 11_540, 12_000]);
  assert.deepEqual(waits.slice(0, 6), [380, 1, 500, 3, 500, 460]);
});
