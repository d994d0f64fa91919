// Lists of names are kept for five minutes, ranges that move a little share them, and a series
// that begins, or begins again after it was silent, ends them at once; with what feeds that, the
// watched log's news. Seeded.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SeriesNews } from '../../../src/engine/daemons/series-news.ts';
import { CATALOG_CACHE_LISTS_MAX } from '../../../src/engine/limits.ts';
import { CatalogCache } from '../../../src/engine/query/catalog-cache.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { Batch } from '../../../src/engine/model/batch.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = 1_700_000_100_000;
const NAME = '__name__';

function batchOf(ref: number, t: number): Batch {
  const floats = {
    refs: Uint32Array.of(ref),
    timestamps: Float64Array.of(t),
    values: Float64Array.of(1),
  };
  return { partition: 0, receivedMs: t, lateness: 0, floats };
}

function makeWorld() {
  const clock = new VirtualClock(START);
  const series = new MemorySeries();
  const news = new SeriesNews();
  const source = new MemorySource(series);
  const cache = new CatalogCache({ source, clock, news: () => news.number });
  /** A sample on its whole way: seen, durable and applied, then told. */
  const write = (ref: number, t: number, late = false): void => {
    const begins = news.seen([batchOf(ref, t)]);
    series.add({ __name__: `m${ref}`, [`l${ref}`]: 'x' }, [{ t, v: 1 }]);
    if (begins || late) news.happened();
  };
  const names = (spanMs: number): Promise<readonly string[]> =>
    cache.labelValues(NAME, [], clock.now() - spanMs, clock.now());
  return { clock, source, cache, write, names };
}

test('a list is kept for five minutes, also when its range moves a little', async () => {
  const { clock, cache, write, names } = makeWorld();
  write(1, START);
  assert.deepEqual(await names(HOUR), ['m1']);
  for (let i = 0; i < 3; i++) {
    await clock.advance(10_000);
    assert.deepEqual(await names(HOUR), ['m1']);
  }
  assert.deepEqual(cache.counts, { hits: 3, misses: 1 });
  await clock.advance(5 * MINUTE);
  await names(HOUR);
  assert.equal(cache.counts.misses, 2);
  assert.deepEqual(await cache.labelNames([], clock.now() - HOUR, clock.now()), [NAME, 'l1']);
});

test('samples of known series end nothing; a new one ends all', async () => {
  const { clock, cache, write, names } = makeWorld();
  write(1, START);
  await names(HOUR);
  for (let i = 0; i < 5; i++) {
    await clock.advance(10_000);
    write(1, clock.now());
    await names(HOUR);
  }
  assert.equal(cache.counts.misses, 1);
  write(2, clock.now());
  assert.deepEqual(await names(HOUR), ['m1', 'm2']);
});

test('ranges of the past and short ones are not kept', async () => {
  const { clock, cache, write } = makeWorld();
  write(1, START);
  const now = clock.now();
  for (let i = 0; i < 3; i++) {
    await cache.labelValues(NAME, [], now - HOUR, now - 10 * MINUTE);
    await cache.labelValues(NAME, [], now - MINUTE, now);
  }
  assert.deepEqual([cache.counts.hits, cache.size], [0, 0]);
});

test('so many lists are kept and no more', async () => {
  const { clock, cache, write } = makeWorld();
  write(1, START);
  for (let i = 0; i < CATALOG_CACHE_LISTS_MAX + 50; i++) {
    const selections = [[{ name: 'l1', op: '!=' as const, value: `${i}` }]];
    await cache.labelValues(NAME, selections, clock.now() - HOUR, clock.now());
  }
  assert.equal(cache.size, CATALOG_CACHE_LISTS_MAX);
});

test('nobody who wrote misses his name, whoever wrote, was silent or came late', async () => {
  const seed = 99;
  const random = seededRandom(seed);
  const int = (max: number): number => Math.floor(random() * max);
  const { clock, source, cache, write } = makeWorld();
  for (let round = 0; round < 3000; round++) {
    if (int(3) === 0) await clock.advance(int(int(20) === 0 ? 40 : 2) * MINUTE + int(20_000));
    const now = clock.now();
    const ref = int(1 + Math.floor(round / 100));
    const late = int(10) === 0;
    if (int(3) === 0) write(ref, late ? now - int(HOUR) : now - int(10_000), late);
    const span = [HOUR, 15 * MINUTE, 10 * MINUTE, 10 * HOUR][int(4)];
    const words = `seed ${seed}, round ${round}`;
    const got = await cache.labelValues(NAME, [], now - span, now);
    const want = await source.labelValues(NAME, [], now - span, now);
    for (const name of want) assert.ok(got.includes(name), `${words}: ${name} is missing`);
    const wide = await source.labelValues(NAME, [], now - span - 11 * MINUTE, now + HOUR);
    for (const name of got) assert.ok(wide.includes(name), `${words}: ${name} is too old`);
  }
  assert.ok(cache.counts.hits > 300, JSON.stringify(cache.counts));
});

test('after a deletion whoever writes begins again', () => {
  const news = new SeriesNews();
  assert.equal(news.seen([batchOf(5000, START)]), true);
  assert.equal(news.seen([batchOf(5000, START + 10_000)]), false);
  news.forget();
  assert.equal(news.seen([batchOf(5000, START + 20_000)]), true);
});
