// Two sources with a seam in time answer as one source with everything would: any function,
// aggregates and raw samples, wherever the seam lies; and the far one may be away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import type { Fragment, FragmentResult } from '../../../src/engine/model/fragment.ts';
import type { BatchAnswer } from '../../../src/engine/model/fragment.ts';
import type { Source } from '../../../src/engine/ports.ts';
import { mergeFragments } from '../../../src/engine/promql/merge.ts';
import { gather } from '../../../src/engine/query/fan-out.ts';
import { FarSource, NearSource, Seam } from '../../../src/engine/query/seam.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import type { MemorySample } from '../../support/memory-series.ts';

const STEP = 10_000;
const COUNT = 200;
const START = 1_700_000_000_000;
const END = START + COUNT * STEP;

/** The same samples whole, and cut in two at a time; those near the seam may be in both. */
function world(random: () => number, seamMs: number, overlapMs: number) {
  const [whole, far, near] = [new MemorySeries(), new MemorySeries(), new MemorySeries()];
  for (let s = 0; s < 6; s++) {
    const labels = { __name__: 'x', job: `j${s % 2}`, instance: `i${s}` };
    const samples: MemorySample[] = [];
    let value = 0;
    for (let i = 0; i < COUNT; i++) {
      if (random() < 0.1) continue;
      value = random() < 0.02 ? 0 : value + Math.floor(random() * 10);
      samples.push({ t: START + i * STEP + Math.floor(random() * 3000), v: value });
    }
    whole.add(labels, samples);
    far.add(
      labels,
      samples.filter(({ t }) => t < seamMs + overlapMs),
    );
    near.add(
      labels,
      samples.filter(({ t }) => t >= seamMs),
    );
  }
  return { whole: new MemorySource(whole), far: new MemorySource(far), near: batched(near) };
}

function batched(reader: MemorySeries): MemorySource & Required<Pick<Source, 'fragments'>> {
  const source = new MemorySource(reader);
  return Object.assign(source, {
    async fragments(list: readonly Fragment[]): Promise<BatchAnswer> {
      const results = await Promise.all(list.map((one) => source.fragment(one)));
      return { results, whole: true, storeReads: 0 };
    },
  });
}

const FNS = ['last', 'rate', 'increase', 'sum_over_time', 'count_over_time', 'max_over_time'];
const OPS = [undefined, 'sum', 'avg', 'count', 'max', 'stddev'] as const;

function randomFragment(random: () => number): Fragment {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const start = START + Math.floor(random() * COUNT * STEP);
  const step = pick([1000, 7000, STEP, 60_000]);
  const end = start + step * Math.floor(random() * 60);
  const op = pick(OPS);
  return {
    matchers: [{ name: '__name__', op: '=', value: 'x' }],
    grid: { start, end, step },
    windowMs: pick([15_000, 60_000, 300_000]),
    ...{ fn: pick(FNS), args: [], keepName: false, maxSeries: 1000, maxSamples: 1e6 },
    ...(op === undefined ? {} : { aggregate: { op, by: true, names: ['job'] } }),
  };
}

/** Cells by labels and step, values rounded to what merging may change. */
function cells({ matrix }: FragmentResult): Map<string, string> {
  const found = new Map<string, string>();
  matrix?.labels.forEach((labels, row) => {
    for (let i = 0; i < matrix.steps; i++) {
      const at = row * matrix.steps + i;
      if (matrix.present[at] === 0) continue;
      const extra = [matrix.counts?.[at], matrix.squares?.[at]];
      const text = [matrix.values[at], ...extra].map((one) => one?.toPrecision(10)).join(' ');
      found.set(`${labels.join()} ${i}`, text);
    }
  });
  return found;
}

test('wherever the seam lies, the answer is that of one source', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const seamMs = START + Math.floor(random() * COUNT * STEP);
    const overlap = Math.floor(random() * 60_000);
    const { whole, far, near } = world(random, seamMs, overlap);
    const seam = new Seam(() => seamMs);
    const sources = [new NearSource(near, seam), new FarSource(far, near, seam)];
    for (let i = 0; i < 20; i++) {
      const fragment = randomFragment(random);
      const { result, whole: all } = await gather(sources, fragment);
      assert.ok(all);
      const told = `seed ${seed}, ${JSON.stringify(fragment)}, seam ${seamMs}`;
      const one = mergeFragments(fragment, [await whole.fragment(fragment)]);
      assert.deepEqual(cells(result), cells(one), told);
      const near1 = await sources[0].fragments?.([fragment]);
      const far1 = await sources[1].fragments?.([fragment]);
      const parts = [near1?.results[0], far1?.results[0]] as FragmentResult[];
      assert.deepEqual(cells(mergeFragments(fragment, parts)), cells(one), told);
    }
  }
});

test('raw samples of both, each time once', async () => {
  const random = seededRandom(5);
  const { whole, far, near } = world(random, START + 100 * STEP, 50_000);
  const seam = new Seam(() => START + 100 * STEP);
  const sources = [new NearSource(near, seam), new FarSource(far, near, seam)];
  const fragment: Fragment = {
    ...{ ...randomFragment(random), aggregate: undefined, fn: 'raw', keepName: true },
    grid: { start: END, end: END, step: 1 },
    windowMs: END - START + 1,
  };
  const { result } = await gather(sources, fragment);
  const one = await whole.fragment(fragment);
  assert.deepEqual(result.raw?.timestamps, mergeFragments(fragment, [one]).raw?.timestamps);
});

test('behind the seam the far source is not asked', async () => {
  const { near } = world(seededRandom(1), START, 0);
  const never = {
    fragment: () => assert.fail('asked'),
    series: () => assert.fail('asked'),
  } as unknown as Source;
  const far = new FarSource(never, near, new Seam(() => START));
  const grid = { start: END - 60_000, end: END, step: 10_000 };
  const fragment = { ...randomFragment(seededRandom(2)), grid, windowMs: 60_000 };
  assert.deepEqual((await far.fragment(fragment)).matrix?.labels, []);
  assert.deepEqual(await far.series([[]], START, END, 0), []);
});

test('while the far source is away, recent samples are answered and the rest is told', async () => {
  const seamMs = START + 150 * STEP;
  const { near } = world(seededRandom(3), seamMs, 0);
  const gone = {
    fragment: () => Promise.reject(new MonError('MON_SERVER_UNREACHABLE', 'vm does not answer')),
  } as unknown as Source;
  const seam = new Seam(() => seamMs);
  const far = new FarSource(gone, near, seam);
  const fragment: Fragment = {
    ...randomFragment(seededRandom(4)),
    ...{ aggregate: undefined, fn: 'count_over_time', windowMs: 300_000 },
    grid: { start: seamMs - 60_000, end: seamMs + 60_000, step: 60_000 },
  };
  const { result, whole } = await gather([new NearSource(near, seam), far], fragment);
  assert.equal(whole, false);
  assert.match(result.warnings.join(), /older samples are missing: vm does not answer/);
  assert.ok((result.matrix?.labels.length ?? 0) > 0, 'what is here is answered');
  const [failed] = (await far.fragments([fragment])).results;
  assert.ok(failed instanceof MonError, 'a rule decides nothing');
});
