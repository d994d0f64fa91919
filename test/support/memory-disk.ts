// A disk in memory that is as bad as a real one may be, by seed: the file layer under every crash
// test and simulation. Exactly which faults it may inject, and why the system must survive them,
// is told at the class below. Easy to get wrong: after `freezeAfter` let promises settle before
// the next life begins, or what is left of the old one goes on in it.
import { MonError, assert } from '../../src/engine/errors.ts';
import { diskFailure } from '../../src/engine/runtime/disk-failure.ts';
import type { Disk, DiskFile, OpenMode } from '../../src/engine/runtime/disk.ts';
import type { RandomAccessFile } from '../../src/engine/runtime/random-access.ts';
import type { Clock } from '../../src/engine/runtime/clock.ts';
import type { Random } from '../../src/engine/runtime/random.ts';
import { replaceFileBySteps } from '../../src/engine/runtime/replace-file.ts';
import { MemoryFile } from './memory-file.ts';

/** How likely each operation is to fail or to be slow, 0 to 1; all 0 until they are set. */
export interface Faults {
  enospc: number;
  readError: number;
  writeError: number;
  syncError: number;
  slow: number;
  slowMs: number;
}

export interface MemoryDiskOptions {
  readonly random: Random;
  /** Needed for slow operations only. */
  readonly clock?: Clock;
  readonly capacityBytes?: number;
}

/** One change of names in a folder: path -> file, or undefined for gone. */
type NameChange = readonly (readonly [string, MemoryFile | undefined])[];

const GIB = 1024 ** 3;

/**
 * A disk in memory that is as bad as a real one may be, by seed. It may do these things, and
 * whatever stands on Disk has to survive each of them and any combination:
 * - Power loss (`powerLoss`): data is kept only as far as a datasync of its file has resolved,
 *   names (made, renamed, removed) only as far as a syncFolder has. Each later write may be whole,
 *   cut at any byte, spread over some of its sectors, zeros or rubbish where the file was
 *   extended, or gone, independent of the others, because a file system writes pages in any order;
 *   each later change of a name may be there or not, or only the first few are, as with and
 *   without a journal.
 * - Death of the process (`processCrash`): all that was written stays; nothing under way is
 *   answered, and operations under way may have been done or not.
 * - ENOSPC on a write (which may have written a part) and when a file is made; the disk fills up.
 * - EIO on read, write, sync; a failed sync throws its data away for good, as Linux does, although
 *   reads still see it: syncing again "succeeds" without it.
 * - Slow operations, if it is given a clock. What it never does: lose what was synced, or change
 *   bytes that were synced (that is bit rot; tests that want it use `corrupt`).
 */
export class MemoryDisk implements Disk {
  readonly faults: Faults = {
    enospc: 0,
    readError: 0,
    writeError: 0,
    syncError: 0,
    slow: 0,
    slowMs: 0,
  };
  capacityBytes: number;
  /** Operations begun so far: where a run can be cut. */
  operations = 0;
  readonly #random: Random;
  readonly #clock: Clock | undefined;
  readonly #files = new Map<string, MemoryFile>();
  readonly #durableNames = new Map<string, MemoryFile>();
  readonly #folders = new Set<string>(['/']);
  readonly #changes = new Map<string, NameChange[]>();
  /** Grows with each crash: operations and open files of an earlier life are never answered. */
  #life = 0;
  #frozen = false;
  #cut: { readonly at: number; readonly happened: () => void } | undefined;

  constructor(options: MemoryDiskOptions) {
    this.#random = options.random;
    this.#clock = options.clock;
    this.capacityBytes = options.capacityBytes ?? 64 * GIB;
  }

  /**
   * Stops answering at the given number of operations from now; resolves when that has happened.
   */
  freezeAfter(operations: number): Promise<void> {
    return new Promise((happened) => {
      this.#cut = { at: this.operations + operations, happened };
    });
  }

  /** Stops answering at once. */
  freeze(): void {
    this.#frozen = true;
  }

  /** The process is gone, the system lives: what was written stays. */
  processCrash(): void {
    this.#life++;
    this.#frozen = false;
    this.#cut = undefined;
  }

