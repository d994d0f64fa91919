// The role `store`: a zone's share of the partitions, fed from the log, asked over a socket. Wiring
// and one rule: what Placement says now is what runs, changes one after the other, the last one
// counts. Easy to get wrong: a store that has not caught up waits, but not longer than it takes to
// ask another one.
import { join } from 'node:path';
import { MonError } from '../errors.ts';
import type { Assignment, Offset, Source } from '../ports.ts';
import type { SampleScans } from '../ports-sql.ts';
import { addressText } from '../remote/address.ts';
import { plainService } from '../remote/listener.ts';
import { scansService } from '../remote/scans-remote.ts';
import { sourceMethods } from '../remote/source-remote.ts';
import type { Scope } from '../remote/source-remote.ts';
import { upkeepMethods } from '../remote/upkeep-remote.ts';
import { lockFolder } from '../runtime/folder-lock.ts';
import { dealSticky } from '../runtime/lease-table.ts';
import type { LeasePlacement } from '../runtime/placement-leases.ts';
import { makeFolderNow } from '../runtime/make-folder.ts';
import { AllUpkeep } from './all-upkeep.ts';
import { Beats } from './beats.ts';
import { logTraits, openClusterLog } from './cluster-log.ts';
import type { ClusterLog } from './cluster-log-port.ts';
import { adoptCold, fencedCold, storeColdPlan, zoneTiers } from './cluster-tiers.ts';
import { coldBeats, keptLocally } from './cold-wiring.ts';
import type { RoleWorld } from './role-frame.ts';
import { storeReader } from './role-log.ts';
import { claimStore } from './store-folder.ts';
import { EMBEDDED } from './opened-log.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { serveRollups } from './cluster-rollups.ts';
import { showShards } from './self-metrics.ts';
import { StoreWork } from './store-work.ts';
import { UpkeepBeat } from './upkeep-beat.ts';

/** A store's lease: long enough that a restart is no handover. */
export const STORE_LEASE = { leaseMs: 10_000, beatMs: 1000 };
const UPKEEP_MS = 30_000;
const STATS_MS = 2000;
/** A question waits so long for what it has to see; then another store is asked. */
const REACH_MS = 3000;
/** This far behind the log a store is asked only when no other is there, records. */
const BEHIND_MAX = 2000;

/** What a store tells others of itself with its lease. */
export interface StoreFacts {
  readonly address: string;
  readonly zone: string;
  readonly partitions: readonly number[];
  readonly lacks: readonly number[];
  readonly ready: boolean;
}

export async function startStore(world: RoleWorld): Promise<void> {
  const { options, clock, services } = world;
  const { dataDir, zone, logger, member, settings } = options;
  makeFolderNow(dataDir);
  const lock = lockFolder(dataDir, {
    ...{ pid: process.pid, startedMs: world.startedMs, listen: '' },
    command: `mon run store (${member})`,
  });
  services.add({ name: 'folder', stop: async () => lock.release() });
  const log = await openClusterLog(world, { reader: storeReader(zone) });
  await claimStore(systemDisk, dataDir, log.identity ?? EMBEDDED);
  services.add({ name: 'log', stop: () => log.close() });
  const places = log.partitions;
  const placement = world.placement({ ...STORE_LEASE, places, deal: dealSticky });
  const holder = new StoreHolder(world, log, placement);
  world.listener.offer('source', plainService(sourceMethods(holder.sourceFor)));
  world.listener.offer('samples', scansService(holder.scansFor, world.startedMs));
  world.listener.offer('upkeep', plainService(upkeepMethods(holder.upkeep, holder.reach)));
  showShards(world.counters, () => holder.work?.newest ?? []);
  serveRollups(world, () => holder.work?.rollups);
  const tiers = zoneTiers(settings.tiers, options);
  const coldWork = fencedCold(() => holder.work?.cold, holder.fenced);
  const cold = coldBeats({ ...settings, tiers, logger }, coldWork, world.counters);
  const beats = new Beats(clock, logger);
  const role = `store/${zone}`;
  services.add({
    name: 'store',
    stop: async () => {
      // The last checkpoint is written by who still holds the partitions.
      await holder.stop();
      // Its lease runs out by itself: a restart is no reason to hand partitions over.
      await placement.pause();
    },
  });
  services.add({
    name: 'placement',
    start: async () => {
      holder.assigned(await placement.join(role, member, holder.assigned));
      await holder.settled();
    },
  });
  services.add({
    name: 'caught up',
    ready: () => holder.ready,
    start: async () => {
      const keep = keptLocally({ ...settings, tiers, logger });
      const caughtUp = async (): Promise<void> => holder.work?.caughtUp();
      const upkeep = new UpkeepBeat({ upkeep: holder.upkeepNow, clock, keep, caughtUp });
      beats.every(STORE_LEASE.beatMs / 4, () => holder.lookBehind());
      beats.every(STATS_MS, async () => holder.work?.fetchStats());
      for (const { everyMs, work } of cold) beats.every(everyMs, work);
      beats.every(Math.min(UPKEEP_MS, settings.sealMs ?? UPKEEP_MS), async () => {
        if (holder.work !== undefined && (await holder.fenced())) await upkeep.round();
      });
    },
    drain: () => beats.stop(),
  });
}

