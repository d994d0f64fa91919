// Ticks of several producers through one log: what is passed on is the least word of all, it never
// goes back, and who falls silent is taken out and counted.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Batch } from '../../../src/engine/model/batch.ts';
import { LogService } from '../../../src/engine/remote/log-service.ts';
import type { LentLog } from '../../../src/engine/remote/log-wire.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

test('the watermark is the least of all producers that are not silent', async () => {
  const appended: Batch[] = [];
  const log = {
    partitions: 1,
    append: async (batches: readonly Batch[]) => {
      appended.push(...batches);
      return batches.map(() => ({ offset: appended.length - 1 }));
    },
  } as unknown as LentLog;
  const clock = new VirtualClock();
  const translator = () => ({
    open: (record: Uint8Array): Batch => {
      const tick = { timeMs: record[0], watermarkMs: record[0] };
      return { partition: 0, receivedMs: 0, lateness: 0, tick };
    },
    close: () => undefined,
  });
  const service = new LogService({ log, clock, translator });
  const signal = new AbortController().signal;
  const [a, b] = [service.open(), service.open()];
  const tick = async (one: typeof a, word: number): Promise<number | undefined> => {
    await one.methods['append']([[Uint8Array.of(word)]], { signal });
    return appended.at(-1)?.tick?.watermarkMs;
  };
  assert.equal(await tick(a, 10), 10);
  assert.equal(await tick(b, 20), 10);
  assert.equal(await tick(a, 30), 20);
  // A producer that begins behind takes back no promise.
  const c = service.open();
  assert.equal(await tick(c, 5), 20);
  c.closed?.();
  assert.equal(await tick(a, 40), 20);
  await clock.advance(6000);
  assert.equal(await tick(a, 50), 50, 'b has been silent for too long');
  assert.equal(service.silenced, 1);
  assert.equal(await tick(b, 45), 50);
});
