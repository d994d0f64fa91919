// The cold tier plugged into a shard: its process, what is handed over and when, deletions and
// forgetting. Wiring only. Easy to get wrong: what cannot be done now is told and tried again, and
// while rollups lack a time its samples stay where they are.
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { MonError } from '../errors.ts';
import { noColdWork, type ColdReport, type ColdWork } from '../model/cold.ts';
import type { Sink, Upkeep } from '../ports.ts';
import { RESOLUTIONS } from '../model/rollup.ts';
import type { ColdKind } from '../ports-cold.ts';
import { ColdClient } from '../remote/cold-client.ts';
import { ForkedChild } from '../runtime/forked-child.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ArchiveRows } from '../rollup/hand-over.ts';
import { WarmFolder } from '../runtime/warm-folder.ts';
import { archiveOldest, warmOldest } from '../store/archive-blocks.ts';
import { blockFolder } from '../store/block-files.ts';
import type { Partition } from '../store/partition.ts';
import type { Store } from '../store/store.ts';
import type { ColdPlan, ColdProcessOptions } from './cold-options.ts';

/** The heap of the cold tier's process; DuckDB has its own bound. */
const HEAP_MIB = 96;
/** Warm files that nothing points to any more are removed so often. */
const WARM_SWEEP_MS = 10 * 60_000;

export interface ColdShardOptions {
  readonly plan: ColdPlan;
  readonly partitions: readonly number[];
  readonly clock: Clock;
}

/** The tier of a shard; opened as far as its objects can be reached now. */
export async function openCold({
  plan,
  partitions,
  clock,
}: ColdShardOptions): Promise<ColdClient | undefined> {
  const { store, scratch, cacheBytes, rawAfterMs = Infinity, rollupsAfterMs, shared } = plan;
  if (store === undefined) return undefined;
  const open: ColdProcessOptions = { store, scratch, partitions, cacheBytes, shared };
  const module = fileURLToPath(new URL('./cold-process.js', import.meta.url));
  const client = new ColdClient({
    open,
    newestMs: () => clock.now() - Math.min(rawAfterMs, rollupsAfterMs),
    start: (ended) =>
      new ForkedChild({
        ...{ module, heapMib: HEAP_MIB },
        ended: (why, words) => ended(words === '' ? why : `${why}: ${words.split('\n').at(-1)}`),
      }),
  });
  await client.open();
  return client;
}

export interface ColdWorkOptions {
  readonly plan: ColdPlan;
  readonly cold: ColdClient | undefined;
  readonly store: Store;
  /** Where the state of the store lies. */
  readonly folder: string;
  /** False while samples of this range are still needed as they are. */
  readonly ready: (partition: number, minMs: number, maxMs: number) => boolean;
  /** Hands rows of rollups over; a shard without it has none. */
  readonly archive?: (partition: number, plan: ArchiveRows) => Promise<number>;
}

/** Hands over what is old and forgets what is too old, a round at a time. */
class ShardColdWork implements ColdWork {
  readonly #options: ColdWorkOptions;
  readonly #warmed = new Map<number, WarmFolder>();
  readonly #sweptMs = new Map<number, number>();

  constructor(options: ColdWorkOptions) {
    this.#options = options;
  }

  async workCold(nowMs: number): Promise<ColdReport> {
    const { store, cold } = this.#options;
    const report = noColdWork();
    for (const [number, partition] of store.partitions) {
      await this.#attempt(report, () => this.#warm(number, partition, nowMs, report));
      if (cold !== undefined) await this.#cool(cold, number, nowMs, report);
    }
    return report;
  }

