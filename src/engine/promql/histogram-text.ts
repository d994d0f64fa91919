// Histograms as text: as Prometheus prints one in a label (count_values), and as its test scripts
// write one, for what a failed test shows.
import { HINT, bucketsOf, isCustom, spansOf } from '../model/histogram.ts';
import { formatShort } from './literals.ts';
import type { BucketList, FloatHistogram, ShownHistogram } from '../model/histogram.ts';

/** `{count:4, sum:18.4, [-0.001,0.001]:2, (0.5,1]:2}`. */
export function histogramText(histogram: FloatHistogram): string {
  const { count, sum } = histogram;
  return shownText({ count, sum, buckets: bucketsOf(histogram, true) });
}

/** The same of a histogram that came as an answer. */
export function shownText(histogram: ShownHistogram): string {
  const parts = [`count:${formatShort(histogram.count)}`, `sum:${formatShort(histogram.sum)}`];
  for (const { lower, upper, lowerInside, upperInside, count } of histogram.buckets) {
    if (count === 0) continue;
    const open = lowerInside ? '[' : '(';
    const close = upperInside ? ']' : ')';
    const limits = `${formatShort(lower)},${formatShort(upper)}`;
    parts.push(`${open}${limits}${close}:${formatShort(count)}`);
  }
  return `{${parts.join(', ')}}`;
}

const HINTS = new Map<number, string>([
  [HINT.reset, 'reset'],
  [HINT.notReset, 'not_reset'],
  [HINT.gauge, 'gauge'],
]);

/** `{{schema:1 count:4 sum:5 buckets:[1 2 1]}}`. */
export function scriptText(histogram: FloatHistogram): string {
  const parts: string[] = [];
  const put = (key: string, value: number): void => {
    if (value !== 0) parts.push(`${key}:${formatShort(value)}`);
  };
  put('schema', histogram.schema);
  put('count', histogram.count);
  put('sum', histogram.sum);
  put('z_bucket', histogram.zeroCount);
  put('z_bucket_w', histogram.zeroThreshold);
  if (isCustom(histogram)) {
    parts.push(`custom_values:[${[...histogram.custom].map(formatShort).join(' ')}]`);
  }
  const hint = HINTS.get(histogram.hint);
  if (hint !== undefined) parts.push(`counter_reset_hint:${hint}`);
  putList(parts, histogram.positive, '');
  putList(parts, histogram.negative, 'n_');
  return `{{${parts.join(' ')}}}`;
}

function putList(parts: string[], list: BucketList, prefix: string): void {
  if (list.indexes.length === 0) return;
  const spans = spansOf(list);
  if (spans[0] !== 0) parts.push(`${prefix}offset:${spans[0]}`);
  const texts: string[] = [];
  let next = list.indexes[0];
  list.indexes.forEach((index, i) => {
    for (; next < index; next++) texts.push('0');
    texts.push(formatShort(list.counts[i]));
    next = index + 1;
  });
  parts.push(`${prefix}buckets:[${texts.join(' ')}]`);
}
