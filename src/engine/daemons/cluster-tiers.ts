// The tiers of a store of a cluster: each zone keeps its own objects, as it keeps its own blocks,
// and each store its own warm disk. Wiring. Easy to get wrong: a zone that begins takes what
// another zone has archived, after it has taken that zone's blocks: what is archived meanwhile is
// then there twice, which readers see through, and not in neither.
import { join } from 'node:path';
import { coldPrefix, manifestNumber } from '../cold/manifest.ts';
import { openObjects } from '../cold/open-objects.ts';
import type { ColdCounts, ColdReport, ColdWork } from '../model/cold.ts';
import { noColdWork } from '../model/cold.ts';
import type { ObjectStore } from '../ports.ts';
import type { Disk } from '../runtime/disk.ts';
import type { Logger } from '../runtime/logger.ts';
import { copyKeys } from './adopt-objects.ts';
import { coldPlan } from './cold-options.ts';
import type { ColdPlan, ColdStore, TierSettings } from './cold-options.ts';
import type { RoleOptions } from './role-frame.ts';

/** Where a zone's objects lie within what is configured. */
export function zoneStore(store: ColdStore, zone: string): ColdStore {
  if ('folder' in store) return { folder: join(store.folder, zone) };
  return { s3: { ...store.s3, prefix: `${store.s3.prefix ?? ''}${zone}/` } };
}

/** The tiers as one store of a zone has them. */
export function zoneTiers(
  tiers: TierSettings | undefined,
  { zone, member }: Pick<RoleOptions, 'zone' | 'member'>,
): TierSettings | undefined {
  if (tiers === undefined) return undefined;
  const { store, warmDir } = tiers;
  return {
    ...tiers,
    ...(store === undefined ? {} : { store: zoneStore(store, zone) }),
    ...(warmDir === undefined ? {} : { warmDir: join(warmDir, member) }),
  };
}

/** What the shards of a store are told. */
export function storeColdPlan({
  settings,
  dataDir,
  zone,
  member,
}: Pick<RoleOptions, 'settings' | 'dataDir' | 'zone' | 'member'>): ColdPlan | undefined {
  const tiers = zoneTiers(settings.tiers, { zone, member });
  const plan = coldPlan(tiers, join(dataDir, 'cold-scratch'), settings);
  return plan && { ...plan, shared: true };
}

export interface AdoptColdOptions {
  readonly disk: Disk;
  readonly store: ColdStore;
  readonly zone: string;
  readonly zones: readonly string[];
  readonly partitions: readonly number[];
  readonly logger: Logger;
}

/** For partitions that have nothing in this zone's cold tier: what another zone has there. */
export async function adoptCold(options: AdoptColdOptions): Promise<void> {
  const { disk, store, zone, zones, logger } = options;
  const mine = await openObjects(zoneStore(store, zone), disk);
  const bare: number[] = [];
  for (const p of options.partitions) if (!(await hasManifest(mine, p))) bare.push(p);
  for (const other of zones) {
    if (bare.length === 0) return;
    if (other === zone) continue;
    const theirs = await openObjects(zoneStore(store, other), disk);
    for (const partition of [...bare]) {
      const all = await theirs.list(coldPrefix(partition));
      const count = await copyKeys(theirs, mine, all);
      if (count === 0) continue;
      bare.splice(bare.indexOf(partition), 1);
      logger.info('took over the archive of another zone', { zone: other, partition });
    }
  }
}

async function hasManifest(objects: ObjectStore, partition: number): Promise<boolean> {
  const all = await objects.list(coldPrefix(partition));
  return all.some(({ key }) => manifestNumber(key) !== undefined);
}

/** The cold work of whatever a store holds now, while nobody else can hold it. */
export function fencedCold(
  now: () => ColdWork | undefined,
  fenced: () => Promise<boolean>,
): ColdWork {
  return {
    async workCold(nowMs): Promise<ColdReport> {
      const work = now();
      if (work === undefined || !(await fenced())) return noColdWork();
      return work.workCold(nowMs);
    },
    coldCounts: async (): Promise<ColdCounts> => (await now()?.coldCounts()) ?? {},
  };
}
