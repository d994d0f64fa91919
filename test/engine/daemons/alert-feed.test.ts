// Changes of alerts through a log: each is taken in order, with where the reader stands, through
// failures that pass and past records that nobody understands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertBatch, alertEncoder } from '../../../src/engine/codec/alert-record.ts';
import { AlertFeed, AppendedAlerts } from '../../../src/engine/daemons/alert-feed.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { EmbeddedLog } from '../../../src/engine/log/embedded-log.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import type { AlertEvent, Offset } from '../../../src/engine/ports.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { Logger } from '../../../src/engine/runtime/logger.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';

const quiet = { warn: () => undefined, error: () => undefined } as unknown as Logger;

function eventOf(i: number): AlertEvent {
  const labels = makeLabels([['alertname', `A${i % 7}`]]);
  const times = { startsAtMs: i, endsAtMs: i % 2 === 0 ? 0 : i, atMs: i };
  return { id: `${i}`, labels, annotations: [], generatorUrl: '', ...times };
}

function openLog(disk: MemoryDisk): Promise<EmbeddedLog> {
  return EmbeddedLog.open({
    ...{ folder: '/alerts', disk, clock: systemClock, encoder: alertEncoder, partitions: 3 },
    keepMs: 3_600_000,
  });
}

/** Remembers changes and offsets as one commit would. */
class Taker {
  ids: string[] = [];
  offsets: ReadonlyMap<number, Offset> = new Map();
  failures = 0;

  async readTo(): Promise<ReadonlyMap<number, Offset>> {
    return this.offsets;
  }

  async take(events: readonly AlertEvent[], offsets: ReadonlyMap<number, Offset>): Promise<void> {
    if (this.failures-- > 0) throw new MonError('MON_STATE_CONFLICT', 'later');
    this.ids.push(...events.map(({ id }) => id));
    this.offsets = offsets;
  }
}

async function fed(log: EmbeddedLog, taker: Taker, count: number): Promise<AlertFeed> {
  const failed = (thrown: unknown): void => assert.fail(String(thrown));
  const feed = new AlertFeed({ log, taker, clock: systemClock, logger: quiet, failed });
  await feed.start();
  for (let i = 0; taker.ids.length < count && i < 400; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return feed;
}

test('each change is taken once, also by the next process, past what is none', async () => {
  const disk = new MemoryDisk({ random: seededRandom(1) });
  const log = await openLog(disk);
  const told = new AppendedAlerts(log);
  const taker = new Taker();
  await told.take(Array.from({ length: 10 }, (_, i) => eventOf(i)));
  taker.failures = 1;
  const first = await fed(log, taker, 10);
  await first.stop();
  await log.append([alertBatch(1, Buffer.from('{"no": "change"}'))]);
  await told.take(Array.from({ length: 10 }, (_, i) => eventOf(10 + i)));
  const second = await fed(log, taker, 20);
  await second.stop();
  assert.deepEqual(
    taker.ids.map(Number).sort((a, b) => a - b),
    [...Array(20).keys()],
  );
  // Changes of one alert keep their order.
  for (let alert = 0; alert < 7; alert++) {
    const mine = taker.ids.map(Number).filter((i) => i % 7 === alert);
    assert.deepEqual(
      mine,
      mine.toSorted((a, b) => a - b),
    );
  }
  assert.equal(second.malformed, 1);
  await log.close();
});
