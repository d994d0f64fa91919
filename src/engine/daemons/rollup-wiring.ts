// Rollups plugged into a shard and into the process: what a partition of the store shows them, the
// sink and the upkeep of both together, their beat, and replays. Wiring only. Easy to get wrong:
// what is deleted or forgotten in the store has to be told to its rollups too.
import { join } from 'node:path';
import { ROLLUP_BEAT_MS } from '../limits.ts';
import { addRollups, noRollups } from '../model/rollup.ts';
import type { RollupKeep, RollupStatus, RollupWork } from '../model/rollup.ts';
import type { UpkeepReport } from '../model/upkeep.ts';
import type { Sink, Source, Upkeep } from '../ports.ts';
import type { RollupHorizons } from '../query/choose-rollup.ts';
import type { ArchiveRows } from '../rollup/hand-over.ts';
import { RollupSource } from '../rollup/rollup-source.ts';
import { Rollups, RollupSink, type RawPartition } from '../rollup/rollups.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';
import type { Disk } from '../runtime/disk.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { Pace } from '../store/pace.ts';
import { wholeRetention, type TierSettings } from './cold-options.ts';
import { runSliced } from '../store/sliced-run.ts';
import type { Partition } from '../store/partition.ts';
import type { Store } from '../store/store.ts';
import type { StoreSource } from '../store/store-source.ts';

export interface RollupShardOptions {
  readonly store: Store;
  readonly source: StoreSource;
  readonly folder: string;
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly clock: Clock;
  readonly generation: number;
  readonly keep: RollupKeep;
}

/** What a shard offers once it has rollups, in the place of what its store alone offers. */
export interface RollupShard {
  readonly sink: Sink;
  readonly source: Source;
  /** The same, for those who let the source's fragments go first. */
  readonly behind: Source;
  /** The same way to samples from elsewhere, where no fragment asks for rows. */
  readonly around: (made: StoreSource) => Source;
  readonly upkeep: Upkeep;
  readonly rollups: RollupWork;
  /** The source over some of the partitions. */
  readonly within: (only: readonly number[]) => Source;
  /** Hands rows to the cold tier. */
  readonly archive: (partition: number, plan: ArchiveRows) => Promise<number>;
  /** False while samples of a range are still to be rolled up. */
  readonly ready: (partition: number, minMs: number, maxMs: number) => boolean;
}

/** Opens the rollups of a shard, over a store that nobody has fed yet. */
export async function openRollups(options: RollupShardOptions): Promise<RollupShard> {
  const { store, clock, source } = options;
  const pace = new Pace(clock);
  const partitions = new Map(
    [...store.partitions].map(([number, one]) => [number, rawPartition(store, one)] as const),
  );
  const rollups = await Rollups.open({
    ...options,
    cold: store.cold,
    partitions,
    breathe: () => pace.breathe(),
  });
  const generation = (): number => store.truncations + rollups.changes;
  const over = (some: Rollups, samples: StoreSource): RollupSource =>
    new RollupSource({
      ...{ rollups: some, source: samples, handedOver: () => store.handedOver, generation },
      pace: () => new Pace(clock),
      run: (fragment, readers, signal) =>
        runSliced({ fragment, readers, clock, signal, generation, turns: samples.turns }),
    });
  return {
    sink: new RollupSink(store, rollups),
    source: over(rollups, source),
    behind: over(rollups, source.behind()),
    around: (made) => over(rollups, made),
    within: (only) => over(rollups.within(only), source.within(only)),
    upkeep: withRollups(store, rollups),
    archive: (partition, plan) => rollups.archive(partition, plan),
    ready: (partition, minMs, maxMs) => rollups.done(partition, minMs, maxMs),
    rollups: {
      workRollups: (nowMs) => rollups.work(nowMs),
      replayRollups: (fromMs) => rollups.replay(fromMs),
      rollupStatus: async () => rollups.status(),
    },
  };
}

/** What a partition of the store shows its rollups. */
export function rawPartition(store: Store, partition: Partition): RawPartition {
  return {
    next: () => partition.next,
    floorMs: () => partition.head.floorMs,
    goneMs: () => Math.max(partition.head.floorMs, store.archivedTo(partition)),
    oldestMs: () => {
      const times = partition.blocks.map(({ minMs }) => minMs);
      return Math.max(
        partition.head.floorMs,
        Math.min(...times, partition.head.oldestMs(-Infinity)),
      );
    },
    reader: (minMs, maxMs, cold) => partition.reader(minMs, maxMs, cold),
    generation: () => store.truncations,
    watch: (early) => void (partition.head.early = early),
  };
}

