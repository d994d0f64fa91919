// The head as plain maps: what every head must agree with. Samples by series and time, the first
// wins; a floor; matchers as filters over all series. Slow and obvious.
import { RE2JS } from 're2js';
import { labelsKey, labelValue, type Labels } from '../../../src/engine/model/labels.ts';
import type { Matcher } from '../../../src/engine/model/matcher.ts';
import type { HandRecord } from '../../support/open-records.ts';

interface NaiveSeries {
  readonly labels: Labels;
  readonly samples: Map<number, bigint>;
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
        series = { labels, samples: new Map() };
        this.series.set(labelsKey(labels), series);
        counts.newSeries++;
      }
      this.#refs.set(ref, series);
    }
    for (const { ref, time, bits } of record.samples ?? []) {
      const { samples } = this.#refs.get(ref) as NaiveSeries;
      if (time < this.#floor) counts.tooOld++;
      else if (samples.has(time)) counts.duplicate++;
      else {
        counts.accepted++;
        if (samples.size > 0 && time < Math.max(...samples.keys())) counts.outOfOrder++;
        samples.set(time, bits);
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
