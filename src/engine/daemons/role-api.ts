// The role `api`: HTTP for people and programs. Queries go to the role `query`, pushed samples
// through a door of its own into the log, targets are told by the collectors. Wiring only. Easy to
// get wrong: an admin's deletion has to reach every store, or a replica would bring it back.
import { join } from 'node:path';
import type { Replay } from '../api/api-parts.ts';
import { ApiServer } from '../api/api-server.ts';
import { MonError } from '../errors.ts';
import type { Labels } from '../model/labels.ts';
import type { BlockStatus } from '../model/upkeep.ts';
import type { Admin, TargetStatus, Targets } from '../ports.ts';
import { addressText } from '../remote/address.ts';
import { RemoteAsk } from '../remote/ask-remote.ts';
import { RemoteDesk, RemoteRules } from '../remote/desk-remote.ts';
import { RemoteExplore } from '../remote/explore-remote.ts';
import { RemoteSource } from '../remote/source-remote.ts';
import { RemoteUpkeep } from '../remote/upkeep-remote.ts';
import type { Service } from '../runtime/service.ts';
import { urlOf } from './listen-address.ts';
import { Beats } from './beats.ts';
import type { ClusterDirectory } from './cluster-directory.ts';
import { askDoors } from './cluster-explore.ts';
import { clusterReload } from './cluster-reload.ts';
import { clusterReplay } from './cluster-rollups.ts';
import { takeSources } from './cluster-sources.ts';
import { clusterSql } from './cluster-sql.ts';
import type { PushedSources } from './cluster-sources.ts';
import { farProducer } from './far-producer.ts';
import type { FarProducer } from './far-producer.ts';
import { passes } from './role-frame.ts';
import { replaysOf } from './replays.ts';
import { RoleHealths } from './role-health.ts';
import type { RoleWorld } from './role-frame.ts';
import { RoleLink } from './role-link.ts';
import { directoryOf } from './role-query.ts';
import type { StoreFacts } from './role-store.ts';
import { hasRules } from './rules-wiring.ts';
import { VERSION } from './version.ts';

const LOOK_MS = 250;
const LEASE = { leaseMs: 6000, beatMs: 1000, places: 1 };
const DRAIN_MS = 5000;

interface Addressed {
  readonly address: string;
}

export async function startApi(world: RoleWorld): Promise<void> {
  const { clock, counters, options, services, startedMs } = world;
  const { settings, failed, others, logger } = options;
  const producer = await farProducer(world);
  world.reload = async () => {
    await producer.beside.reload();
    return undefined;
  };
  const directory = directoryOf(world);
  const query = new RoleLink({ directory, clock, role: 'query' });
  const pushed = takeSources(world, producer.door);
  const targets = new ClusterTargets(directory, pushed);
  const rules = new RemoteRules(linkTo(world, directory, 'alert').to('rules'));
  const desk = deskOf(world, directory);
  const api = new ApiServer({
    ...{ ask: new RemoteAsk(query.to('ask')), explain: new RemoteAsk(query.to('ask')) },
    ...{ source: new RemoteSource(query.to('source')), retentionMs: settings.retentionMs },
    ...(hasRules(settings) ? { rules } : {}),
    ...{ ...desk, ...clusterSql(world, { directory, log: producer.log, ...desk }) },
    replays: replaysOf(settings, { rollup: replayOf(directory), alert: rules }),
    explore: new RemoteExplore(query.to('explore')),
    cardinality: async () => (await askDoors(directory))?.guard ?? producer.beside.report().guard,
    groups: pushed.groups,
    ...{ intake: producer.door, targets, clock, startedMs, counters, version: VERSION },
    ...{ token: settings.token, flags: settings.flags, configText: settings.configText },
    selfMetrics: () => counters.render(),
    ready: () => {
      const why = [...new Set([...services.waitingFor(), ...(others?.() ?? [])])];
      return { ready: why.length === 0, why: why.join(', ') };
    },
    onBug: failed,
    reload: clusterReload(world, directory),
    roles: rolesOf(world, directory),
    blocks: () => blocksOf(directory),
    admin: settings.adminApi === true ? adminOf(world, directory, producer) : undefined,
  });
  const beats = new Beats(clock, logger);
  services.add({
    name: 'query',
    ready: () => query.there,
    start: async () => beats.every(LOOK_MS, () => targets.look()),
    stop: () => beats.stop(),
  });
  services.add(announced(world));
  services.add({
    name: 'api',
    start: async () => {
      const at = await api.listen(settings.host, settings.port);
      world.url = urlOf({ host: settings.host, port: at.port });
    },
    drain: () => api.drain(DRAIN_MS),
  });
}

/** A process that is being started again is waited for so long. */
const ROLE_WAIT_MS = 5000;

/** Others have to find this process too: its figures are scraped as theirs are. */
function announced(world: RoleWorld): Service {
  const { member } = world.options;
  const placement = world.placement(LEASE);
  return {
    name: 'lease',
    start: async () => {
      await placement.join('api', member, () => undefined);
      await placement.announce('api', member, { address: addressText(world.address) });
    },
    drain: () => placement.leave('api', member),
  };
}

function rolesOf(world: RoleWorld, directory: ClusterDirectory) {
  const { clock, health } = world;
  return new RoleHealths({ directory, clock, hub: world.hub('health', 0), own: health }).look;
}

