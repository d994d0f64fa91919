// What stands at each door of a cluster: limits of cardinality, policies, and what is held back for
// aggregation. Each process counts what passes through its own door; who asks for what, and what is
// aggregated, it reads from the hub's State. Easy to get wrong: nothing is held back before the
// aggregator has written that it takes it, and what nobody could find out changes nothing.
import { HeldSeries } from '../collector/aggregate/held-series.ts';
import type { AggregateRule } from '../collector/aggregate/aggregate-rule.ts';
import { ruleOfKey } from '../collector/aggregate/aggregate-rule.ts';
import { CardinalityGuard } from '../collector/cardinality-guard.ts';
import type { Door } from '../collector/door.ts';
import { UserError } from '../errors.ts';
import { POLICY_ROUND_MS } from '../limits-explore.ts';
import type { State } from '../ports.ts';
import { UsageBook } from '../query/usage-book.ts';
import type { DoorReport } from '../remote/explore-remote.ts';
import { plainService } from '../remote/listener.ts';
import { RemoteState } from '../remote/state-remote.ts';
import { showHeld } from './aggregate-wiring.ts';
import { Beats } from './beats.ts';
import { DoorLimits } from './door-limits.ts';
import { aggregatesOf, ALWAYS_KEPT } from './explore-wiring.ts';
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
  /** What is followed at this door. */
  readonly limits: DoorLimits;
  readonly #held: HeldSeries | undefined;
  #heldVersion = 0;
  #asked: { readonly usage: UsageBook; readonly atMs: number } | undefined;

  /** Plugs itself into a door; `holds` is false for the door of the aggregator. */
  constructor(world: RoleWorld, door: Door, holds: boolean) {
    this.#world = world;
    this.#state = new RemoteState(world.hub('state', STATE_WAIT_MS));
    const { cardinality } = world.options.settings;
    const guard = new CardinalityGuard(cardinality);
    door.book.guard = guard;
    const unqueried = (idleMs: number): ReadonlySet<string> => this.#unqueried(idleMs);
    const { counters } = world;
    this.limits = new DoorLimits({ door, guard, cardinality, counters, unqueried });
    // Asked after the guard, which it takes the place of.
    this.#held = holds ? new HeldSeries(door.book) : undefined;
    door.held = this.#held;
    if (this.#held !== undefined) showHeld(counters, this.#held);
    world.listener.offer('door', plainService({ report: async () => this.report() }));
    showGuard(counters, guard);
    this.#addService();
  }

  report(): DoorReport {
    const { guard, policies } = this.limits;
    return { guard: guard.report(), policies: policies.report() };
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
    this.limits.follow(config.cardinality);
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
        beats.every(DAY_MS, async () => this.limits.guard.newDay());
      },
      drain: () => beats.stop(),
    });
  }

  /** Reads who asks for what, where a policy wants to know. */
  async #lookWhoAsks(): Promise<void> {
    const { policies = [] } = this.limits.guard.limits;
    if (!policies.some(({ kind }) => kind === 'unqueried')) return;
    const atMs = this.#world.clock.now();
    const usage = new UsageBook(atMs);
    await usage.load(this.#state);
    this.#asked = { usage, atMs };
    this.limits.policies.reconsider();
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
