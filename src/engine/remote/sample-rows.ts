// Samples of an answer as a reader of series: what leaf fragments run over when the samples came
// from another server. Easy to get wrong: an answer may hold a sample or two outside of the range
// that was asked for, since not all servers leave windows open on the left.
import { compareText, labelValue } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';
import { matcherTest } from '../promql/regexp.ts';

/** One series with its samples in time order; timestamps in ms. */
export interface SampleRow {
  readonly labels: Labels;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** Rows as they came; ids are their places. */
export class SampleRows implements SeriesReader {
  readonly #rows: readonly SampleRow[];

  constructor(rows: readonly SampleRow[]) {
    this.#rows = rows;
  }

  match(matchers: readonly Matcher[], minMs: number, maxMs: number): Uint32Array {
    const tests = matchers.map((one) => ({ name: one.name, passes: matcherTest(one) }));
    const ids: number[] = [];
    this.#rows.forEach(({ labels, timestamps }, id) => {
      if (timestamps.length === 0 || timestamps[0] > maxMs) return;
      if (timestamps[timestamps.length - 1] < minMs) return;
      if (tests.every(({ name, passes }) => passes(labelValue(labels, name)))) ids.push(id);
    });
    return Uint32Array.from(ids);
  }

  labels(id: number): Labels {
    return this.#rows[id].labels;
  }

  read(id: number, minMs: number, maxMs: number, into: SampleBuffer): number {
    const { timestamps, values } = this.#rows[id];
    const from = lowerBound(timestamps, minMs);
    const to = lowerBound(timestamps, maxMs + 1);
    const count = Math.max(0, to - from);
    if (into.values.length < count) {
      into.values = new Float64Array(count * 2);
      into.words = new Uint32Array(into.values.buffer);
      into.timestamps = new Float64Array(count * 2);
    }
    into.histograms = undefined;
    into.starts = undefined;
    into.timestamps.set(timestamps.subarray(from, to));
    into.values.set(values.subarray(from, to));
    return count;
  }

  labelNames(matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    const names = new Set<string>();
    for (const id of this.match(matchers, minMs, maxMs)) {
      this.labels(id).forEach((text, i) => i % 2 === 0 && names.add(text));
    }
    return [...names].toSorted(compareText);
  }

  labelValues(name: string, matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    const found = [...this.match(matchers, minMs, maxMs)].map((id) => {
      return labelValue(this.labels(id), name);
    });
    return [...new Set(found.filter((value) => value !== ''))].toSorted(compareText);
  }
}

/** The place of the first timestamp that is not below `ms`. */
function lowerBound(timestamps: Float64Array, ms: number): number {
  let low = 0;
  let high = timestamps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timestamps[middle] < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