/** The work for the newest assignment, and the way to it for those who ask. */
class StoreHolder {
  work: StoreWork | undefined;
  ready = false;
  readonly #world: RoleWorld;
  readonly #log: ClusterLog;
  readonly #placement: LeasePlacement;
  #newest: Assignment = { partitions: [], epoch: 0 };
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;
  #told = '';

  constructor(world: RoleWorld, log: ClusterLog, placement: LeasePlacement) {
    this.#world = world;
    this.#log = log;
    this.#placement = placement;
  }

  /** Takes note of an assignment; the work follows. */
  readonly assigned = (now: Assignment): void => {
    this.#newest = now;
    this.#turn = this.#turn.then(() => this.#follow()).catch(this.#world.options.failed);
  };

  settled(): Promise<void> {
    return this.#turn;
  }

  readonly fenced = (): Promise<boolean> => {
    const { member, zone } = this.#world.options;
    return this.#placement.holds(`store/${zone}`, member, this.#newest.epoch);
  };

  readonly upkeep = (): AllUpkeep => {
    if (this.work !== undefined) return this.work.upkeep;
    throw new MonError('MON_SERVER_FAILED', 'the store is being started');
  };

  /** Looks after whatever is held when it is asked. */
  get upkeepNow(): AllUpkeep {
    return new AllUpkeep([
      {
        seal: (now) => this.upkeep().seal(now),
        compact: (now, retentionMs) => this.upkeep().compact(now, retentionMs),
        upload: () => this.upkeep().upload(),
        keepOnly: (now, keep) => this.upkeep().keepOnly(now, keep),
        delete: (...args) => this.upkeep().delete(...args),
        cleanTombstones: () => this.upkeep().cleanTombstones(),
        snapshot: (folder) => this.upkeep().snapshot(folder),
        blocks: () => this.upkeep().blocks(),
      },
    ]);
  }

