// Histograms through leaf, merge and root: partial sums over many shards are those of one,
// results cross threads, and no expression over series of both kinds ends in anything but an
// answer or a proper failure.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MonError, UserError } from '../../../src/engine/errors.ts';
import { check } from '../../../src/engine/promql/check.ts';
import { evaluate } from '../../../src/engine/promql/evaluate.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import { mergeFragments } from '../../../src/engine/promql/merge.ts';
import { parse } from '../../../src/engine/promql/parse.ts';
import { plan } from '../../../src/engine/promql/plan.ts';
import { runFragment } from '../../../src/engine/promql/leaf.ts';
import { ScriptSeries } from '../../../src/engine/promql/script-series.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { RandomExpressions } from './random-expressions.ts';
import { below, randomHistogram } from '../../support/random-histograms.ts';
import type { Evaluation } from '../../../src/engine/promql/evaluate.ts';
import type { FragmentResult } from '../../../src/engine/model/fragment.ts';
import type { Random } from '../../../src/engine/runtime/random.ts';
import type { ScriptSample } from '../../../src/engine/promql/script-series.ts';

function samples(random: Random): ScriptSample[] {
  const kind = below(random, 3);
  return Array.from({ length: 60 }, (_, i) => {
    const t = i * 10_000;
    if (random() < 0.05) return { t, v: 0, stale: true };
    const histogram = kind === 0 ? false : kind === 1 || random() < 0.5;
    const start = random() < 0.2 ? { start: t - 5000 } : {};
    if (!histogram) return { t, v: below(random, 100), ...start };
    return { t, v: 0, histogram: randomHistogram(random, true), ...start };
  });
}

/** The same series in one store, and spread over three. */
function stores(seed: number): [ScriptSeries[], ScriptSeries[]] {
  const random = seededRandom(seed);
  const one = new ScriptSeries();
  const many = [new ScriptSeries(), new ScriptSeries(), new ScriptSeries()];
  for (const name of ['m', 'n']) {
    for (const job of ['a', 'b']) {
      for (const host of ['1', '2', '3']) {
        const labels = makeLabels(Object.entries({ __name__: name, job, host }));
        const made = samples(random);
        one.add(labels, made);
        many[below(random, 3)].add(labels, made);
      }
    }
  }
  return [[one], many];
}

async function ask(query: string, from: readonly ScriptSeries[]): Promise<Evaluation> {
  const expr = parse(query);
  check(expr, query);
  const grid = { start: 100_000, end: 500_000, step: 50_000 };
  const options = { source: query, grid, instant: false, startTimestamps: true };
  return await evaluate(plan(expr, { ...options, delayedNames: true }), {
    fragment: async (one) => {
      const parts: FragmentResult[] = from.map((store) => runFragment(one, store));
      const crossed = parts.map((part) => structuredClone(part));
      assert.deepEqual(crossed, parts, 'a result crosses threads as it is');
      return mergeFragments(one, crossed);
    },
  });
}

/** What is there, cell by cell; figures of histograms to nine digits, as order changes the last. */
function told({ result }: Evaluation): unknown {
  if (result.type !== 'matrix') return result.type;
  const { labels, steps, values, present, histograms } = result.matrix;
  const short = (value: number): string => value.toPrecision(9);
  return labels.map((set, row) => [
    set,
    Array.from({ length: steps }, (_, i) => {
      const at = row * steps + i;
      if (present[at] === 0) return undefined;
      const histogram = histograms?.[at];
      if (histogram === undefined) return short(values[at]);
      const { schema, count, positive, negative } = histogram;
      return [schema, short(count), positive.indexes, negative.indexes];
    }),
  ]);
}

test('partial sums and means over shards are those of one', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const [one, many] = stores(seed);
    for (const query of [
      'sum(m)',
      'avg(m)',
      'sum by (job) (m)',
      'avg without (host) (n)',
      'count(m)',
      'min(m)',
      'stddev by (job) (n)',
      'sum(sum_over_time(m[1m]))',
      'avg by (host) (last_over_time(n[2m]))',
      'histogram_count(sum(m))',
    ]) {
      assert.deepEqual(
        told(await ask(query, many)),
        told(await ask(query, one)),
        `seed ${seed}: ${query}`,
      );
    }
  }
});

test('a group with both kinds is left out, and that is said once', async () => {
  const [one] = stores(3);
  const { warnings } = await ask('sum(m)', one);
  assert.deepEqual(
    warnings.filter((text) => text.includes('mix of histograms and floats')),
    ['PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)'],
  );
});

test('any expression over both kinds is answered or refused', async (t) => {
  const seed = 77;
  const expressions = new RandomExpressions(seededRandom(seed));
  const [one] = stores(seed);
  let answered = 0;
  for (let round = 0; round < 600; round++) {
    const query = wrapped(expressions.vector(3), round);
    try {
      await ask(query, one);
      answered++;
    } catch (error) {
      const proper = error instanceof MonError || error instanceof UserError;
      assert.ok(proper, `seed ${seed}, ${query}: ${String((error as Error).stack)}`);
    }
  }
  t.diagnostic(`seed ${seed}: ${answered} of 600 answered`);
  assert.ok(answered > 400);
});

/** Every other expression under a function of histograms. */
function wrapped(query: string, round: number): string {
  const around = [
    (inner: string) => inner,
    (inner: string) => `histogram_quantile(0.5, ${inner})`,
    (inner: string) => inner,
    (inner: string) => `histogram_sum(${inner})`,
    (inner: string) => inner,
    (inner: string) => `(${inner}) </ 3`,
    (inner: string) => `histogram_fraction(0, 1, ${inner})`,
    (inner: string) => `count_values("v", ${inner})`,
    (inner: string) => `(${inner}) + on () group_left () sum(m)`,
    (inner: string) => `increase(m[1m] ${round % 20 < 10 ? 'anchored' : 'smoothed'}) or ${inner}`,
  ];
  return around[round % around.length](query);
}
