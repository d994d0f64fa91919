// Who asks for which metric, what there was yesterday, and the policies of the door that follow
// from both: plugged between the queries, the rules, the stores and the door of one process. Easy
// to get wrong: what a rule uses must be known before anything is dropped, so a round that cannot
// find that out changes nothing.
import { CardinalityGuard, type CardinalityLimits } from '../collector/cardinality-guard.ts';
import type { Door } from '../collector/door.ts';
import { rulesOf } from '../collector/policy.ts';
import type { AggregateRule } from '../collector/aggregate/aggregate-rule.ts';
import { EXPLORE_ROWS_MAX, USAGE_REACH_MS } from '../limits-explore.ts';
import type { Exploration, ExploreQuestion, Uses } from '../model/exploration.ts';
import { NAME } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Asker } from '../model/usage.ts';
import type { AskOptions, Source, State } from '../ports.ts';
import { matcherTest } from '../promql/regexp.ts';
import { useOf, type Use } from '../promql/uses.ts';
import { Explorer } from '../query/explorer.ts';
import { SeriesHistory } from '../query/series-history.ts';
import { UsageBook } from '../query/usage-book.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';
import type { Service } from '../runtime/service.ts';
import type { Aggregation } from './aggregate-wiring.ts';
import { DoorLimits } from './door-limits.ts';
import type { LocalOptions } from './local-options.ts';
import { RuleUses } from './rule-uses.ts';
import type { Rules } from './rules-wiring.ts';
import type { Stores } from './stores.ts';

export interface ExploreOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly counters: Counters;
}

/** What of a configuration is followed at work. */
export interface ExploreSettings {
  readonly cardinality: CardinalityLimits;
  readonly aggregate?: readonly AggregateRule[];
}

/** What is there only when the rest of the process is. */
export interface ExplorePlugs {
  readonly source: Source;
  readonly door: Door;
  readonly guard: CardinalityGuard;
  readonly cardinality: CardinalityLimits;
  /** Expressions of all rules that run. */
  readonly rules: () => Iterable<string>;
  /** Aggregates by these rules, and those that the policies mean, from now on. */
  readonly aggregate: (settings: ExploreSettings) => Promise<void>;
  /** Series in the heads, as they were counted last. */
  readonly series: () => number;
}

/** The aggregation rules of a configuration, those that its policies mean among them. */
export function aggregatesOf(options: {
  readonly aggregate?: readonly AggregateRule[];
  readonly cardinality: CardinalityLimits;
}): readonly AggregateRule[] {
  return [...(options.aggregate ?? []), ...rulesOf(options.cardinality.policies)];
}

/** What the parts of one process are to exploring. */
export function plugsOf(
  parts: Pick<ExplorePlugs, 'source' | 'door' | 'guard'> & {
    readonly options: LocalOptions;
    readonly rules: Rules;
    readonly stores: Stores;
    readonly aggregation: Aggregation;
  },
): ExplorePlugs {
  const { source, door, guard, options, rules, stores, aggregation } = parts;
  return {
    ...{ source, door, guard, cardinality: options.cardinality },
    rules: () => rules.engine.rules.rules.map(({ rule }) => rule.expr),
    series: () => stores.newest.reduce((sum, one) => sum + one.series, 0),
    aggregate: (settings) => aggregation.replace(aggregatesOf(settings)),
  };
}

/** Metrics of mon and of Prometheus that are made for people who look when something is wrong. */
export const ALWAYS_KEPT = new Set(['up', 'ALERTS', 'ALERTS_FOR_STATE']);
/** A server that has just begun has no figures worth keeping. */
export const FIRST_SNAPSHOT_MS = 5 * 60_000;
export const PRUNE_MS = 24 * 3_600_000;

export class Exploring implements Service {
  readonly name = 'explore';
  readonly usage: UsageBook;
  readonly history: SeriesHistory;
  readonly #options: ExploreOptions;
  readonly #startedMs: number;
  readonly #usesOfRules = new RuleUses();
  #plugs: ExplorePlugs | undefined;
  #limits: DoorLimits | undefined;
  #explorer: Explorer | undefined;
  #protected: ReadonlySet<string> | undefined;
  /** What nobody has asked for, by how long, since the last round. */
  #idle: Map<number, ReadonlySet<string>> = new Map();
  #prunedMs: number;

  constructor(options: ExploreOptions) {
    this.#options = options;
    this.#startedMs = options.clock.now();
    this.#prunedMs = this.#startedMs;
    this.usage = new UsageBook(this.#startedMs);
    this.history = new SeriesHistory(options.state);
  }

  /** For the query service: told of each query. */
  readonly asked = (uses: readonly Use[], options: AskOptions): void => {
    this.usage.note(uses, askerOf(options), this.#options.clock.now());
  };

  /** Plugs the rest in, and lets the door follow the policies. */
  plug(plugs: ExplorePlugs): void {
    const { door, guard, source, cardinality } = plugs;
    const { usage, history } = this;
    const { clock, counters } = this.#options;
    this.#plugs = plugs;
    const unqueried = (idleMs: number): ReadonlySet<string> => this.#unqueried(idleMs);
    const limits = new DoorLimits({ door, guard, cardinality, counters, unqueried });
    this.#limits = limits;
    this.#explorer = new Explorer({
      ...{ source, usage, history, clock },
      policies: () => limits.policies.report(),
      guard: () => guard.report(),
    });
    showUsage({ counters, clock, usage, history, series: plugs.series });
  }

