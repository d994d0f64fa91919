// Native histograms in the result cache: with it an answer is what it is without, bit by bit, also
// where floats and histograms take turns in one series, and what must hit does hit. Seeded.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MemoryCache } from '../../../src/engine/cache/memory-cache.ts';
import { makeHistogram } from '../../../src/engine/model/histogram.ts';
import { LateSamples } from '../../../src/engine/query/late-samples.ts';
import { QueryService } from '../../../src/engine/query/query-service.ts';
import { ResultCache } from '../../../src/engine/query/result-cache.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import { listOf } from '../../support/random-histograms.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { FloatHistogram } from '../../../src/engine/model/histogram.ts';
import type { QueryAnswer } from '../../../src/engine/model/query-result.ts';
import type { MemorySample } from '../../support/memory-series.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const START = 1_700_000_000_000;

function histogramOf(n: number): FloatHistogram {
  const counts = [n, n / 3, 2 * n, 1];
  const positive = listOf([0, 1, 2, 7], counts);
  const count = counts.reduce((a, b) => a + b, 0);
  return makeHistogram({ schema: 1, count, sum: n * 0.1, positive });
}

/** Growing histograms each 10 s; of the second series every seventh sample is a float. */
function fill(series: MemorySeries, from: number, to: number): void {
  for (let i = 0; i < 2; i++) {
    const samples: MemorySample[] = [];
    for (let t = from + i; t < to; t += 10 * SECOND) {
      const n = Math.floor((t - START) / SECOND) + 20_000 * (i + 1);
      const histogram = i === 1 && n % 7 === 0 ? undefined : histogramOf(n);
      samples.push({ t, v: histogram?.sum ?? n, ...(histogram && { histogram }) });
    }
    series.add({ __name__: 'h', i: String(i) }, samples);
  }
}

/** All that is there, in an order that does not depend on the way. */
function seen({ result, warnings, infos, whole }: QueryAnswer): unknown {
  assert.ok(result.type === 'matrix');
  const { labels, steps, values, present, histograms } = result.matrix;
  const rows = labels.flatMap((set, row) => {
    const cells = [];
    for (let i = row * steps; i < (row + 1) * steps; i++) {
      if (present[i]) cells.push([i - row * steps, histograms?.[i] ?? values[i]]);
    }
    return cells.length === 0 ? [] : [[set.join(','), cells]];
  });
  return { grid: result.grid, rows, warnings, infos, whole };
}

const QUERIES = [
  'h',
  'rate(h{i="0"}[1m])',
  'h{i="0"} - h{i="0"} offset 1m',
  '-h',
  'sum(h)',
  'histogram_count(h)',
  'h{i="1"} or vector(1)',
  'histogram_quantile(0.9, rate(h{i="0"}[2m]))',
];

function makeWorld() {
  const clock = new VirtualClock(START);
  const series = new MemorySeries();
  const late = new LateSamples(clock.now(), HOUR);
  const results = new ResultCache({ cache: new MemoryCache({ clock }), clock, late });
  const source = new MemorySource(series);
  const cached = new QueryService({ sources: [source], clock, results });
  const plain = new QueryService({ sources: [source], clock });
  return { clock, series, late, results, cached, plain };
}

test('with the cache an answer of histograms is what it is without', async () => {
  const seed = 4242;
  const random = seededRandom(seed);
  const int = (max: number): number => Math.floor(random() * max);
  const { clock, series, late, results, cached, plain } = makeWorld();
  fill(series, START - 2 * HOUR, START);
  for (let round = 0; round < 250; round++) {
    const now = clock.now();
    if (int(4) === 0) {
      const pass = int(12) * SECOND;
      fill(series, Math.ceil((now - START) / 10_000) * 10_000 + START, now + pass);
      await clock.advance(pass);
    }
    if (int(10) === 0) {
      const t = clock.now() - 11 * SECOND - int(HOUR);
      const histogram = histogramOf(int(50_000));
      series.add({ __name__: 'h', i: '0' }, [{ t, v: histogram.sum, histogram }]);
      late.note(t, t, clock.now());
    }
    const step = [15, 60][int(2)] * SECOND;
    const end = Math.floor((clock.now() - int(2) * int(HOUR)) / step) * step;
    const start = end - int(60) * step;
    const query = QUERIES[(Math.floor(round / 60) * 2 + int(3)) % QUERIES.length];
    const words = `seed ${seed}, round ${round}: ${query} ${start} ${end} ${step}`;
    const want = await plain.range(query, start, end, step);
    const got = await cached.range(query, start, end, step);
    assert.deepEqual(seen(got), seen(want), words);
  }
  const { hits, partials, touched } = results.counts;
  assert.ok(hits > 10 && partials > 20 && touched > 2, JSON.stringify(results.counts));
});

test('a histogram is a hit the second time', async () => {
  const { series, cached } = makeWorld();
  fill(series, START - HOUR, START);
  const end = START - 20 * MINUTE;
  const ask = (): Promise<QueryAnswer> => cached.range('h', end - 15 * MINUTE, end, MINUTE);
  const first = await ask();
  const second = await ask();
  assert.deepEqual([first.cache, second.cache], ['miss', 'hit']);
  assert.deepEqual(seen(second), seen(first));
});
