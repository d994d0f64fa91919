// Rollups in a cluster: each store folds the partitions that it holds, and a replay is asked of all
// of them. Easy to get wrong: the stores of all zones fold the same windows, so each zone alone has
// all of them; and what a replay changes is told to who keeps results.
import { MonError } from '../errors.ts';
import { noRollups } from '../model/rollup.ts';
import type { RollupWork } from '../model/rollup.ts';
import type { Calling } from '../remote/link.ts';
import type { Methods } from '../remote/calls.ts';
import { takeNumber } from '../remote/log-wire.ts';
import { AllRollups, RollupBeat } from './rollup-wiring.ts';
import type { RoleWorld } from './role-frame.ts';
import { Beats } from './beats.ts';

const ROUND_MS = 2_000;

/** The rollups of whatever partitions a store holds now: on a beat, and asked by others. */
export function serveRollups(world: RoleWorld, now: () => RollupWork | undefined): void {
  const { clock, counters, options, services, listener } = world;
  const work: RollupWork = {
    workRollups: async (nowMs) => (await now()?.workRollups(nowMs)) ?? false,
    replayRollups: async (fromMs) => (await now()?.replayRollups(fromMs)) ?? 0,
    rollupStatus: async () => (await now()?.rollupStatus()) ?? noRollups(),
  };
  const late = world.hub('late');
  const beat = new RollupBeat({
    ...{ rollups: new AllRollups([work]), clock, counters },
    changed: (minMs, maxMs) => {
      late.call('note', [minMs, maxMs]).catch((thrown: unknown) => {
        if (!(thrown instanceof MonError)) return options.failed(thrown);
        options.logger.warn('kept results may be those before a replay', { why: thrown.message });
      });
    },
  });
  const methods: Methods = {
    replay: async ([fromMs]) => beat.replay(takeNumber(fromMs)),
    waiting: async () => beat.waiting(),
  };
  listener.offer('rollups', { open: () => ({ methods }) });
  const beats = new Beats(clock, options.logger);
  services.add({
    name: 'rollups',
    start: async () => beats.every(ROUND_MS, () => beat.round()),
    drain: () => beats.stop(),
  });
}

/** A replay of all stores; every zone's counts are its own, so the sum is of all. */
export function clusterReplay(stores: () => readonly Calling[]) {
  const sum = async (method: string, args: readonly unknown[]): Promise<number> => {
    const all = await Promise.all(stores().map((one) => one.call(method, args)));
    return all.reduce<number>((total, one) => total + takeNumber(one), 0);
  };
  return {
    replay: (fromMs: number) => sum('replay', [fromMs]),
    waiting: () => sum('waiting', []),
  };
}
