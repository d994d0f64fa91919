// The reading side of a shard's rollups: a Source around that of its samples. Fragments that name a
// resolution are run over rows and samples as one; the rest is passed on. Lists of series know what
// only rollups remember. Easy to get wrong: what a resolution cannot tell exactly is said in the
// infos, once for all partitions.
import { MonError } from '../errors.ts';
import { labelsKey, compareLabels, compareText, type Labels } from '../model/labels.ts';
import type { BatchAnswer, Fragment, FragmentResult } from '../model/fragment.ts';
import type { Matcher } from '../model/matcher.ts';
import { RESOLUTIONS, type FragmentRollup } from '../model/rollup.ts';
import type { Cardinality, CountScope } from '../model/cardinality.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { Estimate, SeriesReader, Source } from '../ports.ts';
import { reachOfFragment } from '../promql/leaf.ts';
import { rowsAnswer } from './row-functions.ts';
import { RollupReader } from './rollup-reader.ts';
import type { Rollups } from './rollups.ts';
import { SKETCH_ERROR } from './sketch.ts';

type Selections = readonly (readonly Matcher[])[];

export interface RollupSourceOptions {
  readonly rollups: Rollups;
  /** The samples. */
  readonly source: Source;
  /** How often samples went into the cold tier. */
  readonly handedOver?: () => number;
  /** Changes when series or files may have gone; and where others get their turn in long work. */
  readonly generation?: () => number;
  readonly pace?: () => { breathe(): Promise<void> };
  /** Runs a fragment over readers that have no series in common. */
  readonly run: (
    fragment: Fragment,
    readers: () => readonly SeriesReader[],
    signal?: AbortSignal,
  ) => Promise<FragmentResult>;
}

/** Series whose rows are counted for an estimate; the rest is taken to be like them. */
const ESTIMATE_SERIES = 64;
/** For lists: all there is, of the widest windows. */
const LISTED: FragmentRollup = { resolutionMs: 60_000, prefer: 'raw', aligned: false };

export class RollupSource implements Source {
  readonly #options: RollupSourceOptions;

  constructor(options: RollupSourceOptions) {
    this.#options = options;
  }

