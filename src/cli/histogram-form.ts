// Native histograms in the forms of output: a text for people and CSV, an object for JSON, classic
// buckets for exposition text. Pure. Easy to get wrong: exposition text counts from below, while a
// native bucket counts only itself.
import { NAME, makeLabels } from '../engine/model/labels.ts';
import type { Labels } from '../engine/model/labels.ts';
import type { ShownHistogram } from '../engine/model/histogram.ts';
import { jsonValue, seriesText, valueText } from './series-text.ts';

/** Count, sum and buckets as `[rule, lower, upper, count]`, the rules of Prometheus' API. */
export function histogramObject({ count, sum, buckets }: ShownHistogram): object {
  return {
    count: jsonValue(count),
    sum: jsonValue(sum),
    buckets: buckets.map(({ lower, upper, lowerInside, upperInside, count: own }) => {
      const rule = lowerInside ? (upperInside ? 3 : 1) : upperInside ? 0 : 2;
      return [rule, jsonValue(lower), jsonValue(upper), jsonValue(own)];
    }),
  };
}

/** The lines of a classic histogram: cumulative buckets, sum and count. */
export function* classicLines(
  name: string,
  labels: Labels,
  histogram: ShownHistogram,
  timeMs: number,
): Iterable<string> {
  const line = (suffix: string, value: number, le?: string): string => {
    const pairs: [string, string][] = [[NAME, `${name}${suffix}`]];
    for (let i = 0; i < labels.length; i += 2) {
      if (labels[i] !== NAME) pairs.push([labels[i], labels[i + 1]]);
    }
    if (le !== undefined) pairs.push(['le', le]);
    return `${seriesText(makeLabels(pairs))} ${valueText(value)} ${timeMs}\n`;
  };
  let below = 0;
  for (const { upper, count } of histogram.buckets) {
    below += count;
    if (upper !== Infinity) yield line('_bucket', below, valueText(upper));
  }
  yield line('_bucket', histogram.count, '+Inf');
  yield line('_sum', histogram.sum);
  yield line('_count', histogram.count);
}
