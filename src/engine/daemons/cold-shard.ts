// The cold tier plugged into a shard: its process, what is handed over and when, deletions and
// forgetting. Wiring only. Easy to get wrong: what cannot be done now is told and tried again, and
// while rollups lack a time its samples stay where they are.
import { MonError } from '../errors.ts';
import { noColdWork, type ColdReport, type ColdWork } from '../model/cold.ts';
import type { Sink, Upkeep } from '../ports.ts';
import { ColdClient } from '../remote/cold-client.ts';
import { HelperProcess } from '../runtime/helper-process.ts';
import type { Clock } from '../runtime/clock.ts';
import { archiveOldest } from '../store/archive-blocks.ts';
import type { Store } from '../store/store.ts';
import type { ColdPlan, ColdProcessOptions } from './cold-options.ts';

/** The heap of the cold tier's process; DuckDB has its own bound. */
const HEAP_MIB = 96;

export interface ColdShardOptions {
  readonly plan: ColdPlan;
  readonly partitions: readonly number[];
  readonly clock: Clock;
}

/** The tier of a shard; opened as far as its objects can be reached now. */
export async function openCold({ plan, partitions, clock }: ColdShardOptions): Promise<ColdClient> {
  const { store, scratch, cacheBytes, rawAfterMs = Infinity, rollupsAfterMs } = plan;
  const open: ColdProcessOptions = { store, scratch, partitions, cacheBytes };
  const module = new URL('./cold-process.js', import.meta.url);
  const client = new ColdClient({
    open,
    newestMs: () => clock.now() - Math.min(rawAfterMs, rollupsAfterMs),
    start: (ended) =>
      new HelperProcess(module, [`--max-old-space-size=${HEAP_MIB}`], ({ why, lastWords }) =>
        ended(lastWords === '' ? why : `${why}: ${lastWords.trim().split('\n').pop() ?? ''}`),
      ),
  });
  await client.open();
  return client;
}

export interface ColdWorkOptions {
  readonly plan: ColdPlan;
  readonly cold: ColdClient;
  readonly store: Store;
  /** False while samples of this range are still needed as they are. */
  readonly ready: (partition: number, minMs: number, maxMs: number) => boolean;
}

/** Hands over what is old and forgets what is too old, a round at a time. */
export class ShardColdWork implements ColdWork {
  readonly #options: ColdWorkOptions;

  constructor(options: ColdWorkOptions) {
    this.#options = options;
  }

  async workCold(nowMs: number): Promise<ColdReport> {
    const { store, plan, cold, ready } = this.#options;
    const report = noColdWork();
    for (const [number, partition] of store.partitions) {
      const { rawAfterMs: afterMs } = plan;
      await this.#attempt(report, async () => {
        if (afterMs === undefined) return;
        const how = { cold, afterMs, ready };
        for (;;) {
          const went = await archiveOldest(number, partition, nowMs, how);
          if (went === 0) return;
          report.archived += went;
        }
      });
      await this.#attempt(report, async () => {
        report.removed += await cold.keepOnly(number, nowMs, plan.keep);
      });
    }
    return report;
  }

  async coldCounts(): Promise<Readonly<Record<string, number>>> {
    const { cold } = this.#options;
    return { ...cold.counts, starts: cold.starts };
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
  { plan, cold, store }: Omit<ColdWorkOptions, 'ready'>,
): S & { readonly cold: ColdWork } {
  const { ready = () => true } = shard;
  const { sink } = shard;
  return {
    ...shard,
    upkeep: withCold(shard.upkeep, store, cold),
    cold: new ShardColdWork({ plan, cold, store, ready }),
    sink: {
      resumeAt: () => sink.resumeAt(),
      apply: (deliveries) => sink.apply(deliveries),
      checkpoint: () => sink.checkpoint(),
      async close() {
        await sink.close();
        await cold.close();
      },
    },
  };
}

/** A shard as far as the cold tier changes it. */
interface ShardParts {
  readonly sink: Sink;
  readonly upkeep: Upkeep;
  readonly ready?: ColdWorkOptions['ready'];
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
