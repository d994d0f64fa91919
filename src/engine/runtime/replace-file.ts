// How a whole file is replaced so that a power loss leaves the old content or the new one: the
// steps over any Disk, so that the simulated disk goes through the very same ones. Easy to get
// wrong: the data must be durable before the name points to it, and the name before anybody relies
// on it.
import type { Disk } from './disk.ts';

/**
 * The ending of files that are being written; whoever owns a folder may remove them when it opens.
 */
export const UNFINISHED = '.tmp';

/** Writes `parts` to a temporary file beside `path`, syncs, renames, syncs the folder. */
export async function replaceFileBySteps(
  disk: Disk,
  path: string,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const unfinished = path + UNFINISHED;
  const file = await disk.open(unfinished, 'w+');
  try {
    let at = 0;
    for await (const part of parts) {
      await file.write(part, at);
      at += part.length;
    }
    await file.datasync();
  } catch (thrown) {
    await file.close().catch(() => undefined);
    await disk.remove(unfinished).catch(() => undefined);
    throw thrown;
  }
  await file.close();
  await disk.rename(unfinished, path);
  await disk.syncFolder(path.slice(0, path.lastIndexOf('/')) || '/');
}
