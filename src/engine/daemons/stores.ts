// The store role of one process: its shards join the role, get their partitions from Placement, and
// start a thread each. Easy to get wrong: an assignment is only final when all members have joined.
import { join } from 'node:path';
import type { RollupKeep } from '../model/rollup.ts';
import type { Assignment, Placement } from '../ports.ts';
import { ShardedSink } from '../store/sharded-sink.ts';
import type { StoreStats } from '../store/store.ts';
import { AllUpkeep } from './all-upkeep.ts';
import type { ColdPlan } from './cold-options.ts';
import { AllCold } from './cold-wiring.ts';
import { AllRollups } from './rollup-wiring.ts';
import { startShards } from './shards.ts';
import type { RunningShard } from './shards.ts';

export interface StoresOptions {
  readonly shards: number;
  readonly generation: number;
  readonly dataDir: string;
  readonly objectFolder?: string;
  readonly sealMs?: number;
  /** What is kept as rollups; without it there are none. */
  readonly rollups?: RollupKeep;
  /** What goes into the cold tier, and when; without it nothing does. */
  readonly cold?: ColdPlan;
  /** How many producers write into a partition at once; 1 by default. */
  readonly epochs?: number;
  readonly placement: Placement;
  /** Called when a shard's thread has died. */
  readonly died: (error: Error) => void;
}

const ROLE = 'store';

/** The shards of this process as one: a sink, figures, and an end. */
export class Stores {
  readonly shards: readonly RunningShard[];
  readonly sink: ShardedSink;
  /** The figures that were fetched last; they live in other threads. */
  newest: readonly StoreStats[] = [];
  readonly #placement: Placement;

  private constructor(shards: readonly RunningShard[], placement: Placement) {
    this.shards = shards;
    this.sink = new ShardedSink(
      shards.map(({ client, partitions }) => ({ sink: client, partitions })),
    );
    this.#placement = placement;
  }

  static async start(options: StoresOptions): Promise<Stores> {
    const { placement, generation, objectFolder, sealMs, epochs, died } = options;
    const partitions = await assigned(placement, options.shards);
    const folder = join(options.dataDir, 'head');
    const { rollups: keep, cold } = options;
    const rollups = keep && { folder: join(options.dataDir, 'rollups'), keep };
    const told = { partitions, generation, folder, objectFolder, sealMs, epochs, rollups, cold };
    const shards = await startShards({ ...told, died });
    return new Stores(shards, placement);
  }

  async fetchStats(): Promise<void> {
    const fetched = await Promise.all(this.shards.map(({ client }) => client.stats()));
    this.newest = fetched as StoreStats[];
  }

  async truncateBefore(ms: number): Promise<void> {
    await Promise.all(this.shards.map(({ client }) => client.truncateBefore(ms)));
  }

  get upkeep(): AllUpkeep {
    return new AllUpkeep(this.shards.map(({ client }) => client));
  }

  get rollups(): AllRollups {
    return new AllRollups(this.shards.map(({ client }) => client));
  }

  get cold(): AllCold {
    return new AllCold(this.shards.map(({ client }) => client));
  }

  async stop(): Promise<void> {
    await this.sink.close();
    await Promise.all(this.shards.map((shard) => shard.stop()));
    for (let i = 0; i < this.shards.length; i++) await this.#placement.leave(ROLE, member(i));
  }
}

function member(index: number): string {
  return `shard-${index}`;
}

/** The partitions of each shard once all have joined. */
async function assigned(placement: Placement, shards: number): Promise<number[][]> {
  const now: Assignment[] = [];
  for (let i = 0; i < shards; i++) {
    const changed = (later: Assignment): void => void (now[i] = later);
    now[i] = await placement.join(ROLE, member(i), changed);
  }
  return now.map((assignment) => [...assignment.partitions]);
}
