// The store of one shard: a head and sealed blocks for each of its partitions, the heads in one
// WebAssembly memory. It is a Sink of the log and answers leaf fragments over what it applied.
// Easy to get wrong: a head and its offset are taken for the checkpoint in one synchronous step;
// the disk is written to afterwards, while the head already goes on.
import { assert, MonError } from '../errors.ts';
import { BlockCache } from '../codec/block-cache.ts';
import type { Head } from '../head/head.ts';
import type { Kernels } from '../kernels/kernels.ts';
import {
  BLOCK_CACHE_BYTES,
  BLOCK_SPANS_MS,
  HEAD_BYTES_HOLD,
  SEAL_AFTER_MS,
  SEAL_LATE_MS,
  SEAL_LATE_SAMPLES,
  SEAL_PRESSED_EVERY_MS,
  SEAL_PRESSED_MS,
} from '../limits.ts';
import type { Matcher } from '../model/matcher.ts';
import { noUpkeep } from '../model/upkeep.ts';
import type { BlockStatus, StoreKeep, UpkeepReport } from '../model/upkeep.ts';
import type { ApplyCounts, Delivery, ObjectStore, Offset } from '../ports.ts';
import type { SeriesReader, Sink, Upkeep } from '../ports.ts';
import type { ColdTier } from '../ports-cold.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import { Pace } from './pace.ts';
import { openPartition } from './partition-open.ts';
import type { Partition } from './partition.ts';
import { sealBoundary } from './seal.ts';

export interface StoreOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly partitions: readonly number[];
  /** The log's generation; a checkpoint of another one is of no use and is refused. */
  readonly generation: number;
  /** With a clock, long upkeep gives queries of this thread their turn. */
  readonly clock?: Clock;
  /** Where sealed blocks are uploaded to; a partition without files is fetched from there. */
  readonly objects?: ObjectStore;
  /** How many producers of a partition live at once; 1 by default, as the embedded log has. */
  readonly epochs?: number;
  /** What all blocks keep unpacked. */
  readonly cacheBytes?: number;
  /** How often what came late for sealed ranges is sealed. */
  readonly sealMs?: number;
  /** Live bytes of its memory from which on it seals as much as it can. */
  readonly holdBytes?: number;
  /** Where samples are that were archived. */
  readonly cold?: ColdTier;
  /** Where the log begins: a partition that stands before it goes on from there, with a gap. */
  readonly atLeast?: ReadonlyMap<number, Offset>;
}

export interface StoreStats {
  series: number;
  samples: number;
  /** Native histograms among the samples. */
  histograms: number;
  chunks: number;
  memoryBytes: number;
  malformedRecords: number;
  applied: ApplyCounts;
  blocks: BlockStats;
}

/** Figures of sealed blocks. Counts of work are since the store was opened. */
export interface BlockStats {
  files: number;
  bytes: number;
  samples: number;
  damaged: number;
  tombstones: number;
  sealed: number;
  compactions: number;
  postponed: number;
  cacheBytes: number;
  cacheHits: number;
  cacheMisses: number;
}

export class Store implements Sink, Upkeep {
  readonly partitions: ReadonlyMap<number, Partition>;
  readonly heads: ReadonlyMap<number, Head>;
  /** Grows whenever readers that were made before must not be used any more. */
  truncations = 0;
  readonly #options: StoreOptions;
  readonly #cache: BlockCache;
  readonly #applied = noCounts();
  readonly #done = { sealed: 0, compactions: 0, postponed: 0 };
  /** When a partition was sealed last, up to where, and what its head held after. */
  readonly #seals = new Map<number, { atMs: number; boundaryMs: number; samples: number }>();
  #malformed = 0;

  private constructor(options: StoreOptions, cache: BlockCache, all: Map<number, Partition>) {
    this.#options = options;
    this.#cache = cache;
    this.partitions = all;
    this.heads = new Map([...all].map(([number, partition]) => [number, partition.head]));
  }

  /** Opens the store from its checkpoints; a partition without one begins empty at offset 0. */
  static async open(options: StoreOptions): Promise<Store> {
    const { folder, disk, kernels, generation, objects, epochs } = options;
    await disk.makeFolder(folder);
    const cache = new BlockCache(options.cacheBytes ?? BLOCK_CACHE_BYTES);
    const pace = new Pace(options.clock);
    const all = new Map<number, Partition>();
    let store: Store | undefined;
    const changed = (): void => {
      if (store !== undefined) store.truncations++;
    };
    for (const partition of options.partitions) {
      const one = { folder, disk, kernels, partition, generation, cache, pace, objects, changed };
      const opened = await openPartition({ ...one, epochs });
      opened.next = Math.max(opened.next, options.atLeast?.get(partition) ?? 0);
      all.set(partition, opened);
    }
    store = new Store(options, cache, all);
    return store;
  }

  async resumeAt(): Promise<ReadonlyMap<number, Offset>> {
    return new Map([...this.partitions].map(([number, { next }]) => [number, next]));
  }

