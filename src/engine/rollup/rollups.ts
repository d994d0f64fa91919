// The rollups of one shard: those of all its partitions beside the store that holds their samples,
// and the Sink that keeps both in step. Easy to get wrong: the log may forget a record only when
// the samples and the note that their hour has changed are both durable.
import { BatchCodec } from '../codec/batch.ts';
import { BlockCache } from '../codec/block-cache.ts';
import { MonError } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { ROLLUP_CACHE_BYTES } from '../limits.ts';
import type { Fragment } from '../model/fragment.ts';
import type { Matcher } from '../model/matcher.ts';
import { addRollups, noRollups, RESOLUTIONS } from '../model/rollup.ts';
import type { FragmentRollup, RollupKeep, RollupStatus } from '../model/rollup.ts';
import type { ApplyCounts, Delivery, Offset, Sink } from '../ports.ts';
import type { ColdTier } from '../ports-cold.ts';
import type { Disk } from '../runtime/disk.ts';
import { fetchRows, type ColdRows } from './cold-fetch.ts';
import type { ArchiveRows } from './hand-over.ts';
import type { RawData } from './hour-fold.ts';
import { RollupPartition } from './rollup-partition.ts';
import { RollupReader } from './rollup-reader.ts';

/** The samples of a partition, and a way to be told of early ones. */
export interface RawPartition extends RawData {
  /** From now on `note` is called with the time of each sample at or before `edge()`. */
  watch(early: { readonly edgeMs: number; note(ms: number): void }): void;
}

export interface RollupsOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly generation: number;
  readonly partitions: ReadonlyMap<number, RawPartition>;
  readonly keep: RollupKeep;
  /** Where rows are that were archived. */
  readonly cold?: ColdTier;
  readonly breathe: () => Promise<void>;
}

/** What was fetched of the cold tier for one fragment, by partition. */
export interface FetchedRows {
  readonly found: ReadonlyMap<number, ColdRows>;
  /** Partitions of which no hour was to be computed anew when it was fetched. */
  readonly settled: ReadonlySet<number>;
}

export class Rollups {
  readonly #options: RollupsOptions;
  readonly #partitions: ReadonlyMap<number, RollupPartition>;
  readonly #codec: BatchCodec;

  private constructor(
    options: RollupsOptions,
    all: ReadonlyMap<number, RollupPartition>,
    codec: BatchCodec,
  ) {
    this.#options = options;
    this.#partitions = all;
    this.#codec = codec;
  }

  static async open(options: RollupsOptions): Promise<Rollups> {
    const cache = new BlockCache(ROLLUP_CACHE_BYTES);
    const all = new Map<number, RollupPartition>();
    for (const [partition, raw] of options.partitions) {
      all.set(partition, await RollupPartition.open({ ...options, cache, partition, raw }));
    }
    for (const [number, raw] of options.partitions) {
      raw.watch((all.get(number) as RollupPartition).dirty);
    }
    return new Rollups(options, all, new BatchCodec(options.kernels, 'reader'));
  }

