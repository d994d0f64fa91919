// What the labels of a series become, remembered by the bytes that they came in: attributes that
// were spelled once are not decoded, named and sorted again. Beside the OTLP writer. Easy to get
// wrong: it is bounded, and emptied when it is full; and equal means equal bytes, not equal hashes.

/** Bytes of spellings and of labels that are kept. */
const BYTES_MAX = 64 * 1024 * 1024;
const CONTEXTS_MAX = 65_536;
const FIRST_SLOTS = 4096;

export class SeriesRuns {
  #slots = new Int32Array(FIRST_SLOTS).fill(-1);
  #hashes: number[] = [];
  #contexts: number[] = [];
  #spellings: Buffer[] = [];
  #runs: Uint8Array[] = [];
  readonly #names = new Map<string, number>();
  #next = 0;
  #bytes = 0;
  readonly #bytesMax: number;
  /** Of the bytes that were asked for last. */
  #hash = 0;

  constructor(bytesMax = BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** A number for all that decides about labels beside the spelling. */
  context(name: string): number {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    if (this.#names.size >= CONTEXTS_MAX) this.#names.clear();
    // A number never comes to mean another name.
    this.#names.set(name, this.#next);
    return this.#next++;
  }

  /** The labels that these bytes meant before, or undefined. */
  find(context: number, bytes: Uint8Array, from: number, to: number): Uint8Array | undefined {
    const hash = hashOf(bytes, from, to) ^ Math.imul(context, 0x9e3779b1);
    this.#hash = hash;
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = mix(hash) & mask; slots[at] >= 0; at = (at + 1) & mask) {
      const entry = slots[at];
      if (this.#hashes[entry] !== hash || this.#contexts[entry] !== context) continue;
      if (this.#spellings[entry].compare(bytes, from, to) === 0) return this.#runs[entry];
    }
    return undefined;
  }

  /** Remembers labels for the bytes that find() was asked about last; takes both over. */
  keep(context: number, spelling: Uint8Array, run: Uint8Array): void {
    const size = spelling.length + run.length;
    if (this.#bytes + size > this.#bytesMax) this.#clear();
    if (size > this.#bytesMax) return;
    const entry = this.#runs.length;
    this.#hashes.push(this.#hash);
    this.#contexts.push(context);
    this.#spellings.push(Buffer.from(spelling.buffer, spelling.byteOffset, spelling.length));
    this.#runs.push(run);
    this.#bytes += size;
    if (entry * 2 >= this.#slots.length) this.#grow();
    else this.#put(entry);
  }

  #put(entry: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = mix(this.#hashes[entry]) & mask;
    while (slots[at] >= 0) at = (at + 1) & mask;
    slots[at] = entry;
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let entry = 0; entry < this.#runs.length; entry++) this.#put(entry);
  }

  #clear(): void {
    this.#slots = new Int32Array(FIRST_SLOTS).fill(-1);
    this.#hashes = [];
    this.#contexts = [];
    this.#spellings = [];
    this.#runs = [];
    this.#bytes = 0;
  }
}

function mix(hash: number): number {
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Four bytes a step; what is left one by one. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = (to - from) | 0;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  for (; at < to; at++) hash = Math.imul(hash ^ bytes[at], 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
