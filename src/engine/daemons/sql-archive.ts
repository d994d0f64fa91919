// What of the cold tier SQL can read by itself: objects in a folder, by their manifest, whole and
// not overlapped by another object of the same series. Wiring between cold/ and sql/. Easy to get
// wrong: DuckDB looks at no checksum of ours, so a file is checked against the manifest once before
// it is read; what is damaged is left to the store's way, which names it.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FolderObjects } from '../cold/folder-objects.ts';
import { objectKeys, type ColdObject } from '../cold/manifest.ts';
import { loadManifest } from '../cold/manifests.ts';
import { MonError } from '../errors.ts';
import type { Disk, DiskFile } from '../runtime/disk.ts';
import type { ArchivedFiles } from '../sql/sql-service.ts';

const PART_BYTES = 1024 * 1024;
/** Names of objects that are known to be whole. */
const CHECKED_MAX = 100_000;

/** Objects of one partition that lie in one stretch of time. */
interface Group {
  minMs: number;
  maxMs: number;
  readonly objects: ColdObject[];
}

export class FolderArchive {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #objects: FolderObjects;
  readonly #partitions: readonly number[];
  readonly #whole = new Set<string>();

  constructor(folder: string, disk: Disk, partitions: readonly number[]) {
    this.#folder = folder;
    this.#disk = disk;
    this.#objects = new FolderObjects(disk, folder);
    this.#partitions = partitions;
  }

  /** Stretches of samples in this range that can be read as files. */
  async files(minMs: number, maxMs: number): Promise<ArchivedFiles[]> {
    const found: ArchivedFiles[] = [];
    for (const partition of this.#partitions) {
      const { manifest } = await loadManifest(this.#objects, partition);
      const raw = manifest.objects.filter(({ kind }) => kind === 'raw');
      for (const group of groupsOf(raw)) {
        if (group.minMs > maxMs || group.maxMs < minMs || !isApart(group)) continue;
        const pairs = group.objects.map((one) => this.#pair(partition, one));
        if (!(await this.#allWhole(partition, group))) continue;
        const { minMs: from, maxMs: to } = group;
        found.push({ id: found.length, partition, minMs: from, maxMs: to, pairs });
      }
    }
    return found;
  }

  #pair(partition: number, object: ColdObject) {
    const { data, index } = objectKeys(partition, object);
    const [samples, series] = [join(this.#folder, data), join(this.#folder, index)];
    const { stale } = object;
    return { samples, series, fromMs: -Infinity, ...(stale === undefined ? {} : { stale }) };
  }

  async #allWhole(partition: number, { objects }: Group): Promise<boolean> {
    for (const object of objects) {
      const { data, index } = objectKeys(partition, object);
      if (this.#whole.has(data)) continue;
      try {
        if (!(await this.#isWhole(object, data, index))) return false;
      } catch (thrown) {
        if (thrown instanceof MonError) return false;
        throw thrown;
      }
      if (this.#whole.size >= CHECKED_MAX) this.#whole.clear();
      this.#whole.add(data);
    }
    return true;
  }

  async #isWhole(object: ColdObject, data: string, index: string): Promise<boolean> {
    const sums = await this.#read(index, async (file) => {
      if ((await file.size()) !== object.index.bytes) return '';
      const hash = createHash('sha256');
      for await (const part of partsOf(file, 0, object.index.bytes)) hash.update(part);
      return hash.digest('hex');
    });
    if (sums !== object.index.sha256) return false;
    return await this.#read(data, async (file) => {
      if ((await file.size()) !== object.data.bytes) return false;
      const runs = [...object.groups.map(([at, bytes, crc]) => [at, bytes, crc]), object.footer];
      for (const [at, bytes, crc] of runs) {
        let sum = 0;
        for await (const part of partsOf(file, at, bytes)) sum = crc32(part, sum);
        if (sum !== crc) return false;
      }
      return true;
    });
  }

  async #read<T>(key: string, work: (file: DiskFile) => Promise<T>): Promise<T> {
    const file = await this.#disk.open(join(this.#folder, key), 'r');
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  }
}

async function* partsOf(file: DiskFile, from: number, bytes: number): AsyncIterable<Uint8Array> {
  const part = new Uint8Array(Math.min(PART_BYTES, bytes));
  for (let at = from; at < from + bytes; at += part.length) {
    const size = Math.min(part.length, from + bytes - at);
    const read = await file.read(part.subarray(0, size), at);
    yield part.subarray(0, read);
  }
}

/** Objects that overlap in time together, in order of time. */
function groupsOf(objects: readonly ColdObject[]): Group[] {
  const groups: Group[] = [];
  for (const object of objects.toSorted((a, b) => a.minMs - b.minMs)) {
    const last = groups.at(-1);
    if (last !== undefined && object.minMs <= last.maxMs) {
      last.maxMs = Math.max(last.maxMs, object.maxMs);
      last.objects.push(object);
    } else {
      groups.push({ minMs: object.minMs, maxMs: object.maxMs, objects: [object] });
    }
  }
  return groups;
}

/** True when no series stands in two of them at the same time: each has hashes of its own. */
function isApart({ objects }: Group): boolean {
  return objects.every((a, i) =>
    objects.slice(i + 1).every((b) => {
      const together = a.minMs <= b.maxMs && b.minMs <= a.maxMs;
      return !together || a.hashTo < b.hashFrom || b.hashTo < a.hashFrom;
    }),
  );
}
