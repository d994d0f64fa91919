// Series in plain arrays that leaf fragments can read: the store of test scripts. Small and
// obvious rather than fast. Histograms get their reset hints as a real store would give them.
import { HintStamper } from './histogram-hints.ts';
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import { compareText, labelValue, labelsKey } from '../model/labels.ts';
import { matcherTest } from './regexp.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';

export interface ScriptSample {
  /** Milliseconds. */
  readonly t: number;
  readonly v: number;
  readonly histogram?: FloatHistogram;
  /** The stale marker instead of a value. */
  readonly stale?: boolean;
  /** When the counter began, in ms. */
  readonly start?: number;
}

interface Series {
  readonly labels: Labels;
  samples: ScriptSample[];
}

export class ScriptSeries implements SeriesReader {
  readonly #series: Series[] = [];
  readonly #index = new Map<string, Series>();

  /** Adds samples to a series; the first of a timestamp wins. */
  add(labels: Labels, samples: readonly ScriptSample[]): void {
    const key = labelsKey(labels);
    let series = this.#index.get(key);
    if (series === undefined) {
      series = { labels, samples: [] };
      this.#index.set(key, series);
      this.#series.push(series);
    }
    const last = series.samples.at(-1);
    const [first] = samples;
    const plain = samples.length === 1 && first.histogram === undefined;
    if (plain && last !== undefined && last.histogram === undefined && first.t > last.t) {
      return void series.samples.push(first);
    }
    const known = new Set(series.samples.map(({ t }) => t));
    const fresh = samples.filter(({ t }) => !known.has(t));
    series.samples = stamped([...series.samples, ...fresh].toSorted((a, b) => a.t - b.t));
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
    into.histograms = found.some(({ histogram }) => histogram !== undefined) ? [] : undefined;
    const known = found.some(({ start }) => start !== undefined);
    into.starts = known ? Float64Array.from(found, ({ start }) => start ?? 0) : undefined;
    found.forEach(({ t, v, stale, histogram }, i) => {
      into.timestamps[i] = t;
      into.values[i] = histogram?.sum ?? v;
      if (into.histograms !== undefined) into.histograms[i] = histogram;
      if (stale !== true) return;
      into.words[i * 2] = STALE_LOW;
      into.words[i * 2 + 1] = STALE_HIGH;
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

function stamped(samples: readonly ScriptSample[]): ScriptSample[] {
  const stamper = new HintStamper();
  return samples.map((sample) => {
    if (sample.histogram !== undefined) {
      return { ...sample, histogram: stamper.stamp(sample.histogram) };
    }
    stamper.interrupt();
    return sample;
  });
}
