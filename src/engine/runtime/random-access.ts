// A file that is read anywhere and at once: what sealed blocks are read through inside a query,
// which runs to its end in one thread. Stands beside disk.ts, whose calls are promises. Easy to
// get wrong: the file must never change while it is open here; its size was asked once.
import * as fs from 'node:fs';
import type { RandomAccess } from '../codec/block.ts';
import { diskFailure } from './disk-failure.ts';

/** An open file; whoever opened it closes it. */
export interface RandomAccessFile extends RandomAccess {
  close(): void;
}

class SystemRandomAccess implements RandomAccessFile {
  readonly name: string;
  readonly size: number;
  #handle: number;

  constructor(path: string) {
    this.name = path;
    try {
      this.#handle = fs.openSync(path, 'r');
      this.size = fs.fstatSync(this.#handle).size;
    } catch (thrown) {
      throw diskFailure(thrown, 'open', path);
    }
  }

  read(position: number, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size - position)));
    let got = 0;
    try {
      while (got < bytes.length) {
        const n = fs.readSync(this.#handle, bytes, got, bytes.length - got, position + got);
        if (n === 0) break;
        got += n;
      }
    } catch (thrown) {
      throw diskFailure(thrown, 'read', this.name);
    }
    return got === bytes.length ? bytes : bytes.subarray(0, got);
  }

  close(): void {
    if (this.#handle < 0) return;
    fs.closeSync(this.#handle);
    this.#handle = -1;
  }
}

/**
 * Opens a file for reading anywhere.
 * @throws MonError MON_NOT_FOUND, MON_DISK_FORBIDDEN or MON_DISK_FAILED; read() throws the last.
 */
export function openRandomAccess(path: string): RandomAccessFile {
  return new SystemRandomAccess(path);
}