  /** Moves old blocks to the warm folder. */
  async #warm(
    number: number,
    partition: Partition,
    nowMs: number,
    report: ColdReport,
  ): Promise<void> {
    const { plan, folder } = this.#options;
    if (plan.warm === undefined) return;
    let files = this.#warmed.get(number);
    if (files === undefined) {
      const name = `partition-${String(number).padStart(4, '0')}`;
      files = new WarmFolder(blockFolder(folder, number), join(plan.warm.folder, name));
      await files.open();
      this.#warmed.set(number, files);
      this.#sweptMs.set(number, nowMs);
    } else if (nowMs - (this.#sweptMs.get(number) ?? 0) >= WARM_SWEEP_MS) {
      // What was archived or joined has left its file behind.
      await files.open();
      this.#sweptMs.set(number, nowMs);
    }
    const before = nowMs - plan.warm.afterMs;
    while ((await warmOldest(partition, before, files)) > 0) report.warmed++;
  }

  async #cool(cold: ColdClient, number: number, nowMs: number, report: ColdReport): Promise<void> {
    const { store, plan, ready } = this.#options;
    const partition = store.partitions.get(number) as Partition;
    await this.#attempt(report, async () => {
      const { rawAfterMs: afterMs } = plan;
      if (afterMs === undefined) return;
      for (;;) {
        const went = await archiveOldest(number, partition, nowMs, { cold, afterMs, ready });
        if (went === 0) return;
        report.archived += went;
      }
    });
    await this.#attempt(report, async () => {
      while (this.#options.archive !== undefined) {
        const went = await this.#options.archive(number, this.#rows(cold, number, nowMs));
        if (went === 0) return;
        report.archived += went;
      }
    });
    await this.#attempt(report, async () => {
      report.removed += await cold.keepOnly(number, nowMs, plan.keep);
    });
  }

  #rows(cold: ColdClient, partition: number, nowMs: number): ArchiveRows {
    const { plan } = this.#options;
    return {
      beforeMs: nowMs - plan.rollupsAfterMs,
      keep: async ({ index, ...given }) => {
        const kind = RESOLUTIONS[index].name as ColdKind;
        await cold.archive({ partition, kind, ...given });
      },
    };
  }

  async coldCounts(): Promise<Readonly<Record<string, number>>> {
    const { cold } = this.#options;
    return cold === undefined ? {} : { ...cold.counts, starts: cold.starts };
  }

  async #attempt(report: ColdReport, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      if (thrown.code === 'MON_BLOCK_CORRUPT') await this.#options.store.setAside(thrown);
      report.postponed.push(thrown.message);
    }
  }
}

/** What a shard offers once it has a cold tier. */
export function coldShard<S extends ShardParts>(
  shard: S,
  options: Omit<ColdWorkOptions, 'ready' | 'archive'>,
): S & { readonly cold: ColdWork } {
  const { cold, store } = options;
  const { ready = () => true, archive } = shard;
  const { sink } = shard;
  return {
    ...shard,
    upkeep: cold === undefined ? shard.upkeep : withCold(shard.upkeep, store, cold),
    cold: new ShardColdWork({ ...options, ready, archive }),
    sink: {
      resumeAt: () => sink.resumeAt(),
      apply: (deliveries) => sink.apply(deliveries),
      checkpoint: () => sink.checkpoint(),
      async close() {
        await sink.close();
        await cold?.close();
      },
    },
  };
}

/** A shard as far as the cold tier changes it. */
interface ShardParts {
  readonly sink: Sink;
  readonly upkeep: Upkeep;
  readonly ready?: ColdWorkOptions['ready'];
  readonly archive?: ColdWorkOptions['archive'];
}

/** The upkeep of a store whose deletions reach into the cold tier too. */
function withCold(upkeep: Upkeep, store: Store, cold: ColdClient): Upkeep {
  return {
    seal: (nowMs) => upkeep.seal(nowMs),
    compact: (nowMs, retentionMs) => upkeep.compact(nowMs, retentionMs),
    upload: () => upkeep.upload(),
    blocks: () => upkeep.blocks(),
    cleanTombstones: () => upkeep.cleanTombstones(),
    keepOnly: (nowMs, keep) => upkeep.keepOnly(nowMs, keep),
    snapshot: (folder) => upkeep.snapshot(folder),
    async delete(selections, minMs, maxMs) {
      await upkeep.delete(selections, minMs, maxMs);
      for (const partition of store.partitions.keys()) {
        await cold.delete(partition, selections, minMs, maxMs);
      }
    },
  };
}
