// The files of one partition in a store's folder, for who has to throw them away. Easy to get
// wrong: the checkpoint names the blocks, so it goes first; blocks alone would be taken up again.
import { join } from 'node:path';
import type { Disk } from '../runtime/disk.ts';
import { blockFolder } from '../store/block-files.ts';
import { checkpointName } from '../store/checkpoint-file.ts';

export async function removePartition(disk: Disk, head: string, partition: number): Promise<void> {
  const checkpoint = join(head, checkpointName(partition));
  if (await disk.exists(checkpoint)) await disk.remove(checkpoint);
  const folder = blockFolder(head, partition);
  if (!(await disk.exists(folder))) return;
  for (const name of await disk.list(folder)) await disk.remove(join(folder, name));
}

/** True when nothing of the partition is there. */
export async function isEmptyPartition(
  disk: Disk,
  head: string,
  partition: number,
): Promise<boolean> {
  if (await disk.exists(join(head, checkpointName(partition)))) return false;
  const folder = blockFolder(head, partition);
  return !(await disk.exists(folder)) || (await disk.list(folder)).length === 0;
}
