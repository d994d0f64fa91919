// The cache of one process: bytes under keys, the least recently used go first. Stands behind the
// query service. Easy to get wrong: what has run out still takes room until somebody looks at it,
// so room is made from the oldest end whatever its time.
import { CACHE_BYTES_MAX, CACHE_ENTRY_BYTES_MAX } from '../limits.ts';
import type { Cache } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';

interface Entry {
  readonly bytes: Uint8Array;
  readonly endsAt: number;
}

/** What a key and its entry take beside the bytes. */
const ENTRY_BYTES = 256;

export interface MemoryCacheOptions {
  readonly clock: Clock;
  readonly bytesMax?: number;
  readonly entryBytesMax?: number;
}

export class MemoryCache implements Cache {
  readonly #clock: Clock;
  readonly #bytesMax: number;
  readonly #entryBytesMax: number;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor({ clock, bytesMax, entryBytesMax }: MemoryCacheOptions) {
    this.#clock = clock;
    this.#bytesMax = bytesMax ?? CACHE_BYTES_MAX;
    this.#entryBytesMax = Math.min(entryBytesMax ?? CACHE_ENTRY_BYTES_MAX, this.#bytesMax);
  }

  /** Bytes held now, keys included. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  async get(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return keys.map((key) => this.#read(key));
  }

  async set(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    this.#drop(key);
    if (bytes.length > this.#entryBytesMax || ttlMs <= 0) return;
    this.#entries.set(key, { bytes, endsAt: this.#clock.monotonic() + ttlMs });
    this.#bytes += sizeOf(key, bytes);
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#drop(oldest);
    }
  }

  async close(): Promise<void> {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #read(key: string): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (this.#clock.monotonic() >= entry.endsAt) {
      this.#drop(key);
      return undefined;
    }
    // A map keeps the order of insertion: put in again, it is the newest.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.bytes;
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= sizeOf(key, entry.bytes);
  }
}

function sizeOf(key: string, bytes: Uint8Array): number {
  return bytes.length + key.length * 2 + ENTRY_BYTES;
}
