// The reading side of a store: leaf fragments and label questions over the heads of one shard. Runs
// in the thread that owns the memory; every answer is plain data, sorted, and may cross a thread.
import { NAME, compareLabels, compareText, labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { Cardinality, CountRow } from '../model/cardinality.ts';
import { largestRows } from '../model/cardinality.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Estimate, SeriesReader, Source } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { Turns, runSliced, timesOf } from './sliced-run.ts';
import type { Store } from './store.ts';

/** Series whose samples are counted for an estimate; the rest is taken to be like them. */
const ESTIMATE_SERIES = 256;

type Selections = readonly (readonly Matcher[])[];

export class StoreSource implements Source {
  readonly #store: Store;
  readonly #clock: Clock | undefined;
  readonly #large = new Turns();

  /** With a clock, large fragments give other work of this thread its turn. */
  constructor(store: Store, clock?: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  #readers(): SeriesReader[] {
    return [...this.#store.heads.values()];
  }

  async fragment(fragment: Fragment, signal?: AbortSignal): Promise<FragmentResult> {
    const clock = this.#clock;
    const readers = this.#readers();
    const generation = (): number => this.#store.truncations;
    return runSliced({ fragment, readers, clock, signal, generation, large: this.#large });
  }

  async estimate(fragment: Fragment): Promise<Estimate> {
    const [first, last] = timesOf(fragment);
    let series = 0;
    let samples = 0;
    for (const reader of this.#readers()) {
      const ids = last < first ? [] : reader.match(fragment.matchers, first, last);
      series += ids.length;
      const stride = Math.max(1, Math.floor(ids.length / ESTIMATE_SERIES));
      let counted = 0;
      let room = 0;
      for (let i = 0; i < ids.length; i += stride) {
        room += reader.room?.(ids[i], first, last) ?? 1;
        counted++;
      }
      if (counted > 0) samples += Math.ceil((room / counted) * ids.length);
    }
    return { series, samples };
  }

  async cardinality(): Promise<Cardinality> {
    const metrics = new Map<string, number>();
    const pairs = new Map<string, number>();
    const values = new Map<string, Set<string>>();
    for (const head of this.#store.heads.values()) {
      for (const { name, value, series } of head.pairCounts()) {
        const pair = `${name}=${value}`;
        pairs.set(pair, (pairs.get(pair) ?? 0) + series);
        if (name === NAME) metrics.set(value, (metrics.get(value) ?? 0) + series);
        const known = values.get(name);
        if (known === undefined) values.set(name, new Set([value]));
        else known.add(value);
      }
    }
    const { series, samples, chunks, memoryBytes } = this.#store.stats();
    const counts = [...values].map(([name, set]): CountRow => [name, set.size]);
    return {
      ...{ series, samples, chunks, memoryBytes, labelPairs: pairs.size },
      seriesByMetric: largestRows(metrics),
      valuesByName: largestRows(counts),
      seriesByPair: largestRows(pairs),
    };
  }

  async series(
    selections: Selections,
    minMs: number,
    maxMs: number,
    limit: number,
  ): Promise<readonly Labels[]> {
    const found = new Map<string, Labels>();
    for (const reader of this.#readers()) {
      for (const matchers of selections) {
        for (const id of reader.match(matchers, minMs, maxMs)) {
          const labels = reader.labels(id);
          found.set(labelsKey(labels), labels);
          if (limit > 0 && found.size >= limit) return [...found.values()].sort(compareLabels);
        }
      }
    }
    return [...found.values()].sort(compareLabels);
  }

  async labelNames(selections: Selections, minMs: number, maxMs: number): Promise<string[]> {
    return this.#texts(selections, (reader, matchers) => reader.labelNames(matchers, minMs, maxMs));
  }

  async labelValues(
    name: string,
    selections: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<string[]> {
    return this.#texts(selections, (reader, matchers) =>
      reader.labelValues(name, matchers, minMs, maxMs),
    );
  }

  async metadata(): Promise<readonly MetadataEntry[]> {
    return [...this.#store.heads.values()].flatMap((head) => head.metadata());
  }

  #texts(
    selections: Selections,
    ask: (reader: SeriesReader, matchers: readonly Matcher[]) => string[],
  ): string[] {
    const all = new Set<string>();
    for (const reader of this.#readers()) {
      for (const matchers of selections.length === 0 ? [[]] : selections) {
        for (const text of ask(reader, matchers)) all.add(text);
      }
    }
    return [...all].sort(compareText);
  }
}
