// The reading side of a store: leaf fragments and label questions over one shard, blocks and
// heads. Runs in the thread that owns the memory; every answer is plain data, sorted, and may
// cross a thread.
import { MonError, assert } from '../errors.ts';
import { NAME, compareLabels, compareText, labelsKey, labelValue } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { Cardinality, CountRow, CountScope } from '../model/cardinality.ts';
import { joinCardinality, largestRows } from '../model/cardinality.ts';
import { SeriesCount } from '../head/series-count.ts';
import type { BatchAnswer, Fragment, FragmentResult } from '../model/fragment.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { Matcher } from '../model/matcher.ts';
import { CARDINALITY_ROWS_MAX, FRAGMENT_TURN_MS } from '../limits.ts';
import type { Estimate, SeriesReader, Source } from '../ports.ts';
import { reachOfFragment, type FragmentRun } from '../promql/leaf.ts';
import { groupsOf, TogetherRun, widestOf } from '../promql/leaf-together.ts';
import type { Clock } from '../runtime/clock.ts';
import { coldSeries, fetchCold, type ColdRange } from './cold-fetch.ts';
import { Pace } from './pace.ts';
import { matchIn, runSliced, timesOf } from './sliced-run.ts';
import type { Store } from './store.ts';
import { Turns } from './turns.ts';

/** Series whose samples are counted for an estimate; the rest is taken to be like them. */
const ESTIMATE_SERIES = 256;

type Selections = readonly (readonly Matcher[])[];

/** A store as far as questions are concerned. */
export type AskedStore = Pick<
  Store,
  | 'blocksTouched'
  | 'cold'
  | 'handedOver'
  | 'heads'
  | 'lost'
  | 'partitions'
  | 'readers'
  | 'setAside'
  | 'stats'
  | 'truncations'
>;

export class StoreSource implements Source {
  readonly #store: AskedStore;
  readonly #clock: Clock | undefined;
  /** The lane that its fragments go in. */
  readonly turns: Turns;
  /** The partitions that are asked; undefined: all. */
  readonly #only: readonly number[] | undefined;

  /** With a clock, large fragments give other work of this thread its turn. */
  constructor(store: AskedStore, clock?: Clock, only?: readonly number[], turns = new Turns()) {
    this.#store = store;
    this.#clock = clock;
    this.#only = only;
    this.turns = turns;
  }

  /** The same over some partitions. */
  within(only: readonly number[]): StoreSource {
    return new StoreSource(this.#store, this.#clock, only, this.turns);
  }

  /** The same for those who let this one's fragments go first. */
  behind(): StoreSource {
    return new StoreSource(this.#store, this.#clock, this.#only, new Turns(this.turns));
  }

  fragment(fragment: Fragment, signal?: AbortSignal): Promise<FragmentResult> {
    return this.#whole(async () => {
      const { first, last } = reachOfFragment(fragment);
      const result = await this.#run(fragment, signal);
      const lost = this.#store.lost(first, last, this.#only);
      return lost.length === 0 ? result : { ...result, warnings: [...result.warnings, ...lost] };
    });
  }

  /** Each as fragment() would answer; others get a turn between them. */
  async fragments(list: readonly Fragment[], signal?: AbortSignal): Promise<BatchAnswer> {
    const results: (FragmentResult | Error)[] = [];
    const clock = this.#clock;
    let storeReads = 0;
    let turnAt = (clock?.monotonic() ?? 0) + FRAGMENT_TURN_MS;
    for (const group of groupsOf(list)) {
      const some = group.map((i) => list[i]);
      for (const fragment of some) {
        const { first, last } = reachOfFragment(fragment);
        storeReads += this.#store.blocksTouched(first, last);
      }
      const answers = await this.#group(some, signal);
      group.forEach((i, k) => (results[i] = answers[k]));
      if (clock === undefined || clock.monotonic() < turnAt) continue;
      await clock.sleep(0);
      turnAt = clock.monotonic() + FRAGMENT_TURN_MS;
    }
    return { results, whole: true, storeReads };
  }

