// Sealed blocks in an object store: uploaded when they are sealed, named by manifests, and
// fetched by a store that has lost its disk. Under partition.ts and partition-open.ts. Easy to
// get wrong: objects never change, so each manifest is a new one and the highest number counts;
// and nothing is removed before a manifest without it is there.
import { join } from 'node:path';
import { MonError } from '../errors.ts';
import type { ObjectStore } from '../ports.ts';
import type { Disk } from '../runtime/disk.ts';
import type { BlockEntry, PartitionList } from './checkpoint-file.ts';

const PART_BYTES = 1024 * 1024;
const MANIFEST = /\/manifest-(\d{12})\.json$/;

export interface UploadPlace {
  readonly objects: ObjectStore;
  readonly disk: Disk;
  readonly partition: number;
  readonly generation: number;
  /** Where the block files lie. */
  readonly folder: string;
}

function prefixOf({ partition, generation }: UploadPlace): string {
  return `g${generation}/partition-${String(partition).padStart(4, '0')}/`;
}

export class Uploads {
  readonly #place: UploadPlace;
  readonly #prefix: string;
  /** What is in the object store; undefined before the first look. */
  #keys: Set<string> | undefined;
  #manifest = 0;
  #told = '';

  constructor(place: UploadPlace) {
    this.#place = place;
    this.#prefix = prefixOf(place);
  }

  /** Brings the object store to this list; answers how many blocks went up. */
  async bring(list: PartitionList): Promise<number> {
    const { objects } = this.#place;
    const keys = (this.#keys ??= await this.#look());
    const text = JSON.stringify(list);
    if (text === this.#told) return 0;
    let count = 0;
    const named = list.blocks.filter(({ damaged }) => damaged !== true);
    for (const { name, bytes } of named) {
      const key = this.#prefix + name;
      if (keys.has(key)) continue;
      await objects.putIfAbsent(key, this.#bytesOf(name, bytes));
      keys.add(key);
      count++;
    }
    const manifest = `${this.#prefix}manifest-${String(this.#manifest + 1).padStart(12, '0')}.json`;
    if (!(await objects.putIfAbsent(manifest, once(new TextEncoder().encode(text))))) {
      throw new MonError('MON_STATE_CONFLICT', `somebody else wrote ${manifest}`);
    }
    this.#manifest++;
    this.#told = text;
    const kept = new Set([...named.map(({ name }) => this.#prefix + name), manifest]);
    for (const key of [...keys]) {
      if (kept.has(key)) continue;
      await objects.remove(key);
      keys.delete(key);
    }
    keys.add(manifest);
    return count;
  }

  async #look(): Promise<Set<string>> {
    const all = await this.#place.objects.list(this.#prefix);
    for (const { key } of all) {
      this.#manifest = Math.max(this.#manifest, Number(MANIFEST.exec(key)?.[1] ?? 0));
    }
    return new Set(all.map(({ key }) => key));
  }

  async *#bytesOf(name: string, size: number): AsyncIterable<Uint8Array> {
    const file = await this.#place.disk.open(join(this.#place.folder, name), 'r');
    try {
      for (let at = 0; at < size; at += PART_BYTES) {
        const part = new Uint8Array(Math.min(PART_BYTES, size - at));
        yield part.subarray(0, await file.read(part, at));
      }
    } finally {
      await file.close();
    }
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

/** Fetches all blocks of the newest manifest into the folder; undefined when there is none. */
export async function fetchBlocks(place: UploadPlace): Promise<PartitionList | undefined> {
  const { objects, disk, folder } = place;
  const all = await objects.list(prefixOf(place));
  const manifests = all.filter(({ key }) => MANIFEST.test(key));
  const newest = manifests.toSorted((a, b) => (a.key < b.key ? 1 : -1))[0];
  if (newest === undefined) return undefined;
  const bytes = await objects.getRange(newest.key, 0, newest.bytes);
  const list = JSON.parse(new TextDecoder().decode(bytes)) as PartitionList;
  await disk.makeFolder(folder);
  for (const entry of list.blocks) {
    if (entry.damaged === true) continue;
    await disk.replaceFile(join(folder, entry.name), partsOf(place, entry));
  }
  return list;
}

async function* partsOf(place: UploadPlace, entry: BlockEntry): AsyncIterable<Uint8Array> {
  const key = prefixOf(place) + entry.name;
  for (let at = 0; at < entry.bytes; at += PART_BYTES) {
    yield await place.objects.getRange(key, at, Math.min(PART_BYTES, entry.bytes - at));
  }
}
