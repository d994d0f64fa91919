// The disk as an argument: files by absolute path, so that a simulation can tear writes and forget
// what was not synced. Failures of the operating system come out as MonError: MON_DISK_FULL
// (ENOSPC, EDQUOT), MON_DISK_FORBIDDEN (EACCES, EPERM, EROFS), MON_NOT_FOUND (ENOENT),
// MON_DISK_FAILED.

import type { RandomAccessFile } from './random-access.ts';

/** An open file. Positions are explicit; two writes to one file must not overlap in time. */
export interface DiskFile {
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all of the bytes or fails; see OpenMode for when they are durable. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Data and size are durable when it resolves (fdatasync). */
  datasync(): Promise<void>;
  truncate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/**
 * 'r' reads an existing file, 'r+' also writes it, 'w+' makes it anew (read and write). 'r+d' is
 * 'r+' where a write is durable, data and size, when it resolves: one call instead of two.
 */
export type OpenMode = 'r' | 'r+' | 'r+d' | 'w+';

export interface Disk {
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  /** Opens a file that never changes again for reading at once, without a promise. */
  randomAccess(path: string): RandomAccessFile;
  readFile(path: string): Promise<Uint8Array>;
  /** Temporary file, fsync, rename, fsync of the folder: old or new content, never a mixture. */
  replaceFile(path: string, parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file, in any folder of the same disk. */
  link(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Names in a folder, sorted. */
  list(folder: string): Promise<string[]>;
  /** Makes a folder and its parents; syncs the parent, so that it is there after a power loss. */
  makeFolder(folder: string): Promise<void>;
  /** Names in the folder (made, renamed, removed) are durable when it resolves. */
  syncFolder(folder: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  freeBytes(folder: string): Promise<number>;
}