  /** The machine is gone: what was not synced is kept, torn or lost, as `random` has it. */
  powerLoss(random: Random = this.#random): void {
    this.processCrash();
    for (const [folder, changes] of this.#changes) {
      const ordered = random() < 0.5;
      const count = ordered ? Math.floor(random() * (changes.length + 1)) : changes.length;
      for (const change of changes.slice(0, count)) {
        if (ordered || random() < 0.5) this.#rename(this.#durableNames, change);
      }
      this.#changes.delete(folder);
    }
    this.#files.clear();
    for (const [path, file] of this.#durableNames) this.#files.set(path, file);
    for (const file of new Set(this.#files.values())) file.forget(random);
  }

  /** Flips bits of a byte, also of synced data: bit rot. */
  corrupt(path: string, position: number, mask = 0xff): void {
    const file = this.#file(path);
    const byte = file.live.view()[position];
    file.write(Uint8Array.of(byte ^ mask), position);
    file.sync();
  }

  /** The content as a read sees it now. */
  content(path: string): Uint8Array {
    return this.#file(path).live.view().slice();
  }

  /** Names of the files in a folder as they are now, sorted; no operation, so it never fails. */
  names(folder: string): string[] {
    const paths = [...this.#files.keys()].filter((path) => folderOf(path) === folder);
    return paths.map((path) => path.slice(folder.length + 1)).sort();
  }

  get usedBytes(): number {
    let sum = 0;
    for (const file of this.#files.values()) sum += file.live.size;
    return sum;
  }

  open(path: string, mode: OpenMode): Promise<DiskFile> {
    return this.#do('open', path, () => {
      if (mode === 'w+') {
        this.#mayFail('ENOSPC', this.faults.enospc, 'open', path);
        if (!this.#folders.has(folderOf(path))) throw failure('ENOENT', 'open', path);
        const old = this.#files.get(path);
        if (old) old.truncate(0);
        else this.#change(path, [[path, new MemoryFile()]]);
      }
      const handle = this.#handle(this.#file(path), path);
      return mode === 'r+d' ? synced(handle) : handle;
    });
  }

  /** Reads go on after the file's name has gone, as from a handle; they never fail here. */
  randomAccess(path: string): RandomAccessFile {
    const file = this.#file(path);
    let open = true;
    return {
      name: path,
      size: file.live.size,
      read: (position, length) => {
        if (!open) throw new MonError('MON_DISK_FAILED', `${path} is read after it was closed`);
        return file.live.view().slice(position, position + length);
      },
      close: () => void (open = false),
    };
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.#do('read', path, () => this.content(path));
  }

  replaceFile(
    path: string,
    parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): Promise<void> {
    return replaceFileBySteps(this, path, parts);
  }

  rename(from: string, to: string): Promise<void> {
    assert(folderOf(from) === folderOf(to), 'a rename within one folder');
    return this.#do('rename', from, () => {
      const file = this.#file(from);
      this.#change(to, [
        [to, file],
        [from, undefined],
      ]);
    });
  }

  link(from: string, to: string): Promise<void> {
    return this.#do('link', to, () => this.#change(to, [[to, this.#file(from)]]));
  }

