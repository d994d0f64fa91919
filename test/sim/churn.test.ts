// Days of churn on virtual time: every hour other series, as when pods come and go, with the door's
// forgetting and the store's upkeep at work. What door and store hold has to stay flat. Easy to get
// wrong: the memory of an arena only shows in its live bytes and in its size, not in one of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { MemoryDisk } from '../support/memory-disk.ts';
import { VirtualClock, settle } from '../support/virtual-clock.ts';
import { writeRequestBody } from '../support/write-request.ts';
import { Chain } from './chain.ts';

const HOUR = 3_600_000;
const DAYS = 6;
/** Days until the oldest is forgotten everywhere: retention, and the slices in the head. */
const SETTLED_DAYS = 3;
const PODS = 150;
const SERIES_OF_POD = 4;
const SCRAPE_MS = 5 * 60_000;

const SETTINGS = {
  ...{ partitions: 2, stores: 1, segmentBytes: 1 << 20, pendingBytesMax: 1 << 24 },
  ...{ recentBytes: 1 << 20, keepMs: 0, gatherMs: 0, checkpointMs: HOUR, checkpointBytes: 1 << 24 },
  ...{ retentionMs: 24 * HOUR, recordBytes: 1 << 20, cached: false },
};

interface Held {
  /** Live bytes of the store's arena, and the size of its memory. */
  readonly storeBytes: number;
  readonly storeMemory: number;
  readonly doorBytes: number;
  readonly doorMemory: number;
  readonly series: number;
  readonly known: number;
}

function held(chain: Chain): Held {
  const [store] = chain.stores;
  const { memoryBytes, series } = store.stats();
  const { book }: { book: SeriesBook } = chain;
  const { kernels } = book;
  return {
    storeBytes: memoryBytes,
    storeMemory: store.memorySize,
    doorBytes: kernels.exports.arenaUsedBytes(),
    doorMemory: kernels.memory.buffer.byteLength,
    ...{ series, known: book.series },
  };
}

/** Each hour a tenth of the pods is replaced by new ones. */
function bodyOf(hour: number, timestamp: number): Uint8Array {
  const series = Array.from({ length: PODS * SERIES_OF_POD }, (_, i) => {
    const place = Math.floor(i / SERIES_OF_POD);
    const born = hour - ((hour + place) % 10);
    const labels = {
      __name__: `metric_${i % SERIES_OF_POD}`,
      pod: `web-${place}-${born}`,
      namespace: `space-${place % 7}`,
    };
    return { labels, samples: [{ timestamp, value: ((timestamp / 1000) * (i + 1)) % 1000 }] };
  });
  return writeRequestBody(series);
}

test('what door and store hold stays flat over days of churn', async (t) => {
  const clock = new VirtualClock();
  const disk = new MemoryDisk({ random: seededRandom(1), clock });
  const failed = (error: unknown): void => {
    throw error;
  };
  const chain = await Chain.open({ disk, clock, settings: SETTINGS, failed, postponed: failed });
  await chain.start();
  const [store] = chain.stores;
  const days: Held[] = [];
  for (let hour = 0; hour < DAYS * 24; hour++) {
    for (let passed = 0; passed < HOUR; passed += SCRAPE_MS) {
      await chain.door.remoteWrite(bodyOf(hour, clock.now()));
      await chain.consumer.caughtUp();
      await clock.advance(SCRAPE_MS);
      await Promise.all([chain.door.tick(), clock.advance(1)]);
    }
    await store.keepOnly(clock.now(), { retentionMs: SETTINGS.retentionMs });
    await store.seal(clock.now());
    await store.compact(clock.now(), SETTINGS.retentionMs);
    await chain.log.retain();
    await settle();
    if (hour % 24 === 23) days.push(held(chain));
  }
  t.diagnostic(JSON.stringify(days));
  const after = days[SETTLED_DAYS - 1];
  const last = days[DAYS - 1];
  const flat = (what: keyof Held): void => {
    const words = `${what}: ${after[what]} after ${SETTLED_DAYS} days, ${last[what]} at the end`;
    assert.ok(last[what] <= after[what] * 1.1, words);
  };
  for (const what of Object.keys(after) as (keyof Held)[]) flat(what);
  const ever = PODS * SERIES_OF_POD * (1 + DAYS * 2.4);
  assert.ok(last.series < ever / 4, `${last.series} of ${ever} series that ever were are held`);
  await chain.stop();
});
