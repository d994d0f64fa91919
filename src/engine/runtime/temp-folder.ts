// A folder for one piece of work, gone afterwards whatever happens. Easy to get wrong: what runs
// in it must have ended before it is removed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskFailure } from './disk-failure.ts';

/** Runs work with a fresh folder below the system's, and removes it. @throws what work throws. */
export async function withTempFolder<T>(
  prefix: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), prefix)).catch((thrown: unknown) => {
    throw diskFailure(thrown, 'make a folder in', tmpdir());
  });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
