// What stands at each door of a cluster: limits of cardinality, policies, and what is held back for
// aggregation. Each process counts what passes through its own door; who asks for what, and what is
// aggregated, it reads from the hub's State. Easy to get wrong: nothing is held back before the
// aggregator has written that it takes it, and what nobody could find out changes nothing.
import { HeldSeries } from '../collector/aggregate/held-series.ts';
import type { AggregateRule } from '../collector/aggregate/aggregate-rule.ts';
import { ruleOfKey } from '../collector/aggregate/aggregate-rule.ts';
import { CardinalityGuard } from '../collector/cardinality-guard.ts';
import type { CardinalityLimits } from '../collector/cardinality-guard.ts';
import type { Door } from '../collector/door.ts';
import { DoorPolicies } from '../collector/door-policies.ts';
import { UserError } from '../errors.ts';
import { POLICY_ROUND_MS } from '../limits-explore.ts';
import type { State } from '../ports.ts';
import { UsageBook } from '../query/usage-book.ts';
import type { DoorReport } from '../remote/explore-remote.ts';
import { plainService } from '../remote/listener.ts';
import { RemoteState } from '../remote/state-remote.ts';
import { showHeld } from './aggregate-wiring.ts';
import { Beats } from './beats.ts';
import { aggregatesOf, ALWAYS_KEPT, showPolicies } from './explore-wiring.ts';
import type { ExploreSettings } from './explore-wiring.ts';
import type { RoleWorld } from './role-frame.ts';
import { showGuard } from './sources.ts';

/** Where the aggregator writes which rules it works by; docs/format/aggregate.md. */
export const HELD_RULES = 'aggregate/rules';
const HELD_MS = 1000;
const DAY_MS = 86_400_000;
/** The hub may be away for a moment. */
const STATE_WAIT_MS = 2000;

/** The text of the rules that an aggregator works by. */
export function heldText(keys: readonly string[]): string {
  return JSON.stringify(keys);
}

export class ClusterDoor {
  readonly #world: RoleWorld;
  readonly #state: State;
  readonly #guard: CardinalityGuard;
  readonly #policies: DoorPolicies;
  readonly #held: HeldSeries | undefined;
  #heldVersion = 0;
  /** The limits and policies that are followed, as text. */
  #followed: string;
  #asked: { readonly usage: UsageBook; readonly atMs: number } | undefined;

  /** Plugs itself into a door; `holds` is false for the door of the aggregator. */
  constructor(world: RoleWorld, door: Door, holds: boolean) {
    this.#world = world;
    this.#state = new RemoteState(world.hub('state', STATE_WAIT_MS));
    const { cardinality } = world.options.settings;
    const guard = new CardinalityGuard(cardinality);
    door.book.guard = guard;
    const policies = new DoorPolicies(door.book, (ref) => guard.metricOf(ref));
    guard.follower = policies;
    door.apart = policies;
    policies.setUnqueried((idleMs) => this.#unqueried(idleMs));
    policies.replace(cardinality.policies ?? []);
    this.#guard = guard;
    this.#policies = policies;
    this.#followed = JSON.stringify(cardinality);
    // Asked after the guard, which it takes the place of.
    this.#held = holds ? new HeldSeries(door.book) : undefined;
    door.held = this.#held;
    if (this.#held !== undefined) showHeld(world.counters, this.#held);
    world.listener.offer('door', plainService({ report: async () => this.report() }));
    showGuard(world.counters, guard);
    showPolicies(world.counters, policies);
    this.#addService();
  }

  report(): DoorReport {
    return { guard: this.#guard.report(), policies: this.#policies.report() };
  }

  /** Other limits and policies from now on. */
  follow(cardinality: CardinalityLimits): void {
    const text = JSON.stringify(cardinality);
    if (text === this.#followed) return;
    this.#followed = text;
    this.#guard.setLimits(cardinality);
    this.#policies.replace(cardinality.policies ?? []);
    showPolicies(this.#world.counters, this.#policies);
  }

  /** Holds back what the aggregator takes now. @throws MonError when the hub does not answer. */
  async refresh(): Promise<void> {
    const held = this.#held;
    if (held === undefined) return;
    const found = await this.#state.get(HELD_RULES);
    const version = found?.version ?? 0;
    if (version === this.#heldVersion) return;
    held.replace(found === undefined ? [] : rulesIn(found.value));
    this.#heldVersion = version;
  }

  /** Follows a configuration that was read again. @throws UserError: nothing has changed then. */
  readonly take = async (config: ExploreSettings): Promise<void> => {
    const nobody = (await this.#state.get(HELD_RULES)) === undefined;
    if (nobody && aggregatesOf(config).length > 0) {
      throw new UserError('no process of this cluster folds aggregation rules', {
        hint: 'start the cluster again with them, or start mon run aggregate',
      });
    }
    this.follow(config.cardinality);
    await this.refresh();
  };

  /** Reads the configuration again, for a process in which nothing else follows it. */
  async reload(): Promise<void> {
    const { reloader } = this.#world.options;
    reloader?.serve({ apply: async () => undefined }, this.take);
    await reloader?.reload();
  }

  #addService(): void {
    const { clock, options, services } = this.#world;
    const beats = new Beats(clock, options.logger);
    services.add({
      name: 'door',
      start: async () => {
        // What was held back before this process began still is.
        await this.refresh();
        beats.every(HELD_MS, () => this.refresh());
        beats.every(POLICY_ROUND_MS, () => this.#lookWhoAsks());
        beats.every(DAY_MS, async () => this.#guard.newDay());
      },
      drain: () => beats.stop(),
    });
  }

  /** Reads who asks for what, where a policy wants to know. */
  async #lookWhoAsks(): Promise<void> {
    const { policies = [] } = this.#guard.limits;
    if (!policies.some(({ kind }) => kind === 'unqueried')) return;
    const atMs = this.#world.clock.now();
    const usage = new UsageBook(atMs);
    await usage.load(this.#state);
    this.#asked = { usage, atMs };
    this.#policies.reconsider();
  }

  #unqueried(idleMs: number): ReadonlySet<string> {
    const asked = this.#asked;
    // What rules use is noted as asked for by who counts.
    const found = new Set(asked?.usage.unasked(idleMs, asked.atMs));
    for (const name of ALWAYS_KEPT) found.delete(name);
    return found;
  }
}

function rulesIn(text: string): AggregateRule[] {
  return (JSON.parse(text) as string[]).map(ruleOfKey);
}