function linkTo({ clock }: RoleWorld, directory: ClusterDirectory, role: string): RoleLink {
  return new RoleLink({ directory, role, clock, patienceMs: ROLE_WAIT_MS });
}

/** The notifier, which runs elsewhere, where there is one. */
function deskOf(world: RoleWorld, directory: ClusterDirectory): { desk?: RemoteDesk } {
  if (world.options.settings.routesPath === undefined) return {};
  const notify = linkTo(world, directory, 'notify');
  return { desk: new RemoteDesk(notify.to('desk'), notify.to('desk', true)) };
}

function replayOf(directory: ClusterDirectory): Replay {
  return clusterReplay(() =>
    directory.members('store').flatMap(({ facts }) => {
      const known = facts as StoreFacts | null;
      return known === null ? [] : [directory.link(known.address, 'rollups')];
    }),
  );
}

function addressesOf(directory: ClusterDirectory, role: string): string[] {
  return directory.members(role).flatMap(({ facts }) => (facts as Addressed | null)?.address ?? []);
}

/** The targets of all collectors, as they told them last. */
class ClusterTargets implements Targets {
  readonly #directory: ClusterDirectory;
  readonly #own: PushedSources;
  #active: readonly TargetStatus[] = [];
  #dropped: readonly Labels[] = [];

  constructor(directory: ClusterDirectory, own: PushedSources) {
    this.#directory = directory;
    this.#own = own;
  }

  async look(): Promise<void> {
    const asked = addressesOf(this.#directory, 'collector').map(async (address) => {
      try {
        const told = await this.#directory.link(address, 'targets').call('told', [], { ms: 2000 });
        return told as { active: readonly TargetStatus[]; dropped: readonly Labels[] };
      } catch (thrown) {
        // One that does not answer is being started again, or its targets are another's soon.
        if (!(thrown instanceof MonError)) throw thrown;
        return undefined;
      }
    });
    const all = (await Promise.all(asked)).filter((one) => one !== undefined);
    // For a moment two collectors may name the same target: the newer scrape tells.
    const active = new Map<string, TargetStatus>();
    for (const one of all.flatMap((told) => told.active)) {
      const key = JSON.stringify([one.scrapePool, one.scrapeUrl, one.labels]);
      const before = active.get(key);
      if (before === undefined || before.lastScrapeMs <= one.lastScrapeMs) active.set(key, one);
    }
    this.#active = [...active.values()];
    // Every collector finds, and drops, the same.
    this.#dropped = all[0]?.dropped ?? [];
  }

  active(): readonly TargetStatus[] {
    return [...this.#own.active(), ...this.#active];
  }

  dropped(): readonly Labels[] {
    return this.#dropped;
  }
}

function storesOf(directory: ClusterDirectory): { facts: StoreFacts; upkeep: RemoteUpkeep }[] {
  return directory.members('store').flatMap(({ facts }) => {
    const known = facts as StoreFacts | null;
    if (known === null) return [];
    return [{ facts: known, upkeep: new RemoteUpkeep(directory.link(known.address, 'upkeep')) }];
  });
}

/** The blocks of one zone: those of the others hold the same. */
async function blocksOf(directory: ClusterDirectory): Promise<readonly BlockStatus[]> {
  const stores = storesOf(directory);
  const zones = [...new Set(stores.map(({ facts }) => facts.zone))].toSorted();
  let failure = new MonError('MON_SERVER_UNREACHABLE', 'no store lives');
  for (const zone of zones) {
    const here = stores.filter(({ facts }) => facts.zone === zone);
    try {
      return (await Promise.all(here.map(({ upkeep }) => upkeep.blocks()))).flat();
    } catch (thrown) {
      if (!passes(thrown)) throw thrown;
      failure = thrown as MonError;
    }
  }
  throw failure;
}

function adminOf(world: RoleWorld, directory: ClusterDirectory, { log }: FarProducer): Admin {
  const { options, clock } = world;
  const late = world.hub('late');
  const zones = options.zones ?? [];
  /** All stores, or none: what one replica keeps would come back. */
  const all = (): RemoteUpkeep[] => {
    const stores = storesOf(directory);
    for (const zone of zones) {
      const held = stores.filter(({ facts }) => facts.zone === zone);
      const count = new Set(held.flatMap(({ facts }) => facts.partitions)).size;
      if (count === log.partitions) continue;
      throw new MonError('MON_SERVER_UNREACHABLE', `not all stores of zone ${zone} are there`, {
        hint: 'try again when mon status shows all roles ready',
      });
    }
    return stores.map(({ upkeep }) => upkeep);
  };
  return {
    async deleteSeries(selections, minMs, maxMs) {
      const stores = all();
      const until = new Map((await log.ends()).map((end, p) => [p, end]));
      await Promise.all(stores.map((one) => one.delete(selections, minMs, maxMs, until)));
      await late.call('note', [minMs, maxMs]);
    },
    cleanTombstones: async () => {
      await Promise.all(all().map((one) => one.cleanTombstones()));
    },
    async snapshot() {
      const name = new Date(clock.now()).toISOString().replaceAll(/[-:]/g, '');
      const folder = join(options.dataDir, '..', '..', 'snapshots', name);
      const stores = storesOf(directory);
      const zone = stores[0]?.facts.zone;
      const one = stores.filter(({ facts }) => facts.zone === zone);
      await Promise.all(one.map(({ upkeep }) => upkeep.snapshot(join(folder, 'head'))));
      return name;
    },
  };
}