  /** @throws MonError of kind 'retry' when another store has to be asked. */
  readonly sourceFor = async (scope: Scope, signal: AbortSignal): Promise<Source> =>
    (await this.#workFor(scope, signal)).source(scope.only);

  /** Readings of the one partition of the scope. @throws as sourceFor. */
  readonly scansFor = async (scope: Scope, signal: AbortSignal): Promise<SampleScans> => {
    const [partition, more] = scope.only ?? [];
    if (partition === undefined || more !== undefined) {
      throw new MonError('MON_RECORD_MALFORMED', 'a reading is of one partition');
    }
    return (await this.#workFor(scope, signal)).scans(partition);
  };

  readonly reach = async (
    until: ReadonlyMap<number, Offset>,
    signal: AbortSignal,
  ): Promise<void> => {
    const { work } = this;
    if (work === undefined) throw new MonError('MON_SERVER_FAILED', 'the store is being started');
    await this.#within(work.reach(until), signal);
  };

  /** Sees how far behind the log it is, and tells the others what it holds. */
  async lookBehind(): Promise<void> {
    const { work } = this;
    if (work === undefined) return;
    const ends = await this.#log.ends();
    const behind = work.partitions.reduce(
      (sum, p) => sum + Math.max(0, ends[p] - (work.handed.get(p) ?? 0)),
      0,
    );
    this.ready = behind <= BEHIND_MAX;
    await this.#tell();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#turn;
    await this.work?.stop();
    this.work = undefined;
  }

  async #workFor({ only, until }: Scope, signal: AbortSignal): Promise<StoreWork> {
    const { work } = this;
    if (work === undefined) throw new MonError('MON_SERVER_FAILED', 'the store is being started');
    const strange = only?.filter((p) => !work.partitions.includes(p)) ?? [];
    if (strange.length > 0) {
      throw new MonError('MON_SERVER_FAILED', `partition ${strange.join(', ')} is not held here`);
    }
    if (until !== undefined) await this.#within(work.reach(until), signal);
    return work;
  }

  async #within(work: Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#world;
    const over = new AbortController();
    const late = clock.sleep(REACH_MS, AbortSignal.any([over.signal, signal])).then(() => {
      throw new MonError('MON_TIMEOUT', 'the store is behind the log');
    });
    try {
      await Promise.race([work, late]);
    } finally {
      over.abort();
      late.catch(() => undefined);
    }
  }

  async #follow(): Promise<void> {
    const { partitions } = this.#newest;
    if (this.#stopped) return;
    const same = (a: readonly number[] = [], b: readonly number[]): boolean =>
      a.length === b.length && a.every((p, i) => p === b[i]);
    if (same(this.work?.partitions, partitions)) return;
    const { logger } = this.#world.options;
    logger.info('partitions change', { now: partitions.join(','), epoch: this.#newest.epoch });
    const before = this.work;
    this.work = undefined;
    this.ready = false;
    await before?.stop();
    if (partitions.length > 0) this.work = await StoreWork.start(partitions, this.#workOptions());
    await this.#tell();
  }

  #workOptions() {
    const { options, clock } = this.#world;
    const { settings, zone, zones = [], dataDir, logger, failed } = options;
    const store = settings.tiers?.store;
    const cold = { disk: systemDisk, zone, zones, logger };
    const { objectFolder = join(dataDir, '..', '..', 'objects') } = settings;
    return {
      ...{ log: this.#log, reader: storeReader(zone), folder: dataDir, logger, clock },
      ...{ objects: join(objectFolder, zone), allObjects: objectFolder },
      ...{ shards: settings.shards, checkpointMs: settings.checkpointMs },
      ...{ died: failed, fenced: this.fenced, rollups: settings.rollups },
      ...{ epochs: logTraits(this.#world).epochs, sealMs: settings.sealMs },
      cold: storeColdPlan(options),
      ...(store === undefined
        ? {}
        : {
            adoptCold: (partitions: readonly number[]) => adoptCold({ ...cold, store, partitions }),
          }),
    };
  }

  async #tell(): Promise<void> {
    const { work, ready } = this;
    const { zone, member, settings } = this.#world.options;
    const keepMs = settings.retentionMs;
    const now = this.#world.clock.now();
    const lacks = (work?.lacks ?? []).filter(({ atMs }) => now - atMs < keepMs);
    const facts: StoreFacts = {
      ...{ address: addressText(this.#world.address), zone, ready },
      partitions: work?.partitions ?? [],
      lacks: lacks.map(({ partition }) => partition),
    };
    const text = JSON.stringify(facts);
    if (text === this.#told) return;
    await this.#placement.announce(`store/${zone}`, member, facts);
    this.#told = text;
  }
}
