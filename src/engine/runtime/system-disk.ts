// The real disk: Disk over node:fs. Stands under the log, the checkpoints and every state file.
// Easy to get wrong: a write may be short and has to go on; a new name is durable only when its
// folder was synced; and a failed fdatasync may have thrown the data away, so it must never be
// tried again as if the same bytes were still to come.
import * as fs from 'node:fs';
import { platform } from 'node:os';
import { dirname } from 'node:path';
import { MonError } from '../errors.ts';
import { diskFailure } from './disk-failure.ts';
import type { Disk, DiskFile, OpenMode } from './disk.ts';
import { linkFile } from './link-file.ts';
import { openRandomAccess } from './random-access.ts';
import { replaceFileBySteps } from './replace-file.ts';

type Done<T> = (error: Error | null, value: T) => void;

/** One call of node:fs as a promise; its failure says what was done to which path. */
function ask<T>(doing: string, path: string, call: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => {
      if (error) reject(diskFailure(error, doing, path));
      else resolve(value);
    });
  });
}

class SystemFile implements DiskFile {
  readonly #path: string;
  /** A write is not over before it has been synced. */
  readonly #syncs: boolean;
  #handle: number;

  constructor(path: string, handle: number, syncs: boolean) {
    this.#path = path;
    this.#handle = handle;
    this.#syncs = syncs;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let got = 0;
    while (got < into.length) {
      const n = await ask<number>('read', this.#path, (done) =>
        fs.read(this.#handle, into, got, into.length - got, position + got, done),
      );
      if (n === 0) break;
      got += n;
    }
    return got;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    let put = 0;
    while (put < bytes.length) {
      put += await ask<number>('write', this.#path, (done) =>
        fs.write(this.#handle, bytes, put, bytes.length - put, position + put, done),
      );
    }
    if (this.#syncs) await this.datasync();
  }

  datasync(): Promise<void> {
    return ask('sync', this.#path, (done) => fs.fdatasync(this.#handle, (e) => done(e, undefined)));
  }

  truncate(size: number): Promise<void> {
    return ask('cut', this.#path, (done) =>
      fs.ftruncate(this.#handle, size, (e) => done(e, undefined)),
    );
  }

  async size(): Promise<number> {
    const stat = await ask<fs.Stats>('look at', this.#path, (done) => fs.fstat(this.#handle, done));
    return stat.size;
  }

  async close(): Promise<void> {
    if (this.#handle < 0) return;
    const handle = this.#handle;
    this.#handle = -1;
    await ask('close', this.#path, (done) => fs.close(handle, (e) => done(e, undefined)));
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await ask<number>('open', folder, (done) => fs.open(folder, 'r', done));
  try {
    await ask('sync', folder, (done) => fs.fsync(handle, (e) => done(e, undefined)));
  } finally {
    fs.closeSync(handle);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await ask<fs.Stats>('look at', path, (done) => fs.stat(path, done));
    return true;
  } catch (thrown) {
    if (thrown instanceof MonError && thrown.code === 'MON_NOT_FOUND') return false;
    throw thrown;
  }
}

async function makeFolder(folder: string): Promise<void> {
  if (await exists(folder)) {
    const stat = await ask<fs.Stats>('look at', folder, (done) => fs.stat(folder, done));
    if (stat.isDirectory()) return;
    throw diskFailure({ code: 'ENOTDIR' }, 'make the folder', folder);
  }
  const parent = dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  // Another process may make it at the same time; what counts is that it is there.
  await ask('make the folder', folder, (done) =>
    fs.mkdir(folder, { mode: 0o700 }, (e) => done(e?.code === 'EEXIST' ? null : e, undefined)),
  );
  await syncFolder(parent);
}

/**
 * On Linux O_DSYNC is what fdatasync promises, for each write. Elsewhere it is less (on macOS
 * libuv's fdatasync also empties the disk's own cache) or not there at all.
 */
const ONE_CALL = platform() === 'linux';

function flagsOf(mode: OpenMode): string | number {
  if (mode !== 'r+d') return mode;
  return ONE_CALL ? fs.constants.O_RDWR | fs.constants.O_DSYNC : 'r+';
}

export const systemDisk: Disk = {
  async open(path, mode) {
    const flags = flagsOf(mode);
    const handle = await ask<number>('open', path, (done) => fs.open(path, flags, 0o600, done));
    return new SystemFile(path, handle, mode === 'r+d' && !ONE_CALL);
  },
  randomAccess: openRandomAccess,
  readFile: (path) => ask<Uint8Array>('read', path, (done) => fs.readFile(path, done)),
  replaceFile: (path, parts) => replaceFileBySteps(systemDisk, path, parts),
  rename: (from, to) =>
    ask('rename', from, (done) => fs.rename(from, to, (e) => done(e, undefined))),
  link: linkFile,
  remove: (path) => ask('remove', path, (done) => fs.unlink(path, (e) => done(e, undefined))),
  async list(folder) {
    const names = await ask<string[]>('list', folder, (done) => fs.readdir(folder, done));
    return names.sort();
  },
  makeFolder,
  syncFolder,
  exists,
  async freeBytes(folder) {
    const stat = await ask<fs.StatsFs>('look at', folder, (done) => fs.statfs(folder, done));
    return stat.bavail * stat.bsize;
  },
};