  async fragment(asked: Fragment, signal?: AbortSignal): Promise<FragmentResult> {
    const { source, run, rollups } = this.#options;
    const fragment = this.#plain(asked);
    const { rollup } = fragment;
    if (rollup === undefined) return source.fragment(fragment, signal);
    const { first, last } = reachOfFragment(fragment);
    const handedOver = (): number => rollups.handedOver + (this.#options.handedOver?.() ?? 0);
    return rollups.whole(async () => {
      for (;;) {
        const before = handedOver();
        const cold = await rollups.fetchCold(fragment, rollup, first, last);
        let made: RollupReader[] = [];
        const readers = (): readonly SeriesReader[] =>
          (made = rollups.readers(rollup, first, last, cold));
        const result = await run(fragment, readers, signal);
        // What was handed over meanwhile is in neither half of the answer.
        if (handedOver() !== before) continue;
        // Rows are no samples of histograms: where there are samples, those answer.
        if (rollup.prefer === 'rows' && rollup.column === undefined && made.some(isEstimated)) {
          return this.fragment({ ...asked, rollup: { ...rollup, prefer: 'raw' } }, signal);
        }
        const told = infosOf(fragment, rollup, made);
        const away = [...cold.found.values()].flatMap(({ warnings }) => warnings);
        const warnings = [...result.warnings, ...rollups.lost(rollup, first, last), ...away];
        const whole = { ...result, warnings, infos: [...result.infos, ...told] };
        return away.length === 0 ? whole : { ...whole, partial: true };
      }
    });
  }

  /** Those that need no rows go to the samples in one batch. */
  async fragments(asked: readonly Fragment[], signal?: AbortSignal): Promise<BatchAnswer> {
    const { source } = this.#options;
    const list = asked.map((one) => this.#plain(one));
    const plain = list.filter(({ rollup }) => rollup === undefined);
    const batch = plain.length === 0 ? undefined : await source.fragments?.(plain, signal);
    if (batch !== undefined && plain.length === list.length) return batch;
    const results: (FragmentResult | Error)[] = [];
    let next = 0;
    for (const one of list) {
      if (batch !== undefined && one.rollup === undefined) results.push(batch.results[next++]);
      else results.push(await this.fragment(one, signal).catch(failureOf));
    }
    return { results, whole: batch?.whole ?? true, storeReads: batch?.storeReads ?? 0 };
  }

  /** Without its rollup, where samples reach back as far as any row does. */
  #plain(fragment: Fragment): Fragment {
    if (fragment.rollup === undefined || fragment.rollup.prefer === 'rows') return fragment;
    const { first } = reachOfFragment(fragment);
    if (this.#options.rollups.mayReachBehindSamples(first)) return fragment;
    const { rollup: _, ...rest } = fragment;
    return rest;
  }

  async estimate(asked: Fragment): Promise<Estimate> {
    const fragment = this.#plain(asked);
    const { rollup } = fragment;
    const { source, rollups, generation, pace } = this.#options;
    const { first, last } = reachOfFragment(fragment);
    if (rollup === undefined) return source.estimate?.(fragment) ?? { series: 0, samples: 0 };
    if (last < first) return { series: 0, samples: 0 };
    return rollups.whole(async () => {
      const sum = { series: 0, samples: 0 };
      const begun = generation?.();
      const turns = pace?.();
      const steady = (): boolean => generation?.() === begun;
      const pause = { rest: async () => await turns?.breathe(), steady };
      for (const reader of rollups.readers(rollup, first, last)) {
        const ids = await reader.matchSliced(fragment.matchers, first, last, pause);
        if (ids === undefined || !steady()) return this.estimate(asked);
        const some = ids.subarray(0, ESTIMATE_SERIES);
        const room = some.reduce((all, id) => all + reader.room(id, first, last), 0);
        sum.series += ids.length;
        if (some.length > 0) sum.samples += Math.ceil((room / some.length) * ids.length);
      }
      return sum;
    });
  }

  async series(
    selections: Selections,
    minMs: number,
    maxMs: number,
    limit: number,
  ): Promise<readonly Labels[]> {
    const { source, rollups } = this.#options;
    const found = new Map<string, Labels>();
    for (const one of await source.series(selections, minMs, maxMs, limit)) {
      found.set(labelsKey(one), one);
    }
    await rollups.whole(async () => {
      for (const reader of this.#old(minMs, maxMs)) {
        for (const matchers of selections) {
          for (const id of reader.match(matchers, minMs, maxMs)) {
            found.set(labelsKey(reader.labels(id)), reader.labels(id));
          }
        }
      }
    });
    const sorted = [...found.values()].sort(compareLabels);
    return limit > 0 ? sorted.slice(0, limit) : sorted;
  }

  async labelNames(selections: Selections, minMs: number, maxMs: number): Promise<string[]> {
    const plain = await this.#options.source.labelNames(selections, minMs, maxMs);
    return this.#texts(plain, selections, [minMs, maxMs], (reader, matchers) =>
      reader.labelNames(matchers, minMs, maxMs),
    );
  }

  async labelValues(
    name: string,
    selections: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<string[]> {
    const plain = await this.#options.source.labelValues(name, selections, minMs, maxMs);
    return this.#texts(plain, selections, [minMs, maxMs], (reader, matchers) =>
      reader.labelValues(name, matchers, minMs, maxMs),
    );
  }

  #texts(
    plain: readonly string[],
    selections: Selections,
    [minMs, maxMs]: readonly [number, number],
    ask: (reader: SeriesReader, matchers: readonly Matcher[]) => string[],
  ): Promise<string[]> {
    const all = new Set(plain);
    return this.#options.rollups.whole(async () => {
      for (const reader of this.#old(minMs, maxMs)) {
        for (const matchers of selections.length === 0 ? [[]] : selections) {
          for (const text of ask(reader, matchers)) all.add(text);
        }
      }
      return [...all].sort(compareText);
    });
  }

  /** Readers of partitions whose samples do not reach back so far. */
  #old(minMs: number, maxMs: number): RollupReader[] {
    const { rollups } = this.#options;
    return rollups.reachesBack(minMs) ? rollups.readers(LISTED, minMs, maxMs) : [];
  }

  metadata(): Promise<readonly MetadataEntry[]> {
    return this.#options.source.metadata();
  }

  async cardinality(scope?: CountScope): Promise<Cardinality> {
    const { source } = this.#options;
    if (source.cardinality !== undefined) return source.cardinality(scope);
    throw new MonError('MON_NOT_FOUND', 'this source does not count its series');
  }
}

function isEstimated({ estimated }: RollupReader): boolean {
  return estimated;
}

function failureOf(thrown: unknown): MonError {
  if (thrown instanceof MonError) return thrown;
  throw thrown;
}

/** What the answer cannot tell exactly, in sentences. */
function infosOf(
  { fn, args }: Fragment,
  { resolutionMs, column }: FragmentRollup,
  readers: readonly RollupReader[],
): string[] {
  if (readers.every(({ rowsRead }) => rowsRead === 0)) return [];
  const name = RESOLUTIONS.find(({ ms }) => ms === resolutionMs)?.name ?? '';
  const out: string[] = [];
  if (column === undefined && !rowsAnswer({ fn, args })) {
    out.push(`${fn} sees only the last sample of each rollup window of ${name} and wider`);
  } else if (readers.some(isEstimated)) {
    out.push(
      `rollup windows (${name} and wider) do not end with the steps or ranges: values are ` +
        'estimates over whole windows',
    );
  }
  if (fn === 'quantile_over_time' && column === undefined) {
    const words = `quantiles come from rollups, within ${SKETCH_ERROR * 100} % of a value`;
    out.push(`${words} where sketches are kept, else from the last value of each window`);
  }
  return out.map((text) => `PromQL info: ${text}`);
}
