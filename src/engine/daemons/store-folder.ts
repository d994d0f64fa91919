// The files of one partition in a store's folder, for who has to throw them away. Easy to get
// wrong: the checkpoint names the blocks, so it goes first; blocks alone would be taken up again.
import { join } from 'node:path';
import { MonError } from '../errors.ts';
import { stateName } from '../rollup/rollup-state.ts';
import type { Disk } from '../runtime/disk.ts';
import { blockFolder } from '../store/block-files.ts';
import { checkpointName } from '../store/checkpoint-file.ts';
import { EMBEDDED } from './opened-log.ts';

export async function removePartition(disk: Disk, head: string, partition: number): Promise<void> {
  const checkpoint = join(head, checkpointName(partition));
  if (await disk.exists(checkpoint)) await disk.remove(checkpoint);
  const folder = blockFolder(head, partition);
  if (!(await disk.exists(folder))) return;
  for (const name of await disk.list(folder)) await disk.remove(join(folder, name));
}

/** The state goes first: files that none names do not count. */
export async function removeRollups(disk: Disk, folder: string, partition: number): Promise<void> {
  const state = join(folder, stateName(partition));
  if (await disk.exists(state)) await disk.remove(state);
  const files = join(folder, `partition-${String(partition).padStart(4, '0')}`);
  if (!(await disk.exists(files))) return;
  for (const name of await disk.list(files)) await disk.remove(join(files, name));
}

/** Notes which log a store's folder stands for. @throws MonError when it is another one. */
export async function claimStore(disk: Disk, folder: string, identity: string): Promise<void> {
  const path = join(folder, 'log-identity');
  const begun = await disk.exists(join(folder, 'head'));
  const owner = (await disk.exists(path))
    ? Buffer.from(await disk.readFile(path)).toString('utf8')
    : begun
      ? EMBEDDED
      : undefined;
  if (owner === undefined) return disk.replaceFile(path, [Buffer.from(identity)]);
  if (owner === identity) return;
  const words = `the state in ${folder} belongs to the log ${owner}, not to ${identity}`;
  throw new MonError('MON_CONFIG_INVALID', words, {
    hint: 'give another --data-dir, or go on with the log that it belongs to',
  });
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
