// Who asks for which metric, what there was yesterday, and the policies of the door that follow
// from both: plugged between the queries, the rules, the stores and the door of one process. Easy
// to get wrong: what a rule uses must be known before anything is dropped, so a round that cannot
// find that out changes nothing.
import { CardinalityGuard, type CardinalityLimits } from '../collector/cardinality-guard.ts';
import type { Door } from '../collector/door.ts';
import { rulesOf } from '../collector/policy.ts';
import type { AggregateRule } from '../collector/aggregate/aggregate-rule.ts';
import { EXPLORE_ROWS_MAX, USAGE_REACH_MS } from '../limits-explore.ts';
import type { Exploration, ExploreQuestion } from '../model/exploration.ts';
import { NAME } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Source } from '../ports.ts';
import { matcherTest } from '../promql/regexp.ts';
import { Explorer } from '../query/explorer.ts';
import type { Service } from '../runtime/service.ts';
import type { Aggregation } from './aggregate-wiring.ts';
import { CountedView } from './counted-view.ts';
import type { CountedViewOptions } from './counted-view.ts';
import { DoorLimits } from './door-limits.ts';
import type { LocalOptions } from './local-options.ts';
import { RuleUses } from './rule-uses.ts';
import type { Rules } from './rules-wiring.ts';
import type { Stores } from './stores.ts';

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
/** Exploring in one process: the count, and the policies of the door that follow from it. */
export class Exploring extends CountedView implements Service {
  readonly name = 'explore';
  readonly #options: CountedViewOptions;
  readonly #usesOfRules = new RuleUses();
  #plugs: ExplorePlugs | undefined;
  #limits: DoorLimits | undefined;
  #explorer: Explorer | undefined;
  #protected: ReadonlySet<string> | undefined;
  /** What nobody has asked for, by how long, since the last round. */
  #idle: Map<number, ReadonlySet<string>> = new Map();

  constructor(options: CountedViewOptions) {
    super(options);
    this.#options = options;
  }

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
    this.show(plugs.series);
  }

  /** Other limits and policies from now on. */
  readonly follow = async (settings: ExploreSettings): Promise<void> => {
    await this.#plugs?.aggregate(settings);
    this.#limits?.follow(settings.cardinality);
  };

  explore(question: ExploreQuestion): Promise<Exploration | undefined> {
    return this.#explorer?.explore(question) ?? Promise.resolve(undefined);
  }

  async start(): Promise<void> {
    await this.load();
  }

  async drain(): Promise<void> {
    await this.saveAll();
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
    if (this.snapshotIsDue(nowMs)) await this.#snapshot(plugs.source, nowMs);
    this.pruneDaily(nowMs);
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

function* namesOf(guard: CardinalityGuard): Generator<string> {
  for (const [name] of guard.metrics()) yield name;
}
