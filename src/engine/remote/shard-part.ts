// The questions of a Source, asked of some partitions of a shard, or of all. What a process asks
// and what it rehearses go through this one class, so that V8 finds those calls compiled which it
// has seen. Easy to get wrong: closures in the place of its methods would be other calls each time.
import type { BatchAnswer, Fragment, FragmentResult } from '../model/fragment.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { Cardinality, CountScope } from '../model/cardinality.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Estimate, Source } from '../ports.ts';

type Selections = readonly (readonly Matcher[])[];
type Only = readonly number[] | undefined;

/** What it needs of the client of a shard. */
interface AskedShard {
  fragment(fragment: Fragment, signal?: AbortSignal, only?: Only): Promise<FragmentResult>;
  fragments(list: readonly Fragment[], signal?: AbortSignal, only?: Only): Promise<BatchAnswer>;
  ask(method: string, args: unknown[], only: Only): Promise<unknown>;
}

export class ShardPart implements Source {
  readonly #shard: AskedShard;
  readonly #only: Only;

  constructor(shard: AskedShard, only: Only) {
    this.#shard = shard;
    this.#only = only;
  }

  fragment(fragment: Fragment, signal?: AbortSignal): Promise<FragmentResult> {
    return this.#shard.fragment(fragment, signal, this.#only);
  }

  fragments(list: readonly Fragment[], signal?: AbortSignal): Promise<BatchAnswer> {
    return this.#shard.fragments(list, signal, this.#only);
  }

  series(selections: Selections, minMs: number, maxMs: number, limit: number): Promise<Labels[]> {
    return this.#ask('series', [selections, minMs, maxMs, limit]) as Promise<Labels[]>;
  }

  labelNames(selections: Selections, minMs: number, maxMs: number): Promise<string[]> {
    return this.#ask('labelNames', [selections, minMs, maxMs]) as Promise<string[]>;
  }

  labelValues(
    name: string,
    selections: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<string[]> {
    return this.#ask('labelValues', [name, selections, minMs, maxMs]) as Promise<string[]>;
  }

  metadata(): Promise<readonly MetadataEntry[]> {
    return this.#ask('metadata', []) as Promise<readonly MetadataEntry[]>;
  }

  estimate(fragment: Fragment): Promise<Estimate> {
    return this.#ask('estimate', [fragment]) as Promise<Estimate>;
  }

  cardinality(scope?: CountScope): Promise<Cardinality> {
    return this.#ask('cardinality', [scope]) as Promise<Cardinality>;
  }

  #ask(method: string, args: unknown[]): Promise<unknown> {
    return this.#shard.ask(method, args, this.#only);
  }
}
