// The role `region`: takes the samples of other regions from their mirrored topics through a door
// of its own into this cluster's log. One process does at a time, its places are in the hub's
// State. Wiring only. Easy to get wrong: one that slept through its turn may take records that the
// next one has taken, and note an older place; heads drop what comes twice, so neither loses.
import { UserError } from '../errors.ts';
import { plainService } from '../remote/listener.ts';
import { RemoteState } from '../remote/state-remote.ts';
import { Counters } from '../runtime/counters.ts';
import { ActiveRole } from './active-role.ts';
import { farProducer } from './far-producer.ts';
import type { RoleWorld } from './role-frame.ts';
import { Regions } from './region-wiring.ts';

export async function startRegion(world: RoleWorld): Promise<void> {
  const { counters, options } = world;
  const { settings: all, logger } = options;
  const { regions: settings } = all;
  if (settings === undefined) {
    throw new UserError('no regions are configured', {
      hint: 'give --config FILE with mon: regions:, as mon region init writes it',
    });
  }
  const turn = { active: false };
  const { door, beside } = await farProducer(world, { spool: false, ticks: () => turn.active });
  world.reload = async () => {
    await beside.reload();
    return undefined;
  };
  const state = new RemoteState(world.hub('state'));
  let own = new Counters();
  world.listener.offer(
    'metrics',
    plainService({ render: async () => counters.render() + (turn.active ? own.render() : '') }),
  );
  ActiveRole.join(world, async (failed) => {
    own = new Counters();
    const { kernels } = door;
    const work = new Regions({
      ...{ settings, intake: door, kernels, state, counters: own, logger, failed },
    });
    turn.active = true;
    await work.start();
    return {
      async stop() {
        turn.active = false;
        await work.drain();
      },
    };
  });
}
