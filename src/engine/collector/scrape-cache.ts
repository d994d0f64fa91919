// What one target sent before: from the bytes of a series text to its ref, and which series are
// live, so that those which vanish can be marked stale. It stands between the parser and the door;
// a body like the last one costs one comparison a sample and no string. Easy to get wrong: a series
// that relabelling drops is cached too, or it would be relabelled at every scrape.

/** Instead of a ref: relabelling drops the series, or the door refused it. */
export const DROPPED = -1;
export const REFUSED = -2;

const NOT_FOUND = -1;
const FNV_PRIME = 0x01000193;
const FNV_START = 0x811c9dc5;

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = FNV_START;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], FNV_PRIME);
  hash ^= hash >>> 15;
  return hash >>> 0;
}

/** Entries are numbered from 0 in the order in which they were first seen. */
export class ScrapeCache {
  count = 0;
  /** Ref of an entry, or DROPPED or REFUSED. */
  refs = new Int32Array(256);
  /** Number of the scrape that last held the entry; scrapes count from 1. */
  seen = new Uint32Array(256);
  /** 1 while the last sample written for the entry is a value, not the stale marker. */
  live = new Uint8Array(256);
  #hashes = new Uint32Array(256);
  #from = new Uint32Array(257);
  #text = new Uint8Array(16 * 1024);
  /** Entry number + 1 by hash, linear probing, 0 for free; at most half full. */
  #slots = new Uint32Array(1024);
  /** The entry that comes next if the body repeats the order of the last one. */
  #next = 0;

  /** Begins a body: the prediction starts over. */
  rewind(): void {
    this.#next = 0;
  }

  /** The entry of a series text, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const next = this.#next;
    if (next < this.count && this.#equal(next, bytes, start, end)) {
      this.#next = next + 1;
      return next;
    }
    const hash = hashOf(bytes, start, end);
    const mask = this.#slots.length - 1;
    for (let i = hash & mask; this.#slots[i] !== 0; i = (i + 1) & mask) {
      const entry = this.#slots[i] - 1;
      if (this.#hashes[entry] === hash && this.#equal(entry, bytes, start, end)) {
        this.#next = entry + 1;
        return entry;
      }
    }
    return NOT_FOUND;
  }

  /** Adds a text that find did not find; answers its entry. */
  add(bytes: Uint8Array, start: number, end: number, ref: number): number {
    if (this.count === this.refs.length) this.#grow();
    const entry = this.count++;
    const at = this.#from[entry];
    this.#text = roomFor(this.#text, at, end - start);
    this.#text.set(bytes.subarray(start, end), at);
    this.#from[entry + 1] = at + end - start;
    this.#hashes[entry] = hashOf(bytes, start, end);
    this.refs[entry] = ref;
    this.seen[entry] = 0;
    this.live[entry] = 0;
    this.#place(entry);
    this.#next = entry + 1;
    return entry;
  }

  /** Forgets the entries not seen since scrape `oldest`, which are not live; answers their refs. */
  forget(oldest: number): number[] {
    const fresh = new ScrapeCache();
    const gone: number[] = [];
    for (let i = 0; i < this.count; i++) {
      if (this.seen[i] < oldest && this.live[i] === 0) {
        gone.push(this.refs[i]);
        continue;
      }
      const entry = fresh.add(this.#text, this.#from[i], this.#from[i + 1], this.refs[i]);
      fresh.seen[entry] = this.seen[i];
      fresh.live[entry] = this.live[i];
    }
    this.count = fresh.count;
    this.refs = fresh.refs;
    this.seen = fresh.seen;
    this.live = fresh.live;
    this.#hashes = fresh.#hashes;
    this.#from = fresh.#from;
    this.#text = fresh.#text;
    this.#slots = fresh.#slots;
    this.#next = 0;
    return gone;
  }

  #equal(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#from[entry];
    const size = end - start;
    if (this.#from[entry + 1] - from !== size) return false;
    const text = this.#text;
    for (let i = 0; i < size; i++) if (text[from + i] !== bytes[start + i]) return false;
    return true;
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1;
    let i = this.#hashes[entry] & mask;
    while (this.#slots[i] !== 0) i = (i + 1) & mask;
    this.#slots[i] = entry + 1;
  }

  #grow(): void {
    const size = this.refs.length * 2;
    this.refs = copied(this.refs, new Int32Array(size));
    this.seen = copied(this.seen, new Uint32Array(size));
    this.live = copied(this.live, new Uint8Array(size));
    this.#hashes = copied(this.#hashes, new Uint32Array(size));
    this.#from = copied(this.#from, new Uint32Array(size + 1));
    this.#slots = new Uint32Array(size * 4);
    for (let entry = 0; entry < this.count; entry++) this.#place(entry);
  }
}

function copied<A extends Uint8Array | Int32Array | Uint32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}

type Bytes = Uint8Array<ArrayBuffer>;

function roomFor(text: Bytes, used: number, more: number): Bytes {
  if (used + more <= text.length) return text;
  return copied(text, new Uint8Array(Math.max(text.length * 2, used + more)));
}
