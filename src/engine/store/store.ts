// The store of one shard: a head for each of its partitions in one WebAssembly memory. It is a Sink
// of the log and answers leaf fragments over what it applied. Easy to get wrong: a head and its
// offset are taken for the checkpoint in one synchronous step; the disk is written to afterwards,
// while the head already goes on.
import { join } from 'node:path';
import { assert, MonError } from '../errors.ts';
import { Head } from '../head/head.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { ApplyCounts, Delivery, Offset, Sink } from '../ports.ts';
import type { Disk } from '../runtime/disk.ts';
import {
  checkpointBody,
  checkpointName,
  decodeCheckpointHeader,
  encodeCheckpointHeader,
} from './checkpoint-file.ts';

export interface StoreOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly partitions: readonly number[];
  /** The log's generation; a checkpoint of another one is of no use and is refused. */
  readonly generation: number;
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
}

export class Store implements Sink {
  readonly heads: ReadonlyMap<number, Head>;
  /** Grows whenever series may have gone, and with them the meaning of their numbers. */
  truncations = 0;
  readonly #options: StoreOptions;
  readonly #next: Map<number, Offset>;
  readonly #applied = noCounts();
  #malformed = 0;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(
    options: StoreOptions,
    heads: ReadonlyMap<number, Head>,
    next: Map<number, Offset>,
  ) {
    this.#options = options;
    this.heads = heads;
    this.#next = next;
  }

  /** Opens the store from its checkpoints; a partition without one begins empty at offset 0. */
  static async open(options: StoreOptions): Promise<Store> {
    await options.disk.makeFolder(options.folder);
    const heads = new Map<number, Head>();
    const next = new Map<number, Offset>();
    for (const partition of options.partitions) {
      const path = join(options.folder, checkpointName(partition));
      if (await options.disk.exists(path)) {
        const bytes = await options.disk.readFile(path);
        const header = decodeCheckpointHeader(bytes, path);
        assert(header.partition === partition, 'a checkpoint lies under its own name');
        if (header.generation !== options.generation) {
          throw new MonError(
            'MON_CHECKPOINT_CORRUPT',
            `checkpoint ${path} is of log generation ${header.generation}, ` +
              `the log is at ${options.generation}`,
          );
        }
        heads.set(partition, Head.restore(options.kernels, checkpointBody(bytes)));
        next.set(partition, header.offset);
      } else {
        heads.set(partition, new Head(options.kernels, { partition }));
        next.set(partition, 0);
      }
    }
    return new Store(options, heads, next);
  }

  async resumeAt(): Promise<ReadonlyMap<number, Offset>> {
    return new Map(this.#next);
  }

  async apply(deliveries: readonly Delivery[]): Promise<ApplyCounts> {
    const sum = noCounts();
    for (const delivery of deliveries) {
      const head = this.heads.get(delivery.partition);
      assert(head, `partition ${delivery.partition} belongs to this shard`);
      const next = this.#next.get(delivery.partition) as Offset;
      if (!delivery.definitionsOnly) {
        if (delivery.offset < next) continue;
        assert(delivery.offset === next, `offset ${delivery.offset} follows ${next}`);
        this.#next.set(delivery.partition, next + 1);
      }
      try {
        addCounts(sum, head.apply(delivery.bytes, delivery.definitionsOnly));
      } catch (thrown) {
        // The frame's checksum held, so these bytes were written so: counted, and the rest goes on.
        if (!(thrown instanceof MonError) || thrown.kind !== 'data') throw thrown;
        this.#malformed++;
      }
    }
    addCounts(this.#applied, sum);
    return sum;
  }

  checkpoint(): Promise<ReadonlyMap<number, Offset>> {
    const turn = this.#writing.then(() => this.#writeCheckpoints());
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  async #writeCheckpoints(): Promise<ReadonlyMap<number, Offset>> {
    const held = new Map<number, Offset>();
    const { generation, folder, disk } = this.#options;
    for (const [partition, head] of this.heads) {
      const offset = this.#next.get(partition) as Offset;
      const header = encodeCheckpointHeader({ partition, generation, offset });
      const parts = [header, ...head.writeCheckpoint()];
      await disk.replaceFile(join(folder, checkpointName(partition)), parts);
      held.set(partition, offset);
    }
    return held;
  }

  /** Drops what lies wholly before `ms` from all heads; checkpoints follow at their next time. */
  async truncateBefore(ms: number): Promise<void> {
    this.truncations++;
    for (const head of this.heads.values()) head.truncateBefore(ms);
  }

  stats(): StoreStats {
    const stats = { series: 0, samples: 0, histograms: 0, chunks: 0 };
    let memoryBytes = this.#options.kernels.exports.arenaUsedBytes();
    for (const head of this.heads.values()) {
      const one = head.stats();
      stats.series += one.series;
      stats.samples += one.samples;
      stats.histograms += one.histograms;
      stats.chunks += one.chunks;
      memoryBytes += one.histogramBytes;
    }
    const applied = { ...this.#applied };
    return { ...stats, memoryBytes, malformedRecords: this.#malformed, applied };
  }

  async close(): Promise<void> {
    await this.#writing;
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
