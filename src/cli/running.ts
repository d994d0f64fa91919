// The servers that run on this machine, by the locks of their data folders: for status, down and
// logs. Easy to get wrong: a process that holds a folder may not answer yet, and one that was told
// to stop holds it until it has drained.
import { join } from 'node:path';
import { dataFolder, defaultConfigFile } from '../engine/daemons/folders.ts';
import { MonError } from '../engine/errors.ts';
import type { FolderOwner } from '../engine/runtime/folder-lock.ts';
import { folderOwner } from '../engine/runtime/folder-lock.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import type { Environment } from './color.ts';
import type { Stage } from './stage.ts';

export interface FolderFlags {
  readonly demo: boolean;
  readonly 'data-dir'?: string;
}

export interface Running {
  readonly folder: string;
  readonly owner: FolderOwner;
}

/** How often a stopping server is looked at, ms. */
const LOOK_MS = 50;

/** The folders that the flags mean: the named one, else the demo's, else both of this user's. */
export function foldersOf(flags: FolderFlags, env: Environment): readonly string[] {
  const named = flags['data-dir'];
  if (named !== undefined) return [named];
  const [own, demo] = [false, true].map((one) => {
    return [dataFolder(env, one), dataFolder(env, one, true)];
  });
  return flags.demo ? demo : [...own, ...demo];
}

/** The folder whose blocks are looked at. @throws MonError MON_NOT_FOUND when none are there. */
export async function storeFolder(flags: FolderFlags, env: Environment): Promise<string> {
  const [folder] = foldersOf(flags, env);
  if (await systemDisk.exists(join(folder, 'head'))) return folder;
  const named = flags.demo || flags['data-dir'] !== undefined;
  throw new MonError('MON_NOT_FOUND', `no samples lie in ${folder}`, {
    hint: named
      ? 'name the data folder of a server with --data-dir DIR'
      : 'mon up makes it; --demo reads that of the demo, --data-dir DIR another one',
  });
}

/** The configuration that `mon up` takes when none is named, if it is there. */
export async function usualConfig(env: Environment): Promise<string | undefined> {
  const path = defaultConfigFile(env);
  return (await systemDisk.exists(path)) ? path : undefined;
}

/** The servers that hold one of the folders now. */
export function runningIn(folders: readonly string[]): readonly Running[] {
  return folders.flatMap((folder) => {
    const owner = folderOwner(folder);
    return owner === undefined ? [] : [{ folder, owner }];
  });
}

/** The first of them. @throws MonError MON_NOT_FOUND when nothing runs there. */
export function neededRunning(folders: readonly string[]): Running {
  const [first] = runningIn(folders);
  if (first !== undefined) return first;
  // Where none was named, each folder is followed by that of its cluster: not told twice.
  const told = folders.length === 1 ? folders : folders.filter((_, i) => i % 2 === 0);
  throw new MonError('MON_NOT_FOUND', `no mon runs on ${told.join(' or ')}`, {
    hint: 'mon up starts one',
  });
}

/** Asks the server to drain and waits until it has let go of its folder. @throws MonError. */
export async function stopServer(running: Running, stage: Stage): Promise<void> {
  const { folder, owner } = running;
  try {
    process.kill(owner.pid, 'SIGTERM');
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ESRCH') return;
    const words = `cannot stop process ${owner.pid}: ${code === 'EPERM' ? 'not allowed' : code}`;
    throw new MonError('MON_SERVER_FAILED', words, { cause: thrown, hint: 'is it your own?' });
  }
  while (!stage.signal.aborted && folderOwner(folder)?.pid === owner.pid) {
    await stage.clock.sleep(LOOK_MS, stage.signal);
  }
  if (stage.signal.aborted) throw new MonError('MON_ABORTED', `process ${owner.pid} still drains`);
}