  /** Fragments over the same series, which are decoded once where that goes. */
  async #group(
    list: readonly Fragment[],
    signal?: AbortSignal,
  ): Promise<(FragmentResult | Error)[]> {
    if (list.length > 1) {
      try {
        return await this.#whole(() => this.#together(list, signal));
      } catch (thrown) {
        // One of them is past a limit: alone, each tells for itself.
        if (!(thrown instanceof MonError) || thrown.code !== 'MON_QUERY_LIMIT') throw thrown;
      }
    }
    const out: (FragmentResult | Error)[] = [];
    for (const fragment of list) {
      try {
        out.push(await this.fragment(fragment, signal));
      } catch (thrown) {
        if (!(thrown instanceof MonError)) throw thrown;
        out.push(thrown);
      }
    }
    return out;
  }

  async #together(list: readonly Fragment[], signal?: AbortSignal): Promise<FragmentResult[]> {
    let run: TogetherRun | undefined;
    const begin = (series: number): TogetherRun => (run = new TogetherRun(list, series));
    const widest = await this.#run(widestOf(list), signal, begin);
    assert(run !== undefined, 'a run has begun before it answers');
    return run.results().map((result, i) => {
      const { first, last } = reachOfFragment(list[i]);
      const lost = this.#store.lost(first, last, this.#only);
      const { partial } = widest;
      const away = partial === true ? widest.warnings : result.warnings;
      const whole = lost.length === 0 && partial !== true;
      return whole ? result : { ...result, partial, warnings: [...away, ...lost] };
    });
  }

  async #run(
    fragment: Fragment,
    signal?: AbortSignal,
    begin?: (series: number) => FragmentRun,
  ): Promise<FragmentResult> {
    const clock = this.#clock;
    const { first, last } = reachOfFragment(fragment);
    const reach = { minMs: first, maxMs: last };
    const generation = (): number => this.#store.truncations;
    for (;;) {
      const before = this.#store.handedOver;
      const cold = await fetchCold(this.#store, fragment, reach, this.#only);
      const readers = (): SeriesReader[] =>
        this.#store.readers(first, last, this.#only, cold?.readers);
      const run = { fragment, readers, clock, signal, generation, turns: this.turns, begin };
      const result = await runSliced(run);
      // What was handed over meanwhile is in neither half of the answer.
      if (this.#store.handedOver !== before) continue;
      if (cold === undefined || cold.warnings.length === 0) return result;
      return { ...result, warnings: [...result.warnings, ...cold.warnings], partial: true };
    }
  }

  /** Asks again without a block that turns out to be damaged: the rest is served. */
  async #whole<T>(ask: () => T | Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (thrown) {
        if (!(thrown instanceof MonError) || thrown.code !== 'MON_BLOCK_CORRUPT') throw thrown;
        if (!(await this.#store.setAside(thrown))) throw thrown;
      }
    }
  }

  estimate(fragment: Fragment): Promise<Estimate> {
    return this.#whole(() => this.#estimate(fragment));
  }

  async #estimate(fragment: Fragment): Promise<Estimate> {
    const [first, last] = timesOf(fragment);
    const pace = new Pace(this.#clock);
    const begun = this.#store.truncations;
    const steady = (): boolean => this.#store.truncations === begun;
    const pause = { rest: () => pace.breathe(), steady };
    let series = 0;
    let samples = 0;
    if (last < first) return { series, samples };
    for (const reader of this.#store.readers(first, last, this.#only)) {
      const ids = await matchIn(reader, [fragment.matchers, first, last], pause);
      if (ids === undefined || !steady()) return this.#estimate(fragment);
      series += ids.length;
      const stride = Math.max(1, Math.floor(ids.length / ESTIMATE_SERIES));
      let counted = 0;
      let room = 0;
      for (let i = 0; i < ids.length; i += stride) {
        room += reader.room?.(ids[i], first, last) ?? 1;
        counted++;
      }
      if (counted > 0) samples += Math.ceil((room / counted) * ids.length);
      await pause.rest();
      if (!steady()) return this.#estimate(fragment);
    }
    return { series, samples };
  }

  async cardinality(scope?: CountScope): Promise<Cardinality> {
    if (scope !== undefined) return this.#counted(scope);
    const metrics = new Map<string, number>();
    const pairs = new Map<string, number>();
    const values = new Map<string, Set<string>>();
    for (const head of this.#store.heads.values()) {
      for (const { name, value, series } of head.pairCounts()) {
        const pair = `${name}=${value}`;
        pairs.set(pair, (pairs.get(pair) ?? 0) + series);
        if (name === NAME) metrics.set(value, (metrics.get(value) ?? 0) + series);
        const known = values.get(name);
        if (known === undefined) values.set(name, new Set([value]));
        else known.add(value);
      }
    }
    const { series, samples, chunks, memoryBytes } = this.#store.stats();
    const counts = [...values].map(([name, set]): CountRow => [name, set.size]);
    return {
      ...{ series, samples, chunks, memoryBytes, labelPairs: pairs.size, ...this.#times() },
      seriesByMetric: largestRows(metrics),
      valuesByName: largestRows(counts),
      seriesByPair: largestRows(pairs),
    };
  }

  /** Only the figures of the scope; a turn for others between heads. */
  async #counted(scope: CountScope): Promise<Cardinality> {
    const { nowMs, matchers = [], label, rows } = scope;
    const count = new SeriesCount(nowMs, label);
    for (const head of this.#store.heads.values()) {
      head.count(matchers, count);
      await this.#clock?.sleep(0);
    }
    const { series, samples, chunks, memoryBytes, blocks } = this.#store.stats();
    const sealed = { blockBytes: blocks.bytes, blockSamples: blocks.samples };
    return {
      ...joinCardinality([]),
      ...{ series, samples, chunks, memoryBytes },
      figures: { ...count.answer(Math.min(rows, CARDINALITY_ROWS_MAX)), ...sealed },
    };
  }

  /** Of the heads, to the chunk; 0 both where they are empty. */
  #times(): { readonly minMs: number; readonly maxMs: number } {
    let minMs = Infinity;
    let maxMs = -Infinity;
    for (const head of this.#store.heads.values()) {
      minMs = Math.min(minMs, head.oldestMs(-Infinity));
      maxMs = Math.max(maxMs, head.newestMs);
    }
    return minMs <= maxMs ? { minMs, maxMs } : { minMs: 0, maxMs: 0 };
  }

  series(
    selections: Selections,
    minMs: number,
    maxMs: number,
    limit: number,
  ): Promise<readonly Labels[]> {
    const range = { minMs, maxMs };
    return this.#whole(async () => {
      const old = await coldSeries(this.#store, selections, range, this.#only);
      const found = this.#series(selections, [minMs, maxMs], limit);
      if (old.length === 0) return found;
      const all = new Map([...old, ...found].map((labels) => [labelsKey(labels), labels]));
      const sorted = [...all.values()].sort(compareLabels);
      return limit > 0 ? sorted.slice(0, limit) : sorted;
    });
  }

  #series(
    selections: Selections,
    [minMs, maxMs]: readonly [number, number],
    limit: number,
  ): readonly Labels[] {
    const found = new Map<string, Labels>();
    for (const reader of this.#store.readers(minMs, maxMs, this.#only)) {
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
    return this.#texts(
      selections,
      { minMs, maxMs },
      (reader, matchers) => reader.labelNames(matchers, minMs, maxMs),
      (labels) => labels.filter((_, i) => i % 2 === 0),
    );
  }

  async labelValues(
    name: string,
    selections: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<string[]> {
    return this.#texts(
      selections,
      { minMs, maxMs },
      (reader, matchers) => reader.labelValues(name, matchers, minMs, maxMs),
      (labels) => labelValue(labels, name),
    );
  }

  async metadata(): Promise<readonly MetadataEntry[]> {
    return [...this.#store.heads.values()].flatMap((head) => head.metadata());
  }

  /** Texts of what lies here, and those of series in the cold tier. */
  #texts(
    selections: Selections,
    range: ColdRange,
    ask: (reader: SeriesReader, matchers: readonly Matcher[]) => string[],
    told: (labels: Labels) => string | readonly string[],
  ): Promise<string[]> {
    return this.#whole(async () => {
      const old = await coldSeries(this.#store, selections, range, this.#only);
      const all = new Set<string>(old.flatMap(told));
      all.delete('');
      for (const reader of this.#store.readers(range.minMs, range.maxMs, this.#only)) {
        for (const matchers of selections.length === 0 ? [[]] : selections) {
          for (const text of ask(reader, matchers)) all.add(text);
        }
      }
      return [...all].sort(compareText);
    });
  }
}
