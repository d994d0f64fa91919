// What a seed makes of a run: sizes, habits, and how likely each kind of event is. As in swarm
// testing some kinds are switched off and the others weighted wildly, because a run in which
// everything happens equally often never gets far in any direction.
import type { ChainSettings } from './chain.ts';
import type { Dice } from './dice.ts';
import type { FleetPlan } from './fleet.ts';
import type { Habits, TrafficPlan } from './traffic.ts';

/** Things that may happen at a step. */
const EVENTS = [
  ...(['push', 'again', 'burst', 'wait', 'rest', 'pause', 'tick', 'truncate', 'retain'] as const),
  ...(['jump', 'faults', 'mend', 'reload', 'glance', 'check', 'checkpoint', 'night'] as const),
  ...(['seal', 'compact', 'delete', 'clean'] as const),
] as const;
export type Event = (typeof EVENTS)[number];

/** How a life of the program may end. */
const ENDS = ['power', 'kill', 'orderly'] as const;
export type End = (typeof ENDS)[number];

export const TROUBLES = [
  ...(['full', 'enospc', 'writes', 'syncs', 'reads', 'slow', 'dying'] as const),
] as const;
export type Trouble = (typeof TROUBLES)[number];

export interface Plan {
  readonly settings: ChainSettings;
  readonly traffic: TrafficPlan;
  readonly fleet: FleetPlan;
  readonly events: Readonly<Record<Event, number>>;
  readonly ends: Readonly<Record<End, number>>;
  readonly troubles: Readonly<Record<Trouble, number>>;
  readonly lives: number;
  /** Steps of one life at most. */
  readonly steps: number;
  /** A life is cut short after about so many disk operations. */
  readonly operations: number;
  /** How often the end follows close upon an event. */
  readonly sudden: number;
  readonly rate: { readonly restMs: number; readonly pauseMs: number; readonly jumpMs: number };
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Wild weights; each kind is off in a quarter of all runs, unless it has to be there. */
function swarm<K extends string>(dice: Dice, kinds: readonly K[], always: K): Record<K, number> {
  const entries = kinds.map((kind): [K, number] => {
    const off = kind !== always && dice.chance(0.25);
    return [kind, off ? 0 : Math.exp(dice.random() * 4)];
  });
  return Object.fromEntries(entries) as Record<K, number>;
}

const HABITS: readonly (keyof Habits)[] = [
  ...(['live', 'late', 'backfill', 'tooOld', 'tooNew', 'ahead', 'again', 'contrary'] as const),
];

function settingsOf(dice: Dice): ChainSettings {
  const partitions = dice.pick([1, 2, 3, 4, 5]);
  return {
    partitions,
    stores: Math.min(partitions, dice.int(1, 2)),
    segmentBytes: dice.scale(1_000, 200_000),
    pendingBytesMax: dice.chance(0.3) ? dice.scale(2_000, 20_000) : 1 << 20,
    recentBytes: dice.scale(4_000, 1 << 20),
    keepMs: dice.pick([0, 0, 1_000, MINUTE]),
    gatherMs: dice.pick([0, 0, 5, 20]),
    checkpointMs: dice.scale(100, 10 * MINUTE),
    checkpointBytes: dice.scale(2_000, 1 << 20),
    retentionMs: dice.pick([20 * MINUTE, 2 * HOUR, 15 * 24 * HOUR]),
    cached: dice.chance(0.7),
    recordBytes: dice.chance(0.5) ? dice.scale(200, 5_000) : 1 << 20,
  };
}

function fleetOf(dice: Dice, maybe: (most: number) => number): FleetPlan {
  return {
    targets: dice.chance(0.4) ? 0 : dice.int(1, 4),
    internal: dice.chance(0.4),
    intervalMs: dice.pick([1_000, 5_000, 15_000, MINUTE]),
    seriesMax: dice.scale(1, 30),
    ...{ churn: maybe(0.5), fails: maybe(0.3), hangs: maybe(0.1), slow: maybe(0.3) },
    ...{ malformed: maybe(0.2), timed: maybe(1) },
  };
}

/** The plan of a run; everything in it comes from the dice. */
export function planOf(dice: Dice): Plan {
  const settings = settingsOf(dice);
  const { retentionMs } = settings;
  const maybe = (most: number): number => (dice.chance(0.4) ? 0 : dice.random() * most);
  const fleet = fleetOf(dice, maybe);
  const { intervalMs } = fleet;
  const events = swarm(dice, EVENTS, 'wait');
  // Only where nobody scrapes do hours cost nothing.
  if (fleet.targets > 0 || fleet.internal) events.night = 0;
  return {
    settings,
    traffic: {
      habits: swarm(dice, HABITS, 'live'),
      formats: swarm(dice, ['remote', 'json', 'text'], 'remote'),
      series: dice.scale(1, 40),
      bodySeriesMax: dice.scale(1, 12),
      samplesMax: dice.scale(1, 12),
      ...{ churn: maybe(0.3), wild: maybe(0.7), stale: maybe(0.1) },
      ...{ broken: maybe(0.1), nameless: maybe(0.1), retentionMs, histograms: maybe(0.6) },
    },
    fleet,
    events: { ...events, push: dice.scale(5, 100) },
    ends: swarm(dice, ENDS, dice.chance(0.5) ? 'orderly' : dice.pick(ENDS)),
    troubles: swarm(dice, TROUBLES, dice.pick(TROUBLES)),
    lives: dice.int(3, 8),
    steps: dice.scale(30, 300),
    operations: dice.scale(20, 800),
    sudden: maybe(0.1),
    rate: {
      restMs: dice.scale(10, 20_000),
      pauseMs: dice.scale(10, 60) * intervalMs,
      jumpMs: dice.scale(1_000, 30 * MINUTE),
    },
  };
}
