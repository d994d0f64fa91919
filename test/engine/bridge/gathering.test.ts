// How long records wait for others before a request goes out: briefly where there is little, while
// they keep coming under load, never past the bound, and not for senders that wait themselves.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { Gathering } from '../../../src/engine/bridge/gathering.ts';
import {
  KAFKA_BUSY_BYTES,
  KAFKA_LINGER_BUSY_MS,
  KAFKA_LINGER_MS,
  KAFKA_QUIET_MS_MAX,
  KAFKA_REQUEST_BYTES,
} from '../../../src/engine/limits-links.ts';

/** Pushes as they come; answers how long the first of them waited, and with how many others. */
function waited(one: Gathering, times: readonly number[], bytes = 100): [ms: number, n: number] {
  const [begun] = times;
  let count = 0;
  let dueMs = Infinity;
  for (const now of times) {
    if (now > dueMs) {
      // What came meanwhile may have put it off.
      const ms = one.waitMs(dueMs, bytes * count, begun);
      if (ms === 0) return [dueMs - begun, count];
      dueMs += ms;
    }
    if (now > dueMs) return [dueMs - begun, count];
    one.pushed(now);
    count++;
    if (count === 1) dueMs = now + one.waitMs(now, bytes, begun);
  }
  for (let ms = 1; ms > 0; dueMs += ms) ms = one.waitMs(dueMs, bytes * count, begun);
  return [dueMs - begun, count];
}

const every = (ms: number, count: number, from = 1000): number[] =>
  Array.from({ length: count }, (_, i) => from + i * ms);

function busy(gapMs: number): Gathering {
  const one = new Gathering();
  for (const now of every(gapMs, 100, 0)) one.pushed(now);
  one.flushed();
  one.sent(KAFKA_BUSY_BYTES);
  return one;
}

test('little waits briefly, whatever comes behind it', () => {
  const one = new Gathering();
  assert.deepEqual(waited(one, every(1, 100)), [KAFKA_LINGER_MS, 1 + KAFKA_LINGER_MS]);
});

test('under load it waits while records keep coming, and no longer than the bound', () => {
  const [ms, count] = waited(busy(8), every(8, 1000));
  assert.equal(ms, KAFKA_LINGER_BUSY_MS);
  assert.ok(count > KAFKA_LINGER_BUSY_MS / 8 - 2, `${count} pushes`);
});

test('senders that all wait for their answers are not waited for', () => {
  // Eight pushes a millisecond apart, then nothing.
  const [ms, count] = waited(busy(1), every(1, 8));
  assert.equal(count, 8);
  assert.ok(ms <= 7 + KAFKA_LINGER_MS + 1, `${ms} ms`);
});

test('a silence is never waited for longer than its bound', () => {
  const [ms] = waited(busy(1000), every(1, 1));
  assert.ok(ms <= KAFKA_QUIET_MS_MAX + 1, `${ms} ms`);
});

test('what is enough goes at once', () => {
  const one = busy(1);
  one.pushed(1000);
  assert.equal(one.waitMs(1000, KAFKA_REQUEST_BYTES, 1000), 0);
});
