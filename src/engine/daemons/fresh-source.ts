// A source that answers with all that was acknowledged before it was asked: it waits until the
// store has been handed what the log held at that moment. So a sender that got its 2xx finds its
// samples.
import type { BatchAnswer, Fragment, FragmentResult } from '../model/fragment.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { joinCardinality } from '../model/cardinality.ts';
import type { Cardinality, CountScope } from '../model/cardinality.ts';
import type { Estimate, Source } from '../ports.ts';
import { batchOf } from '../query/fan-out.ts';

type Selections = readonly (readonly Matcher[])[];

export class FreshSource implements Source {
  readonly #source: Source;
  readonly #caughtUp: () => Promise<void>;

  constructor(source: Source, caughtUp: () => Promise<void>) {
    this.#source = source;
    this.#caughtUp = caughtUp;
  }

  async fragment(fragment: Fragment, signal?: AbortSignal): Promise<FragmentResult> {
    await this.#caughtUp();
    return this.#source.fragment(fragment, signal);
  }

  async fragments(list: readonly Fragment[], signal?: AbortSignal): Promise<BatchAnswer> {
    await this.#caughtUp();
    return batchOf(this.#source, list, signal);
  }

  async series(
    selections: Selections,
    minMs: number,
    maxMs: number,
    limit: number,
  ): Promise<readonly Labels[]> {
    await this.#caughtUp();
    return this.#source.series(selections, minMs, maxMs, limit);
  }

  async labelNames(
    selections: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<readonly string[]> {
    await this.#caughtUp();
    return this.#source.labelNames(selections, minMs, maxMs);
  }

  async labelValues(
    name: string,
    selections: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<readonly string[]> {
    await this.#caughtUp();
    return this.#source.labelValues(name, selections, minMs, maxMs);
  }

  async metadata(): Promise<readonly MetadataEntry[]> {
    await this.#caughtUp();
    return this.#source.metadata();
  }

  /** An estimate need not wait for the newest samples. */
  async estimate(fragment: Fragment): Promise<Estimate> {
    return (await this.#source.estimate?.(fragment)) ?? { series: 0, samples: 0 };
  }

  async cardinality(scope?: CountScope): Promise<Cardinality> {
    await this.#caughtUp();
    return (await this.#source.cardinality?.(scope)) ?? joinCardinality([]);
  }
}
