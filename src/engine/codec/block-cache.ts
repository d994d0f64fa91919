// The unpacked pages and index chunks that open blocks keep, bounded in bytes over all of them;
// those that were not used since the last round go first. Easy to get wrong: what an entry weighs
// is the word of who puts it, so it must count strings and arrays too; and a hit must cost next to
// nothing, since a look at one label takes several.

interface Entry {
  readonly value: unknown;
  readonly bytes: number;
  /** Since room was made the last time. */
  used: boolean;
}

/** Sections that one file may have. */
const SECTIONS_MAX = 2 ** 28;

export class BlockCache {
  readonly bytesMax: number;
  readonly #entries = new Map<number, Entry>();
  #bytes = 0;
  #files = 0;
  hits = 0;
  misses = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A number for a file; its sections are kept under it. */
  register(): number {
    return this.#files++;
  }

  /** What `make` made before for this section of a file, or makes now. */
  get<T>(file: number, section: number, make: () => { value: T; bytes: number }): T {
    const key = file * SECTIONS_MAX + section;
    const found = this.#entries.get(key);
    if (found !== undefined) {
      this.hits++;
      found.used = true;
      return found.value as T;
    }
    this.misses++;
    const { value, bytes } = make();
    this.#entries.set(key, { value, bytes, used: false });
    this.#bytes += bytes;
    this.#shrink(key);
    return value;
  }

  /** Forgets all of a file. */
  drop(file: number): void {
    for (const [key, entry] of this.#entries) {
      if (Math.floor(key / SECTIONS_MAX) !== file) continue;
      this.#entries.delete(key);
      this.#bytes -= entry.bytes;
    }
  }

  /** What was used, or is new, goes behind the others, once; a map hands that out again later. */
  #shrink(newest: number): void {
    if (this.#bytes <= this.bytesMax) return;
    let fresh: number | undefined = newest;
    for (const [key, entry] of this.#entries) {
      this.#entries.delete(key);
      if (entry.used || key === fresh) {
        if (key === fresh) fresh = undefined;
        entry.used = false;
        this.#entries.set(key, entry);
        continue;
      }
      this.#bytes -= entry.bytes;
      if (this.#bytes <= this.bytesMax) return;
    }
  }
}
