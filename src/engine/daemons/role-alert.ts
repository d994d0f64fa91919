// The role `alert`: evaluates the rules of the cluster. One process does at a time; it reads ticks
// from the log, asks the stores for all fragments of a tick in one message each, keeps states in
// the hub's State and appends changes to the log of alerts. Wiring only. Easy to get wrong: a
// second process begins with the states that are durable; what the first still believes is refused.
import { MonError } from '../errors.ts';
import { ReplicatedSource } from '../query/replicated-source.ts';
import { QueryService } from '../query/query-service.ts';
import { plainService } from '../remote/listener.ts';
import { rulesMethods } from '../remote/desk-remote.ts';
import { RemoteState } from '../remote/state-remote.ts';
import { Counters } from '../runtime/counters.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { ActiveRole, turnState } from './active-role.ts';
import type { ActiveWork } from './active-role.ts';
import { AppendedAlerts } from './alert-feed.ts';
import { openAlertLog } from './cluster-log.ts';
import { ClusterStores } from './cluster-stores.ts';
import { farProducer } from './far-producer.ts';
import { urlOf } from './listen-address.ts';
import type { RoleWorld } from './role-frame.ts';
import { directoryOf } from './role-query.ts';
import { horizonsOf } from './rollup-wiring.ts';
import { makeRules } from './rules-wiring.ts';
import type { Rules } from './rules-wiring.ts';

const READER = 'alert';

export async function startAlert(world: RoleWorld): Promise<void> {
  const { clock, counters, options, services } = world;
  const { settings, logger } = options;
  const turn = { active: false };
  const ticks = (): boolean => turn.active;
  const { log, door, beside } = await farProducer(world, { spool: false, ticks, reader: READER });
  const alerts = await openAlertLog(world);
  services.add({ name: 'alert log', stop: () => alerts.close() });
  const directory = directoryOf(world);
  const stores = new ClusterStores({ directory, log, clock, logger });
  const source = new ReplicatedSource(stores);
  const ask = new QueryService({ sources: [source], clock, rollups: horizonsOf(settings) });
  const state = turnState(new RemoteState(world.hub('state')));
  let rules: Rules | undefined;
  let own = new Counters();
  world.listener.offer(
    'metrics',
    plainService({ render: async () => counters.render() + (turn.active ? own.render() : '') }),
  );
  world.listener.offer('rules', plainService(rulesMethods(() => rules ?? notHere())));
  world.reload = async () => {
    await rules?.reloadRules();
    await beside.reload();
    return undefined;
  };
  ActiveRole.join(world, async (failed): Promise<ActiveWork> => {
    own = new Counters();
    const made = makeRules({
      ...{ settings: settings.rules, log, epoch: -1, reader: READER, door, state, ask, failed },
      manyProducers: settings.kafka !== undefined,
      ...{ sources: [source], caughtUp: async () => undefined },
      retentionMs: settings.retentionMs,
      ...{ notify: new AppendedAlerts(alerts), clock, disk: systemDisk, counters: own, logger },
    });
    const { host, port } = settings;
    if (port > 0) made.setUrl(urlOf({ host, port }));
    turn.active = true;
    try {
      await made.start?.();
    } catch (thrown) {
      turn.active = false;
      throw thrown;
    }
    rules = made;
    return {
      async stop() {
        rules = undefined;
        turn.active = false;
        await made.drain?.().catch((thrown: unknown) => {
          // What could not be saved is decided again by whoever is next.
          if (!(thrown instanceof MonError)) throw thrown;
          logger.warn('the state of the rules was not saved', { why: thrown.message });
        });
      },
    };
  });
}

function notHere(): never {
  throw new MonError('MON_PLACEMENT_LOST', 'another process evaluates the rules');
}
