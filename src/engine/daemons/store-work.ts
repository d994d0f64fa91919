// What a store process does for the partitions that it holds now: shards, the consumer that feeds
// them, upkeep. It is stopped and begun anew when the partitions change. Easy to get wrong: files
// of an earlier time may stand before what the log still has; they are thrown away and rebuilt
// from objects, and what is then still missing is remembered and said.
import { join } from 'node:path';
import { MonError, assert } from '../errors.ts';
import { HAND_GATHER_MS } from '../limits.ts';
import { Consumer } from '../log/consume.ts';
import type { RollupKeep } from '../model/rollup.ts';
import type { Offset, Sink, Source } from '../ports.ts';
import type { SampleScans } from '../ports-sql.ts';
import { JoinedSource } from '../query/joined-source.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { dealt } from '../runtime/placement-local.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { ShardedSink } from '../store/sharded-sink.ts';
import type { StoreStats } from '../store/store.ts';
import { AllUpkeep } from './all-upkeep.ts';
import { adoptObjects } from './adopt-objects.ts';
import type { ColdPlan } from './cold-options.ts';
import { AllCold } from './cold-wiring.ts';
import type { ClusterLog } from './cluster-log-port.ts';
import { removePartition, removeRollups } from './store-folder.ts';
import { AllRollups } from './rollup-wiring.ts';
import { startShards } from './shards.ts';
import type { RunningShard } from './shards.ts';

export interface StoreWorkOptions {
  readonly log: ClusterLog;
  readonly reader: string;
  /** Below it `head/` has the state of all partitions that were ever held. */
  readonly folder: string;
  /** Object stores of this zone, and of all zones. */
  readonly objects: string;
  readonly allObjects: string;
  readonly shards: number;
  readonly checkpointMs: number | undefined;
  /** What is kept as rollups; without it there are none. */
  readonly rollups?: RollupKeep;
  /** How often what came late for sealed ranges is sealed, in ms. */
  readonly sealMs?: number | undefined;
  /** What goes into the cold tier, and when; without it nothing does. */
  readonly cold?: ColdPlan | undefined;
  /** Takes over what other zones have archived; before the shards are opened for good. */
  readonly adoptCold?: (partitions: readonly number[]) => Promise<void>;
  /** How many producers write into a partition at once; 1 by default. */
  readonly epochs?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly died: (error: unknown) => void;
  /** True while nobody else can hold these partitions; asked before anything is shared. */
  readonly fenced: () => Promise<boolean>;
}

/** A partition that lacks what was in the log before an offset, since a time. */
export interface Lack {
  readonly partition: number;
  readonly before: Offset;
  readonly atMs: number;
}

const LACKS_FILE = 'lacks.json';

export class StoreWork {
  readonly partitions: readonly number[];
  readonly upkeep: AllUpkeep;
  readonly rollups: AllRollups;
  readonly cold: AllCold;
  readonly lacks: readonly Lack[];
  newest: readonly StoreStats[] = [];
  readonly #shards: readonly RunningShard[];
  readonly #sink: ShardedSink;
  readonly #consumer: Consumer;

