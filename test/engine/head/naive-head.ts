// The head as plain maps: what every head must agree with. Samples by series and time, the first
// wins; a floor; matchers as filters over all series. Slow and obvious.
import { RE2JS } from 're2js';
import { decodeHistogram } from '../../../src/engine/codec/histogram.ts';
import type { FloatHistogram } from '../../../src/engine/model/histogram.ts';
import { HintStamper } from '../../../src/engine/promql/histogram-hints.ts';
import { labelsKey, labelValue, type Labels } from '../../../src/engine/model/labels.ts';
import type { Matcher } from '../../../src/engine/model/matcher.ts';
import { bitsOf, type HandRecord } from '../../support/open-records.ts';

const STALE = 0x7ff0000000000002n;

interface NaiveSeries {
  readonly labels: Labels;
  readonly samples: Map<number, bigint>;
  /** Messages of those samples that are histograms. */
  readonly bodies: Map<number, Uint8Array>;
}

function sumBits(body: Uint8Array): bigint {
  const { histogram, stale } = decodeHistogram(body);
  return stale ? STALE : bitsOf(histogram.sum);
}

export class NaiveHead {
  readonly series = new Map<string, NaiveSeries>();
  #epoch = 0;
  #refs = new Map<number, NaiveSeries>();
  #floor = -Infinity;

  apply(record: HandRecord) {
    const counts = { accepted: 0, duplicate: 0, outOfOrder: 0, tooOld: 0, newSeries: 0 };
    if ((record.epoch ?? 1) !== this.#epoch) {
      this.#epoch = record.epoch ?? 1;
      this.#refs = new Map();
    }
    for (const [ref, labels] of record.definitions ?? []) {
      let series = this.series.get(labelsKey(labels));
      if (series === undefined) {
        series = { labels, samples: new Map(), bodies: new Map() };
        this.series.set(labelsKey(labels), series);
        counts.newSeries++;
      }
      this.#refs.set(ref, series);
    }
    const histograms = (record.histograms ?? []).map(({ ref, time, body }) => {
      return { ref, time, body, bits: sumBits(body) };
    });
    const all = [...(record.samples ?? []).map((one) => ({ ...one, body: undefined }))];
    for (const { ref, time, bits, body } of [...all, ...histograms]) {
      const { samples, bodies } = this.#refs.get(ref) as NaiveSeries;
      if (time < this.#floor) counts.tooOld++;
      else if (samples.has(time)) counts.duplicate++;
      else {
        counts.accepted++;
        if (samples.size > 0 && time < Math.max(...samples.keys())) counts.outOfOrder++;
        samples.set(time, bits);
        if (body !== undefined) bodies.set(time, body);
      }
    }
    return counts;
  }

  truncateBefore(ms: number): void {
    this.#floor = Math.max(this.#floor, ms);
    const held = new Set(this.#refs.values());
    for (const [key, series] of this.series) {
      for (const time of series.samples.keys()) if (time < this.#floor) series.samples.delete(time);
      if (series.samples.size === 0 && !held.has(series)) this.series.delete(key);
    }
  }

  read(labels: Labels, minMs: number, maxMs: number): [number, bigint][] {
    const samples = this.series.get(labelsKey(labels))?.samples ?? new Map<number, bigint>();
    return [...samples].filter(([t]) => t >= minMs && t <= maxMs).sort((a, b) => a[0] - b[0]);
  }

  /** The histograms beside what read() answers, as a store says them; undefined without any. */
  histograms(labels: Labels, minMs: number, maxMs: number) {
    const bodies = this.series.get(labelsKey(labels))?.bodies ?? new Map<number, Uint8Array>();
    const stamper = new HintStamper();
    const found = this.read(labels, minMs, maxMs).map(([time, bits]) => {
      const body = bodies.get(time);
      if (body === undefined || bits === STALE) stamper.interrupt();
      if (body === undefined) return undefined;
      const { histogram }: { histogram: FloatHistogram } = decodeHistogram(body);
      return bits === STALE ? histogram : stamper.stamp(histogram);
    });
    return found.some((one) => one !== undefined) ? found : undefined;
  }

  /** Keys of the series that pass, with samples in the range or not. */
  match(matchers: readonly Matcher[]): string[] {
    return [...this.series]
      .filter(([, { labels }]) => matchers.every((m) => passes(m, labelValue(labels, m.name))))
      .map(([key]) => key)
      .sort();
  }
}

const engines = new Map<string, RE2JS>();

function passes({ op, value: wanted }: Matcher, value: string): boolean {
  if (op === '=') return value === wanted;
  if (op === '!=') return value !== wanted;
  let engine = engines.get(wanted);
  if (engine === undefined) {
    engine = RE2JS.compile(`^(?s:${wanted})$`);
    engines.set(wanted, engine);
  }
  return engine.matches(value) === (op === '=~');
}
