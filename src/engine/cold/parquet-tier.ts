// The cold tier of the partitions of one store: makes Parquet objects of files that have grown old,
// names them in manifests, answers questions, forgets. Under daemons/cold-process.ts. Easy to get
// wrong: the order is write, upload, name; what was uploaded and not named is a left-over that the
// next attempt or sweep removes; and files that an object names as its sources are never archived
// again.
import { join } from 'node:path';
import { assert, MonError } from '../errors.ts';
import { COLD_GRACE_MS, COLD_OBJECT_ROWS_MAX, COLD_PART_BYTES } from '../limits-cold.ts';
import { labelsKey, type Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { ObjectStore } from '../ports.ts';
import type {
  ArchiveJob,
  ColdAnswer,
  ColdAsk,
  ColdKeep,
  ColdKind,
  ColdPart,
  ColdReach,
  ColdSeriesAnswer,
  ColdSeriesAsk,
  ColdTier,
} from '../ports-cold.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import type { ColdSeries } from './cold-rows.ts';
import { AwayObjects } from './away-objects.ts';
import { Duck, type DuckOptions } from './duck.ts';
import { Manifests } from './manifests.ts';
import { objectKeys, objectName, type ColdObject } from './manifest.ts';
import { withoutSamples } from './object-delete.ts';
import { readObject, seriesOf, type ObjectReading } from './object-read.ts';
import { writeObject, type CountingFeed, type WrittenObject } from './object-write.ts';
import { RangeCache, type RangeCounts } from './range-cache.ts';
import { SeriesCache } from './series-cache.ts';

/** Series of the files of a job, and a feed of some of them. */
export interface OpenedSources<S extends ColdSeries = ColdSeries> {
  /** In the order of canonical bytes. */
  readonly series: readonly S[];
  /** Rows there are at most. */
  readonly rows: number;
  feed(series: readonly S[]): CountingFeed;
  close(): void;
}

/** Points at which a crash leaves something of its own kind; tests die at each. */
export type ColdStep = 'written' | 'data up' | 'index up' | 'named';

export interface ParquetTierOptions {
  readonly objects: ObjectStore;
  readonly disk: Disk;
  readonly clock: Clock;
  /** Of this process alone; emptied when it is opened. */
  readonly folder: string;
  readonly partitions: readonly number[];
  /** Opens what a job names. @throws MON_BLOCK_CORRUPT of a damaged file. */
  readonly sources: (job: ArchiveJob) => OpenedSources;
  readonly cacheBytes?: number;
  readonly duck?: Omit<DuckOptions, 'scratch'>;
  readonly rowsMax?: number;
  readonly step?: (step: ColdStep) => void;
  /** Another process may have written before, and may believe that it still does. */
  readonly shared?: boolean;
}

export interface TierCounts extends RangeCounts {
  archived: number;
  archivedRows: number;
  uploadedBytes: number;
  reads: number;
  objectsRead: number;
  damaged: number;
  removed: number;
}

const READ_AT_ONCE = 6;
const TWO_64 = 2n ** 64n;

export class ParquetTier implements ColdTier {
  readonly #options: ParquetTierOptions;
  readonly #duck: Duck;
  readonly #cache: RangeCache;
  readonly #series = new SeriesCache();
  readonly #manifests: ReadonlyMap<number, Manifests>;
  readonly #counts = { archived: 0, archivedRows: 0, uploadedBytes: 0, reads: 0 };
  readonly #more = { objectsRead: 0, damaged: 0, removed: 0 };
  #asking: Promise<unknown> = Promise.resolve();
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(options: ParquetTierOptions, duck: Duck, cache: RangeCache) {
    const { objects, partitions } = options;
    this.#options = options;
    this.#duck = duck;
    this.#cache = cache;
    this.#manifests = new Map(partitions.map((one) => [one, new Manifests(objects, one)]));
  }

  /** Opens the tier and reads the manifests. @throws MonError of the store or of a manifest. */
  static async open(options: ParquetTierOptions): Promise<ParquetTier> {
    const { disk, folder, cacheBytes, clock } = options;
    const objects = new AwayObjects(options.objects, clock);
    const place = join(folder, 'cache');
    const cache = new RangeCache({ objects, disk, folder: place, bytesMax: cacheBytes });
    await cache.open();
    const duck = await Duck.open({ ...options.duck, scratch: join(folder, 'spill') });
    const tier = new ParquetTier(options, duck, cache);
    try {
      for (const one of tier.#manifests.values()) await one.look();
    } catch (thrown) {
      duck.close();
      throw thrown;
    }
    return tier;
  }

  get counts(): TierCounts {
    return { ...this.#counts, ...this.#more, ...this.#cache.counts };
  }

  /** The objects of a partition that count now. */
  objects(partition: number): readonly ColdObject[] {
    return this.#manifest(partition).now.objects;
  }

  reach(partition: number, kind: ColdKind): ColdReach {
    const all = this.objects(partition).filter((one) => one.kind === kind);
    return {
      minMs: all.reduce((ms, one) => Math.min(ms, one.minMs), Infinity),
      maxMs: all.reduce((ms, one) => Math.max(ms, one.maxMs), -Infinity),
    };
  }

  #manifest(partition: number): Manifests {
    const found = this.#manifests.get(partition);
    assert(found, `partition ${partition} belongs to this tier`);
    return found;
  }

  /** DuckDB's connection ends what it streams when it is asked anew. */
  #alone<T>(work: (duck: Duck) => Promise<T>): Promise<T> {
    const turn = this.#asking.then(() => work(this.#duck));
    this.#asking = turn.catch(() => undefined);
    return turn;
  }

  #changed<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(work);
    this.#changing = turn.catch(() => undefined);
    return turn;
  }

  readonly #taken = new Set<number>();

  /** The manifest of a partition that nobody else writes any more. @throws MonError. */
  async #owned(partition: number): Promise<Manifests> {
    const manifest = this.#manifest(partition);
    if (this.#options.shared !== true || this.#taken.has(partition)) return manifest;
    await manifest.take();
    this.#taken.add(partition);
    return manifest;
  }

  archive(job: ArchiveJob): Promise<void> {
    return this.#changed(async () => {
      const manifest = await this.#owned(job.partition);
      const { objects, nextSequence } = await manifest.load();
      const known = new Set(objects.flatMap(({ sources }) => sources));
      const left = job.sources.filter(({ name }) => !known.has(name));
      if (left.length === 0) return;
      const opened = this.#options.sources({ ...job, sources: left });
      const made: ColdObject[] = [];
      try {
        for (const series of this.#shares(opened)) {
          const sequence = nextSequence + made.length;
          const one = await this.#make(job, opened.feed(series), sequence);
          if (one !== undefined) made.push(one);
        }
      } finally {
        opened.close();
      }
      // Files of which nothing is shown leave no object, so nothing may remember their names.
      if (made.length === 0) return;
      const sources = left.map(({ name }) => name);
      await manifest.change((now) => ({
        objects: [...now.objects, ...made.map((one) => ({ ...one, sources }))],
        nextSequence: now.nextSequence + made.length,
      }));
      this.#step('named');
      this.#counts.archived += made.length;
      this.#counts.archivedRows += made.reduce((sum, { rows }) => sum + rows, 0);
    });
  }

  #step(step: ColdStep): void {
    this.#options.step?.(step);
  }

  /** The series of each object to be, by ranges of their hash. */
  #shares({ series, rows }: OpenedSources): ColdSeries[][] {
    const { rowsMax = COLD_OBJECT_ROWS_MAX } = this.#options;
    const count = BigInt(Math.max(1, Math.ceil(rows / rowsMax)));
    const shares = Array.from({ length: Number(count) }, (): ColdSeries[] => []);
    for (const one of series) shares[Number((one.hash * count) / TWO_64)].push(one);
    return shares.filter((share) => share.length > 0);
  }

  /** Writes and uploads an object; undefined when it would be empty. */
  async #make(
    job: Pick<ArchiveJob, 'partition' | 'kind' | 'afterMs' | 'toMs' | 'version'>,
    feed: CountingFeed,
    sequence: number,
  ): Promise<ColdObject | undefined> {
    const { disk, folder } = this.#options;
    const place = { disk, folder: join(folder, 'writing') };
    const written = await this.#alone((duck) => writeObject({ ...place, duck }, feed));
    if (written === undefined) return undefined;
    this.#step('written');
    return this.#upload(job, written, sequence);
  }

  async #upload(
    { partition, kind, afterMs, toMs, version }: Omit<ArchiveJob, 'sources'>,
    { dataPath, indexPath, ...told }: WrittenObject,
    sequence: number,
  ): Promise<ColdObject> {
    const windows = kind === 'raw' ? {} : { afterMs, toMs, version };
    const range = { minMs: afterMs ?? told.minMs, maxMs: toMs ?? told.maxMs, sequence };
    const name = objectName(kind, range);
    const object = { name, kind, sequence, ...told, ...windows, sources: [] };
    const keys = objectKeys(partition, object);
    await this.#put(keys.data, dataPath, told.data.bytes);
    this.#step('data up');
    await this.#put(keys.index, indexPath, told.index.bytes);
    this.#step('index up');
    await this.#options.disk.remove(dataPath);
    await this.#options.disk.remove(indexPath);
    return object;
  }

  /** What lies under the key is a left-over: no manifest names it. */
  async #put(key: string, path: string, bytes: number): Promise<void> {
    const { objects, disk } = this.#options;
    if (!(await objects.putIfAbsent(key, partsOf(disk, path, bytes)))) {
      await objects.remove(key);
      await this.#cache.drop(key);
      if (!(await objects.putIfAbsent(key, partsOf(disk, path, bytes)))) {
        throw new MonError('MON_STATE_CONFLICT', `somebody else writes ${key}`);
      }
    }
    this.#counts.uploadedBytes += bytes;
  }

  async read(ask: ColdAsk): Promise<ColdAnswer> {
    const reading = this.#reading(ask.partition);
    this.#counts.reads++;
    let rows = 0;
    const { found, warnings } = await this.#each(ask, async (object) => {
      const part = await readObject(reading, object, { ...ask, rowsMax: ask.rowsMax - rows });
      rows += part?.timestamps.length ?? 0;
      return part;
    });
    const parts = found.filter((part): part is ColdPart => part !== undefined);
    return { parts, warnings };
  }

  async series(ask: ColdSeriesAsk): Promise<ColdSeriesAnswer> {
    const reading = this.#reading(ask.partition);
    const series = new Map<string, Labels>();
    const { warnings } = await this.#each(ask, async (object) => {
      const { selections, minMs, maxMs } = ask;
      for (const matchers of selections.length === 0 ? [[]] : selections) {
        for (const one of await seriesOf(reading, object, { matchers, minMs, maxMs })) {
          series.set(labelsKey(one.labels), one.labels);
        }
      }
    });
    return { series: [...series.values()], warnings };
  }

  #reading(partition: number): ObjectReading {
    const shared = { cache: this.#cache, series: this.#series };
    return { partition, ...shared, alone: (work) => this.#alone(work) };
  }

  /** Work on each object that a question concerns, some at once; answers stay in order. */
  async #each<T>(
    { partition, kind, minMs, maxMs }: Omit<ColdAsk, 'matchers' | 'rowsMax'>,
    work: (object: ColdObject) => Promise<T>,
  ): Promise<{ found: (T | undefined)[]; warnings: string[] }> {
    const wanted = this.objects(partition)
      .filter((one) => one.kind === kind && one.minMs <= maxMs && one.maxMs >= minMs)
      .toSorted((a, b) => a.sequence - b.sequence);
    const found: (T | undefined)[] = wanted.map(() => undefined);
    const warnings: string[] = [...this.#manifest(partition).warnings];
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < wanted.length) {
        const place = next++;
        try {
          found[place] = await work(wanted[place]);
          this.#more.objectsRead++;
        } catch (thrown) {
          warnings.push(this.#missing(wanted[place], thrown));
        }
      }
    };
    await Promise.all(Array.from({ length: READ_AT_ONCE }, worker));
    return { found, warnings };
  }

  /** The sentence for an object that cannot be read. @throws what is not its fault. */
  #missing({ name }: ColdObject, thrown: unknown): string {
    if (!(thrown instanceof MonError)) throw thrown;
    const { code, kind, message } = thrown;
    const gone = code === 'MON_NOT_FOUND' || code === 'MON_BLOCK_CORRUPT';
    if (!gone && kind !== 'retry' && code !== 'MON_DISK_FAILED') throw thrown;
    this.#more.damaged++;
    return `cold object ${name} is missing from the answer: ${message}`;
  }

  delete(
    partition: number,
    selections: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
  ): Promise<void> {
    return this.#changed(async () => {
      const manifest = await this.#owned(partition);
      const { objects } = await manifest.load();
      const { disk, folder } = this.#options;
      const reading = { ...this.#reading(partition), disk, folder: join(folder, 'writing') };
      for (const object of objects) {
        const cut = { selections, minMs, maxMs };
        const left = await withoutSamples(reading, object, cut);
        if (left === 'same') continue;
        const { nextSequence } = manifest.now;
        const made =
          left === 'nothing'
            ? undefined
            : await this.#upload({ ...object, partition }, left, nextSequence);
        const atMs = this.#options.clock.now();
        await manifest.change((now) => ({
          // It keeps its place among those that overlap: the number decides which one counts.
          objects: now.objects.flatMap((one) => {
            if (one.name !== object.name) return [one];
            const { sequence, sources } = one;
            return made === undefined ? [] : [{ ...made, sequence, sources }];
          }),
          leaving: [...now.leaving, { name: object.name, kind: object.kind, atMs }],
          nextSequence: nextSequence + 1,
        }));
      }
    });
  }

  keepOnly(partition: number, nowMs: number, keep: ColdKeep): Promise<number> {
    return this.#changed(async () => {
      const manifest = this.#manifest(partition);
      const past = ({ kind, maxMs }: ColdObject): boolean =>
        maxMs < nowMs - (keep[kind] ?? Infinity);
      const gone = await manifest.drop(past, nowMs);
      if (gone > 0 || this.#sweepDue(partition, nowMs)) {
        this.#more.removed += await manifest.sweep(nowMs);
        this.#swept.set(partition, nowMs);
      }
      return gone;
    });
  }

  readonly #swept = new Map<number, number>();

  #sweepDue(partition: number, nowMs: number): boolean {
    const last = this.#swept.get(partition) ?? -Infinity;
    return nowMs - last >= COLD_GRACE_MS || nowMs < last;
  }

  async close(): Promise<void> {
    await this.#changing;
    await this.#asking;
    this.#duck.close();
  }
}

async function* partsOf(disk: Disk, path: string, bytes: number): AsyncIterable<Uint8Array> {
  const file = await disk.open(path, 'r');
  try {
    for (let at = 0; at < bytes; at += COLD_PART_BYTES) {
      const part = new Uint8Array(Math.min(COLD_PART_BYTES, bytes - at));
      yield part.subarray(0, await file.read(part, at));
    }
  } finally {
    await file.close();
  }
}