  private constructor(
    partitions: readonly number[],
    shards: readonly RunningShard[],
    options: StoreWorkOptions,
    lacks: readonly Lack[],
  ) {
    this.partitions = partitions;
    this.lacks = lacks;
    this.#shards = shards;
    this.upkeep = new AllUpkeep(shards.map(({ client }) => client));
    this.rollups = new AllRollups(shards.map(({ client }) => client));
    this.cold = new AllCold(shards.map(({ client }) => client));
    this.#sink = new ShardedSink(
      shards.map(({ client: sink, partitions: theirs }) => ({ sink, partitions: theirs })),
    );
    const { log, reader: name, clock, checkpointMs, logger, died } = options;
    this.#consumer = new Consumer({
      ...{ name, log, clock, checkpointMs, gatherMs: HAND_GATHER_MS },
      sink: fencedSink(this.#sink, options.fenced),
      failed: died,
      postponed: (error) => logger.warn('checkpoint put off', { why: error.message }),
    });
  }

  /** Opens the partitions and begins to read. @throws what the disk or the log throws. */
  static async start(partitions: readonly number[], options: StoreWorkOptions): Promise<StoreWork> {
    const lacks = await openable(partitions, options);
    await options.adoptCold?.(partitions);
    const { atLeast } = lacks;
    const shards = await openShards(partitions, options, { atLeast, cold: options.cold });
    const work = new StoreWork(partitions, shards, options, lacks.known);
    try {
      await work.#consumer.start();
    } catch (thrown) {
      await Promise.all(shards.map((shard) => shard.stop()));
      throw thrown;
    }
    return work;
  }

  /** Next offset of each partition that the shards were handed. */
  get handed(): ReadonlyMap<number, Offset> {
    return this.#consumer.handed;
  }

  /** Resolves when the shards have been handed all that the log held at the time of the call. */
  caughtUp(): Promise<void> {
    return this.#consumer.caughtUp();
  }

  /** Resolves when all below these offsets is in every answer. */
  reach(until: ReadonlyMap<number, Offset>): Promise<void> {
    return this.#consumer.reach(until);
  }

  /** The series of some partitions, all of them held here. */
  source(only: readonly number[] = this.partitions): Source {
    const parts = this.#shards.flatMap(({ client, partitions }): Source[] => {
      const asked = partitions.filter((p) => only.includes(p));
      if (asked.length === 0) return [];
      return [asked.length === partitions.length ? client : client.within(asked)];
    });
    return parts.length === 1 ? parts[0] : new JoinedSource(parts);
  }

  /** Readings of the samples of a partition that is held here. */
  scans(partition: number): SampleScans {
    const shard = this.#shards.find(({ partitions }) => partitions.includes(partition));
    assert(shard, 'a partition that is held is in a shard');
    return shard.client;
  }

  async fetchStats(): Promise<void> {
    const fetched = await Promise.all(this.#shards.map(({ client }) => client.stats()));
    this.newest = fetched as StoreStats[];
  }

  /** Writes a last checkpoint and ends the threads. */
  async stop(): Promise<void> {
    await this.#consumer.stop();
    await this.#sink.close();
    await Promise.all(this.#shards.map((shard) => shard.stop()));
  }
}

/** A checkpoint releases the log: only who still holds the partitions may do that. */
function fencedSink(sink: Sink, fenced: () => Promise<boolean>): Sink {
  return {
    resumeAt: () => sink.resumeAt(),
    apply: (deliveries) => sink.apply(deliveries),
    async checkpoint() {
      if (await fenced()) return sink.checkpoint();
      throw new MonError('MON_STATE_CONFLICT', 'this store has lost its lease');
    },
    close: () => sink.close(),
  };
}

async function openShards(
  partitions: readonly number[],
  options: StoreWorkOptions,
  how: {
    readonly atLeast?: ReadonlyMap<number, Offset>;
    readonly cold?: ColdPlan | undefined;
  } = {},
): Promise<RunningShard[]> {
  const { log, folder, objects, died, epochs, sealMs, rollups: keep } = options;
  const count = Math.max(1, Math.min(options.shards, partitions.length));
  const groups = Array.from({ length: count }, (_, i) =>
    dealt(partitions.length, count, i).map((index) => partitions[index]),
  );
  const head = join(folder, 'head');
  const rollups = keep && { folder: join(folder, 'rollups'), keep };
  const open = { generation: log.generation, folder: head, objectFolder: objects, died };
  return startShards({ partitions: groups, ...open, ...how, epochs, sealMs, rollups });
}

/** Where the shards stand when they are opened like this. */
async function standing(
  partitions: readonly number[],
  options: StoreWorkOptions,
): Promise<Map<number, Offset>> {
  const shards = await openShards(partitions, options);
  try {
    const all = await Promise.all(shards.map(({ client }) => client.resumeAt()));
    return new Map(all.flatMap((one) => [...one]));
  } finally {
    await Promise.all(shards.map((shard) => shard.stop()));
  }
}

/** Brings the files to where the log can go on from, as far as that is possible. */
async function openable(
  partitions: readonly number[],
  options: StoreWorkOptions,
): Promise<{ atLeast: Map<number, Offset>; known: Lack[] }> {
  const { log, folder, logger, objects, allObjects, clock } = options;
  const head = join(folder, 'head');
  const starts = await log.starts();
  const before = (at: ReadonlyMap<number, Offset>): number[] =>
    partitions.filter((p) => (at.get(p) ?? 0) < starts[p]);
  await adoptObjects({ disk: systemDisk, objects, allObjects, head, partitions, logger });
  const atLeast = new Map<number, Offset>();
  let known = await readLacks(folder);
  if (starts.every((start) => start === 0)) return { atLeast, known };
  let late = before(await standing(partitions, options));
  if (late.length > 0) {
    logger.warn('the log has passed some partitions: they are rebuilt from objects', {
      partitions: late.join(','),
    });
    for (const p of late) {
      await removePartition(systemDisk, head, p);
      await removeRollups(systemDisk, join(folder, 'rollups'), p);
    }
    known = known.filter(({ partition }) => !late.includes(partition));
    await adoptObjects({ disk: systemDisk, objects, allObjects, head, partitions, logger });
    late = before(await standing(partitions, options));
  }
  for (const p of late) {
    atLeast.set(p, starts[p]);
    known.push({ partition: p, before: starts[p], atMs: clock.now() });
    logger.error('a partition lacks samples that neither objects nor the log have', {
      partition: p,
    });
  }
  await writeLacks(folder, known);
  return { atLeast, known };
}

async function readLacks(folder: string): Promise<Lack[]> {
  const path = join(folder, LACKS_FILE);
  if (!(await systemDisk.exists(path))) return [];
  return JSON.parse(Buffer.from(await systemDisk.readFile(path)).toString()) as Lack[];
}

async function writeLacks(folder: string, lacks: readonly Lack[]): Promise<void> {
  const path = join(folder, LACKS_FILE);
  if (lacks.length === 0 && !(await systemDisk.exists(path))) return;
  await systemDisk.replaceFile(path, [Buffer.from(`${JSON.stringify(lacks)}\n`)]);
}
