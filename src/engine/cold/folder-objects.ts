// An object store that is a folder: on another disk, or one that somebody else carries away. Keys
// are paths below it. Easy to get wrong: an object never changes, so the one that is there first
// stays; it counts when file and name are durable.
import { dirname, join } from 'node:path';
import { MonError } from '../errors.ts';
import type { ObjectInfo, ObjectStore } from '../ports.ts';
import type { Disk } from '../runtime/disk.ts';

const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9-][A-Za-z0-9._-]*)*$/;
const UNFINISHED = '.tmp';

export class FolderObjects implements ObjectStore {
  readonly #disk: Disk;
  readonly #folder: string;

  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
  }

  async putIfAbsent(key: string, parts: AsyncIterable<Uint8Array>): Promise<boolean> {
    const path = this.#path(key);
    if (await this.#disk.exists(path)) return false;
    await this.#disk.makeFolder(dirname(path));
    await this.#disk.replaceFile(path, parts);
    return true;
  }

  async getRange(key: string, position: number, length: number): Promise<Uint8Array> {
    const file = await this.#disk.open(this.#path(key), 'r');
    try {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, await file.read(bytes, position));
    } finally {
      await file.close();
    }
  }

  async list(prefix: string): Promise<readonly ObjectInfo[]> {
    const folder = prefix.endsWith('/') ? this.#path(prefix.slice(0, -1)) : this.#folder;
    if (!(await this.#disk.exists(folder))) return [];
    const found: ObjectInfo[] = [];
    for (const name of await this.#disk.list(folder)) {
      if (name.endsWith(UNFINISHED)) continue;
      const bytes = await this.#sizeOf(join(folder, name));
      if (bytes !== undefined) found.push({ key: prefix + name, bytes });
    }
    return found;
  }

  /** Undefined for a folder, and for what went meanwhile. */
  async #sizeOf(path: string): Promise<number | undefined> {
    try {
      const file = await this.#disk.open(path, 'r');
      try {
        // A folder can be opened and has a size, but nothing to read.
        await file.read(new Uint8Array(1), 0);
        return await file.size();
      } finally {
        await file.close();
      }
    } catch (thrown) {
      const gone = thrown instanceof MonError && thrown.code === 'MON_NOT_FOUND';
      if (gone || (thrown instanceof MonError && thrown.fields.os === 'EISDIR')) return undefined;
      throw thrown;
    }
  }

  async remove(key: string): Promise<void> {
    try {
      await this.#disk.remove(this.#path(key));
    } catch (thrown) {
      if (!(thrown instanceof MonError) || thrown.code !== 'MON_NOT_FOUND') throw thrown;
    }
  }

  #path(key: string): string {
    if (KEY.test(key)) return join(this.#folder, key);
    throw new MonError('MON_NOT_FOUND', `no object can have the key ${JSON.stringify(key)}`);
  }
}
