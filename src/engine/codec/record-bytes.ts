// Small things in a record that are not columns: varints, byte strings and texts, written into a
// piece of memory with an end and read back with every length checked. Both throw MonError and
// nothing else: MON_LIMIT_EXCEEDED when the record would be too large, MON_RECORD_MALFORMED for
// bad bytes.
import { MonError } from '../errors.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The record would pass its limit. */
export function recordTooLarge(): MonError {
  return new MonError('MON_LIMIT_EXCEEDED', 'the batch does not fit into one record');
}

/** The record's bytes are not a record. */
export function recordMalformed(what: string, at: number): MonError {
  return new MonError('MON_RECORD_MALFORMED', `log record: ${what}`, { fields: { byte: at } });
}

export class RecordPen {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  at: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.#end = end;
    this.at = at;
  }

  varint(value: number): void {
    if (this.at + 5 > this.#end) throw recordTooLarge();
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.at++] = rest;
  }

  bytes(bytes: Uint8Array): void {
    if (this.at + bytes.length > this.#end) throw recordTooLarge();
    this.#bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  text(text: string): void {
    const bytes = encoder.encode(text);
    this.varint(bytes.length);
    this.bytes(bytes);
  }
}

export class RecordReader {
  readonly #bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.at >= this.end) throw recordMalformed('a number is cut off', this.at);
      const byte = this.#bytes[this.at++];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffffffff) break;
        return value;
      }
    }
    throw recordMalformed('a number is too long', this.at);
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    if (length > this.end - this.at) throw recordMalformed('bytes are cut off', this.at);
    const start = this.at;
    this.at += length;
    return this.#bytes.slice(start, this.at);
  }

  text(): string {
    return decoder.decode(this.bytes(this.varint()));
  }

  /** A count of things that take at least one byte each. */
  count(): number {
    const count = this.varint();
    if (count > this.end - this.at) throw recordMalformed('more things than bytes', this.at);
    return count;
  }

  done(): void {
    if (this.at !== this.end) throw recordMalformed('a section is longer than told', this.at);
  }
}
