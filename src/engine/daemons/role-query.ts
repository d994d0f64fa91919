// The role `query`: PromQL over all zones' stores. Wiring only. Easy to get wrong: kept results may
// be wrong from the moment a late sample was acknowledged, so what the log knows of these is
// fetched before a kept result is looked at.
import type { Ask, Explain, Source } from '../ports.ts';
import { ReplicatedSource } from '../query/replicated-source.ts';
import { addressText, parseAddress } from '../remote/address.ts';
import { askMethods } from '../remote/ask-remote.ts';
import { exploreMethods } from '../remote/explore-remote.ts';
import { plainService } from '../remote/listener.ts';
import { sourceMethods } from '../remote/source-remote.ts';
import { RemoteState } from '../remote/state-remote.ts';
import { makeAnswers } from './answers.ts';
import { Beats } from './beats.ts';
import { ClusterDirectory } from './cluster-directory.ts';
import { ClusterExploring } from './cluster-explore.ts';
import { openClusterLog } from './cluster-log.ts';
import { ClusterStores } from './cluster-stores.ts';
import { LateWatch } from './late-notes.ts';
import { MeasuredAsk } from './measured-ask.ts';
import { passes } from './role-frame.ts';
import type { RoleWorld } from './role-frame.ts';
import { STORE_LEASE } from './role-store.ts';
import { horizonsOf } from './rollup-wiring.ts';

const LOOK_MS = 250;
const LEASE = { leaseMs: 6000, beatMs: 1000 };
/** A store that is away is not waited for: another one is asked. */
const STORE_WAIT_MS = 200;
/** Without the log an answer may lack the newest samples; it is not held up for that. */
const LOG_WAIT_MS = 1500;

/** The directory of the cluster, looked at on a beat of this process. */
export function directoryOf(world: RoleWorld): ClusterDirectory {
  const state = new RemoteState(world.hub('state'));
  const { clock } = world;
  const { leaseMs } = STORE_LEASE;
  const directory = new ClusterDirectory({
    ...{ state, clock, leaseMs },
    link: (address, service) => world.link(parseAddress(address), service, STORE_WAIT_MS),
  });
  const beats = new Beats(clock, world.options.logger);
  world.services.add({
    name: 'directory',
    start: async () => {
      await directory.look();
      beats.every(LOOK_MS, () => directory.look());
    },
    stop: () => beats.stop(),
  });
  return directory;
}

export async function startQuery(world: RoleWorld): Promise<void> {
  const { clock, counters, options, startedMs, services } = world;
  const { logger, member, settings } = options;
  const { redisUrl } = settings;
  const log = await openClusterLog(world, { waitMs: LOG_WAIT_MS });
  services.add({ name: 'log', stop: () => log.close() });
  const directory = directoryOf(world);
  const stores = new ClusterStores({ directory, log, clock, logger });
  const source = new ReplicatedSource(stores);
  const answers = await makeAnswers({ clock, startedMs, logger, counters, redisUrl });
  services.add({ name: 'cache', stop: () => answers.cache.close() });
  const watch = new LateWatch(world.hub('late', 0), answers.changed);
  const exploring = new ClusterExploring({ world, source, directory });
  const { asked } = exploring;
  const queries = answers.service([source], { rollups: horizonsOf(settings), asked });
  world.listener.offer('explore', plainService(exploreMethods(exploring)));
  services.add(exploring);
  const service = freshAsk(queries, new MeasuredAsk(queries, clock, counters), watch);
  world.listener.offer('ask', plainService(askMethods(service)));
  const sources = async (): Promise<Source> => source;
  world.listener.offer('source', plainService(sourceMethods(sources)));
  const placement = world.placement({ ...LEASE, places: 1 });
  services.add({
    name: 'stores',
    ready: () => {
      const held = new Set(stores.holders().flatMap(({ partitions }) => partitions));
      return held.size === log.partitions;
    },
    start: async () => {
      await placement.join('query', member, () => undefined);
      await placement.announce('query', member, { address: addressText(world.address) });
    },
    drain: () => placement.leave('query', member),
  });
}

/** Fetches what is known of late samples first; without the hub kept results are not trusted. */
function freshAsk(explain: Explain, ask: Ask, watch: LateWatch): Ask & Explain {
  const fresh = async <T extends { readonly cache?: 'use' | 'skip' }>(asked: T): Promise<T> => {
    try {
      await watch.refresh();
      return asked;
    } catch (thrown) {
      if (!passes(thrown)) throw thrown;
      return { ...asked, cache: 'skip' };
    }
  };
  return {
    instant: async (query, timeMs, asked = {}) => ask.instant(query, timeMs, await fresh(asked)),
    range: async (query, start, end, step, asked = {}) =>
      ask.range(query, start, end, step, await fresh(asked)),
    explain: async (query, times, asked = {}) => explain.explain(query, times, await fresh(asked)),
  };
}