  async apply(deliveries: readonly Delivery[]): Promise<ApplyCounts> {
    const sum = noCounts();
    for (const delivery of deliveries) {
      const partition = this.partitions.get(delivery.partition);
      assert(partition, `partition ${delivery.partition} belongs to this shard`);
      const { head, next } = partition;
      if (!delivery.definitionsOnly) {
        if (delivery.offset < next) continue;
        // Without state it begins with the oldest record that the log still holds.
        const follows = delivery.offset === next || next === 0;
        assert(follows, `offset ${delivery.offset} follows ${next}`);
        partition.next = delivery.offset + 1;
      }
      try {
        addCounts(sum, head.apply(delivery.bytes, delivery.definitionsOnly));
      } catch (thrown) {
        // The frame's checksum held, so these bytes were written so: counted, and the rest goes on.
        if (!(thrown instanceof MonError) || thrown.kind !== 'data') throw thrown;
        this.#malformed++;
      }
      partition.applied();
    }
    addCounts(this.#applied, sum);
    return sum;
  }

  async checkpoint(): Promise<ReadonlyMap<number, Offset>> {
    const held = new Map<number, Offset>();
    for (const [number, partition] of this.partitions) {
      held.set(number, await partition.checkpoint());
    }
    return held;
  }

  /** A reader of each partition, or of some, for one query in this range. */
  readers(
    minMs: number,
    maxMs: number,
    only?: readonly number[],
    cold?: ReadonlyMap<number, readonly SeriesReader[]>,
  ): SeriesReader[] {
    const asked = [...this.partitions].filter(([number]) => only?.includes(number) ?? true);
    return asked.map(([number, one]) => one.reader(minMs, maxMs, cold?.get(number)));
  }

  /** Where samples are that were archived. */
  get cold(): ColdTier | undefined {
    return this.#options.cold;
  }

  /** Samples of a partition before this time may lie in the cold tier. */
  archivedTo(partition: Partition): number {
    const { cold } = this.#options;
    for (const [number, one] of this.partitions) {
      if (one === partition) return (cold?.reach(number, 'raw').maxMs ?? -Infinity) + 1;
    }
    return -Infinity;
  }

  /** Grows with every block that went into the cold tier. */
  get handedOver(): number {
    let sum = 0;
    for (const one of this.partitions.values()) sum += one.handedOver;
    return sum;
  }

  /** Partitions that a question for this range would read sealed blocks of. */
  blocksTouched(minMs: number, maxMs: number): number {
    let count = 0;
    for (const one of this.partitions.values()) {
      if (one.reader(minMs, maxMs) !== one.head) count++;
    }
    return count;
  }

  /** Seals what is due at this time. What the disk does not take now is tried again later. */
  async seal(nowMs: number): Promise<UpkeepReport> {
    const report = noUpkeep();
    const { kernels, sealMs = SEAL_LATE_MS, holdBytes = HEAD_BYTES_HOLD } = this.#options;
    const pressed = kernels.exports.arenaUsedBytes() >= holdBytes;
    // Full heads cannot wait for the end of a slice; compaction joins what this makes.
    const whole = sealBoundary(nowMs, SEAL_AFTER_MS);
    const boundaryMs = pressed ? Math.max(whole, nowMs - SEAL_PRESSED_MS) : whole;
    const lateMs = pressed ? Math.min(sealMs, SEAL_PRESSED_EVERY_MS) : sealMs;
    for (const [number, partition] of this.partitions) {
      const last = this.#seals.get(number);
      const { samples } = partition.head.stats();
      const due =
        last === undefined ||
        (boundaryMs > last.boundaryMs && !pressed) ||
        nowMs - last.atMs >= lateMs ||
        samples - last.samples >= SEAL_LATE_SAMPLES;
      if (!due) continue;
      await this.#attempt(report, async () => {
        report.sealed += await partition.seal(boundaryMs);
        const left = partition.head.stats().samples;
        this.#seals.set(number, { atMs: nowMs, boundaryMs, samples: left });
      });
    }
    this.#done.sealed += report.sealed;
    return report;
  }

  /** Joins blocks until all windows before the boundary of this time are well. */
  async compact(nowMs: number, retentionMs: number): Promise<UpkeepReport> {
    const report = noUpkeep();
    const boundaryMs = sealBoundary(nowMs, SEAL_AFTER_MS);
    // Blocks go as a whole, so that a tenth of the retention is what they may keep too long.
    const spanMsMax = Math.max(BLOCK_SPANS_MS[0], retentionMs / 10);
    for (const partition of this.partitions.values()) {
      await this.#attempt(report, async () => {
        while (await partition.compact({ boundaryMs, spanMsMax })) report.compactions++;
      });
    }
    this.#done.compactions += report.compactions;
    return report;
  }

  async upload(): Promise<UpkeepReport> {
    const report = noUpkeep();
    for (const partition of this.partitions.values()) {
      await this.#attempt(report, async () => void (report.uploaded += await partition.upload()));
    }
    return report;
  }

  /** Drops what is past its time, and of the oldest what is too much. */
  async keepOnly(nowMs: number, keep: StoreKeep): Promise<UpkeepReport> {
    const report = noUpkeep();
    const past = (keep.patterns ?? []).map(({ matchers, keepMs }) => ({
      matchers,
      minMs: -Infinity,
      maxMs: nowMs - keepMs - 1,
    }));
    for (const partition of this.partitions.values()) partition.past = past;
    this.truncations++;
    await this.#attempt(report, () => this.truncateBefore(nowMs - keep.retentionMs));
    for (const partition of this.partitions.values()) {
      await this.#attempt(report, async () => void (await partition.dropPast()));
      if (keep.bytesMax === undefined) continue;
      const share = keep.bytesMax / this.partitions.size;
      await this.#attempt(report, async () => {
        report.removed += await partition.dropOldest(share);
      });
    }
    return report;
  }

  /** Drops what lies wholly before `ms` everywhere; heads hide the rest of it too. */
  async truncateBefore(ms: number): Promise<void> {
    this.truncations++;
    for (const partition of this.partitions.values()) await partition.truncateBefore(ms);
  }

  /** A piece of upkeep that may fail for now: the disk is full, or a block is damaged. */
  async #attempt(report: UpkeepReport, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      if (thrown.code === 'MON_BLOCK_CORRUPT') await this.setAside(thrown);
      this.#done.postponed++;
      report.postponed.push(thrown.message);
    }
  }

  /** Takes the block out of service that a failure names; false when it names none of ours. */
  async setAside(failure: MonError): Promise<boolean> {
    const path = String(failure.fields.file ?? '');
    for (const partition of this.partitions.values()) {
      if (await partition.setAside(path)) return true;
    }
    return false;
  }

  /** Deletes what matches any of the selections and is there now. Durable when it resolves. */
  async delete(
    selections: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
  ): Promise<void> {
    for (const partition of this.partitions.values()) {
      for (const matchers of selections) await partition.delete(matchers, minMs, maxMs);
    }
  }

  /** Takes deleted samples out of the files; answers how many blocks were written anew. */
  async cleanTombstones(): Promise<number> {
    let rewritten = 0;
    for (const partition of this.partitions.values())
      rewritten += await partition.cleanTombstones();
    return rewritten;
  }

  /** Sentences for an answer that lacks what damaged blocks held in this range. */
  lost(minMs: number, maxMs: number, only?: readonly number[]): string[] {
    const out: string[] = [];
    for (const [number, { damaged }] of this.partitions) {
      if (only?.includes(number) === false) continue;
      for (const one of damaged) {
        if (one.minMs > maxMs || one.maxMs < minMs) continue;
        out.push(`block ${one.name} of partition ${number} is damaged: its samples are missing`);
      }
    }
    return out;
  }

  /** A second name for every block file and the state, in a folder that nothing changes. */
  async snapshot(folder: string): Promise<void> {
    for (const partition of this.partitions.values()) await partition.snapshot(folder);
  }

  async blocks(): Promise<BlockStatus[]> {
    return [...this.partitions].flatMap(([partition, { blocks, damaged }]) =>
      [...blocks, ...damaged].map((entry) => ({ partition, ...entry })),
    );
  }

  /** Bytes of the memory that its heads live in; it never shrinks. */
  get memorySize(): number {
    return this.#options.kernels.memory.buffer.byteLength;
  }

  stats(): StoreStats {
    let memoryBytes = this.#options.kernels.exports.arenaUsedBytes();
    const stats = { series: 0, samples: 0, histograms: 0, chunks: 0 };
    const { bytes: cacheBytes, hits: cacheHits, misses: cacheMisses } = this.#cache;
    const cache = { cacheBytes, cacheHits, cacheMisses };
    const sums = { files: 0, bytes: 0, samples: 0, damaged: 0, tombstones: 0 };
    for (const { head, blocks, damaged, tombstones } of this.partitions.values()) {
      const one = head.stats();
      stats.series += one.series;
      stats.samples += one.samples;
      stats.histograms += one.histograms;
      stats.chunks += one.chunks;
      memoryBytes += one.histogramBytes;
      sums.files += blocks.length;
      for (const block of blocks) {
        sums.bytes += block.bytes;
        sums.samples += block.samples;
      }
      sums.damaged += damaged.length;
      sums.tombstones += tombstones.length;
    }
    const applied = { ...this.#applied };
    const blocks = { ...sums, ...this.#done, ...cache };
    return { ...stats, memoryBytes, malformedRecords: this.#malformed, applied, blocks };
  }

  async close(): Promise<void> {
    for (const partition of this.partitions.values()) await partition.close();
  }
}

export function noCounts(): ApplyCounts {
  return { accepted: 0, duplicate: 0, outOfOrder: 0, tooOld: 0, newSeries: 0 };
}

export function addCounts(into: ApplyCounts, more: ApplyCounts): void {
  into.accepted += more.accepted;
  into.duplicate += more.duplicate;
  into.outOfOrder += more.outOfOrder;
  into.tooOld += more.tooOld;
  into.newSeries += more.newSeries;
}
