// Parts of objects on this machine's disk: files as long as their objects, with holes where nothing
// was fetched yet, so that DuckDB reads them as if they were whole. Between the object store and
// whoever reads. Easy to get wrong: nothing is believed before its checksum was right; a file that
// is being read is not removed; and the bound counts what was fetched, not how long files are.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { MonError } from '../errors.ts';
import { COLD_CACHE_BYTES, COLD_PART_BYTES } from '../limits-cold.ts';
import type { ObjectStore } from '../ports.ts';
import type { Disk } from '../runtime/disk.ts';
import type { ColdFile } from './manifest.ts';

export interface RangeCacheOptions {
  readonly objects: ObjectStore;
  readonly disk: Disk;
  /** Of this cache alone. */
  readonly folder: string;
  readonly bytesMax?: number;
}

/** A piece of an object and its checksum. */
export type CheckedRange = readonly [at: number, bytes: number, crc: number];

interface Entry {
  readonly path: string;
  readonly have: Set<number>;
  bytes: number;
  users: number;
  last: number;
  filling: Promise<unknown>;
  made: boolean;
}

export interface RangeCounts {
  requests: number;
  fetchedBytes: number;
  hits: number;
  bytes: number;
}

export class RangeCache {
  readonly counts: RangeCounts = { requests: 0, fetchedBytes: 0, hits: 0, bytes: 0 };
  readonly #options: RangeCacheOptions;
  readonly #entries = new Map<string, Entry>();
  #files = 0;
  #uses = 0;

  constructor(options: RangeCacheOptions) {
    this.#options = options;
  }

  /** Removes what an earlier process left. */
  async open(): Promise<void> {
    const { disk, folder } = this.#options;
    await disk.makeFolder(folder);
    for (const name of await disk.list(folder)) {
      if (name.endsWith('.part')) await disk.remove(join(folder, name));
    }
  }

  /**
   * Runs work over a local file in which these ranges of an object are as they should be.
   * @throws MON_BLOCK_CORRUPT or MON_NOT_FOUND naming the object, or what the store throws.
   */
  async withRanges<T>(
    key: string,
    bytes: number,
    ranges: readonly CheckedRange[],
    work: (path: string) => Promise<T>,
  ): Promise<T> {
    return this.#using(key, (entry) => this.#fill(entry, key, bytes, ranges), work);
  }

  /** The same with a whole object, by its SHA-256. */
  async withWhole<T>(key: string, file: ColdFile, work: (path: string) => Promise<T>): Promise<T> {
    return this.#using(key, (entry) => this.#fillWhole(entry, key, file), work);
  }

  async #using<T>(
    key: string,
    fill: (entry: Entry) => Promise<void>,
    work: (path: string) => Promise<T>,
  ): Promise<T> {
    const entry = this.#entry(key);
    entry.users++;
    entry.last = ++this.#uses;
    try {
      // One at a time fills a file; who comes next finds what was fetched.
      const turn = entry.filling.then(() => fill(entry));
      entry.filling = turn.catch(() => undefined);
      await turn;
      return await work(entry.path);
    } finally {
      entry.users--;
      await this.#evict();
    }
  }

  #entry(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const path = join(this.#options.folder, `${++this.#files}.part`);
    const state = { bytes: 0, users: 0, last: 0, made: false };
    const entry = { path, have: new Set<number>(), filling: Promise.resolve(), ...state };
    this.#entries.set(key, entry);
    return entry;
  }

  async #fill(
    entry: Entry,
    key: string,
    bytes: number,
    ranges: readonly CheckedRange[],
  ): Promise<void> {
    const missing = ranges.filter(([at]) => !entry.have.has(at)).toSorted((a, b) => a[0] - b[0]);
    this.counts.hits += ranges.length - missing.length;
    if (missing.length === 0) return;
    const file = await this.#options.disk.open(entry.path, entry.made ? 'r+' : 'w+');
    try {
      if (!entry.made) await file.truncate(bytes);
      entry.made = true;
      for (let i = 0, next = 0; i < missing.length; i = next) {
        const from = missing[i][0];
        next = i + 1;
        let end = from + missing[i][1];
        while (next < missing.length && missing[next][0] === end) {
          if (end + missing[next][1] - from > COLD_PART_BYTES) break;
          end += missing[next++][1];
        }
        const some = missing.slice(i, next);
        const got = await this.#checked(key, from, end - from, some);
        await file.write(got, from);
        for (const [at, size] of some) {
          entry.have.add(at);
          this.#grew(entry, size);
        }
      }
    } finally {
      await file.close();
    }
  }

  /** Bytes whose sums are right; a second try, since what came may have been hurt on its way. */
  async #checked(
    key: string,
    from: number,
    length: number,
    ranges: readonly CheckedRange[],
  ): Promise<Uint8Array> {
    for (let attempt = 0; ; attempt++) {
      const got = await this.#get(key, from, length);
      const whole = ranges.every(
        ([at, size, crc]) => crc32(got.subarray(at - from, at - from + size)) === crc,
      );
      if (whole && got.length === length) return got;
      if (attempt > 0) throw damaged(key, got.length < length ? 'it is cut off' : 'checksum');
    }
  }

  async #fillWhole(entry: Entry, key: string, { bytes, sha256 }: ColdFile): Promise<void> {
    if (entry.made) return void this.counts.hits++;
    for (let attempt = 0; ; attempt++) {
      const hash = createHash('sha256');
      let size = 0;
      const parts: Uint8Array[] = [];
      for (let at = 0; at < bytes; at += COLD_PART_BYTES) {
        const part = await this.#get(key, at, Math.min(COLD_PART_BYTES, bytes - at));
        hash.update(part);
        size += part.length;
        parts.push(part);
      }
      const right = hash.digest('hex') === sha256;
      if (!right && attempt === 0) continue;
      if (!right) throw damaged(key, size < bytes ? 'it is cut off' : 'checksum');
      const file = await this.#options.disk.open(entry.path, 'w+');
      try {
        let at = 0;
        for (const part of parts) {
          await file.write(part, at);
          at += part.length;
        }
      } finally {
        await file.close();
      }
      entry.made = true;
      this.#grew(entry, bytes);
      return;
    }
  }

  #get(key: string, at: number, length: number): Promise<Uint8Array> {
    this.counts.requests++;
    this.counts.fetchedBytes += length;
    return this.#options.objects.getRange(key, at, length);
  }

  #grew(entry: Entry, bytes: number): void {
    entry.bytes += bytes;
    this.counts.bytes += bytes;
  }

  /** Removes what was used longest ago until the bound holds. */
  async #evict(): Promise<void> {
    const { bytesMax = COLD_CACHE_BYTES } = this.#options;
    if (this.counts.bytes <= bytesMax) return;
    const idle = [...this.#entries].filter(([, { users }]) => users === 0);
    idle.sort(([, a], [, b]) => a.last - b.last);
    for (const [key, entry] of idle) {
      if (this.counts.bytes <= bytesMax) return;
      await this.#forget(key, entry);
    }
  }

  /** Forgets an object that is gone or was found damaged later. */
  async drop(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.users === 0) await this.#forget(key, entry);
  }

  async #forget(key: string, entry: Entry): Promise<void> {
    this.#entries.delete(key);
    this.counts.bytes -= entry.bytes;
    if (entry.made) await this.#options.disk.remove(entry.path);
  }
}

function damaged(key: string, why: string): MonError {
  return new MonError('MON_BLOCK_CORRUPT', `object ${key}: ${why}`, { fields: { object: key } });
}
