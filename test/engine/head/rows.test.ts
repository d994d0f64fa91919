// Rows that the kernels evaluate against the TypeScript of promql/ over the same samples: every
// function, random series with all that makes floats awkward, equal to the last bit.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { encodeHistogram } from '../../../src/engine/codec/histogram.ts';
import { Head } from '../../../src/engine/head/head.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { kernelRuns } from '../../../src/engine/kernels/range.ts';
import { LABELS_HELD_MAX } from '../../../src/engine/limits.ts';
import { runFragment } from '../../../src/engine/promql/leaf.ts';
import { seededRandom, type Random } from '../../../src/engine/runtime/random.ts';
import { randomHistogram } from '../../support/random-histograms.ts';
import { bitsOf, labelsOf, withOpen, type HandSample } from '../../support/open-records.ts';
import type { Fragment, FragmentResult } from '../../../src/engine/model/fragment.ts';
import type { SeriesReader } from '../../../src/engine/ports.ts';

const FUNCTIONS: readonly (readonly [string, ...number[]])[] = [
  ['last'],
  ['timestamp'],
  ['rate'],
  ['increase'],
  ['delta'],
  ['irate'],
  ['idelta'],
  ['changes'],
  ['resets'],
  ['count_over_time'],
  ['present_over_time'],
  ['first_over_time'],
  ['last_over_time'],
  ['ts_of_first_over_time'],
  ['ts_of_last_over_time'],
  ['sum_over_time'],
  ['avg_over_time'],
  ['min_over_time'],
  ['max_over_time'],
  ['ts_of_min_over_time'],
  ['ts_of_max_over_time'],
  ['stdvar_over_time'],
  ['stddev_over_time'],
  ['quantile_over_time', 0],
  ['quantile_over_time', 0.37],
  ['quantile_over_time', 0.99],
  ['quantile_over_time', 1],
  ['deriv'],
  ['predict_linear', 3600, 0],
  ['predict_linear', -60.5, 90_000],
];
const START = 1_700_000_000_000;
const STALE = 0x7ff0000000000002n;
const QUIET = 0x7ff80000deadbeefn;
const MATCHERS = [{ name: '__name__', op: '=', value: 'm' }] as const;

/** How values of one series come about. */
const KINDS: readonly ((random: Random, before: number, i: number) => bigint)[] = [
  (random, before) => bitsOf(random() < 0.05 ? 0 : before + Math.floor(random() * 20)),
  (random) => bitsOf(Math.round((random() - 0.5) * 1e5) / 100),
  (random, before) => bitsOf(before + (random() - 0.5)),
  () => bitsOf(42.5),
  (random) => bitsOf([0, -0, 1, -1][Math.floor(random() * 4)]),
  (random) => bitsOf((random() - 0.3) * 1.7e308),
  (random) => {
    const odd = [NaN, Infinity, -Infinity, 1, 2, 1e-300, -0];
    const pick = Math.floor(random() * (odd.length + 2));
    return pick === odd.length ? QUIET : pick > odd.length ? STALE : bitsOf(odd[pick]);
  },
  (random, before, i) => (random() < 0.1 ? STALE : bitsOf(before + i)),
  (_random, _before, i) => bitsOf(i < 150 ? i : 300 - i),
];

function numberOf(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  const value = view.getFloat64(0);
  return Number.isFinite(value) ? value : 0;
}

function samplesOf(random: Random, ref: number): HandSample[] {
  const kind = KINDS[ref % KINDS.length];
  // Neighbours that are scraped together share their times: the kernels make use of that.
  const together = (ref >> 2) % 2 === 0;
  const jitter = together || random() < 0.5 ? 0 : 900;
  const samples: HandSample[] = [];
  let time = START + (together ? 0 : Math.floor(random() * 60_000));
  let before = Math.floor(random() * 1e6);
  const count = together ? 300 : Math.floor(random() * 420);
  for (let i = 0; i < count; i++) {
    const bits = kind(random, before, i);
    before = numberOf(bits);
    samples.push({ ref, time, bits });
    const gap = !together && random() < 0.02 ? 400_000 : 0;
    time += 10_000 + gap + Math.floor(random() * jitter);
  }
  return samples;
}

function headOf(random: Random, series: number): Head {
  const kernels = new Kernels();
  const head = new Head(kernels, { partition: 0 });
  for (let ref = 0; ref < series; ref++) {
    const definitions = [[ref, labelsOf('m', { i: String(ref), g: String(ref % 3) })]] as const;
    const samples = samplesOf(random, ref);
    withOpen(kernels, { definitions, samples }, (open) => head.applyOpen(open));
  }
  return head;
}

