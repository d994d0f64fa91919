// Leaf fragments on their own: windows, stale markers, raw samples with their bits, limits, notes,
// and sums that do not depend on how series are spread.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { beginFragment, reachOfFragment, runFragment } from '../../../src/engine/promql/leaf.ts';
import { mergeFragments } from '../../../src/engine/promql/merge.ts';
import { MemorySeries } from '../../support/memory-series.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { Fragment, FragmentResult } from '../../../src/engine/model/fragment.ts';
import type { Labels } from '../../../src/engine/model/labels.ts';
import type { SampleBuffer } from '../../../src/engine/ports.ts';

const BASE: Fragment = {
  matchers: [{ name: '__name__', op: '=', value: 'm' }],
  grid: { start: 0, end: 100_000, step: 10_000 },
  windowMs: 30_000,
  fn: 'last',
  args: [],
  keepName: true,
  maxSeries: 100,
  maxSamples: 10_000,
};

function rows(result: FragmentResult): (number | undefined)[][] {
  const { labels, steps, values, present } = result.matrix as NonNullable<typeof result.matrix>;
  return labels.map((_, r) =>
    Array.from({ length: steps }, (_step, i) =>
      present[r * steps + i] === 1 ? values[r * steps + i] : undefined,
    ),
  );
}

test('windows are left-open, and a stale marker ends a series at once', () => {
  const series = new MemorySeries();
  series.add({ __name__: 'm' }, [
    { t: 10_000, v: 1 },
    { t: 50_000, v: 0, stale: true },
    { t: 60_000, v: NaN },
  ]);
  const none = undefined;
  const last = [none, 1, 1, 1, none, none, NaN, NaN, NaN, none, none];
  assert.deepEqual(rows(runFragment(BASE, series)), [last]);
  const count = rows(runFragment({ ...BASE, fn: 'count_over_time' }, series));
  assert.deepEqual(count, [[none, 1, 1, 1, none, none, 1, 1, 1, none, none]]);
  const times = rows(runFragment({ ...BASE, fn: 'timestamp' }, series));
  assert.deepEqual(times, [[none, 10, 10, 10, none, none, 60, 60, 60, none, none]]);
});

const RAW: Fragment = { ...BASE, fn: 'raw' };

test('raw samples keep the bits of their values', () => {
  const series = new MemorySeries();
  series.add({ __name__: 'm' }, [{ t: 1, v: 0 }]);
  const odd = [0xdeadbeef, 0x7ff80bad];
  series.read = (_id: number, _min: number, _max: number, into: SampleBuffer) => {
    into.timestamps[0] = 1;
    into.words[0] = 2;
    into.words[1] = 0x7ff00000;
    into.timestamps[1] = 2;
    into.words.set(odd, 2);
    return 2;
  };
  const grid = { start: 10, end: 10, step: 1 };
  const { raw } = mergeFragments(RAW, [runFragment({ ...RAW, grid }, series)]);
  assert.deepEqual([...(raw?.timestamps ?? [])], [2]);
  assert.deepEqual([...new Uint32Array(raw?.values.slice().buffer as ArrayBuffer)], odd);
});

test('limits are errors of the query, not of the process', () => {
  const series = new MemorySeries();
  for (let i = 0; i < 5; i++) {
    const samples = Array.from({ length: 10 }, (_, s) => ({ t: s * 10_000, v: s }));
    series.add({ __name__: 'm', i: String(i) }, samples);
  }
  const limited = (more: Partial<Fragment>): void =>
    assert.throws(
      () => runFragment({ ...BASE, ...more }, series),
      (error) => error instanceof MonError && error.code === 'MON_QUERY_LIMIT',
    );
  limited({ maxSeries: 4 });
  limited({ maxSamples: 49 });
  limited({ maxSamples: 200_000, grid: { start: 0, end: 90_000, step: 1 } });
  const by = { op: 'sum', by: true, names: ['i'] } as const;
  limited({ maxSamples: 200_000, grid: { start: 0, end: 90_000, step: 1 }, aggregate: by });
});

test('an empty grid and no series give an empty matrix', () => {
  const series = new MemorySeries();
  assert.deepEqual(rows(runFragment(BASE, series)), []);
  const backward = { start: 10, end: 0, step: 5 };
  assert.deepEqual(rows(runFragment({ ...BASE, grid: backward }, series)), []);
});

test('a rate over what is no counter is noted, once, without a place', () => {
  const series = new MemorySeries();
  series.add({ __name__: 'm', i: '1' }, [
    { t: 1, v: 1 },
    { t: 2, v: 2 },
  ]);
  const { infos } = runFragment({ ...BASE, fn: 'rate' }, series);
  assert.equal(infos.length, 1);
  assert.match(infos[0], /^PromQL info: metric might not be a counter.*: "m"$/);
});

test('a sum over many shards is as exact as over one', (t) => {
  const seed = 31;
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  const aggregate = { op: 'sum', by: true, names: [] } as const;
  const fragment = { ...BASE, grid: { start: 1, end: 1, step: 1 }, aggregate };
  const all = new MemorySeries();
  const parts = Array.from({ length: 8 }, () => new MemorySeries());
  for (let i = 0; i < 90; i++) {
    const v = (random() - 0.5) * 10 ** (random() * 30 - 15);
    const huge = i % 9 === 0 ? [1e30, -1e30] : [v];
    for (const [n, value] of huge.entries()) {
      const labels = { __name__: 'm', i: `${i}.${n}` };
      all.add(labels, [{ t: 1, v: value }]);
      parts[Math.floor(random() * parts.length)].add(labels, [{ t: 1, v: value }]);
    }
  }
  const sum = (results: FragmentResult[]): number => {
    const { matrix } = mergeFragments(fragment, results);
    return matrix?.values[0] ?? NaN;
  };
  const one = sum([runFragment(fragment, all)]);
  const many = sum(parts.map((part) => runFragment(fragment, part)));
  assert.ok(Math.abs(one - many) <= 1e-12 * Math.abs(one), `${one} and ${many}`);
});

test('of many series no labels are kept, and the answer is the same', () => {
  const asked: (boolean | undefined)[] = [];
  class Watched extends MemorySeries {
    override labels(id: number, once?: boolean): Labels {
      asked.push(once);
      return super.labels(id);
    }
  }
  const series = new Watched();
  for (let i = 0; i < 60; i++) {
    const b: Record<string, string> = i % 7 === 0 ? {} : { b: String(i % 3) };
    series.add({ __name__: 'm', a: String(i % 5), i: String(i), ...b }, [{ t: 10_000, v: i }]);
  }
  const ways = [['b'], ['a', 'b'], [], ['i', 'none']].flatMap((names) =>
    [true, false].map((by) => ({ op: 'sum', by, names }) as const),
  );
  for (const aggregate of [undefined, ...ways]) {
    for (const fn of ['last', 'rate'] as const) {
      const fragment = { ...BASE, fn, aggregate, keepName: fn === 'last', maxSeries: 50_000 };
      const { first, last } = reachOfFragment(fragment);
      const run = beginFragment(fragment, 40_000);
      run.add(series, series.match(fragment.matchers, first, last));
      assert.ok(!asked.includes(false));
      asked.length = 0;
      assert.deepEqual(run.result(), runFragment(fragment, series));
      assert.ok(!asked.includes(true));
      asked.length = 0;
    }
  }
});
