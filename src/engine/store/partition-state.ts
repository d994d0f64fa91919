// What a partition is given, and what it is made of when it is opened: between partition-open.ts,
// which finds it on disk, and partition.ts, which goes on from there. Easy to get wrong: a state
// that is not `stored` has no checkpoint yet, so a crash would take its blocks for all there was.
import type { BlockCache } from '../codec/block-cache.ts';
import type { Head } from '../head/head.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { ObjectStore, Offset } from '../ports.ts';
import type { Disk } from '../runtime/disk.ts';
import type { LiveBlock } from './block-files.ts';
import type { PartitionList } from './checkpoint-file.ts';
import type { Pace } from './pace.ts';

export interface PartitionOptions {
  /** The folder of all checkpoints; the blocks lie below it. */
  readonly folder: string;
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly partition: number;
  readonly generation: number;
  readonly cache: BlockCache;
  readonly pace: Pace;
  /** How many producers write into the partition at once; 1 by default. */
  readonly epochs?: number;
  /** Where sealed blocks are uploaded to. */
  readonly objects?: ObjectStore;
  /** Called when readers that were made before must not be used any more. */
  readonly changed: () => void;
}

/** What a partition is made of when it is opened; `stored`: its checkpoint lies on disk. */
export interface PartitionState {
  readonly head: Head;
  readonly next: Offset;
  readonly list: PartitionList;
  readonly blocks: readonly LiveBlock[];
  readonly stored: boolean;
}
