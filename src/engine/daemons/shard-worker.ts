// The entry of a shard's thread: one WebAssembly memory, the store over it, and the channel to the
// thread that feeds and asks it. Wiring only; what the shard does is in store/ and head/.
import { parentPort } from 'node:worker_threads';
import { FolderObjects } from '../cold/folder-objects.ts';
import { assert } from '../errors.ts';
import type { RollupKeep } from '../model/rollup.ts';
import { Kernels } from '../kernels/kernels.ts';
import { serveShard } from '../remote/shard-server.ts';
import type { Channel } from '../remote/shard-protocol.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { OpenScans } from '../store/sample-scan.ts';
import { openRehearsal } from '../store/rehearsal.ts';
import { StoreSource } from '../store/store-source.ts';
import { Store } from '../store/store.ts';
import type { Source } from '../ports.ts';
import type { ColdPlan } from './cold-options.ts';
import { coldShard, openCold } from './cold-shard.ts';
import { openRollups } from './rollup-wiring.ts';

/** What the first call of a channel carries. */
export interface ShardOptions {
  readonly folder: string;
  readonly partitions: readonly number[];
  readonly generation: number;
  /** How many producers write into a partition at once; 1 by default. */
  readonly epochs?: number;
  /** The object store that sealed blocks are uploaded to. */
  readonly objectFolder?: string;
  /** How often what came late for sealed ranges is sealed, in ms. */
  readonly sealMs?: number;
  /** Where rollups lie and what is kept of them; without it there are none. */
  readonly rollups?: { readonly folder: string; readonly keep: RollupKeep };
  /** What goes into the cold tier, and when; without it nothing does. */
  readonly cold?: ColdPlan;
  /** Where the log begins, by partition: what stands before goes on from there. */
  readonly atLeast?: ReadonlyMap<number, number>;
}

assert(parentPort, 'a shard runs in a worker thread');
serveShard(parentPort as Channel, async (sent) => {
  const options = sent as ShardOptions;
  const clock = systemClock;
  const { objectFolder } = options;
  const objects =
    objectFolder === undefined ? {} : { objects: new FolderObjects(systemDisk, objectFolder) };
  const kernels = new Kernels();
  const disk = systemDisk;
  const { folder, partitions, cold: plan } = options;
  const cold = plan && (await openCold({ plan, partitions, clock }));
  const store = await Store.open({ ...options, ...objects, cold, clock, disk, kernels });
  const source = new StoreSource(store, systemClock);
  const { rollups, generation } = options;
  const within = (only: readonly number[]): Source => source.within(only);
  const alone = (made: Source): Source => made;
  const sources = { source, behind: source.behind(), around: alone, within };
  const plain = { sink: store, upkeep: store, ...sources };
  const shared = { store, source, disk, kernels, clock, generation };
  const opened = rollups === undefined ? plain : await openRollups({ ...shared, ...rollups });
  const { around, ...all } = opened;
  return {
    ...(plan === undefined ? all : coldShard(all, { plan, cold, store, folder })),
    scans: new OpenScans(store, clock),
    stats: () => store.stats(),
    truncateBefore: (ms) => store.truncateBefore(ms),
    rehearsal: async () => {
      const { source: made, end } = await openRehearsal(clock, kernels);
      return { source: around(made), end };
    },
    breathe: () => clock.sleep(0),
  };
});
