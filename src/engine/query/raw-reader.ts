// Samples that fragments answered, as a reader that other fragments run over: where windows reach
// over the seam between two sources, both tell their samples and one place evaluates them. Easy to
// get wrong: stale markers are no samples, so they are not here.
import { compareText, labelValue } from '../model/labels.ts';
import type { RawSamples } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';

/** Every series of an answer; all of them match, since they were selected before. */
export class RawReader implements SeriesReader {
  readonly #raw: RawSamples;

  constructor(raw: RawSamples) {
    this.#raw = raw;
  }

  match(_matchers: readonly Matcher[], minMs: number, maxMs: number): Uint32Array {
    const { labels, from, timestamps } = this.#raw;
    const ids = labels.flatMap((_, id) => {
      if (from[id] === from[id + 1] || timestamps[from[id]] > maxMs) return [];
      return timestamps[from[id + 1] - 1] >= minMs ? [id] : [];
    });
    return Uint32Array.from(ids);
  }

  labels(id: number): Labels {
    return this.#raw.labels[id];
  }

  read(id: number, minMs: number, maxMs: number, into: SampleBuffer): number {
    const { from, timestamps, values, histograms, starts } = this.#raw;
    let first = from[id];
    let end = from[id + 1];
    while (first < end && timestamps[first] < minMs) first++;
    while (end > first && timestamps[end - 1] > maxMs) end--;
    const count = end - first;
    if (into.values.length < count) {
      into.values = new Float64Array(count * 2);
      into.words = new Uint32Array(into.values.buffer);
      into.timestamps = new Float64Array(count * 2);
    }
    into.timestamps.set(timestamps.subarray(first, end));
    into.values.set(values.subarray(first, end));
    const some = histograms?.slice(first, end);
    into.histograms = some?.some((one) => one !== undefined) === true ? some : undefined;
    into.starts = starts?.subarray(first, end);
    return count;
  }

  labelNames(matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    const ids = [...this.match(matchers, minMs, maxMs)];
    const names = ids.flatMap((id) => this.labels(id).filter((_, i) => i % 2 === 0));
    return [...new Set(names)].toSorted(compareText);
  }

  labelValues(name: string, matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    const ids = [...this.match(matchers, minMs, maxMs)];
    const found = ids.map((id) => labelValue(this.labels(id), name));
    return [...new Set(found.filter((value) => value !== ''))].toSorted(compareText);
  }
}
