// The manifest of one partition as it stands in the object store: read, changed, swept. One writer
// a partition; readers of other processes only load. Easy to get wrong: a store may overwrite what
// was put "if absent", so what was written is read back before it counts; and nothing is removed
// that a manifest names or that somebody may still read by the last one.
import { MonError } from '../errors.ts';
import { COLD_GRACE_MS, COLD_MANIFEST_BYTES_MAX } from '../limits-cold.ts';
import type { ObjectInfo, ObjectStore } from '../ports.ts';
import {
  coldPrefix,
  decodeManifest,
  emptyManifest,
  encodeManifest,
  manifestKey,
  manifestNumber,
  objectKeys,
  type ColdObject,
  type Manifest,
} from './manifest.ts';

/** What a change leaves; number and partition are kept for it. */
export type ManifestChange = (now: Manifest) => Pick<Manifest, 'objects'> & Partial<Manifest>;

/** A partition's manifest as a reader found it, and what had to be passed over on the way. */
export interface LoadedManifest {
  readonly manifest: Manifest;
  readonly warnings: readonly string[];
}

export async function* inOne(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

function numbersOf(all: readonly ObjectInfo[]): { number: number; info: ObjectInfo }[] {
  const found: { number: number; info: ObjectInfo }[] = [];
  for (const info of all) {
    const number = manifestNumber(info.key);
    if (number !== undefined) found.push({ number, info });
  }
  return found.toSorted((a, b) => b.number - a.number);
}

/** The number at the end of the name of an object's file; NaN for other files. */
function sequenceOf(key: string): number {
  return Number(/-(\d+)\.\w+\.parquet$/.exec(key)?.[1]);
}

async function readManifest(objects: ObjectStore, { key, bytes }: ObjectInfo): Promise<Manifest> {
  const size = Math.min(bytes, COLD_MANIFEST_BYTES_MAX + 1);
  return decodeManifest(await objects.getRange(key, 0, size), key);
}

/** The newest manifest that can be read: for readers, who warn where the newest one cannot. */
export async function loadManifest(
  objects: ObjectStore,
  partition: number,
): Promise<LoadedManifest> {
  const warnings: string[] = [];
  for (let attempt = 0; ; attempt++) {
    const listed = await objects.list(coldPrefix(partition));
    try {
      for (const { info } of numbersOf(listed)) {
        try {
          return { manifest: await readManifest(objects, info), warnings };
        } catch (thrown) {
          if (!(thrown instanceof MonError) || thrown.code !== 'MON_BLOCK_CORRUPT') throw thrown;
          warnings.push(`${thrown.message}: what it names beyond the one before is missing`);
        }
      }
      return { manifest: emptyManifest(partition), warnings };
    } catch (thrown) {
      // A writer may have taken the one that was listed away: the next list has a newer one.
      const gone = thrown instanceof MonError && thrown.code === 'MON_NOT_FOUND';
      if (!gone || attempt === 2) throw thrown;
    }
  }
}

export class Manifests {
  readonly #objects: ObjectStore;
  readonly #partition: number;
  #now: Manifest | undefined;
  /** What is shown while the newest one cannot be read. */
  #shown: LoadedManifest | undefined;
  #older: string[] = [];
  #changing: Promise<unknown> = Promise.resolve();

  constructor(objects: ObjectStore, partition: number) {
    this.#objects = objects;
    this.#partition = partition;
  }

  /** As it was read or written last. */
  get now(): Manifest {
    return this.#now ?? this.#shown?.manifest ?? emptyManifest(this.#partition);
  }

  /** Sentences for every answer, while the newest one cannot be read. */
  get warnings(): readonly string[] {
    return this.#shown?.warnings ?? [];
  }

  /** Reads what can be read, for questions; a damaged one is passed over and said. */
  async look(): Promise<void> {
    try {
      await this.load();
    } catch (thrown) {
      if (!(thrown instanceof MonError) || thrown.code !== 'MON_BLOCK_CORRUPT') throw thrown;
      this.#shown = await loadManifest(this.#objects, this.#partition);
    }
  }

  /**
   * Reads the newest one, unless it is known. @throws MON_BLOCK_CORRUPT: a writer does not go on
   * from an older one, or it would remove what that one does not name.
   */
  async load(): Promise<Manifest> {
    if (this.#now !== undefined) return this.#now;
    const found = numbersOf(await this.#objects.list(coldPrefix(this.#partition)));
    const [newest] = found;
    this.#older = found.slice(1).map(({ info }) => info.key);
    const manifest =
      newest === undefined
        ? emptyManifest(this.#partition)
        : await readManifest(this.#objects, newest.info);
    this.#now = manifest;
    this.#shown = undefined;
    return manifest;
  }

  /** Makes a change count. Nothing has changed when it throws, or a later load() will find it. */
  change(how: ManifestChange): Promise<Manifest> {
    const turn = this.#changing.then(async () => {
      const now = await this.load();
      const later = { ...now, ...how(now), number: now.number + 1 };
      // What became of it is unknown until it has been read back.
      this.#now = undefined;
      this.#shown = { manifest: now, warnings: [] };
      const key = manifestKey(this.#partition, later.number);
      const bytes = encodeManifest(later);
      const fresh = await this.#objects.putIfAbsent(key, inOne(bytes));
      const back = await this.#objects.getRange(key, 0, bytes.length + 1);
      if (!fresh || Buffer.compare(back, bytes) !== 0) {
        throw new MonError('MON_STATE_CONFLICT', `somebody else wrote ${key}`);
      }
      this.#now = later;
      await this.#forgetOlder(now);
      return later;
    });
    this.#changing = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Begins a stretch of numbers of one's own: who wrote before and wakes up now finds its next
   * manifest written, and its next objects have other names than ours. @throws MonError.
   */
  async take(): Promise<void> {
    await this.change(({ objects, nextSequence }) => ({
      objects,
      nextSequence: nextSequence + 1,
    }));
  }

  /** The one before stays: somebody may have read it just now. */
  async #forgetOlder(before: Manifest): Promise<void> {
    const leaving = this.#older;
    this.#older = before.number === 0 ? [] : [manifestKey(this.#partition, before.number)];
    for (const key of leaving) {
      try {
        await this.#objects.remove(key);
      } catch {
        // It goes at the next change, or when the partition is opened again.
        this.#older.push(key);
      }
    }
  }

  /** Names no more what is past; its files go after a while. Answers how many objects. */
  async drop(past: (one: ColdObject) => boolean, nowMs: number): Promise<number> {
    const { objects } = await this.load();
    const gone = objects.filter(past);
    if (gone.length === 0) return 0;
    await this.change((now) => ({
      objects: now.objects.filter((one) => !gone.includes(one)),
      leaving: [...now.leaving, ...gone.map(({ name, kind }) => ({ name, kind, atMs: nowMs }))],
    }));
    return gone.length;
  }

  /** Removes files that count no more, and such as a crash left. Nothing is written meanwhile. */
  async sweep(nowMs: number): Promise<number> {
    const { objects, leaving, nextSequence } = await this.load();
    const past = leaving.filter(({ atMs }) => nowMs - atMs >= COLD_GRACE_MS || atMs > nowMs);
    const kept = new Set<string>();
    for (const one of [...objects, ...leaving.filter((two) => !past.includes(two))]) {
      const { data, index } = objectKeys(this.#partition, one);
      kept.add(data).add(index);
    }
    let removed = 0;
    for (const { key } of await this.#objects.list(coldPrefix(this.#partition))) {
      // What has a higher number is being written, by us or by who has taken over from us.
      if (!(sequenceOf(key) < nextSequence) || kept.has(key)) continue;
      await this.#objects.remove(key);
      removed++;
    }
    if (past.length > 0) {
      await this.change((now) => ({
        objects: now.objects,
        leaving: now.leaving.filter((one) => !past.some(({ name }) => name === one.name)),
      }));
    }
    return removed;
  }
}
