// All samples of the process as pages, shard after shard: what SQL and exports read. Wiring between
// the shards' readings and the ports of samples. Easy to get wrong: a reading that begins before
// the shards have been handed everything lacks what its asker was told is there.
import { SAMPLES_AHEAD_MS } from '../limits-sql.ts';
import type { Fragment } from '../model/fragment.ts';
import type { Source } from '../ports.ts';
import type { OpenedScan, SamplePage, Samples, SamplesAsk, SampleScans } from '../ports-sql.ts';
import { scanPages } from '../query/scan-pages.ts';
import type { Clock } from '../runtime/clock.ts';

export interface SamplePagesOptions {
  readonly shards: readonly SampleScans[];
  /** The same shards as sources. */
  readonly sources: readonly Source[];
  /** Resolves when the shards have been handed all that was acknowledged. */
  readonly caughtUp: () => Promise<void>;
  readonly clock: Clock;
}

/** Times of a question as a source takes them. */
export function spanOf(
  { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number },
  nowMs: number,
): readonly [minMs: number, maxMs: number] {
  return [Math.max(minMs, 0), Math.min(maxMs, nowMs + SAMPLES_AHEAD_MS)];
}

export class SamplePages implements Samples {
  readonly #options: SamplePagesOptions;

  constructor(options: SamplePagesOptions) {
    this.#options = options;
  }

  async *pages(
    ask: SamplesAsk,
    signal?: AbortSignal,
    left?: (opened: OpenedScan) => void,
  ): AsyncGenerator<SamplePage, void, void> {
    await this.#options.caughtUp();
    for (const shard of this.#options.shards) yield* scanPages(shard, ask, { signal, left });
  }

  async estimate(ask: SamplesAsk): Promise<{ series: number; samples: number }> {
    const sum = { series: 0, samples: 0 };
    const fragments = ask.selections.map((matchers) => this.#fragment(ask, matchers));
    for (const source of this.#options.sources) {
      for (const fragment of fragments) {
        const one = await source.estimate?.(fragment);
        sum.series += one?.series ?? 0;
        sum.samples += one?.samples ?? 0;
      }
    }
    return sum;
  }

  async missing(minMs: number, maxMs: number): Promise<readonly string[]> {
    // An empty question about the same time says what could not be looked at.
    const nothing = [{ name: '__name__', op: '=', value: '\u0000' }] as const;
    const fragment = this.#fragment({ minMs, maxMs }, nothing);
    const all = await Promise.all(this.#options.sources.map((one) => one.fragment(fragment)));
    return [...new Set(all.flatMap(({ warnings }) => warnings))];
  }

  #fragment(ask: Omit<SamplesAsk, 'selections'>, matchers: Fragment['matchers']) {
    const [start, end] = spanOf(ask, this.#options.clock.now());
    return {
      matchers,
      fn: 'raw',
      grid: { start: end, end, step: 1 },
      windowMs: Math.max(1, end - start + 1),
      args: [],
      keepName: true,
      maxSeries: Number.MAX_SAFE_INTEGER,
      maxSamples: Number.MAX_SAFE_INTEGER,
    } satisfies Fragment;
  }
}
