// Which readers the log has and what each has released: the memory of retention, kept in
// readers.json. It is written late, which is safe, because an old figure only holds more. Easy to
// get wrong: a new or lowered claim must be durable before the reader relies on it, or retention
// after a crash passes it.
import { assert } from '../errors.ts';
import type { Offset } from '../ports.ts';
import type { Disk } from '../runtime/disk.ts';
import { parseJson } from './log-meta.ts';
import { corrupt } from './segment.ts';

const READERS_FILE = 'readers.json';

interface Stored {
  readonly generation: number;
  /** Name, then partition and released offset in turn. */
  readonly readers: readonly (readonly [string, readonly (readonly [number, Offset])[]])[];
}

export class ReaderRegistry {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #generation: number;
  readonly #readers = new Map<string, Map<number, Offset>>();
  #dirty = false;
  #saving: Promise<void> = Promise.resolve();

  constructor(disk: Disk, folder: string, generation: number) {
    this.#disk = disk;
    this.#path = `${folder}/${READERS_FILE}`;
    this.#generation = generation;
  }

  /** The readers of this generation; those of an older one do not count. */
  static async load(disk: Disk, folder: string, generation: number): Promise<ReaderRegistry> {
    const registry = new ReaderRegistry(disk, folder, generation);
    const path = registry.#path;
    if (!(await disk.exists(path))) return registry;
    const found = parseJson(new TextDecoder().decode(await disk.readFile(path)), path);
    if (!isStored(found)) throw corrupt(path, 0, 'it does not list readers');
    if (found.generation !== generation) return registry;
    for (const [name, offsets] of found.readers) registry.#readers.set(name, new Map(offsets));
    return registry;
  }

  get names(): readonly string[] {
    return [...this.#readers.keys()];
  }

  /** The reader needs all from these offsets on. Durable when it resolves. */
  async register(name: string, from: ReadonlyMap<number, Offset>): Promise<void> {
    const released = this.#readers.get(name) ?? new Map<number, Offset>();
    this.#readers.set(name, released);
    let needsMore = released.size === 0;
    for (const [partition, offset] of from) {
      const before = released.get(partition);
      needsMore ||= before === undefined || before > offset;
      released.set(partition, offset);
      this.#dirty = true;
    }
    if (needsMore) await this.save();
  }

  /** Raises what a reader has let go; answers whether anything changed. */
  release(name: string, partition: number, offset: Offset): boolean {
    const released = this.#readers.get(name);
    const before = released?.get(partition);
    // Forgotten in the meantime: nothing is held any more.
    if (!released || before === undefined || before >= offset) return false;
    released.set(partition, offset);
    this.#dirty = true;
    return true;
  }

  /** The reader holds nothing any more. Durable when it resolves. */
  async forget(name: string): Promise<void> {
    if (!this.#readers.delete(name)) return;
    this.#dirty = true;
    await this.save();
  }

  /** The least offset that any reader of the partition still needs; undefined when it has none. */
  needed(partition: number): Offset | undefined {
    let least: Offset | undefined;
    for (const released of this.#readers.values()) {
      const offset = released.get(partition);
      if (offset !== undefined && (least === undefined || offset < least)) least = offset;
    }
    return least;
  }

  /** Writes what has changed; one write at a time. */
  save(): Promise<void> {
    const mine = this.#saving.then(() => this.#write());
    this.#saving = mine.catch(() => undefined);
    return mine;
  }

  async #write(): Promise<void> {
    if (!this.#dirty) return;
    const readers = [...this.#readers].map(([name, offsets]) => [name, [...offsets]] as const);
    const stored: Stored = { generation: this.#generation, readers };
    assert(isStored(stored), 'what is stored can be read again');
    this.#dirty = false;
    try {
      const text = `${JSON.stringify(stored)}\n`;
      await this.#disk.replaceFile(this.#path, [new TextEncoder().encode(text)]);
    } catch (thrown) {
      this.#dirty = true;
      throw thrown;
    }
  }
}

function isStored(found: unknown): found is Stored {
  const { generation, readers } = (found ?? {}) as Partial<Stored>;
  if (!Number.isSafeInteger(generation) || !Array.isArray(readers)) return false;
  const isOffset = (pair: unknown): boolean =>
    Array.isArray(pair) &&
    pair.length === 2 &&
    pair.every((n) => Number.isSafeInteger(n) && n >= 0);
  return readers.every(
    (reader: unknown) =>
      Array.isArray(reader) &&
      typeof reader[0] === 'string' &&
      Array.isArray(reader[1]) &&
      reader[1].every(isOffset),
  );
}
