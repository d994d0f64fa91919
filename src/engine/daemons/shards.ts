// Starts the shard threads. A thread that dies takes the process with it: its memory is gone, and a
// restart rebuilds it from checkpoint and log.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { MonError } from '../errors.ts';
import { ShardClient } from '../remote/shard-client.ts';
import type { Channel } from '../remote/shard-protocol.ts';
import type { RollupKeep } from '../model/rollup.ts';
import type { ColdPlan } from './cold-options.ts';
import type { ShardOptions } from './shard-worker.ts';

export interface RunningShard {
  readonly client: ShardClient;
  readonly partitions: readonly number[];
  /** Ends the thread; what it has to keep must be in a checkpoint by then. */
  stop(): Promise<void>;
}

export interface ShardsOptions {
  /** The partitions of each shard. */
  readonly partitions: readonly (readonly number[])[];
  readonly generation: number;
  readonly folder: string;
  readonly objectFolder?: string;
  readonly sealMs?: number;
  readonly rollups?: { readonly folder: string; readonly keep: RollupKeep };
  readonly cold?: ColdPlan;
  readonly epochs?: number;
  readonly atLeast?: ReadonlyMap<number, number>;
  readonly died: (error: Error) => void;
}

export async function startShards(options: ShardsOptions): Promise<RunningShard[]> {
  const shards = options.partitions.map((partitions) => startShard(partitions, options));
  const { folder, generation, objectFolder, sealMs, rollups, cold, epochs, atLeast } = options;
  const same = { folder, generation, objectFolder, sealMs, rollups, epochs, atLeast };
  try {
    await Promise.all(
      shards.map(({ client, partitions }, i) => {
        const open: ShardOptions = { ...same, partitions, cold: ownScratch(cold, i) };
        return client.open(open);
      }),
    );
  } catch (thrown) {
    await Promise.all(shards.map((shard) => shard.stop()));
    throw thrown;
  }
  return shards;
}

/** Each shard has a process of its own for the cold tier, and that one a folder of its own. */
function ownScratch(cold: ColdPlan | undefined, shard: number): ColdPlan | undefined {
  return cold && { ...cold, scratch: join(cold.scratch, `shard-${shard}`) };
}

function startShard(partitions: readonly number[], options: ShardsOptions): RunningShard {
  const worker = new Worker(new URL('./shard-worker.js', import.meta.url));
  const client = new ShardClient(worker as Channel);
  let stopping = false;
  const gone = (why: string, cause?: unknown): void => {
    if (stopping) return;
    const error = new MonError('MON_ABORTED', `a shard thread ended: ${why}`, { cause });
    client.fail(error);
    options.died(error);
  };
  worker.on('error', (error) => gone(error instanceof Error ? error.message : 'error', error));
  worker.on('exit', (code) => gone(`exit ${code}`));
  const stop = async (): Promise<void> => {
    stopping = true;
    await worker.terminate();
    client.fail(new MonError('MON_ABORTED', 'the shard was stopped'));
  };
  return { client, partitions, stop };
}