/** The same reader without the fast way. */
function slow(head: Head): SeriesReader {
  return {
    match: (matchers, from, to) => head.match(matchers, from, to),
    labels: (id) => head.labels(id),
    read: (id, from, to, into) => head.read(id, from, to, into),
    labelNames: () => [],
    labelValues: () => [],
  };
}

/** An answer as text: bits, except that one NaN is another where it was computed. */
function told(result: FragmentResult, exactNan: boolean): string[] {
  const { labels, steps, present, values } = result.matrix as NonNullable<typeof result.matrix>;
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  return labels.map((set, row) => {
    const cells = Array.from({ length: steps }, (_, i) => {
      const at = row * steps + i;
      if (present[at] === 0) return '-';
      if (!exactNan && Number.isNaN(values[at])) return 'NaN';
      return `${words[at * 2 + 1].toString(16)}.${words[at * 2].toString(16)}`;
    });
    return `${set.join(' ')}: ${cells.join(' ')}`;
  });
}

/** The columns of a matrix as arrays: one NaN is another, but 0 is not -0. */
function columns({ matrix }: FragmentResult): Record<string, unknown> {
  const told: Record<string, unknown> = {};
  for (const [name, column] of Object.entries(matrix ?? {})) {
    told[name] = column instanceof Float64Array ? [...column] : column;
  }
  return told;
}

test('every function is equal to its twin to the last bit', () => {
  for (const seed of [11, 12, 13]) {
    const random = seededRandom(seed);
    const head = headOf(random, 40);
    for (const [fn, ...args] of FUNCTIONS) {
      for (let round = 0; round < 6; round++) {
        const start = START + Math.floor(random() * 600_000);
        const step = [1000, 10_000, 15_000, 60_000, 700_000][Math.floor(random() * 5)];
        const windowMs = [1, 10_000, 25_000, 60_000, 300_000, 3_600_000][Math.floor(random() * 6)];
        const end = start + step * Math.floor(random() * 200);
        const fragment: Fragment = {
          ...{ matchers: MATCHERS, grid: { start, end, step }, windowMs, fn, args },
          ...{ keepName: true, maxSeries: 1000, maxSamples: 1e6 },
        };
        const fast = runFragment(fragment, head);
        const plain = runFragment(fragment, slow(head));
        const where = `seed ${seed} ${fn}(${args.join()}) step ${step} window ${windowMs}`;
        assert.deepEqual(told(fast, fn === 'last'), told(plain, fn === 'last'), where);
        assert.equal(fast.samplesRead, plain.samplesRead, where);
        assert.equal(fast.seriesRead, plain.seriesRead, where);
        assert.deepEqual([fast.infos, fast.warnings], [plain.infos, plain.warnings], where);
      }
    }
    head.close();
  }
});

test('partial aggregates of fast rows are those of slow ones, and blocks have no seams', () => {
  const random = seededRandom(21);
  const head = headOf(random, 60);
  for (const op of ['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar'] as const) {
    // So many steps that a block takes few rows.
    const grid = { start: START, end: START + 10_900 * 1000, step: 1000 };
    const fragment: Fragment = {
      ...{ matchers: MATCHERS, grid, windowMs: 60_000, fn: 'rate', args: [], keepName: false },
      ...{ aggregate: { op, by: true, names: ['g'] }, maxSeries: 1000, maxSamples: 1e6 },
    };
    const fast = runFragment(fragment, head);
    assert.deepEqual(columns(fast), columns(runFragment(fragment, slow(head))), op);
  }
});

test('an expensive order of samples is still selected from', () => {
  const kernels = new Kernels();
  const head = new Head(kernels, { partition: 0 });
  const definitions = [[0, labelsOf('m')]] as const;
  const shapes: readonly ((i: number) => number)[] = [
    (i) => i % 2,
    (i) => Math.min(i, 20_000 - i),
    (i) => (i % 2 === 0 ? i : 20_000 - i),
    () => 1,
  ];
  let time = START;
  const samples: HandSample[] = [];
  for (const shape of shapes) {
    for (let i = 0; i < 20_000; i++, time += 10) {
      samples.push({ ref: 0, time, bits: bitsOf(shape(i)) });
    }
  }
  withOpen(kernels, { definitions, samples }, (open) => head.applyOpen(open));
  for (const q of [0.01, 0.5, 0.9]) {
    const grid = { start: START + 200_000, end: START + 800_000, step: 200_000 };
    const fragment: Fragment = {
      ...{ matchers: MATCHERS, grid, windowMs: 200_000, fn: 'quantile_over_time', args: [q] },
      ...{ keepName: true, maxSeries: 1000, maxSamples: 1e6 },
    };
    const fast = told(runFragment(fragment, head), false);
    assert.deepEqual(fast, told(runFragment(fragment, slow(head)), false), `q ${q}`);
  }
});

