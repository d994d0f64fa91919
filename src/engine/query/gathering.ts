// All fragments of one query, asked of all sources: such as read the same series go together, each
// other one alone. Between a plan and its sources. Easy to get wrong: a batch that fails as a whole
// has not failed for its fragments, which are then asked one by one.
import type { BatchAnswer, Fragment, FragmentResult } from '../model/fragment.ts';
import type { Source } from '../ports.ts';
import { groupsOf } from '../promql/leaf-together.ts';
import { batchOf, gather, joined } from './fan-out.ts';
import type { Gathered } from './fan-out.ts';

export class Gathering {
  readonly #sources: readonly Source[];
  readonly #signal: AbortSignal | undefined;
  readonly #batched = new Map<Fragment, Promise<Gathered>>();

  /** Asks at once for what goes in batches. */
  constructor(
    sources: readonly Source[],
    fragments: readonly Fragment[],
    signal: AbortSignal | undefined,
  ) {
    this.#sources = sources;
    this.#signal = signal;
    if (sources.some((source) => source.fragments === undefined)) return;
    const groups = groupsOf(fragments).filter((group) => group.length > 1);
    const list = groups.flatMap((group) => group.map((i) => fragments[i]));
    if (list.length === 0) return;
    const answers = Promise.allSettled(sources.map((source) => batchOf(source, list, signal)));
    list.forEach((fragment, i) => {
      const one = answers.then((settled) => this.#one(fragment, settled, i));
      // It may be that nobody asks for it any more.
      one.catch(() => undefined);
      this.#batched.set(fragment, one);
    });
  }

  /** One fragment from all sources. @throws as gather(). */
  of(fragment: Fragment): Promise<Gathered> {
    return this.#batched.get(fragment) ?? gather(this.#sources, fragment, this.#signal);
  }

  #one(
    fragment: Fragment,
    settled: readonly PromiseSettledResult<BatchAnswer>[],
    place: number,
  ): Promise<Gathered> | Gathered {
    this.#signal?.throwIfAborted();
    const results: FragmentResult[] = [];
    for (const one of settled) {
      if (one.status === 'rejected') return gather(this.#sources, fragment, this.#signal);
      const result = one.value.results[place];
      if (result instanceof Error) throw result;
      results.push(one.value.whole ? result : { ...result, partial: true });
    }
    return joined(fragment, results, []);
  }
}
