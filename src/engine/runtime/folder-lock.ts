// A data folder belongs to one process. The lock itself is SQLite's exclusive lock on an empty
// file: the system lets go of it the moment the process is gone, however it died, so nothing stale
// can be left and nobody has to guess from a process id. Beside it `owner.json` tells who holds
// it. Easy to get wrong: a POSIX lock is lost when its process opens and closes the file by any
// other way.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MonError, messageOf } from '../errors.ts';
import { diskFailure } from './disk-failure.ts';
import { makeFolderNow } from './make-folder.ts';

/** Who holds a folder: what `mon status`, `mon down` and the refusal tell. */
export interface FolderOwner {
  readonly pid: number;
  /** Wall time in ms at which it took the folder. */
  readonly startedMs: number;
  /** HOST:PORT at which it listens; empty while it is not known. */
  readonly listen: string;
  /** The command line as the user would type it, without secrets. */
  readonly command: string;
  /** Path of the configuration that was named when it started. */
  readonly config?: string;
}

export interface FolderLock {
  /** Tells more about the owner, as soon as the port is known. */
  update(change: Partial<Omit<FolderOwner, 'pid'>>): void;
  release(): void;
}

const LOCK_FILE = 'lock';
const OWNER_FILE = 'owner.json';
/** A peer that only looks holds the file for less than this, ms. */
const LOOK_MS_MAX = 200;
const SQLITE_BUSY = 5;

/** Keeps the handles reachable: a collected handle would give the lock away. */
const held = new Set<DatabaseSync>();

function begin(folder: string, how: string): DatabaseSync | 'held' {
  const path = join(folder, LOCK_FILE);
  let base: DatabaseSync | undefined;
  try {
    base = new DatabaseSync(path, { timeout: LOOK_MS_MAX });
    base.exec(how);
    return base;
  } catch (thrown) {
    base?.close();
    const { errcode } = thrown as { errcode?: number };
    if (errcode !== undefined && (errcode & 0xff) === SQLITE_BUSY) return 'held';
    throw new MonError('MON_DISK_FORBIDDEN', `cannot lock ${path}: ${messageOf(thrown)}`, {
      cause: thrown,
      hint: 'give this user the right to write there, or choose another with --data-dir',
      fields: { path },
    });
  }
}

function readOwner(folder: string): FolderOwner | undefined {
  try {
    const found = JSON.parse(readFileSync(join(folder, OWNER_FILE), 'utf8')) as FolderOwner;
    return typeof found === 'object' && Number.isInteger(found?.pid) ? found : undefined;
  } catch {
    // Not written yet, or half a file of a full disk: the lock counts, this only tells more.
    return undefined;
  }
}

function writeOwner(folder: string, owner: FolderOwner): void {
  const path = join(folder, OWNER_FILE);
  try {
    writeFileSync(`${path}.tmp`, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  } catch (thrown) {
    throw diskFailure(thrown, 'write', path);
  }
}

/** Who holds the folder now, or undefined when nobody does (or the folder is not there). */
export function folderOwner(folder: string): FolderOwner | undefined {
  const owner = readOwner(folder);
  if (!owner) return undefined;
  const base = begin(folder, 'SELECT count(*) FROM sqlite_schema');
  if (base === 'held') return owner;
  base.close();
  return undefined;
}

/**
 * Takes the folder for this process, making it if need be.
 * @throws MonError MON_FOLDER_LOCKED with fields pid, listen, command, startedMs of who holds it;
 *   MON_DISK_FORBIDDEN when the folder may not be written.
 */
export function lockFolder(folder: string, owner: FolderOwner): FolderLock {
  makeFolderNow(folder);
  const base = begin(folder, 'BEGIN EXCLUSIVE');
  if (base === 'held') throw lockedBy(folder, readOwner(folder));
  held.add(base);
  let now = owner;
  const release = (): void => {
    if (!held.delete(base)) return;
    rmSync(join(folder, OWNER_FILE), { force: true });
    base.close();
  };
  try {
    writeOwner(folder, now);
  } catch (thrown) {
    release();
    throw thrown;
  }
  return {
    update(change) {
      now = { ...now, ...change };
      writeOwner(folder, now);
    },
    release,
  };
}

/** The refusal of a folder that somebody else holds: who, and how to ask or stop it. */
export function lockedBy(folder: string, owner: FolderOwner | undefined): MonError {
  const who = owner ? `process ${owner.pid}` : 'another process';
  const where = owner?.listen ? ` (it listens on ${owner.listen})` : '';
  return new MonError('MON_FOLDER_LOCKED', `${folder} is in use by ${who}${where}`, {
    hint: owner?.listen
      ? `ask it with --url http://${owner.listen}, or stop it with: mon down --data-dir ${folder}`
      : 'stop that process, or choose another folder with --data-dir',
    fields: {
      folder,
      pid: owner?.pid ?? 0,
      listen: owner?.listen ?? '',
      command: owner?.command ?? '',
      startedMs: owner?.startedMs ?? 0,
    },
  });
}
