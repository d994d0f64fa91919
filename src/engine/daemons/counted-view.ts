// What exploring in one process and exploring in a cluster have in common: the count of who asks
// for which metric, told of each query and of each selection that is taken whole, and its figures.
// Between the query service and the API. Easy to get wrong: rules and dashboards ask through the
// same service as people do, and are told apart by their options alone.
import type { Exploration, ExploreQuestion, ExploreView, Uses } from '../model/exploration.ts';
import type { Matcher } from '../model/matcher.ts';
import type { State } from '../ports.ts';
import { useOf } from '../promql/uses.ts';
import { AskedUses } from '../query/asked-uses.ts';
import { SeriesHistory } from '../query/series-history.ts';
import { UsageBook } from '../query/usage-book.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';

/** A server that has just begun has no figures worth keeping. */
const FIRST_SNAPSHOT_MS = 5 * 60_000;
const PRUNE_MS = 24 * 3_600_000;

export interface CountedViewOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly counters: Counters;
}

/** An ExploreView over a count of use and a history of series that are kept in State. */
export abstract class CountedView implements ExploreView {
  /** For the query service: told of each query. */
  readonly asked: AskedUses;
  protected readonly usage: UsageBook;
  protected readonly history: SeriesHistory;
  readonly #options: CountedViewOptions;
  readonly #startedMs: number;
  #prunedMs: number;

  constructor(options: CountedViewOptions) {
    this.#options = options;
    this.#startedMs = this.#prunedMs = options.clock.now();
    this.usage = new UsageBook(this.#startedMs);
    this.asked = new AskedUses(this.usage, options.clock);
    this.history = new SeriesHistory(options.state);
  }

  abstract explore(question: ExploreQuestion): Promise<Exploration | undefined>;

  /** Selectors that somebody takes whole, as another Prometheus does. */
  selected(selections: readonly (readonly Matcher[])[]): void {
    const uses = selections.flatMap((matchers) => useOf(matchers) ?? []);
    this.usage.note(uses, 'query', this.#options.clock.now());
  }

  uses(): Uses {
    return { sinceMs: this.usage.sinceMs, metrics: this.usage.all() };
  }

  /** Reads what was counted before. @throws MonError. */
  protected async load(): Promise<void> {
    await this.usage.load(this.#options.state);
    await this.history.load();
  }

  /** Writes all that was counted; nothing is resolved: the stores are on their way out. */
  protected async saveAll(): Promise<void> {
    await this.usage.save(this.#options.state, async () => [], true);
  }

  /** Whether the history lacks the figures of this hour. */
  protected snapshotIsDue(nowMs: number): boolean {
    return nowMs - this.#startedMs >= FIRST_SNAPSHOT_MS && this.history.isDue(nowMs);
  }

  /** Forgets once a day what neither came nor was asked for in a long time. */
  protected pruneDaily(nowMs: number): void {
    if (nowMs - this.#prunedMs < PRUNE_MS) return;
    this.#prunedMs = nowMs;
    this.usage.prune(nowMs);
  }

  /** Shows the figures of who counts; `series` are those in memory, as they were counted last. */
  protected show(series: () => number): void {
    const { usage, history } = this;
    const { counters, clock } = this.#options;
    const { counts } = usage;
    const rows = [
      ['mon_usage_queries_total', 'Queries whose metrics were counted.', () => counts.queries],
      ['mon_usage_lost_total', 'Selectors and metrics not counted.', () => counts.lost],
      ['mon_usage_saves_total', 'Pieces of the count written down.', () => counts.saves],
      ['mon_usage_metrics', 'Metrics whose use is known.', () => usage.size],
      ['mon_cardinality_series', 'Series in memory.', series],
      [
        'mon_cardinality_series_day_ago',
        'Series a day ago, or as long ago as is known.',
        () => history.dayAgo(clock.now())?.held ?? NaN,
      ],
    ] as const;
    for (const [name, help, read] of rows) counters.reading(name, help, { read });
  }
}
