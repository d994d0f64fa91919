// The limits of cardinality and the policies at one door, and a configuration that changes them
// while it works. Wiring, the same in one process and at each door of a cluster. Easy to get wrong:
// policies follow the guard, which alone knows the metric of each series.
import type { CardinalityGuard, CardinalityLimits } from '../collector/cardinality-guard.ts';
import type { Door } from '../collector/door.ts';
import { DoorPolicies } from '../collector/door-policies.ts';
import type { Counters } from '../runtime/counters.ts';

export interface DoorLimitsOptions {
  readonly door: Door;
  /** The guard of the door's book. */
  readonly guard: CardinalityGuard;
  readonly cardinality: CardinalityLimits;
  readonly counters: Counters;
  /** Metrics that nobody has asked for in so many ms. */
  readonly unqueried: (idleMs: number) => ReadonlySet<string>;
}

export class DoorLimits {
  readonly guard: CardinalityGuard;
  readonly policies: DoorPolicies;
  readonly #counters: Counters;
  /** The limits and policies that are followed, as text. */
  #followed: string;

  /** Plugs the policies into the door and its guard. */
  constructor({ door, guard, cardinality, counters, unqueried }: DoorLimitsOptions) {
    this.guard = guard;
    this.#counters = counters;
    this.policies = new DoorPolicies(door.book, (ref) => guard.metricOf(ref));
    this.policies.setUnqueried(unqueried);
    guard.follower = this.policies;
    door.apart = this.policies;
    this.policies.replace(cardinality.policies ?? []);
    this.#followed = JSON.stringify(cardinality);
    this.#show();
  }

  /** Other limits and policies from now on. */
  follow(cardinality: CardinalityLimits): void {
    const text = JSON.stringify(cardinality);
    if (text === this.#followed) return;
    this.#followed = text;
    this.guard.setLimits(cardinality);
    this.policies.replace(cardinality.policies ?? []);
    this.#show();
  }

  /** The figures of each policy that there is now. */
  #show(): void {
    const { policies } = this;
    for (const { name } of policies.report()) {
      const labels = { policy: name };
      const of = (key: 'series' | 'dropped' | 'kept') => (): number =>
        policies.counts(name)?.[key] ?? 0;
      this.#counters.reading('mon_policy_series', 'Series that a policy decides about.', {
        ...{ labels, read: of('series') },
      });
      this.#counters.reading('mon_policy_dropped_total', 'Samples that a policy took away.', {
        ...{ labels, read: of('dropped') },
      });
      this.#counters.reading('mon_policy_kept_total', 'Samples that a policy let through.', {
        ...{ labels, read: of('kept') },
      });
    }
  }
}
