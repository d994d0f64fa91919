// What every Source promises (engine/ports.ts), near and far: the same answers to the same
// questions, sorted, histograms and odd labels included. Each is put over the same series and held
// to what is known of them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Fragment } from '../../src/engine/model/fragment.ts';
import type { Source } from '../../src/engine/ports.ts';
import { MemorySeries, MemorySource } from '../support/memory-series.ts';

export interface SourceUnderTest {
  readonly source: Source;
  dispose(): Promise<void>;
}

const END = 1_000_000;
const SERIES = 30;

/** The series that every source under test holds. */
export function contractSeries(): MemorySeries {
  const series = new MemorySeries();
  for (let i = 0; i < SERIES; i++) {
    const labels = { __name__: 'up', i: `${i}`, __proto__x: 'odd', zone: `z${i % 3}` };
    const samples = Array.from({ length: 20 }, (_, t) => {
      return { t: END - t * 10_000, v: t % 7 === 3 ? 0 : i * 100 - t, stale: t % 7 === 3 };
    });
    series.add(labels, samples);
  }
  return series;
}

const UP = [{ name: '__name__', op: '=', value: 'up' }] as const;

function fragmentOf(more: Partial<Fragment>): Fragment {
  return {
    ...{ matchers: UP, grid: { start: END - 100_000, end: END, step: 20_000 } },
    ...{ windowMs: 60_000, fn: 'last', args: [], keepName: true },
    ...{ maxSeries: 1000, maxSamples: 100_000 },
    ...more,
  };
}

const FRAGMENTS: Readonly<Record<string, Fragment>> = {
  instant: fragmentOf({ grid: { start: END, end: END, step: 1 } }),
  range: fragmentOf({}),
  rate: fragmentOf({ fn: 'rate', keepName: false }),
  raw: fragmentOf({ fn: 'raw', grid: { start: END, end: END, step: 1 } }),
  sum: fragmentOf({ aggregate: { op: 'sum', by: true, names: ['zone'] } }),
  deviation: fragmentOf({ aggregate: { op: 'stddev', by: false, names: ['i'] } }),
  nothing: fragmentOf({ matchers: [{ name: '__name__', op: '=', value: 'down' }] }),
};

/** Runs the whole list of promises. */
export function sourceContract(name: string, make: () => Promise<SourceUnderTest>): void {
  const naive = new MemorySource(contractSeries());
  const promised = (words: string, run: (source: Source) => Promise<void>): void => {
    it(words, async () => {
      const one = await make();
      try {
        await run(one.source);
      } finally {
        await one.dispose();
      }
    });
  };
  describe(`Source contract: ${name}`, () => {
    for (const [words, fragment] of Object.entries(FRAGMENTS)) {
      promised(`answers a fragment: ${words}`, async (source) => {
        const expected = await naive.fragment(fragment);
        // Twice: the second time labels are known at both ends.
        for (let i = 0; i < 2; i++) assert.deepEqual(await source.fragment(fragment), expected);
      });
    }
    promised('lists series, names and values', async (source) => {
      const all = [UP];
      const [min, max] = [0, END];
      assert.deepEqual(await source.series(all, min, max, 0), await naive.series(all, min, max, 0));
      assert.deepEqual(
        await source.labelNames(all, min, max),
        await naive.labelNames(all, min, max),
      );
      for (const one of ['zone', 'i', '__proto__x', 'none']) {
        assert.deepEqual(
          await source.labelValues(one, all, min, max),
          await naive.labelValues(one, all, min, max),
        );
      }
    });
    promised('answers all of time', async (source) => {
      const found = await source.series([UP], -Infinity, Infinity, 0);
      assert.equal(found.length, SERIES);
    });
    promised('answers many questions at once', async (source) => {
      const fragments = Object.values(FRAGMENTS);
      const asked = Array.from({ length: 50 }, (_, i) => fragments[i % fragments.length]);
      const answers = await Promise.all(asked.map((one) => source.fragment(one)));
      const expected = await Promise.all(asked.map((one) => naive.fragment(one)));
      assert.deepEqual(answers, expected);
    });
  });
}
