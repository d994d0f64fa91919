// A second name for a file, as snapshots take it. Under system-disk.ts. Easy to get wrong: what
// moved to another folder has left a link, and a second name for the link would mean nothing once
// the file is removed; so the file itself gets the name, or is copied where that is another disk.
import { constants } from 'node:fs';
import { copyFile, link, lstat, open, realpath } from 'node:fs/promises';
import { diskFailure } from './disk-failure.ts';

/** @throws MonError of the disk. */
export async function linkFile(from: string, to: string): Promise<void> {
  try {
    if (!(await lstat(from)).isSymbolicLink()) return await link(from, to);
    const file = await realpath(from);
    try {
      return await link(file, to);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EXDEV') throw thrown;
    }
    await copyFile(file, to, constants.COPYFILE_EXCL);
    const handle = await open(to, 'r');
    await handle.sync().finally(() => handle.close());
  } catch (thrown) {
    throw diskFailure(thrown, 'link', from);
  }
}