  /** The same rollups, asked for some partitions alone. */
  within(only: readonly number[]): Rollups {
    const some = new Map([...this.#partitions].filter(([number]) => only.includes(number)));
    return new Rollups(this.#options, some, this.#codec);
  }

  /** Grows whenever readers that were made before must not be used any more. */
  get changes(): number {
    let sum = 0;
    for (const one of this.#partitions.values()) sum += one.changes;
    return sum;
  }

  /** How often files went into the cold tier. */
  get handedOver(): number {
    let sum = 0;
    for (const one of this.#partitions.values()) sum += one.handedOver;
    return sum;
  }

  /** What a fragment needs of the cold tier. */
  async fetchCold(
    fragment: Fragment,
    rollup: FragmentRollup,
    minMs: number,
    maxMs: number,
  ): Promise<FetchedRows> {
    const found = new Map<number, ColdRows>();
    const settled = new Set<number>();
    const fetched = { found, settled };
    const { cold, partitions } = this.#options;
    if (cold === undefined) return fetched;
    const from = minMs - 2 * rollup.resolutionMs;
    for (const [partition, one] of this.#partitions) {
      const { live, foldedTo, openDays } = one;
      const changed = one.changedIn(from, maxMs);
      if (!changed) settled.add(partition);
      const prefer = changed ? 'raw' : rollup.prefer;
      const floorMs = (partitions.get(partition) as RawPartition).floorMs();
      const asked = { live, foldedTo, openDays, floorMs, rollup: { ...rollup, prefer } };
      const rows = await fetchRows({ cold, partition, fragment, minMs, maxMs, ...asked });
      if (rows !== undefined) found.set(partition, rows);
    }
    return fetched;
  }

  /** One reader a partition, for a fragment that looks at this range. */
  readers(
    rollup: FragmentRollup,
    minMs: number,
    maxMs: number,
    cold?: FetchedRows,
  ): RollupReader[] {
    // A window that ends within the range begins before it.
    const from = minMs - 2 * rollup.resolutionMs;
    return [...this.#partitions].map(([number, one]) => {
      const data = this.#options.partitions.get(number) as RawPartition;
      const old = cold?.found.get(number);
      const raw = data.reader(from, maxMs, old?.samples);
      const { tombstones, foldedTo, openDays } = one;
      const live = [...one.live, ...(old?.files ?? [])];
      const rows = { live, tombstones, foldedTo, openDays };
      // What was written is readable at once: rows may lack it for a while. What came while the
      // cold tier was asked is not: without its samples there would be neither these nor rows.
      const changed = cold?.settled.has(number) !== true && one.changedIn(from, maxMs);
      const prefer = changed ? 'raw' : rollup.prefer;
      const asked = { ...rollup, prefer };
      return new RollupReader({ ...rows, raw, floorMs: data.floorMs(), rollup: asked });
    });
  }

  /** Hands files of rows to the cold tier; answers how many went. */
  async archive(partition: number, plan: ArchiveRows): Promise<number> {
    return (await this.#partitions.get(partition)?.archive(plan)) ?? 0;
  }

  /** True when all samples of a range are in rows, and none waits to be folded anew. */
  done(partition: number, minMs: number, maxMs: number): boolean {
    const one = this.#partitions.get(partition);
    return one === undefined || (one.foldedTo > maxMs && !one.changedIn(minMs, maxMs));
  }

  /** True when rows reach back to this time where samples do not. */
  reachesBack(ms: number): boolean {
    return [...this.#partitions].some(([number, { live }]) => {
      const data = this.#options.partitions.get(number) as RawPartition;
      return data.floorMs() > ms && live.length > 0;
    });
  }

  /** False when no row is older than the samples are, back to this time. */
  mayReachBehindSamples(ms: number): boolean {
    if (this.#options.cold !== undefined) return true;
    return [...this.#partitions].some(([number, { live, lost }]) => {
      const floorMs = (this.#options.partitions.get(number) as RawPartition).floorMs();
      if (lost.length > 0) return true;
      return floorMs > ms && live.some(({ entry }) => entry.afterMs < floorMs);
    });
  }

  /** Sentences for an answer that lacks what damaged files held in this range. */
  lost({ resolutionMs }: FragmentRollup, minMs: number, maxMs: number): string[] {
    const index = RESOLUTIONS.findIndex(({ ms }) => ms === resolutionMs);
    return [...this.#partitions].flatMap(([number, { lost }]) =>
      lost
        .filter(({ tiers }) => tiers.some((tier) => tier >= index))
        .filter(({ afterMs, toMs }) => toMs >= minMs && afterMs < maxMs)
        .map(
          ({ name }) => `rollup ${name} of partition ${number} is damaged: its rows are missing`,
        ),
    );
  }

  /** Asks again without a file that turns out to be damaged: the rest is served. */
  async whole<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (thrown) {
        if (!(thrown instanceof MonError) || thrown.code !== 'MON_BLOCK_CORRUPT') throw thrown;
        if (!(await this.#setAside(String(thrown.fields.file ?? '')))) throw thrown;
      }
    }
  }

  async #setAside(path: string): Promise<boolean> {
    for (const one of this.#partitions.values()) if (await one.setAside(path)) return true;
    return false;
  }

  /** Does one piece of what is due in each partition; false when nothing was. */
  async work(nowMs: number): Promise<boolean> {
    let more = false;
    for (const one of this.#partitions.values()) {
      more = (await this.whole(() => worked(one, nowMs))) || more;
    }
    return more;
  }

  /** Links all files into a folder and writes the states beside them. */
  async snapshot(folder: string): Promise<void> {
    for (const one of this.#partitions.values()) await one.snapshot(folder);
  }

  /** Forgets what is past the time of its resolution; answers how many files went. */
  async keepOnly(nowMs: number): Promise<number> {
    let gone = 0;
    const { keepMs } = this.#options.keep;
    for (const one of this.#partitions.values()) gone += await one.keepOnly(nowMs, keepMs);
    return gone;
  }

  async delete(
    selections: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
  ): Promise<void> {
    for (const one of this.#partitions.values()) {
      for (const matchers of selections) await one.delete(matchers, minMs, maxMs);
    }
  }

  /** Has all hours from this time on computed anew; answers how many wait now. */
  async replay(fromMs: number): Promise<number> {
    let waiting = 0;
    for (const one of this.#partitions.values()) waiting += await one.replay(fromMs);
    return waiting;
  }

  status(): RollupStatus {
    const sum = noRollups();
    for (const one of this.#partitions.values()) addRollups(sum, one.status());
    return sum;
  }

  /** Notes the times of a record that the store has applied already. */
  noteAgain({ partition, bytes }: Delivery): void {
    const one = this.#partitions.get(partition);
    if (one === undefined) return;
    try {
      const open = this.#codec.open(bytes);
      const first = open.timestampsAt / 8;
      const { f64 } = this.#options.kernels;
      for (let i = 0; i < open.floatCount; i++) one.dirty.note(f64[first + i]);
      if (open.histogramCount > 0)
        for (const ms of open.histograms().timestamps) one.dirty.note(ms);
    } catch (thrown) {
      // The store counts what is the data's fault.
      if (!(thrown instanceof MonError) || thrown.kind !== 'data') throw thrown;
    }
  }

  /** The offset from which a partition has to be told again. */
  version(partition: number): Offset | undefined {
    return this.#partitions.get(partition)?.version;
  }

  async save(): Promise<void> {
    for (const one of this.#partitions.values()) await one.save();
  }

  async close(): Promise<void> {
    for (const one of this.#partitions.values()) await one.close();
  }
}

/** True when there may be more to do: also when the store changed under the work. */
async function worked(one: RollupPartition, nowMs: number): Promise<boolean> {
  try {
    return (await one.work(nowMs)) !== 'nothing';
  } catch (thrown) {
    if (thrown instanceof MonError && thrown.code === 'MON_LOG_BUSY') return true;
    throw thrown;
  }
}

/** The store and its rollups as one sink: what both hold, the log may forget. */
export class RollupSink implements Sink {
  readonly #store: Sink;
  readonly #rollups: Rollups;
  readonly #next = new Map<number, Offset>();

  constructor(store: Sink, rollups: Rollups) {
    this.#store = store;
    this.#rollups = rollups;
  }

  async resumeAt(): Promise<ReadonlyMap<number, Offset>> {
    const held = await this.#store.resumeAt();
    for (const [partition, offset] of held) this.#next.set(partition, offset);
    return this.#both(held);
  }

  #both(held: ReadonlyMap<number, Offset>): ReadonlyMap<number, Offset> {
    return new Map(
      [...held].map(([partition, offset]) => {
        return [partition, Math.min(offset, this.#rollups.version(partition) ?? offset)] as const;
      }),
    );
  }

  apply(deliveries: readonly Delivery[]): Promise<ApplyCounts> {
    for (const one of deliveries) {
      const known = this.#next.get(one.partition) ?? 0;
      if (!one.definitionsOnly && one.offset < known) this.#rollups.noteAgain(one);
    }
    return this.#store.apply(deliveries);
  }

  async checkpoint(): Promise<ReadonlyMap<number, Offset>> {
    await this.#rollups.save();
    return this.#both(await this.#store.checkpoint());
  }

  async close(): Promise<void> {
    await this.#rollups.close();
    await this.#store.close();
  }
}
