// Names and values of labels, kept for some minutes, so that completion does not ask every shard at
// each key. Over a Source, which answers everything else itself. Kept are lists that reach to the
// present. Easy to get wrong: a list is good only while no series has begun since before it was
// made, or somebody who got a 2xx looks for his name in vain.
import {
  CATALOG_CACHE_LISTS_MAX,
  CATALOG_CACHE_NAMES_MAX,
  CATALOG_CACHE_TTL_MS,
  CATALOG_GRAIN_MS,
  CATALOG_SILENT_MS,
} from '../limits.ts';
import { joinCardinality } from '../model/cardinality.ts';
import type { Cardinality, CountScope } from '../model/cardinality.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { Estimate, Source } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';

type Selections = readonly (readonly Matcher[])[];

/** A range that ends later than so long ago reaches to the present. */
const PRESENT_MS = 60_000;

export interface CatalogCacheOptions {
  readonly source: Source;
  readonly clock: Clock;
  /**
   * Grows whenever a series has begun, or has written after CATALOG_SILENT_MS without a sample, or
   * has written behind its newest sample: before the sender gets his answer.
   */
  readonly news: () => number;
}

export interface CatalogCacheCounts {
  hits: number;
  misses: number;
}

interface Kept {
  readonly names: readonly string[];
  readonly news: number;
  /** Monotonic. */
  readonly endsAt: number;
}

type MakeList = (minMs: number, maxMs: number) => Promise<readonly string[]>;

export class CatalogCache implements Source {
  readonly counts: CatalogCacheCounts = { hits: 0, misses: 0 };
  readonly #options: CatalogCacheOptions;
  readonly #lists = new Map<string, Kept>();
  #names = 0;

  constructor(options: CatalogCacheOptions) {
    this.#options = options;
  }

  /** Names that are kept, all lists together. */
  get size(): number {
    return this.#names;
  }

  labelNames(selections: Selections, minMs: number, maxMs: number): Promise<readonly string[]> {
    const { source } = this.#options;
    const make: MakeList = (from, to) => source.labelNames(selections, from, to);
    return this.#list(JSON.stringify([selections]), [minMs, maxMs], make);
  }

  labelValues(
    name: string,
    selections: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<readonly string[]> {
    const { source } = this.#options;
    const make: MakeList = (from, to) => source.labelValues(name, selections, from, to);
    return this.#list(JSON.stringify([selections, name]), [minMs, maxMs], make);
  }

  async #list(
    asked: string,
    [minMs, maxMs]: readonly [number, number],
    make: MakeList,
  ): Promise<readonly string[]> {
    const { clock, news } = this.#options;
    const now = clock.now();
    // What moved into a shorter range by a sample need not have been silent for long.
    if (maxMs < now - PRESENT_MS || now - minMs < 2 * CATALOG_SILENT_MS) return make(minMs, maxMs);
    const from = Math.floor(minMs / CATALOG_GRAIN_MS) * CATALOG_GRAIN_MS;
    const to = Math.max(maxMs, now + PRESENT_MS);
    const key = `${from} ${asked}`;
    const number = news();
    const kept = this.#lists.get(key);
    if (kept !== undefined && kept.news === number && kept.endsAt > clock.monotonic()) {
      this.counts.hits++;
      return kept.names;
    }
    this.counts.misses++;
    const names = await make(from, to);
    this.#keep(key, { names, news: number, endsAt: clock.monotonic() + CATALOG_CACHE_TTL_MS });
    return names;
  }

  #keep(key: string, kept: Kept): void {
    this.#drop(key);
    // One list must not drive out all others.
    if (kept.names.length > CATALOG_CACHE_NAMES_MAX / 4) return;
    this.#lists.set(key, kept);
    this.#names += kept.names.length;
    for (const oldest of this.#lists.keys()) {
      const fits = this.#names <= CATALOG_CACHE_NAMES_MAX;
      if (fits && this.#lists.size <= CATALOG_CACHE_LISTS_MAX) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#names -= this.#lists.get(key)?.names.length ?? 0;
    this.#lists.delete(key);
  }

  fragment(fragment: Fragment, signal?: AbortSignal): Promise<FragmentResult> {
    return this.#options.source.fragment(fragment, signal);
  }

  series(
    selections: Selections,
    minMs: number,
    maxMs: number,
    limit: number,
  ): Promise<readonly Labels[]> {
    return this.#options.source.series(selections, minMs, maxMs, limit);
  }

  metadata(): Promise<readonly MetadataEntry[]> {
    return this.#options.source.metadata();
  }

  async estimate(fragment: Fragment): Promise<Estimate> {
    return (await this.#options.source.estimate?.(fragment)) ?? { series: 0, samples: 0 };
  }

  async cardinality(scope?: CountScope): Promise<Cardinality> {
    return (await this.#options.source.cardinality?.(scope)) ?? joinCardinality([]);
  }
}
