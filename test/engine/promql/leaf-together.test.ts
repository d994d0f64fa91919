// Fragments that read the same series together answer what each answers alone, over random series
// with gaps, stale markers and histograms. Easy to get wrong: one fragment must not change what the
// next one is given.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Fragment } from '../../../src/engine/model/fragment.ts';
import { runFragment } from '../../../src/engine/promql/leaf.ts';
import { groupsOf, TogetherRun, widestOf } from '../../../src/engine/promql/leaf-together.ts';
import { reachOfFragment } from '../../../src/engine/promql/leaf.ts';
import { QueryService } from '../../../src/engine/query/query-service.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import { randomHistogram } from '../../support/random-histograms.ts';

const MINUTE = 60_000;

function filled(random: () => number): MemorySeries {
  const series = new MemorySeries();
  for (let s = 0; s < 12; s++) {
    const native = s % 5 === 4;
    let v = 0;
    const samples = Array.from({ length: 60 }, (_, i) => {
      v = random() < 0.1 ? 0 : v + Math.floor(random() * 9);
      const t = i * MINUTE + Math.floor(random() * 1000);
      if (random() < 0.1) return { t, v: 0, stale: true };
      const histogram = native && random() < 0.7 ? randomHistogram(random, true) : undefined;
      return histogram === undefined ? { t, v } : { t, v: histogram.sum, histogram };
    });
    const kept = samples.filter(() => random() < 0.9);
    series.add({ __name__: 'm', s: String(s), job: s % 2 === 0 ? 'a' : 'b' }, kept);
  }
  return series;
}

function fragments(random: () => number): Fragment[] {
  const at = (30 + Math.floor(random() * 40)) * MINUTE;
  return Array.from({ length: 6 }, (): Fragment => {
    const extend = random() < 0.7 ? 'anchored' : 'smoothed';
    const all = ['increase', 'rate', 'delta', ...(extend === 'anchored' ? ['changes'] : [])];
    const fn = all[Math.floor(random() * all.length)];
    const aggregate = { op: 'sum', by: true, names: ['job'] } as const;
    return {
      matchers: [{ name: '__name__', op: '=', value: 'm' }],
      grid: { start: at, end: at, step: 1 },
      windowMs: (1 + Math.floor(random() * 50)) * MINUTE,
      ...{ fn, args: [], keepName: false, extend, lookbackMs: 5 * MINUTE },
      ...(random() < 0.5 ? { aggregate } : {}),
      ...{ maxSeries: 1000, maxSamples: 1e6 },
    };
  });
}

test('together and alone are the same', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seededRandom(seed);
    const series = filled(random);
    const list = fragments(random);
    assert.deepEqual(groupsOf(list), [[0, 1, 2, 3, 4, 5]]);
    const { first, last } = reachOfFragment(widestOf(list));
    const ids = series.match(list[0].matchers, first, last);
    const run = new TogetherRun(list, ids.length);
    run.add(series, ids.subarray(0, 5));
    run.add(series, ids.subarray(5));
    run.results().forEach((result, i) => {
      assert.deepEqual(result, runFragment(list[i], series), `seed ${seed}, fragment ${i}`);
    });
  }
});

test('several windows are answered by one batch, and by ones where that fails', async () => {
  const random = seededRandom(5);
  const source = new MemorySource(filled(random));
  const query = [3, 7, 20].map((m) => `sum(increase(m[${m}m] anchored))`).join(' + ');
  const time = 50 * MINUTE;
  const plain = await new QueryService({ sources: [source], clock: systemClock }).instant(
    query,
    time,
  );
  let batches = 0;
  for (const broken of [false, true]) {
    const batched = Object.assign(new MemorySource(filled(seededRandom(5))), {
      fragments: async (list: readonly Fragment[]) => {
        batches++;
        if (broken) throw new Error('no batches today');
        const results = await Promise.all(list.map((one) => source.fragment(one)));
        return { results, whole: true, storeReads: 0 };
      },
    });
    const service = new QueryService({ sources: [batched], clock: systemClock });
    const { result, whole } = await service.instant(query, time);
    assert.deepEqual(result, plain.result);
    assert.equal(whole, true);
  }
  assert.equal(batches, 2);
});
