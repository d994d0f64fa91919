// The result cache: whatever is asked, in whatever order, with live and late samples coming in, an
// answer with the cache is the answer without it; and what must hit does hit. Seeded.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MemoryCache } from '../../../src/engine/cache/memory-cache.ts';
import { LateSamples } from '../../../src/engine/query/late-samples.ts';
import { QueryService } from '../../../src/engine/query/query-service.ts';
import { ResultCache } from '../../../src/engine/query/result-cache.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { Fragment, FragmentResult } from '../../../src/engine/model/fragment.ts';
import type { QueryAnswer } from '../../../src/engine/model/query-result.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const START = 1_700_000_000_000;

class CountingSource extends MemorySource {
  asked = 0;
  steps = 0;

  override fragment(fragment: Fragment): Promise<FragmentResult> {
    this.asked++;
    this.steps += (fragment.grid.end - fragment.grid.start) / fragment.grid.step + 1;
    return super.fragment(fragment);
  }
}

function makeWorld() {
  const clock = new VirtualClock(START);
  const series = new MemorySeries();
  const source = new CountingSource(series);
  const cache = new MemoryCache({ clock });
  const late = new LateSamples(clock.now(), HOUR);
  const results = new ResultCache({ cache, clock, late });
  const cached = new QueryService({ sources: [source], clock, results });
  const plain = new QueryService({ sources: [new MemorySource(series)], clock });
  return { clock, series, source, cache, late, results, cached, plain };
}

/** One sample of each of three counters every ten seconds of [from, to). */
function fill(series: MemorySeries, from: number, to: number): void {
  for (let i = 0; i < 3; i++) {
    const samples = [];
    for (let t = from + i; t < to; t += 10 * SECOND) {
      samples.push({ t, v: Math.floor((t - START) / SECOND) * (i + 1) });
    }
    series.add({ __name__: 'm_total', i: String(i), half: String(i % 2) }, samples);
  }
}

/** What a client would see of it. */
function seen({ result, warnings, infos, whole }: QueryAnswer): unknown {
  assert.ok(result.type === 'matrix');
  const { labels, steps, values, present } = result.matrix;
  const rows = labels.map((set, row) => {
    const cells = [];
    for (let i = row * steps; i < (row + 1) * steps; i++) cells.push(present[i] ? values[i] : null);
    return [set.join(','), cells.join(' ')];
  });
  const filled = rows.filter(([, cells]) => /\d|NaN|Inf/.test(cells));
  return { grid: result.grid, rows: filled, warnings, infos, whole };
}

const QUERIES = [
  'm_total',
  'rate(m_total[1m])',
  'sum by (half) (rate(m_total[2m]))',
  'm_total > 1000',
  'm_total offset 3m',
  'm_total offset -2m',
  'max_over_time(m_total[5m:30s])',
  'm_total{i="1"} / on () group_left () m_total{i="2",half="0"}',
  'absent(m_total{i="9"})',
  'time() - m_total',
  'topk(1, m_total)',
  'vector(1)',
  '3',
  'm_total @ end()',
  'm_total + start()',
  'rate(m_total[step() * 4])',
];

test('with the cache an answer is what it is without', async () => {
  const seed = 31_337;
  const random = seededRandom(seed);
  const int = (max: number): number => Math.floor(random() * max);
  const { clock, series, late, results, cached, plain } = makeWorld();
  fill(series, START - 3 * HOUR, START);
  for (let round = 0; round < 800; round++) {
    const now = clock.now();
    if (int(4) === 0) {
      const pass = int(12) * SECOND;
      fill(series, Math.ceil((now - START) / 10_000) * 10_000 + START, now + pass);
      await clock.advance(pass);
    }
    if (int(8) === 0) {
      // A late sample: it becomes visible and is noted when it is durable.
      const t = clock.now() - 11 * SECOND - int(2 * HOUR);
      series.add({ __name__: 'm_total', i: String(int(5)), half: '0' }, [{ t, v: int(5000) }]);
      late.note(t, t, clock.now());
    }
    const step = [15, 60][int(2)] * SECOND;
    const end =
      Math.floor((clock.now() - int(2) * int(2 * HOUR)) / step) * step + (int(10) === 0 ? 500 : 0);
    const start = end - int(180) * step;
    // A few at a time, so that what was kept is asked for again.
    const query = QUERIES[(Math.floor(round / 100) * 2 + int(4)) % QUERIES.length];
    const words = `seed ${seed}, round ${round}: ${query} ${start} ${end} ${step}`;
    const want = await plain.range(query, start, end, step);
    const got = await cached.range(query, start, end, step);
    assert.deepEqual(seen(got), seen(want), words);
  }
  const { hits, partials, touched } = results.counts;
  assert.ok(hits > 20 && partials > 50 && touched > 10, JSON.stringify(results.counts));
});

test('a dashboard that moves computes only what is new', async () => {
  const { clock, series, source, results, cached } = makeWorld();
  fill(series, START - 2 * HOUR, START + 10 * MINUTE);
  const step = 15 * SECOND;
  const ask = (): Promise<QueryAnswer> => {
    const end = Math.floor(clock.now() / step) * step;
    return cached.range('sum(rate(m_total[1m]))', end - HOUR, end, step);
  };
  assert.equal((await ask()).cache, 'miss');
  source.steps = 0;
  assert.equal((await ask()).cache, 'partial');
  assert.ok(source.steps <= 2, `${source.steps} steps for the newest part`);
  await clock.advance(30 * SECOND);
  source.steps = 0;
  assert.equal((await ask()).cache, 'partial');
  assert.ok(source.steps <= 4, `${source.steps} steps after half a minute`);
  // Data younger than an hour are kept for a minute, counted from their first computing.
  await clock.advance(31 * SECOND);
  assert.equal((await ask()).cache, 'miss');
  assert.ok(results.counts.stepsCached / results.counts.steps > 0.45);
});