/** The upkeep of a store that has rollups beside it. */
function withRollups(store: Upkeep, rollups: Rollups): Upkeep {
  return {
    seal: (nowMs) => store.seal(nowMs),
    compact: (nowMs, retentionMs) => store.compact(nowMs, retentionMs),
    upload: () => store.upload(),
    blocks: () => store.blocks(),
    cleanTombstones: () => store.cleanTombstones(),
    async keepOnly(nowMs, keep): Promise<UpkeepReport> {
      const report = await store.keepOnly(nowMs, keep);
      report.removed += await rollups.keepOnly(nowMs);
      return report;
    },
    async delete(selections, minMs, maxMs) {
      await store.delete(selections, minMs, maxMs);
      await rollups.delete(selections, minMs, maxMs);
    },
    async snapshot(folder) {
      await store.snapshot(folder);
      await rollups.snapshot(join(folder, '..', 'rollups'));
    },
  };
}

/** What queries know of how far back samples and rows go. */
export function horizonsOf(options: {
  readonly retentionMs: number;
  readonly rollups?: RollupKeep;
  readonly tiers?: TierSettings;
}): RollupHorizons | undefined {
  const { rollups } = options;
  const retentionMs = wholeRetention(options.retentionMs, options.tiers);
  return rollups && { retentionMs, keepMs: rollups.keepMs };
}

/** The rollups of all shards as one. */
export class AllRollups implements RollupWork {
  readonly #all: readonly RollupWork[];
  /** The figures that were fetched last; they live in other threads. */
  newest: RollupStatus = noRollups();

  constructor(all: readonly RollupWork[]) {
    this.#all = all;
  }

  async workRollups(nowMs: number): Promise<boolean> {
    const more = await Promise.all(this.#all.map((one) => one.workRollups(nowMs)));
    return more.includes(true);
  }

  async replayRollups(fromMs: number): Promise<number> {
    const all = await Promise.all(this.#all.map((one) => one.replayRollups(fromMs)));
    return all.reduce((sum, waiting) => sum + waiting, 0);
  }

  async rollupStatus(): Promise<RollupStatus> {
    const sum = noRollups();
    for (const one of await Promise.all(this.#all.map((shard) => shard.rollupStatus()))) {
      addRollups(sum, one);
    }
    this.newest = sum;
    return sum;
  }
}

export interface RollupBeatOptions {
  readonly rollups: AllRollups;
  readonly clock: Clock;
  readonly counters: Counters;
  /** Told of a range in which answers may be others now: what a replay computed anew. */
  readonly changed: (minMs: number, maxMs: number) => void;
}

/** The rollups of a process on their beat, their figures, and replays. */
export class RollupBeat {
  readonly #options: RollupBeatOptions;
  /** From where on a replay is under way. */
  #replaying = Infinity;

  constructor(options: RollupBeatOptions) {
    this.#options = options;
    const { rollups, counters } = options;
    for (const [name, help, read] of FIGURES) {
      counters.reading(name, help, { read: () => read(rollups.newest) });
    }
  }

  /** Does pieces of what is due, for a while. */
  async round(): Promise<void> {
    const { rollups, clock, changed } = this.#options;
    const until = clock.monotonic() + ROLLUP_BEAT_MS;
    while (clock.monotonic() < until) {
      if (await rollups.workRollups(clock.now())) continue;
      if (this.#replaying < Infinity) changed(this.#replaying, clock.now());
      this.#replaying = Infinity;
      break;
    }
    await rollups.rollupStatus();
  }

  /** Has all from this time on computed anew, by the beats that follow. */
  async replay(fromMs: number): Promise<number> {
    const waiting = await this.#options.rollups.replayRollups(fromMs);
    this.#replaying = Math.min(this.#replaying, fromMs);
    return waiting;
  }

  /** Hours of partitions that wait. */
  async waiting(): Promise<number> {
    return (await this.#options.rollups.rollupStatus()).waiting;
  }
}

type Figure = readonly [name: string, help: string, read: (status: RollupStatus) => number];

const FIGURES: readonly Figure[] = [
  ['mon_rollup_waiting_hours', 'Hours of partitions not rolled up yet.', (s) => s.waiting],
  ['mon_rollup_folded_hours_total', 'Hours of partitions rolled up.', (s) => s.folded],
  ['mon_rollup_rows_total', 'Rows written by rolling up.', (s) => s.rows],
  ['mon_rollup_files', 'Rollup files.', (s) => s.files],
  ['mon_rollup_bytes', 'Bytes of rollup files.', (s) => s.bytes],
];
