// The file that `mon logs` reads: lines are appended at once, and past a size the file becomes .1,
// .1 becomes .2, and the oldest goes. Easy to get wrong: a full disk must not take the process
// down, so a line that cannot be written is counted and dropped.
import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { diskFailure } from './disk-failure.ts';
import { makeFolderNow } from './make-folder.ts';

export interface LogFileOptions {
  readonly path: string;
  /** The file is put aside when it has grown to this. */
  readonly bytesMax: number;
  /** How many files put aside are kept. */
  readonly keep: number;
}

export class LogFile {
  readonly #options: LogFileOptions;
  #handle: number;
  #bytes: number;
  /** Lines that could not be written. */
  dropped = 0;

  /** @throws MonError when the file cannot be opened. */
  constructor(options: LogFileOptions) {
    this.#options = options;
    makeFolderNow(dirname(options.path));
    try {
      this.#handle = openSync(options.path, 'a', 0o600);
      this.#bytes = fstatSync(this.#handle).size;
    } catch (thrown) {
      throw diskFailure(thrown, 'open', options.path);
    }
  }

  /** Appends one line. Never throws; a method value, so that it can be handed to a logger. */
  readonly write = (line: string): void => {
    if (this.#handle < 0) return;
    try {
      const bytes = Buffer.from(line);
      if (this.#bytes > 0 && this.#bytes + bytes.length > this.#options.bytesMax) this.#rotate();
      this.#bytes += writeSync(this.#handle, bytes);
    } catch {
      this.dropped++;
    }
  };

  close(): void {
    if (this.#handle < 0) return;
    closeSync(this.#handle);
    this.#handle = -1;
  }

  #rotate(): void {
    const { path, keep } = this.#options;
    closeSync(this.#handle);
    this.#handle = -1;
    try {
      rmSync(`${path}.${keep}`, { force: true });
      for (let i = keep - 1; i >= 1; i--) move(`${path}.${i}`, `${path}.${i + 1}`);
      if (keep > 0) move(path, `${path}.1`);
      else rmSync(path, { force: true });
    } finally {
      this.#handle = openSync(path, 'a', 0o600);
      this.#bytes = fstatSync(this.#handle).size;
    }
  }
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    if ((thrown as { code?: string }).code !== 'ENOENT') throw thrown;
  }
}
