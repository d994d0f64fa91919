// Several sources as one: a fleet of shards, or hot and cold. Lists are merged, sorted and unique.
// Easy to get wrong: a list has no place for a warning, so a source that fails fails the list.
import { compareLabels, compareText, labelsKey } from '../model/labels.ts';
import { joinCardinality } from '../model/cardinality.ts';
import { batchOf, gather } from './fan-out.ts';
import type { BatchAnswer, Fragment, FragmentResult } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { Cardinality, CountScope } from '../model/cardinality.ts';
import { mergeBatches } from '../promql/merge-batches.ts';
import type { Estimate, Source } from '../ports.ts';

type Selections = readonly (readonly Matcher[])[];

export class JoinedSource implements Source {
  readonly #sources: readonly Source[];

  constructor(sources: readonly Source[]) {
    this.#sources = sources;
  }

  async fragment(fragment: Fragment, signal?: AbortSignal): Promise<FragmentResult> {
    const { result, whole } = await gather(this.#sources, fragment, signal);
    return whole ? result : { ...result, partial: true };
  }

  /** @throws what a source throws: who asks in batches asks again. */
  async fragments(list: readonly Fragment[]): Promise<BatchAnswer> {
    const answers = this.#sources.map((source) => batchOf(source, list));
    return mergeBatches(list, await Promise.all(answers), true);
  }

  async series(
    matchers: Selections,
    minMs: number,
    maxMs: number,
    limit: number,
  ): Promise<readonly Labels[]> {
    const lists = await Promise.all(
      this.#sources.map((source) => source.series(matchers, minMs, maxMs, limit)),
    );
    const found = new Map<string, Labels>();
    for (const labels of lists.flat()) found.set(labelsKey(labels), labels);
    const sorted = [...found.values()].toSorted(compareLabels);
    return limit > 0 ? sorted.slice(0, limit) : sorted;
  }

  async labelNames(matchers: Selections, minMs: number, maxMs: number): Promise<string[]> {
    return this.#texts((source) => source.labelNames(matchers, minMs, maxMs));
  }

  async labelValues(
    name: string,
    matchers: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<string[]> {
    return this.#texts((source) => source.labelValues(name, matchers, minMs, maxMs));
  }

  async metadata(): Promise<readonly MetadataEntry[]> {
    const lists = await Promise.all(this.#sources.map((source) => source.metadata()));
    const found = new Map<string, MetadataEntry>();
    for (const entry of lists.flat()) {
      found.set([entry.family, entry.type, entry.help, entry.unit].join('\u0000'), entry);
    }
    const keys = [...found.keys()].toSorted(compareText);
    return keys.map((key) => found.get(key) as MetadataEntry);
  }

  async estimate(fragment: Fragment): Promise<Estimate> {
    const all = await Promise.all(
      this.#sources.map((source) => source.estimate?.(fragment) ?? { series: 0, samples: 0 }),
    );
    const series = all.reduce((sum, one) => sum + one.series, 0);
    return { series, samples: all.reduce((sum, one) => sum + one.samples, 0) };
  }

  async cardinality(scope?: CountScope): Promise<Cardinality> {
    const asked = this.#sources.flatMap((source) => source.cardinality?.(scope) ?? []);
    return joinCardinality(await Promise.all(asked));
  }

  async #texts(ask: (source: Source) => Promise<readonly string[]>): Promise<string[]> {
    const lists = await Promise.all(this.#sources.map(ask));
    return [...new Set(lists.flat())].toSorted(compareText);
  }
}
