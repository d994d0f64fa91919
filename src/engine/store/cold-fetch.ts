// What a query needs of the cold tier, fetched before it runs: the samples of its series in each
// partition, as readers that stand before blocks and head. Between the store's source and the tier.
// Easy to get wrong: blocks may be handed over between the fetch and the run, so whoever runs looks
// at the count of those before and after.
import { ColdSamples } from '../codec/cold-samples.ts';
import { COLD_SAMPLES_MAX } from '../limits-cold.ts';
import type { Fragment } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { SeriesReader } from '../ports.ts';
import type { ColdTier } from '../ports-cold.ts';

export interface FetchedCold {
  readonly readers: ReadonlyMap<number, readonly SeriesReader[]>;
  readonly warnings: readonly string[];
}

/** First and last ms. */
export interface ColdRange {
  readonly minMs: number;
  readonly maxMs: number;
}

/** True when archived samples of the partition lie in the range. */
export function reaches(cold: ColdTier, partition: number, { minMs, maxMs }: ColdRange): boolean {
  const reach = cold.reach(partition, 'raw');
  return reach.minMs <= maxMs && reach.maxMs >= minMs;
}

/** A store as far as it matters here. */
export interface WithCold {
  readonly cold: ColdTier | undefined;
  readonly partitions: ReadonlyMap<number, { readonly head: { readonly floorMs: number } }>;
}

/** Samples for a fragment, by partition; undefined when none of them lies in the cold tier. */
export async function fetchCold(
  store: WithCold,
  fragment: Pick<Fragment, 'matchers' | 'maxSamples'>,
  { minMs, maxMs }: ColdRange,
  only?: readonly number[],
): Promise<FetchedCold | undefined> {
  if (store.cold === undefined) return undefined;
  const ranges = new Map<number, ColdRange>();
  for (const [number, { head }] of store.partitions) {
    if (only?.includes(number) === false) continue;
    ranges.set(number, { minMs: Math.max(minMs, head.floorMs), maxMs });
  }
  return fetchSamples(store.cold, ranges, fragment);
}

/** The same with a range for each partition. */
export async function fetchSamples(
  cold: ColdTier,
  ranges: ReadonlyMap<number, ColdRange>,
  { matchers, maxSamples }: Pick<Fragment, 'matchers' | 'maxSamples'>,
): Promise<FetchedCold | undefined> {
  const asked = [...ranges].filter(([partition, range]) => reaches(cold, partition, range));
  if (asked.length === 0) return undefined;
  const readers = new Map<number, readonly SeriesReader[]>();
  const warnings: string[] = [];
  let left = Math.min(COLD_SAMPLES_MAX, maxSamples);
  for (const [partition, range] of asked) {
    const ask = { partition, kind: 'raw', matchers, rowsMax: left, ...range } as const;
    const answer = await cold.read(ask);
    for (const { timestamps } of answer.parts) left -= timestamps.length;
    const made = answer.parts.map((part) => new ColdSamples(part));
    readers.set(partition, made);
    warnings.push(...answer.warnings);
  }
  return { readers, warnings };
}

/** Label sets that have archived samples in the range; what the store has itself is asked next. */
export async function coldSeries(
  store: WithCold & { readonly handedOver: number },
  selections: readonly (readonly Matcher[])[],
  range: ColdRange,
  only?: readonly number[],
): Promise<readonly Labels[]> {
  for (;;) {
    const before = store.handedOver;
    const found = await archivedSeries(store, selections, range, only);
    // What was handed over meanwhile is in neither half.
    if (store.handedOver === before) return found;
  }
}

async function archivedSeries(
  { cold, partitions }: WithCold,
  selections: readonly (readonly Matcher[])[],
  range: ColdRange,
  only?: readonly number[],
): Promise<readonly Labels[]> {
  const found: Labels[] = [];
  for (const partition of cold === undefined ? [] : partitions.keys()) {
    if (only?.includes(partition) === false) continue;
    if (cold === undefined || !reaches(cold, partition, range)) continue;
    const ask = { partition, kind: 'raw', selections, ...range } as const;
    found.push(...(await cold.series(ask)).series);
  }
  return found;
}