test('old data live longer', async () => {
  const { clock, series, source, cached } = makeWorld();
  fill(series, START - 3 * HOUR, START);
  const ask = async (end: number): Promise<string | undefined> =>
    (await cached.range('m_total', end - 20 * MINUTE, end, MINUTE)).cache;
  const old = START - 100 * MINUTE;
  assert.equal(await ask(old), 'miss');
  assert.equal(await ask(old), 'hit');
  await clock.advance(299 * SECOND);
  const before = source.asked;
  assert.equal(await ask(old), 'hit');
  assert.equal(source.asked, before, 'a hit asks no source');
  await clock.advance(2 * SECOND);
  assert.equal(await ask(old), 'miss');
});

test('late samples drop what they touch and nothing else', async () => {
  const { clock, series, late, results, cached } = makeWorld();
  fill(series, START - 6 * HOUR, START);
  const ask = async (end: number): Promise<string | undefined> =>
    (await cached.range('m_total', end - 30 * MINUTE, end, MINUTE)).cache;
  const [first, second] = [START - 5 * HOUR, START - 2 * HOUR];
  await ask(first);
  await ask(second);
  await clock.advance(SECOND);
  late.note(second - 10 * MINUTE, second - 10 * MINUTE, clock.now());
  await clock.advance(SECOND);
  assert.equal(await ask(first), 'hit');
  assert.notEqual(await ask(second), 'hit');
  assert.ok(results.counts.touched > 0);
  await clock.advance(SECOND);
  assert.equal(await ask(second), 'hit');
});

test('what is asked with nocache is neither read nor kept', async () => {
  const { series, source, cached } = makeWorld();
  fill(series, START - HOUR, START);
  const end = START - 20 * MINUTE;
  const skip = { cache: 'skip' } as const;
  const ask = (more: object = {}): Promise<QueryAnswer> =>
    cached.range('m_total', end - 10 * MINUTE, end, MINUTE, more);
  assert.equal((await ask(skip)).cache, undefined);
  assert.equal((await ask()).cache, 'miss');
  assert.equal((await ask()).cache, 'hit');
  source.asked = 0;
  await ask(skip);
  assert.equal(source.asked, 1);
});

test('spellings share results; annotations keep their places', async () => {
  const { series, cached } = makeWorld();
  fill(series, START - HOUR, START);
  series.add({ __name__: 'gauge' }, [
    { t: START - 30 * MINUTE, v: 1 },
    { t: START - 29 * MINUTE, v: 2 },
  ]);
  const end = START - 20 * MINUTE;
  const ask = (query: string): Promise<QueryAnswer> =>
    cached.range(query, end - 15 * MINUTE, end, MINUTE);
  await ask('sum(rate(m_total[1m]))');
  assert.equal((await ask('sum (  rate( m_total [60s] ) )')).cache, 'hit');
  const plain = await ask('rate(gauge[5m])');
  assert.match(plain.infos[0], /\(1:6\)$/);
  const again = await ask('rate(gauge[5m])');
  assert.deepEqual([again.cache, again.infos], ['hit', plain.infos]);
  const spaced = await ask('  rate(gauge[5m])');
  assert.equal(spaced.cache, 'miss');
  assert.match(spaced.infos[0], /\(1:8\)$/);
});

test('lookback is part of the question', async () => {
  const { series, cached } = makeWorld();
  series.add({ __name__: 'm_total' }, [{ t: START - 30 * MINUTE, v: 1 }]);
  const end = START - 20 * MINUTE;
  const count = async (lookbackMs: number): Promise<number> => {
    const { result } = await cached.range('m_total', end - 15 * MINUTE, end, MINUTE, {
      lookbackMs,
    });
    assert.ok(result.type === 'matrix');
    return result.matrix.present.reduce((sum, one) => sum + one, 0);
  };
  assert.deepEqual([await count(MINUTE), await count(5 * MINUTE), await count(MINUTE)], [1, 5, 1]);
});

test('the same question at once is answered once; the end of one asker is his own', async () => {
  const { series, source, cached, clock } = makeWorld();
  fill(series, START - HOUR, START);
  const end = START - 20 * MINUTE;
  const ask = (signal?: AbortSignal): Promise<QueryAnswer> =>
    cached.range('m_total', end - 10 * MINUTE, end, MINUTE, signal && { signal });
  const all = await Promise.all(Array.from({ length: 20 }, () => ask()));
  assert.equal(source.asked, 1);
  for (const answer of all) assert.deepEqual(seen(answer), seen(all[0]));
  await clock.advance(10 * MINUTE);
  const gone = new AbortController();
  const first = ask(gone.signal);
  const second = ask();
  gone.abort();
  await assert.rejects(first);
  assert.deepEqual(seen(await second), seen(all[0]));
});

test('a cache that gives back rubbish is a miss', async () => {
  const { series, clock } = makeWorld();
  fill(series, START - HOUR, START);
  const cache = {
    get: async (keys: readonly string[]) => keys.map(() => Buffer.from('rubbish')),
    set: async () => undefined,
    close: async () => undefined,
  };
  const results = new ResultCache({ cache, clock });
  const service = new QueryService({ sources: [new MemorySource(series)], clock, results });
  const end = START - 20 * MINUTE;
  const answer = await service.range('m_total', end - 10 * MINUTE, end, MINUTE);
  assert.equal(answer.cache, 'miss');
  assert.ok(answer.result.type === 'matrix');
  assert.equal(answer.result.matrix.labels.length, 3);
});