test('what comes with a warning or is unknown is left to the twin', () => {
  const work = { first: 0, step: 1, steps: 1, windowMs: 1, series: 1 };
  assert.equal(kernelRuns({ ...work, fn: 'quantile_over_time', args: [1.5] }), false);
  assert.equal(kernelRuns({ ...work, fn: 'quantile_over_time', args: [NaN] }), false);
  assert.equal(kernelRuns({ ...work, fn: 'mad_over_time', args: [] }), false);
  assert.equal(kernelRuns({ ...work, fn: 'rate', args: [] }), true);
});

/** The points of a matrix; where there is none, or a histogram, the float means nothing. */
function cellsOf({ matrix }: FragmentResult): unknown[] {
  return Array.from(matrix?.present ?? [], (mark, i) => {
    return mark === 0 ? undefined : (matrix?.histograms?.[i] ?? matrix?.values[i]);
  });
}

test('series with histograms beside floats are answered as the slow way answers them', () => {
  const random = seededRandom(31);
  const kernels = new Kernels();
  const head = new Head(kernels, { partition: 0 });
  for (let ref = 0; ref < 12; ref++) {
    const definitions = [[ref, labelsOf('m', { i: String(ref) })]] as const;
    const samples = ref % 4 === 3 ? [] : samplesOf(random, ref);
    const histograms = Array.from({ length: ref % 3 === 1 ? 40 : 0 }, (_, i) => ({
      ref,
      time: START + i * 20_000 + 3,
      body: encodeHistogram(randomHistogram(random, true), { integer: true }),
    }));
    const record = { definitions, samples, histograms };
    withOpen(kernels, record, (open) => head.applyOpen(open));
  }
  for (const [fn, ...args] of FUNCTIONS) {
    for (const start of [START + 60_000, START + 3_000_000]) {
      const grid = { start, end: start + 600_000, step: 15_000 };
      const fragment: Fragment = {
        ...{ matchers: MATCHERS, grid, windowMs: 120_000, fn, args },
        ...{ keepName: true, maxSeries: 1000, maxSamples: 1e6 },
      };
      const [fast, plain] = [runFragment(fragment, head), runFragment(fragment, slow(head))];
      assert.deepEqual(cellsOf(fast), cellsOf(plain), fn);
      assert.deepEqual(fast.matrix?.labels, plain.matrix?.labels, fn);
      assert.equal(fast.samplesRead, plain.samplesRead, fn);
      assert.deepEqual([...fast.warnings].sort(), [...plain.warnings].sort(), fn);
    }
  }
});

test('groups of more series than labels are kept of are those of the slow way', () => {
  const series = LABELS_HELD_MAX + 100;
  const kernels = new Kernels();
  const head = new Head(kernels, { partition: 0 });
  const refs = Array.from({ length: series }, (_, ref) => ref);
  const definitions = refs.map((ref) => {
    const labels = { i: String(ref), g: String(ref % 3), k: ref % 7 === 0 ? '' : String(ref % 2) };
    const kept = Object.entries(labels).filter(([, value]) => value !== '');
    return [ref, labelsOf(ref % 5 === 0 ? 'n' : 'm', Object.fromEntries(kept))] as const;
  });
  const samples = refs.map((ref) => ({ ref, time: START, bits: bitsOf(ref) }));
  withOpen(kernels, { definitions, samples }, (open) => head.applyOpen(open));
  const fragment: Fragment = {
    matchers: [],
    grid: { start: START + 1, end: START + 1, step: 1 },
    windowMs: 60_000,
    fn: 'last',
    args: [],
    keepName: true,
    maxSeries: series,
    maxSamples: series,
  };
  for (const names of [['__name__'], ['g'], ['g', 'k'], ['k', '__name__'], ['none'], []]) {
    for (const keepName of [true, false]) {
      const aggregate = { op: 'sum', by: true, names } as const;
      const asked = { ...fragment, keepName, aggregate };
      const fast = runFragment(asked, head);
      const known = runFragment(asked, slow(head));
      assert.deepEqual(columns(fast), columns(known), `by ${names.join()}, name ${keepName}`);
    }
  }
  head.close();
});
