// Decoded samples that the kernels keep between fragments, while the head changes in every way
// there is: appended, sorted in, cut out, put back, truncated. The way without the kernels, which
// keeps nothing, is the oracle.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { Head } from '../../../src/engine/head/head.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { runFragment } from '../../../src/engine/promql/leaf.ts';
import { seededRandom, type Random } from '../../../src/engine/runtime/random.ts';
import { bitsOf, labelsOf, withOpen, type HandSample } from '../../support/open-records.ts';
import type { Fragment, FragmentResult } from '../../../src/engine/model/fragment.ts';
import type { SeriesReader } from '../../../src/engine/ports.ts';

const START = 1_700_000_000_000;
const STALE = 0x7ff0000000000002n;
const FUNCTIONS = ['last', 'rate', 'sum_over_time', 'last_over_time', 'count_over_time', 'changes'];
const MATCHERS = [{ name: '__name__', op: '=', value: 'm' }] as const;
const SERIES = 9;

/** The same reader without the kernels' rows. */
function slow(head: Head): SeriesReader {
  return {
    match: (matchers, from, to) => head.match(matchers, from, to),
    labels: (id) => head.labels(id),
    read: (id, from, to, into) => head.read(id, from, to, into),
    labelNames: () => [],
    labelValues: () => [],
  };
}

/** An answer without what stands where nothing is. */
function cells({ matrix }: FragmentResult): unknown {
  const { labels, values, present } = matrix as NonNullable<typeof matrix>;
  return [labels, Array.from(present, (mark, at) => (mark === 0 ? undefined : values[at]))];
}

class World {
  readonly kernels = new Kernels();
  readonly head = new Head(this.kernels, { partition: 0 });
  readonly random: Random;
  now = START;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    for (let ref = 0; ref < SERIES; ref++) {
      const definitions = [[ref, labelsOf('m', { i: String(ref) })]] as const;
      withOpen(this.kernels, { definitions, samples: [] }, (open) => this.head.applyOpen(open));
    }
  }

  int(below: number): number {
    return Math.floor(this.random() * below);
  }

  bits(): bigint {
    return this.random() < 0.03 ? STALE : bitsOf(this.int(1000) / 4);
  }

  append(samples: readonly HandSample[]): void {
    withOpen(this.kernels, { definitions: [], samples }, (open) => this.head.applyOpen(open));
  }

  /** All series at one time, as one scrape makes them, so many times. */
  scrape(times: number): void {
    for (let i = 0; i < times; i++) {
      this.now += 10_000;
      const refs = Array.from({ length: SERIES }, (_, ref) => ref);
      this.append(refs.map((ref) => ({ ref, time: this.now, bits: this.bits() })));
    }
  }

  someTime(): number {
    return START + this.int(this.now - START + 20_000);
  }

  change(): void {
    const kind = this.int(12);
    if (kind < 5) return this.scrape(1 + this.int(4));
    if (kind < 8) {
      return this.append([{ ref: this.int(SERIES), time: this.someTime(), bits: this.bits() }]);
    }
    if (kind < 10) {
      const ids = this.head.match(MATCHERS, -Infinity, Infinity);
      if (ids.length === 0) return;
      const from = this.someTime();
      this.head.cut(ids[this.int(ids.length)], from, from + this.int(100_000));
      return;
    }
    if (kind === 10) this.head.truncateBefore(this.now - 1_500_000 - this.int(1_000_000));
  }

  fragment(): Fragment {
    const fn = FUNCTIONS[this.int(FUNCTIONS.length)];
    const end = this.now - (this.random() < 0.5 ? 0 : this.int(1_000_000));
    const step = [10_000, 60_000][this.int(2)];
    const start = end - step * this.int(40);
    const windowMs = [15_000, 60_000, 300_000][this.int(3)];
    return {
      ...{ matchers: MATCHERS, grid: { start, end, step }, windowMs, fn, args: [] },
      ...{ keepName: true, maxSeries: 1000, maxSamples: 1e6 },
    };
  }
}

test('what is kept is never older than the head', () => {
  for (const seed of [31, 32, 33, 34]) {
    const world = new World(seed);
    world.scrape(200);
    for (let round = 0; round < 1500; round++) {
      const fragment = world.fragment();
      const where = `seed ${seed} round ${round} ${fragment.fn}`;
      const fast = runFragment(fragment, world.head);
      const plain = runFragment(fragment, slow(world.head));
      assert.deepEqual(cells(fast), cells(plain), where);
      assert.equal(fast.samplesRead, plain.samplesRead, where);
      if (round % 3 === 0) world.change();
    }
    world.head.close();
  }
});

test('more than can be kept makes room by forgetting all', () => {
  const world = new World(41);
  const definitions = Array.from(
    { length: 3000 },
    (_, i) => [SERIES + i, labelsOf('n', { i: String(i) })] as const,
  );
  withOpen(world.kernels, { definitions, samples: [] }, (open) => world.head.applyOpen(open));
  // Times of their own, so that none are shared: 3,000 * 220 * 16 bytes, in two rounds of queries.
  for (let i = 0; i < 220; i++) {
    world.append(
      definitions.map(([ref]) => ({
        ...{ ref, time: START + i * 10_000 + (ref % 997), bits: world.bits() },
      })),
    );
  }
  const base: Fragment = {
    ...{ matchers: [{ name: '__name__', op: '=', value: 'n' }], fn: 'sum_over_time', args: [] },
    ...{ grid: { start: START + 2_200_000, end: START + 2_200_000, step: 1 }, keepName: true },
    ...{ windowMs: 1_000_000, maxSeries: 5000, maxSamples: 1e7 },
  };
  for (const windowMs of [1_000_000, 2_300_000, 1_000_000, 2_300_000]) {
    const fragment = { ...base, windowMs };
    const fast = runFragment(fragment, world.head);
    assert.deepEqual(cells(fast), cells(runFragment(fragment, slow(world.head))));
  }
  world.head.close();
});
