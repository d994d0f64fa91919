// A zone that begins takes what another zone has in the object store: the same samples, sealed by
// somebody else. Easy to get wrong: the manifest is what counts, so it is copied last; and nothing
// is taken over where there is already something of one's own.
import { join } from 'node:path';
import { FolderObjects } from '../cold/folder-objects.ts';
import type { ObjectInfo, ObjectStore } from '../ports.ts';
import type { Disk } from '../runtime/disk.ts';
import type { Logger } from '../runtime/logger.ts';
import { isEmptyPartition } from './store-folder.ts';

export interface AdoptOptions {
  readonly disk: Disk;
  /** The object store of this zone, and the folder of all zones' object stores. */
  readonly objects: string;
  readonly allObjects: string;
  readonly head: string;
  readonly partitions: readonly number[];
  readonly logger: Logger;
}

const MANIFEST = /manifest-\d{12}\.json$/;
const PART_BYTES = 1024 * 1024;

/** For each partition that has nothing here and no objects of this zone. */
export async function adoptObjects(options: AdoptOptions): Promise<void> {
  const { disk, objects, allObjects, head, logger } = options;
  const bare: number[] = [];
  for (const p of options.partitions) if (await isEmptyPartition(disk, head, p)) bare.push(p);
  if (bare.length === 0 || !(await disk.exists(allObjects))) return;
  const mine = new FolderObjects(disk, objects);
  for (const zone of await disk.list(allObjects)) {
    const other = join(allObjects, zone);
    if (other === objects) continue;
    for (const generation of await disk.list(other)) {
      for (const partition of bare) {
        const prefix = `${generation}/partition-${String(partition).padStart(4, '0')}/`;
        if ((await mine.list(prefix)).some(({ key }) => MANIFEST.test(key))) continue;
        const count = await copyAll(new FolderObjects(disk, other), mine, prefix);
        if (count > 0) logger.info('took over the blocks of another zone', { zone, partition });
      }
    }
  }
}

async function copyAll(from: FolderObjects, to: FolderObjects, prefix: string): Promise<number> {
  return copyKeys(from, to, await from.list(prefix));
}

/** Copies what was listed, the newest manifest last; nothing without one. Answers how many. */
export async function copyKeys(
  from: ObjectStore,
  to: ObjectStore,
  all: readonly ObjectInfo[],
): Promise<number> {
  const manifest = all.findLast(({ key }) => MANIFEST.test(key));
  if (manifest === undefined) return 0;
  const blocks = all.filter(({ key }) => !MANIFEST.test(key));
  for (const { key, bytes } of [...blocks, manifest]) {
    await to.putIfAbsent(key, partsOf(from, key, bytes));
  }
  return all.length;
}

async function* partsOf(from: ObjectStore, key: string, bytes: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes; at += PART_BYTES) {
    yield await from.getRange(key, at, Math.min(PART_BYTES, bytes - at));
  }
}
