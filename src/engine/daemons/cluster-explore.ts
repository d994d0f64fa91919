// Who asks for which metric and what series there are, in a cluster: counted by the role `query`,
// through which all questions pass, kept in the hub's State, from where the doors learn what nobody
// asks for. Wiring. Easy to get wrong: what rules use has to be known before anything is dropped,
// so a round that cannot find that out writes nothing down.
import { CARDINALITY_EXAMPLES_MAX } from '../limits.ts';
import { EXPLORE_ROWS_MAX, USAGE_REACH_MS, USAGE_SAVE_MS } from '../limits-explore.ts';
import { MonError } from '../errors.ts';
import type { Exploration, ExploreQuestion } from '../model/exploration.ts';
import { NAME } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Source, State } from '../ports.ts';
import { Explorer } from '../query/explorer.ts';
import { RemoteRules } from '../remote/desk-remote.ts';
import { joinDoors } from '../remote/explore-remote.ts';
import type { DoorReport } from '../remote/explore-remote.ts';
import { RemoteState } from '../remote/state-remote.ts';
import type { Service } from '../runtime/service.ts';
import { Beats } from './beats.ts';
import type { ClusterDirectory } from './cluster-directory.ts';
import { CountedView } from './counted-view.ts';
import type { RoleWorld } from './role-frame.ts';
import { RoleLink } from './role-link.ts';
import { RuleUses } from './rule-uses.ts';
import { hasRules } from './rules-wiring.ts';

/** Roles that have a door. */
const DOORS = ['collector', 'api', 'alert', 'aggregate'];
const REPORT_MS = 2000;
const LOOK_MS = 3000;
/** Counting all series looks at each of them. */
const COUNT_MS = 5 * 60_000;

/** What all doors tell that answer; undefined when none does. */
export async function askDoors(directory: ClusterDirectory): Promise<DoorReport | undefined> {
  const addresses = DOORS.flatMap((role) => directory.members(role)).flatMap(({ facts }) => {
    return (facts as { address?: string } | null)?.address ?? [];
  });
  const all = await Promise.all(
    addresses.map(async (address) => {
      try {
        const told = await directory.link(address, 'door').call('report', [], { ms: REPORT_MS });
        return told as DoorReport;
      } catch (thrown) {
        // One that is being started again has counted nothing yet.
        if (!(thrown instanceof MonError)) throw thrown;
        return undefined;
      }
    }),
  );
  const there = all.filter((one) => one !== undefined);
  return joinDoors(there, CARDINALITY_EXAMPLES_MAX);
}

export interface ClusterExploringOptions {
  readonly world: RoleWorld;
  readonly source: Source;
  readonly directory: ClusterDirectory;
}

/** Exploring over all stores, doors and evaluators of a cluster. */
export class ClusterExploring extends CountedView implements Service {
  readonly name = 'explore';
  readonly #options: ClusterExploringOptions;
  readonly #state: State;
  readonly #rules: RemoteRules | undefined;
  readonly #ruleUses = new RuleUses();
  readonly #beats: Beats;
  #roundMs = -Infinity;
  #countedMs = -Infinity;
  #series = 0;

  constructor(options: ClusterExploringOptions) {
    const { world } = options;
    const { clock, counters, options: role } = world;
    const state = new RemoteState(world.hub('state'));
    super({ state, clock, counters });
    this.#options = options;
    this.#state = state;
    const { directory } = options;
    const link = new RoleLink({ directory, clock, role: 'alert' });
    this.#rules = hasRules(role.settings) ? new RemoteRules(link.to('rules')) : undefined;
    this.#beats = new Beats(clock, role.logger);
    this.show(() => this.#series);
  }

  async explore(question: ExploreQuestion): Promise<Exploration | undefined> {
    const { usage, history } = this;
    const { source, directory, world } = this.#options;
    const doors = await askDoors(directory);
    const explorer = new Explorer({
      ...{ source, usage, history, clock: world.clock },
      policies: () => doors?.policies ?? [],
      guard: () => doors?.guard ?? null,
    });
    return explorer.explore(question);
  }

  async start(): Promise<void> {
    await this.load();
    this.#beats.every(LOOK_MS, () => this.#roundWhenDue());
  }

  async drain(): Promise<void> {
    await this.#beats.stop();
    await this.saveAll().catch((thrown: unknown) => {
      // The hub may be on its way out too: what was counted since the last round is lost.
      if (!(thrown instanceof MonError)) throw thrown;
    });
  }

  /** A round that failed, since a process was still being started, is made up for soon. */
  async #roundWhenDue(): Promise<void> {
    const nowMs = this.#options.world.clock.monotonic();
    if (nowMs - this.#roundMs < USAGE_SAVE_MS) return;
    await this.round();
    this.#roundMs = nowMs;
  }

  /** Looks at rules and metrics, and writes down who asked. @throws MonError. */
  async round(): Promise<void> {
    const { source, world } = this.#options;
    const nowMs = world.clock.now();
    // Stores that have just begun do not know all metrics yet.
    const resolve = (matchers: readonly Matcher[]): Promise<readonly string[]> =>
      source.labelValues(NAME, [matchers], nowMs - USAGE_REACH_MS, nowMs);
    const groups = (await this.#rules?.groups()) ?? [];
    const texts = groups.flatMap(({ rules }) => rules.map(({ rule }) => rule.expr));
    await this.#ruleUses.note(texts, resolve, { usage: this.usage, nowMs });
    this.usage.seen(await source.labelValues(NAME, [], nowMs - USAGE_REACH_MS, nowMs), nowMs);
    await this.usage.save(this.#state, resolve);
    await this.#count(source, nowMs);
    this.pruneDaily(nowMs);
  }

  async #count(source: Source, nowMs: number): Promise<void> {
    const due = this.snapshotIsDue(nowMs);
    if (!due && nowMs - this.#countedMs < COUNT_MS) return;
    this.#countedMs = nowMs;
    const counted = await source.cardinality?.({ nowMs, rows: EXPLORE_ROWS_MAX });
    if (counted?.figures === undefined) return;
    this.#series = counted.series;
    if (due) await this.history.keep(counted.figures, counted.series, nowMs);
  }
}
