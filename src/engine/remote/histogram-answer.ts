// Native histograms of an answer, from Prometheus' JSON to what is shown. Beside
// prometheus-answer.ts, which puts them into the cells of the result. Easy to get wrong: numbers
// come as texts, and the rule of a bucket says which of its limits belong to it: 0 the upper, 1 the
// lower, 2 none, 3 both.
import type { Bucket, ShownHistogram } from '../model/histogram.ts';
import { numberOf } from './number-text.ts';

/** The histogram of a JSON object; undefined when it has not the shape of one. */
export function histogramOf(told: unknown): ShownHistogram | undefined {
  const { count, sum, buckets = [] } = (told ?? {}) as Record<string, unknown>;
  if (typeof count !== 'string' || typeof sum !== 'string' || !Array.isArray(buckets)) {
    return undefined;
  }
  return { count: numberOf(count), sum: numberOf(sum), buckets: buckets.flatMap(bucketOf) };
}

function bucketOf(told: unknown): Bucket[] {
  if (!Array.isArray(told) || told.length < 4) return [];
  const [rule, lower, upper, count] = told as [number, string, string, string];
  return [
    {
      lower: numberOf(String(lower)),
      upper: numberOf(String(upper)),
      lowerInside: rule === 1 || rule === 3,
      upperInside: rule === 0 || rule === 3,
      count: numberOf(String(count)),
    },
  ];
}
