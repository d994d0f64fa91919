// Files that have moved to another folder, perhaps of a slower disk, and left a link under their
// old name: whoever opens them notices nothing, and no list of files changes. Easy to get wrong:
// the copy is durable before the link takes the place of the file in one step; and what no link
// points to is what a crash left, or what its owner has removed since.
import { copyFile, lstat, open, readdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFailure } from './disk-failure.ts';
import { systemDisk } from './system-disk.ts';

/** Points at which a crash leaves something of its own kind; tests die at each. */
export type WarmStep = 'copied' | 'linked' | 'moved';

const UNFINISHED = '.warming';
/** What a store calls a file that it has set aside. */
const ASIDE = '.corrupt';

export class WarmFolder {
  readonly #from: string;
  readonly #to: string;
  readonly #step: (step: WarmStep) => void;
  readonly #moved = new Set<string>();

  /** Files go from a folder to another one, which is theirs alone. */
  constructor(from: string, to: string, step: (step: WarmStep) => void = () => undefined) {
    this.#from = from;
    this.#to = to;
    this.#step = step;
  }

  /** Finds out what has moved and removes what nothing points to. @throws MonError of the disk. */
  async open(): Promise<void> {
    this.#moved.clear();
    try {
      await systemDisk.makeFolder(this.#to);
      for (const name of await names(this.#from)) {
        if (name.endsWith(UNFINISHED)) await rm(join(this.#from, name), { force: true });
        else if (await isLink(join(this.#from, name))) this.#moved.add(name);
      }
      for (const name of await names(this.#to)) {
        if (this.#moved.has(name) || this.#moved.has(name + ASIDE)) continue;
        await rm(join(this.#to, name), { force: true });
      }
    } catch (thrown) {
      throw diskFailure(thrown, 'look at', this.#to);
    }
  }

  has(name: string): boolean {
    return this.#moved.has(name);
  }

  /** Moves a file; durable when it resolves. @throws MonError of the disk: it stays where it is. */
  async move(name: string): Promise<void> {
    const [from, to] = [join(this.#from, name), join(this.#to, name)];
    try {
      await copyFile(from, to);
      await synced(to);
      await synced(this.#to);
      this.#step('copied');
      const link = from + UNFINISHED;
      await rm(link, { force: true });
      await symlink(to, link);
      this.#step('linked');
      await rename(link, from);
      await synced(this.#from);
      this.#step('moved');
    } catch (thrown) {
      throw diskFailure(thrown, 'move', from);
    }
    this.#moved.add(name);
  }
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}

/** True for a link, false for a file and for nothing. */
export async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch {
    return false;
  }
}

async function synced(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