  remove(path: string): Promise<void> {
    return this.#do('remove', path, () => {
      this.#file(path);
      this.#change(path, [[path, undefined]]);
    });
  }

  list(folder: string): Promise<string[]> {
    return this.#do('list', folder, () => {
      if (!this.#folders.has(folder)) throw failure('ENOENT', 'list', folder);
      return [...this.#files.keys(), ...this.#folders]
        .filter((path) => path !== folder && folderOf(path) === folder)
        .map((path) => path.slice(path.lastIndexOf('/') + 1))
        .sort();
    });
  }

  /** Folders are durable at once: the port promises that for each one made. */
  makeFolder(folder: string): Promise<void> {
    return this.#do('make the folder', folder, () => {
      for (let path = folder; path !== '/'; path = folderOf(path)) this.#folders.add(path);
    });
  }

  syncFolder(folder: string): Promise<void> {
    return this.#do('sync', folder, () => {
      this.#mayFail('EIO', this.faults.syncError, 'sync', folder);
      for (const change of this.#changes.get(folder) ?? [])
        this.#rename(this.#durableNames, change);
      this.#changes.delete(folder);
    });
  }

  exists(path: string): Promise<boolean> {
    return this.#do('look at', path, () => this.#files.has(path) || this.#folders.has(path));
  }

  freeBytes(folder: string): Promise<number> {
    const free = (): number => Math.max(this.capacityBytes - this.usedBytes, 0);
    return this.#do('look at', folder, free);
  }

  #handle(file: MemoryFile, path: string): DiskFile {
    const life = this.#life;
    const { faults } = this;
    const act = <T>(doing: string, work: () => T): Promise<T> => this.#do(doing, path, work, life);
    return {
      read: (into, position) =>
        act('read', () => {
          this.#mayFail('EIO', faults.readError, 'read', path);
          const found = file.live.view().subarray(position, position + into.length);
          into.set(found);
          return found.length;
        }),
      write: (bytes, position) => act('write', () => this.#write(file, path, bytes, position)),
      datasync: () =>
        act('sync', () => {
          const fails = this.#random() < faults.syncError;
          if (!fails) return file.sync();
          file.failSync(this.#random);
          throw failure('EIO', 'sync', path);
        }),
      truncate: (size) =>
        act('cut', () => {
          this.#mayFail('EIO', faults.writeError, 'cut', path);
          file.truncate(size);
        }),
      size: () => act('look at', () => file.live.size),
      close: () => act('close', () => undefined),
    };
  }

  #write(file: MemoryFile, path: string, bytes: Uint8Array, position: number): void {
    const room = this.capacityBytes - this.usedBytes;
    const grows = position + bytes.length - file.live.size;
    const full = grows > room || this.#random() < this.faults.enospc;
    if (!full && !(this.#random() < this.faults.writeError)) return file.write(bytes, position);
    const part = Math.floor(this.#random() * (Math.min(bytes.length, Math.max(room, 0)) + 1));
    if (part > 0) file.write(bytes.subarray(0, part), position);
    throw failure(full ? 'ENOSPC' : 'EIO', 'write', path);
  }

  #mayFail(code: 'ENOSPC' | 'EIO', chance: number, doing: string, path: string): void {
    if (this.#random() < chance) throw failure(code, doing, path);
  }

  /**
   * Counts, waits, works and answers. In a life that has ended it never returns; the operation at
   * which a life ends is not done, or done without an answer, or done and answered just before the
   * end.
   */
  async #do<T>(doing: string, path: string, work: () => T, life = this.#life): Promise<T> {
    assert(path.startsWith('/'), `${doing} ${path}: paths are absolute`);
    if (this.#frozen || life !== this.#life) return never();
    this.operations++;
    if (this.#cut && this.operations >= this.#cut.at) {
      this.#frozen = true;
      const { happened } = this.#cut;
      this.#cut = undefined;
      const fate = this.#random();
      happened();
      if (fate < 0.33) return never();
      const answer = work();
      return fate < 0.66 ? never() : answer;
    }
    const { slow, slowMs } = this.faults;
    if (this.#clock && slow > 0 && this.#random() < slow) await this.#clock.sleep(slowMs);
    else await Promise.resolve();
    if (this.#frozen || life !== this.#life) return never();
    return work();
  }

  #file(path: string): MemoryFile {
    const file = this.#files.get(path);
    if (!file) throw failure('ENOENT', 'open', path);
    return file;
  }

  #change(path: string, change: NameChange): void {
    this.#rename(this.#files, change);
    const folder = folderOf(path);
    const changes = this.#changes.get(folder) ?? [];
    changes.push(change);
    this.#changes.set(folder, changes);
  }

  #rename(names: Map<string, MemoryFile>, change: NameChange): void {
    for (const [path, file] of change) {
      if (file) names.set(path, file);
      else names.delete(path);
    }
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** The same failure that the real disk gives for this error of the operating system. */
function failure(code: 'ENOSPC' | 'EIO' | 'ENOENT', doing: string, path: string): MonError {
  return diskFailure(Object.assign(new Error(code), { code }), doing, path);
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/** Writes that are durable when they resolve; a life may end between the two steps of one. */
function synced(handle: DiskFile): DiskFile {
  return {
    ...handle,
    write: async (bytes, position) => {
      await handle.write(bytes, position);
      await handle.datasync();
    },
  };
}
