// Snappy's block form, written: what remote write sends. For the agent, which compresses some
// kilobytes a second and must stay small: the native library would cost it 8 MB. Everybody else
// uses that. Easy to get wrong: a match reaches back at most 64 KiB here, and its bytes may
// overlap those that it makes.
// Source: google/snappy, format_description.txt.

const HASH_BITS = 14;
/** Fragments are compressed alone, so that places fit in 16 bits. */
const FRAGMENT_BYTES = 1 << 16;
/** Behind it there are too few bytes for a match to be worth looking for. */
const MARGIN_BYTES = 15;

/** Bytes that a block of so many bytes takes at most. */
export function snappyBound(length: number): number {
  return 32 + length + Math.ceil(length / 6);
}

export class SnappyWriter {
  readonly #table = new Uint16Array(1 << HASH_BITS);
  #out = new Uint8Array(0);
  #at = 0;

  /** The block of these bytes; a view until the next call. */
  compress(bytes: Uint8Array): Uint8Array {
    const room = snappyBound(bytes.length);
    if (this.#out.length < room) this.#out = new Uint8Array(room);
    this.#at = 0;
    this.#varint(bytes.length);
    for (let from = 0; from < bytes.length; from += FRAGMENT_BYTES) {
      this.#fragment(bytes, from, Math.min(bytes.length, from + FRAGMENT_BYTES));
    }
    return this.#out.subarray(0, this.#at);
  }

  #fragment(bytes: Uint8Array, from: number, to: number): void {
    const table = this.#table.fill(0);
    const last = to - MARGIN_BYTES;
    let plain = from;
    let at = from + 1;
    let misses = 32;
    while (at < last) {
      const hash = hashAt(bytes, at);
      const seen = from + table[hash];
      table[hash] = at - from;
      if (!sameWord(bytes, seen, at) || seen >= at) {
        // What does not compress is walked in ever larger steps.
        at += misses++ >>> 5;
        continue;
      }
      let length = 4;
      while (at + length < to && bytes[seen + length] === bytes[at + length]) length++;
      this.#literal(bytes, plain, at);
      this.#copy(at - seen, length);
      at += length;
      plain = at;
      misses = 32;
    }
    this.#literal(bytes, plain, to);
  }

  #literal(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    if (length === 0) return;
    const out = this.#out;
    const size = length - 1;
    if (size < 60) out[this.#at++] = size << 2;
    else {
      // A fragment's literal has at most 64 KiB: two bytes tell its length.
      out[this.#at++] = (size < 256 ? 60 : 61) << 2;
      out[this.#at++] = size & 0xff;
      if (size >= 256) out[this.#at++] = size >>> 8;
    }
    out.set(bytes.subarray(from, to), this.#at);
    this.#at += length;
  }

  #copy(offset: number, length: number): void {
    let left = length;
    // A rest of less than four bytes could not be written in the short form.
    for (; left >= 68; left -= 64) this.#longCopy(offset, 64);
    if (left > 64) {
      this.#longCopy(offset, 60);
      left -= 60;
    }
    if (left >= 12 || offset >= 2048) this.#longCopy(offset, left);
    else {
      this.#out[this.#at++] = 1 | ((left - 4) << 2) | ((offset >>> 8) << 5);
      this.#out[this.#at++] = offset & 0xff;
    }
  }

  #longCopy(offset: number, length: number): void {
    this.#out[this.#at++] = 2 | ((length - 1) << 2);
    this.#out[this.#at++] = offset & 0xff;
    this.#out[this.#at++] = offset >>> 8;
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#out[this.#at++] = (rest & 0x7f) | 0x80;
    this.#out[this.#at++] = rest;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

function hashAt(bytes: Uint8Array, at: number): number {
  return Math.imul(wordAt(bytes, at), 0x1e35a7bd) >>> (32 - HASH_BITS);
}

function sameWord(bytes: Uint8Array, a: number, b: number): boolean {
  return wordAt(bytes, a) === wordAt(bytes, b);
}
