// The reading side of a store: leaf fragments and label questions over the heads of one shard. Runs
// in the thread that owns the memory; every answer is plain data, sorted, and may cross a thread.
import { compareLabels, compareText, labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { Matcher } from '../model/matcher.ts';
import type { SeriesReader, Source } from '../ports.ts';
import { runFragment } from '../promql/leaf.ts';
import { mergeFragments } from '../promql/merge.ts';
import type { Store } from './store.ts';

type Selections = readonly (readonly Matcher[])[];

export class StoreSource implements Source {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  #readers(): SeriesReader[] {
    return [...this.#store.heads.values()];
  }

  async fragment(fragment: Fragment): Promise<FragmentResult> {
    const results = this.#readers().map((reader) => runFragment(fragment, reader));
    return results.length === 1 ? results[0] : mergeFragments(fragment, results);
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