  /** Other limits and policies from now on. */
  readonly follow = async (settings: ExploreSettings): Promise<void> => {
    await this.#plugs?.aggregate(settings);
    this.#limits?.follow(settings.cardinality);
  };

  explore(question: ExploreQuestion): Promise<Exploration | undefined> {
    return this.#explorer?.explore(question) ?? Promise.resolve(undefined);
  }

  /** Selectors that somebody takes whole, as another Prometheus does. */
  selected(selections: readonly (readonly Matcher[])[]): void {
    const uses = selections.flatMap((matchers) => useOf(matchers) ?? []);
    this.usage.note(uses, 'query', this.#options.clock.now());
  }

  uses(): Uses {
    return { sinceMs: this.usage.sinceMs, metrics: this.usage.all() };
  }

  async start(): Promise<void> {
    await this.usage.load(this.#options.state);
    await this.history.load();
  }

  async drain(): Promise<void> {
    // Nothing is resolved any more: the stores are on their way out.
    await this.usage.save(this.#options.state, async () => [], true);
  }

  /** Looks at rules and metrics, writes down who asked, and decides again what nobody asks for. */
  async round(): Promise<void> {
    const { clock, state } = this.#options;
    const plugs = this.#plugs;
    if (plugs === undefined) return;
    const nowMs = clock.now();
    this.#protected = await this.#ruled(plugs, nowMs);
    this.usage.seen(namesOf(plugs.guard), nowMs);
    await this.usage.save(state, (matchers) => this.#resolve(plugs.source, matchers));
    if (nowMs - this.#startedMs >= FIRST_SNAPSHOT_MS && this.history.isDue(nowMs)) {
      await this.#snapshot(plugs.source, nowMs);
    }
    if (nowMs - this.#prunedMs >= PRUNE_MS) {
      this.#prunedMs = nowMs;
      this.usage.prune(nowMs);
    }
    this.#reconsider();
  }

  /** Looks anew at what nobody asks for; the door hears of it only when that has changed. */
  #reconsider(): void {
    const before = this.#idle;
    this.#idle = new Map();
    let same = true;
    for (const [idleMs, names] of before) {
      const now = this.#unqueried(idleMs);
      same = same && now.size === names.size && [...now].every((name) => names.has(name));
    }
    if (!same) this.#limits?.policies.reconsider();
  }

  async #snapshot(source: Source, nowMs: number): Promise<void> {
    const counted = await source.cardinality?.({ nowMs, rows: EXPLORE_ROWS_MAX });
    if (counted?.figures === undefined) return;
    await this.history.keep(counted.figures, counted.series, nowMs);
    this.usage.seen(
      counted.figures.metrics.map(({ name }) => name),
      nowMs,
    );
  }

  /** Metrics that rules use; what they use is noted beside. */
  #ruled({ rules, source }: ExplorePlugs, nowMs: number): Promise<ReadonlySet<string>> {
    const resolve = (matchers: readonly Matcher[]) => this.#resolve(source, matchers);
    return this.#usesOfRules.note(rules(), resolve, { usage: this.usage, nowMs });
  }

  /** Metrics that pass matchers: those that are there, and those that a policy may have dropped. */
  async #resolve(source: Source, matchers: readonly Matcher[]): Promise<readonly string[]> {
    const { clock } = this.#options;
    const nowMs = clock.now();
    const found = await source.labelValues(NAME, [matchers], nowMs - USAGE_REACH_MS, nowMs);
    const ofName = matchers.filter(({ name }) => name === NAME).map(matcherTest);
    if (ofName.length === 0 || ofName.length < matchers.length) return found;
    const names = new Set(found);
    for (const { name } of this.usage.all()) {
      if (ofName.every((passes) => passes(name))) names.add(name);
    }
    return [...names];
  }

  #unqueried(idleMs: number): ReadonlySet<string> {
    const kept = this.#idle.get(idleMs);
    if (kept !== undefined) return kept;
    const { clock } = this.#options;
    const used = this.#protected;
    // Before the first round nobody knows what the rules use.
    const found = new Set(used && this.usage.unasked(idleMs, clock.now()));
    for (const name of found) {
      if (used?.has(name) === true || ALWAYS_KEPT.has(name)) found.delete(name);
    }
    this.#idle.set(idleMs, found);
    return found;
  }
}

/** Who asks a query. */
export function askerOf({ user, pool }: AskOptions): Asker {
  if (user === 'rules') return 'rule';
  return pool === 'dashboard' ? 'dashboard' : 'query';
}

interface UsageFigures {
  readonly counters: Counters;
  readonly clock: Clock;
  readonly usage: UsageBook;
  readonly history: SeriesHistory;
  /** Series in memory, as they were counted last. */
  readonly series: () => number;
}

/** The figures of who counts. */
export function showUsage({ counters, clock, usage, history, series }: UsageFigures): void {
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

function* namesOf(guard: CardinalityGuard): Generator<string> {
  for (const [name] of guard.metrics()) yield name;
}
