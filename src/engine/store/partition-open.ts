// Opens a partition from what lies on disk: its checkpoint with the list of blocks that count,
// those blocks, and nothing else. What a crash left behind is removed. Easy to get wrong: without
// a checkpoint no block is an orphan; they are taken up by what they say of themselves, so that a
// store that lost everything else is rebuilt from its blocks and the log.
import { join } from 'node:path';
import { assert, MonError } from '../errors.ts';
import { Head } from '../head/head.ts';
import { BlockFiles, blockFolder, closeBlock, type LiveBlock } from './block-files.ts';
import {
  checkpointName,
  corruptCheckpoint,
  decodeCheckpoint,
  EMPTY_LIST,
  type BlockEntry,
  type PartitionList,
} from './checkpoint-file.ts';
import { placeOf } from './compaction.ts';
import { fetchBlocks } from './upload.ts';
import { Partition } from './partition.ts';
import type { PartitionOptions, PartitionState } from './partition-state.ts';

/** @throws MonError MON_CHECKPOINT_CORRUPT, or of the disk. Damaged blocks are set aside. */
export async function openPartition(options: PartitionOptions): Promise<Partition> {
  const { folder, disk, kernels, partition, generation, cache, epochs } = options;
  const files = new BlockFiles({
    folder: blockFolder(folder, partition),
    ...{ partition, disk, kernels, cache },
  });
  const path = join(folder, checkpointName(partition));
  const names = await files.list();
  if (!(await disk.exists(path))) {
    const fetched = names.length === 0 ? await rebuilt(options, files) : undefined;
    const state = fetched ?? (await adopted(options, files, names));
    return new Partition(options, files, state);
  }
  const checkpoint = decodeCheckpoint(await disk.readFile(path), path);
  assert(checkpoint.partition === partition, 'a checkpoint lies under its own name');
  if (checkpoint.generation !== generation) {
    const why = `it is of log generation ${checkpoint.generation}, the log is at ${generation}`;
    throw corruptCheckpoint(path, why);
  }
  const head = restored({ kernels, epochs }, checkpoint.head, path);
  const { blocks, list } = await listed(files, checkpoint.list, names);
  return new Partition(options, files, {
    ...{ head, next: checkpoint.offset, list, blocks },
    stored: true,
  });
}

function restored(
  { kernels, epochs }: Pick<PartitionOptions, 'kernels' | 'epochs'>,
  bytes: Uint8Array,
  path: string,
): Head {
  try {
    return Head.restore(kernels, bytes, { epochs });
  } catch (thrown) {
    if (!(thrown instanceof MonError) || thrown.code !== 'MON_CHECKPOINT_CORRUPT') throw thrown;
    throw corruptCheckpoint(path, thrown.message, thrown);
  }
}

/** The blocks that the checkpoint names; all other files are what a crash left. */
async function listed(
  files: BlockFiles,
  list: PartitionList,
  names: readonly string[],
): Promise<Pick<PartitionState, 'blocks' | 'list'>> {
  const blocks: LiveBlock[] = [];
  const entries: BlockEntry[] = [];
  for (const entry of list.blocks) {
    const block = entry.damaged === true ? undefined : await opened(files, entry);
    if (block !== undefined) blocks.push(block);
    entries.push(block === undefined ? { ...entry, damaged: true } : entry);
  }
  const known = new Set(list.blocks.map(({ name }) => name));
  for (const name of names) if (!known.has(name)) await files.remove(name);
  return { blocks, list: { ...list, blocks: entries } };
}

async function opened(files: BlockFiles, entry: BlockEntry): Promise<LiveBlock | undefined> {
  try {
    return files.open(entry);
  } catch (thrown) {
    if (!(thrown instanceof MonError)) throw thrown;
    if (thrown.code !== 'MON_BLOCK_CORRUPT' && thrown.code !== 'MON_NOT_FOUND') throw thrown;
    await files.setAside(entry.name);
    return undefined;
  }
}

/** What an object store has of this partition, for a disk that has nothing. */
async function rebuilt(
  { objects, disk, kernels, partition, generation, epochs }: PartitionOptions,
  files: BlockFiles,
): Promise<PartitionState | undefined> {
  if (objects === undefined) return undefined;
  const { folder } = files;
  const list = await fetchBlocks({ objects, disk, partition, generation, folder });
  if (list === undefined) return undefined;
  const found = await listed(files, list, []);
  const head = new Head(kernels, { partition, epochs });
  return { head, next: list.sealedTo, ...found, stored: false };
}

/** All readable blocks of the folder, but those that others were made of; the head is empty. */
async function adopted(
  { kernels, partition, generation, epochs }: PartitionOptions,
  files: BlockFiles,
  names: readonly string[],
): Promise<PartitionState> {
  const found: (LiveBlock & { replaces: readonly string[] })[] = [];
  for (const name of names) {
    try {
      const block = files.adopt(name, generation);
      if (block !== undefined) found.push(block);
    } catch (thrown) {
      if (!(thrown instanceof MonError) || thrown.code !== 'MON_BLOCK_CORRUPT') throw thrown;
      await files.setAside(name);
    }
  }
  const replaced = new Set(found.flatMap(({ replaces }) => replaces));
  const blocks = found.filter(({ entry }) => !replaced.has(entry.name));
  for (const block of found) if (replaced.has(block.entry.name)) closeBlock(block);
  // Joined blocks stand where their first source stood. The offset alone does not tell: a seal that
  // brings no record to its end leaves it as it was for the next one.
  blocks.sort((a, b) => a.entry.from - b.entry.from || placeOf(a.entry) - placeOf(b.entry));
  const next = Math.max(0, ...blocks.map(({ entry }) => entry.to));
  const list = {
    ...EMPTY_LIST,
    nextSequence: Math.max(0, ...found.map(({ entry }) => entry.sequence)) + 1,
    sealedTo: next,
  };
  return { head: new Head(kernels, { partition, epochs }), next, list, blocks, stored: false };
}
