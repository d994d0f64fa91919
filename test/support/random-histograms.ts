// Histograms of chance for tests: exponential and custom buckets, whole and float counts, gaps
// between buckets, sometimes a sum that is no number.
import { CUSTOM_SCHEMA, makeHistogram } from '../../src/engine/model/histogram.ts';
import type { BucketList, FloatHistogram } from '../../src/engine/model/histogram.ts';
import type { Random } from '../../src/engine/runtime/random.ts';

/** A whole number from 0 to n - 1. */
export function below(random: Random, n: number): number {
  return Math.floor(random() * n);
}

/** A bucket list from the indexes and counts given. */
export function listOf(indexes: readonly number[], counts: readonly number[]): BucketList {
  return { indexes: Int32Array.from(indexes), counts: Float64Array.from(counts) };
}

function randomList(random: Random, whole: boolean, first: number): BucketList {
  const indexes: number[] = [];
  const counts: number[] = [];
  let index = first + below(random, 3);
  for (let i = below(random, 8); i > 0; i--) {
    indexes.push(index);
    counts.push(whole ? below(random, 1000) : random() * 100);
    index += 1 + (below(random, 4) === 0 ? below(random, 5) : 0);
  }
  return listOf(indexes, counts);
}

/** Any valid histogram. */
export function randomHistogram(random: Random, whole: boolean): FloatHistogram {
  const figures = {
    hint: below(random, 4) as 0 | 1 | 2 | 3,
    count: whole ? below(random, 100_000) : random() * 1000,
    sum: below(random, 20) === 0 ? NaN : (random() - 0.3) * 1e6,
  };
  if (below(random, 3) === 0) {
    const positive = randomList(random, whole, 0);
    const bounds = (positive.indexes.at(-1) ?? 0) + below(random, 3);
    const custom = Float64Array.from({ length: bounds }, (_, i) => i * 1.5 - 2);
    return makeHistogram({ ...figures, schema: CUSTOM_SCHEMA, positive, custom });
  }
  return makeHistogram({
    ...figures,
    schema: below(random, 13) - 4,
    zeroThreshold: below(random, 2) * 1e-100,
    zeroCount: whole ? below(random, 50) : random(),
    positive: randomList(random, whole, -20),
    negative: randomList(random, whole, -20),
  });
}
