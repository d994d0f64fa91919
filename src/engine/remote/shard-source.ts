// The questions of a Source as calls of a shard. Its client asks all partitions, a part of it some:
// both are this class, so that V8 finds the calls compiled which a rehearsal made, whoever asks.
import type { BatchAnswer, Fragment, FragmentResult } from '../model/fragment.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { Cardinality, CountScope } from '../model/cardinality.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Estimate, Source } from '../ports.ts';

type Selections = readonly (readonly Matcher[])[];

export abstract class ShardSource implements Source {
  /** Calls the shard; it lets go of a call with a signal when that fires. */
  protected abstract put(method: string, args: unknown[], signal?: AbortSignal): Promise<unknown>;

  fragment(fragment: Fragment, signal?: AbortSignal): Promise<FragmentResult> {
    return this.put('fragment', [fragment], signal) as Promise<FragmentResult>;
  }

  fragments(list: readonly Fragment[], signal?: AbortSignal): Promise<BatchAnswer> {
    return this.put('fragments', [list], signal) as Promise<BatchAnswer>;
  }

  estimate(fragment: Fragment): Promise<Estimate> {
    return this.put('estimate', [fragment]) as Promise<Estimate>;
  }

  cardinality(scope?: CountScope): Promise<Cardinality> {
    return this.put('cardinality', [scope]) as Promise<Cardinality>;
  }

  series(selections: Selections, minMs: number, maxMs: number, limit: number): Promise<Labels[]> {
    return this.put('series', [selections, minMs, maxMs, limit]) as Promise<Labels[]>;
  }

  labelNames(selections: Selections, minMs: number, maxMs: number): Promise<string[]> {
    return this.put('labelNames', [selections, minMs, maxMs]) as Promise<string[]>;
  }

  labelValues(
    name: string,
    selections: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<string[]> {
    return this.put('labelValues', [name, selections, minMs, maxMs]) as Promise<string[]>;
  }

  metadata(): Promise<readonly MetadataEntry[]> {
    return this.put('metadata', []) as Promise<readonly MetadataEntry[]>;
  }
}

type Only = readonly number[] | undefined;

/** What a part needs of the client of its shard. */
interface AskedShard {
  ask(method: string, args: unknown[], only: Only, signal?: AbortSignal): Promise<unknown>;
}

/** The same asked of some partitions, or of all. */
export class ShardPart extends ShardSource {
  readonly #shard: AskedShard;
  readonly #only: Only;

  constructor(shard: AskedShard, only: Only) {
    super();
    this.#shard = shard;
    this.#only = only;
  }

  protected override put(method: string, args: unknown[], signal?: AbortSignal): Promise<unknown> {
    return this.#shard.ask(method, args, this.#only, signal);
  }
}
