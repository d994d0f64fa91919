// A native histogram as Prometheus' JSON: count, sum and the buckets that have observations, each
// with a rule for its limits: 0 open on the left, 1 open on the right, 2 open on both sides, 3
// closed.
import { bucketsOf } from '../model/histogram.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { JsonBuffer } from './json-buffer.ts';

/** Writes the object. */
export function histogramJson(out: JsonBuffer, histogram: FloatHistogram): void {
  out.raw('{"count":');
  out.value(histogram.count);
  out.raw(',"sum":');
  out.value(histogram.sum);
  let first = true;
  for (const { lower, upper, lowerInside, upperInside, count } of bucketsOf(histogram)) {
    if (count === 0) continue;
    out.raw(first ? ',"buckets":[[' : ',[');
    first = false;
    out.raw(String(lowerInside ? (upperInside ? 3 : 1) : upperInside ? 0 : 2));
    out.raw(',');
    out.value(lower);
    out.raw(',');
    out.value(upper);
    out.raw(',');
    out.value(count);
    out.raw(']');
  }
  out.raw(first ? '}' : ']}');
}
