// Growing bytes and their reader for the index of a block: varints up to 2^53, floats, texts. Easy
// to get wrong: numbers here pass 2^32 (times, positions), so that nothing may shift them as
// 32-bit integers; the reader throws what its maker gave it and nothing else.
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class BytePen {
  #bytes: Uint8Array;
  #length = 0;

  constructor(room = 256) {
    this.#bytes = new Uint8Array(room);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written, a view that the next write may make stale. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** What was written, a copy; the pen is empty after. */
  take(): Uint8Array {
    const out = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return out;
  }

  #room(more: number): void {
    const need = this.#length + more;
    if (need <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(need, this.#bytes.length * 2));
    larger.set(this.bytes);
    this.#bytes = larger;
  }

  u8(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  u32(value: number): void {
    this.#room(4);
    new DataView(this.#bytes.buffer).setUint32(this.#length, value, true);
    this.#length += 4;
  }

  f64(value: number): void {
    this.#room(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest > 0x7fffffff) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A whole number with a sign, its size below 2^52. */
  signed(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  text(text: string): void {
    const bytes = encoder.encode(text);
    this.varint(bytes.length);
    this.raw(bytes);
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #fail: (what: string, at: number) => Error;
  at = 0;

  /** `fail` makes the error for what was wrong at which byte. */
  constructor(bytes: Uint8Array, fail: (what: string, at: number) => Error) {
    this.#bytes = bytes;
    this.#fail = fail;
  }

  fail(what: string): Error {
    return this.#fail(what, this.at);
  }

  u8(): number {
    if (this.at >= this.#bytes.length) throw this.fail('it is cut off');
    return this.#bytes[this.at++];
  }

  u32(): number {
    return this.#view(4).getUint32(0, true);
  }

  f64(): number {
    return this.#view(8).getFloat64(0, true);
  }

  #view(length: number): DataView {
    const bytes = this.raw(length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
      if (scale > 2 ** 49) throw this.fail('a number is too long');
    }
    if (value > Number.MAX_SAFE_INTEGER) throw this.fail('a number is too large');
    return value;
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A count of things that take at least `least` bytes each. */
  count(least = 1): number {
    const count = this.varint();
    if (count * least > this.#bytes.length - this.at) throw this.fail('more things than bytes');
    return count;
  }

  /** The next `length` bytes, a view. */
  raw(length: number): Uint8Array {
    if (length > this.#bytes.length - this.at) throw this.fail('it is cut off');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  text(): string {
    return this.decode(this.raw(this.varint()));
  }

  decode(bytes: Uint8Array): string {
    try {
      return decoder.decode(bytes);
    } catch {
      throw this.fail('a text is no UTF-8');
    }
  }

  done(): void {
    if (this.at !== this.#bytes.length) throw this.fail('there is more than was told');
  }
}
