// The files of a data folder's store for commands that look at them without a server: wiring only.
// Easy to get wrong: the store's folder is `head` below the data folder.
import { join } from 'node:path';
import { Kernels } from '../kernels/kernels.ts';
import type { BlockStatus, BlockVerdict, DumpedSeries, InspectedStore } from '../model/upkeep.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { isLink } from '../runtime/warm-folder.ts';
import { blockFolder } from '../store/block-files.ts';
import { dumpBlock, inspectStore, verifyBlocks } from '../store/inspect.ts';

function headFolder(dataDir: string): string {
  return join(dataDir, 'head');
}

/** @throws MonError MON_NOT_FOUND when nothing was ever stored there. */
export async function inspectFolder(dataDir: string): Promise<InspectedStore> {
  const folder = headFolder(dataDir);
  const found = await inspectStore(folder, systemDisk);
  for (const one of found.partitions) {
    const blocks: BlockStatus[] = [];
    for (const block of one.blocks) {
      const warm = await isLink(join(blockFolder(folder, one.partition), block.name));
      blocks.push(warm ? { ...block, warm } : block);
    }
    found.partitions[found.partitions.indexOf(one)] = { ...one, blocks };
  }
  return found;
}

export function verifyFolder(dataDir: string): AsyncIterable<BlockVerdict> {
  return verifyBlocks(headFolder(dataDir), systemDisk, new Kernels());
}

export function dumpFile(path: string): Iterable<DumpedSeries> {
  return dumpBlock(path, systemDisk, new Kernels());
}
