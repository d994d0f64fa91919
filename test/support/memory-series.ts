// Series in plain arrays, read the slow and obvious way: what leaf fragments run over in tests,
// and a source of one such reader.
import { compareText, labelValue, labelsKey, makeLabels } from '../../src/engine/model/labels.ts';
import { matcherTest } from '../../src/engine/promql/regexp.ts';
import { runFragment } from '../../src/engine/promql/leaf.ts';
import type { Fragment, FragmentResult } from '../../src/engine/model/fragment.ts';
import type { FloatHistogram } from '../../src/engine/model/histogram.ts';
import type { Labels } from '../../src/engine/model/labels.ts';
import type { Matcher } from '../../src/engine/model/matcher.ts';
import type { MetadataEntry } from '../../src/engine/model/batch.ts';
import type { SampleBuffer, SeriesReader, Source } from '../../src/engine/ports.ts';

export interface MemorySample {
  readonly t: number;
  readonly v: number;
  /** The stale marker instead of `v`. */
  readonly stale?: boolean;
  /** Instead of `v`, which is then its sum. */
  readonly histogram?: FloatHistogram;
}

interface MemoryOne {
  readonly labels: Labels;
  readonly samples: MemorySample[];
}

export class MemorySeries implements SeriesReader {
  readonly #series: MemoryOne[] = [];
  readonly #index = new Map<string, MemoryOne>();

  /** Adds samples to a series and keeps them in time order; the first of a timestamp wins. */
  add(labels: Readonly<Record<string, string>> | Labels, samples: readonly MemorySample[]): void {
    const set = Array.isArray(labels)
      ? (labels as Labels)
      : makeLabels(Object.entries(labels as Record<string, string>));
    const key = labelsKey(set);
    let one = this.#index.get(key);
    if (one === undefined) {
      one = { labels: set, samples: [] };
      this.#index.set(key, one);
      this.#series.push(one);
    }
    one.samples.push(...samples);
    one.samples.sort((a, b) => a.t - b.t);
  }

  match(matchers: readonly Matcher[], minMs: number, maxMs: number): Uint32Array {
    const tests = matchers.map((m) => ({ name: m.name, passes: matcherTest(m) }));
    const ids: number[] = [];
    this.#series.forEach(({ labels, samples }, id) => {
      if (!tests.every(({ name, passes }) => passes(labelValue(labels, name)))) return;
      if (samples.length === 0 || samples[0].t > maxMs) return;
      if (samples[samples.length - 1].t >= minMs) ids.push(id);
    });
    return Uint32Array.from(ids);
  }

  labels(id: number): Labels {
    return this.#series[id].labels;
  }

  read(id: number, minMs: number, maxMs: number, into: SampleBuffer): number {
    const found = this.#series[id].samples.filter(({ t }) => t >= minMs && t <= maxMs);
    if (into.values.length < found.length) {
      into.values = new Float64Array(found.length * 2);
      into.words = new Uint32Array(into.values.buffer);
      into.timestamps = new Float64Array(found.length * 2);
    }
    const mixed = found.some(({ histogram }) => histogram !== undefined);
    into.histograms = mixed ? found.map(({ histogram }) => histogram) : undefined;
    found.forEach(({ t, v, stale }, i) => {
      into.timestamps[i] = t;
      into.values[i] = v;
      if (stale !== true) return;
      into.words[i * 2] = 2;
      into.words[i * 2 + 1] = 0x7ff00000;
    });
    return found.length;
  }

  labelNames(matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    const names = new Set<string>();
    for (const id of this.match(matchers, minMs, maxMs)) {
      this.labels(id).forEach((text, i) => i % 2 === 0 && names.add(text));
    }
    return [...names].toSorted(compareText);
  }

  labelValues(name: string, matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    const values = new Set<string>();
    for (const id of this.match(matchers, minMs, maxMs)) {
      const value = labelValue(this.labels(id), name);
      if (value !== '') values.add(value);
    }
    return [...values].toSorted(compareText);
  }
}

/** A reader as a source of its own. */
export class MemorySource implements Source {
  readonly #reader: SeriesReader;

  constructor(reader: SeriesReader) {
    this.#reader = reader;
  }

  async fragment(fragment: Fragment): Promise<FragmentResult> {
    return runFragment(fragment, this.#reader);
  }

  async series(
    matchers: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
    limit: number,
  ): Promise<readonly Labels[]> {
    const ids = matchers.flatMap((one) => [...this.#reader.match(one, minMs, maxMs)]);
    const found = [...new Set(ids)].map((id) => this.#reader.labels(id));
    return limit > 0 ? found.slice(0, limit) : found;
  }

  async labelNames(
    matchers: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
  ): Promise<string[]> {
    const lists = (matchers.length === 0 ? [[]] : matchers).map((one) =>
      this.#reader.labelNames(one, minMs, maxMs),
    );
    return [...new Set(lists.flat())].toSorted(compareText);
  }

  async labelValues(
    name: string,
    matchers: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
  ): Promise<string[]> {
    const lists = (matchers.length === 0 ? [[]] : matchers).map((one) =>
      this.#reader.labelValues(name, one, minMs, maxMs),
    );
    return [...new Set(lists.flat())].toSorted(compareText);
  }

  async metadata(): Promise<readonly MetadataEntry[]> {
    return [];
  }
}
