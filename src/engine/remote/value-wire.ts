// Plain values as bytes and back: what a message between two processes is made of. Numbers, texts,
// lists, maps, objects and typed columns; docs/format/remote.md draws it. Easy to get wrong: bytes
// may come from another version or an enemy, so every count is held against what is left, nesting
// has a bound, and `__proto__` is a key like any other.
import { MonError, assert } from '../errors.ts';
import { REMOTE_VALUE_DEPTH_MAX } from '../limits-links.ts';

const TAG = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  integer: 4,
  number: 5,
  text: 6,
  known: 7,
  list: 8,
  object: 9,
  map: 10,
  column: 11,
} as const;

type Column = Uint8Array | Int32Array | Uint32Array | Float64Array;

/** Element types of columns by number; the order is the format. */
const COLUMNS = [Uint8Array, Int32Array, Uint32Array, Float64Array] as const;

/** Texts longer than this are not looked for among those that came before. */
const KNOWN_CHARS_MAX = 256;

class ValuePen {
  #bytes = Buffer.allocUnsafe(1024);
  #at = 0;
  readonly #texts = new Map<string, number>();

  /** What was written, after `room` bytes for somebody else. */
  static bytesOf(value: unknown, room: number): Buffer {
    const pen = new ValuePen();
    pen.#at = room;
    pen.#value(value, 0);
    return pen.#bytes.subarray(0, pen.#at);
  }

  #need(size: number): void {
    if (this.#at + size <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + size));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }

  #byte(value: number): void {
    this.#need(1);
    this.#bytes[this.#at++] = value;
  }

  #count(value: number): void {
    this.#need(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#at++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }

  #value(value: unknown, depth: number): void {
    assert(depth <= REMOTE_VALUE_DEPTH_MAX, 'a message is not endlessly deep');
    switch (typeof value) {
      case 'undefined':
        return this.#byte(TAG.undefined);
      case 'boolean':
        return this.#byte(value ? TAG.true : TAG.false);
      case 'number':
        return this.#number(value);
      case 'string':
        return this.#text(value);
      default:
        assert(typeof value === 'object', `a message carries no ${typeof value}`);
        return this.#object(value, depth);
    }
  }

  #number(value: number): void {
    const whole = Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
    if (whole) {
      this.#byte(TAG.integer);
      return this.#count(value);
    }
    this.#need(9);
    this.#bytes[this.#at] = TAG.number;
    this.#bytes.writeDoubleLE(value, this.#at + 1);
    this.#at += 9;
  }

  #text(text: string): void {
    const known = text.length <= KNOWN_CHARS_MAX ? this.#texts.get(text) : undefined;
    if (known !== undefined) {
      this.#byte(TAG.known);
      return this.#count(known);
    }
    if (text.length <= KNOWN_CHARS_MAX) this.#texts.set(text, this.#texts.size);
    // A lone surrogate would not come back from UTF-8, and has no business here.
    const whole = text.toWellFormed();
    const size = Buffer.byteLength(whole);
    this.#byte(TAG.text);
    this.#count(size);
    this.#need(size);
    this.#at += this.#bytes.write(whole, this.#at);
  }

  #object(value: object | null, depth: number): void {
    if (value === null) return this.#byte(TAG.null);
    if (ArrayBuffer.isView(value)) return this.#column(value);
    if (Array.isArray(value)) {
      this.#byte(TAG.list);
      this.#count(value.length);
      for (let i = 0; i < value.length; i++) this.#value(value[i], depth + 1);
      return;
    }
    const map = value instanceof Map;
    const entries = map ? [...value] : Object.entries(value);
    this.#byte(map ? TAG.map : TAG.object);
    this.#count(entries.length);
    for (const [key, inner] of entries) {
      this.#value(key, depth + 1);
      this.#value(inner, depth + 1);
    }
  }

  #column(view: ArrayBufferView): void {
    const type = COLUMNS.findIndex((one) => view instanceof one);
    assert(type >= 0, 'a message carries columns of known types');
    const column = view as Column;
    this.#byte(TAG.column);
    this.#byte(type);
    this.#count(column.length);
    this.#need(column.byteLength);
    // By bytes, not by elements: a NaN keeps its bits.
    this.#bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), this.#at);
    this.#at += column.byteLength;
  }
}

/**
 * The value as bytes, behind `room` bytes that the caller fills. Functions, symbols and bigints are
 * bugs; a hole of a list becomes undefined.
 */
export function encodeValue(value: unknown, room = 0): Buffer {
  return ValuePen.bytesOf(value, room);
}

class ValueEye {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #texts: string[] = [];
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  whole(): unknown {
    const value = this.#value(0);
    if (this.#at !== this.#bytes.length) throw this.#bad('bytes behind the end');
    return value;
  }

  #bad(why: string): MonError {
    return new MonError('MON_RECORD_MALFORMED', `a message is malformed at ${this.#at}: ${why}`);
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw this.#bad('cut off');
    return this.#bytes[this.#at++];
  }

  #number(): number {
    let value = 0;
    for (let unit = 1; unit <= 2 ** 49; unit *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * unit;
      if (byte >= 128) continue;
      if (!Number.isSafeInteger(value)) throw this.#bad('a number is too large');
      return value;
    }
    throw this.#bad('an endless number');
  }

  /** A count of things that take `size` bytes each at least. */
  #count(size: number): number {
    const count = this.#number();
    if (count * size > this.#bytes.length - this.#at) throw this.#bad('a count past the end');
    return count;
  }

  #value(depth: number): unknown {
    if (depth > REMOTE_VALUE_DEPTH_MAX) throw this.#bad('nested too deep');
    const tag = this.#byte();
    switch (tag) {
      case TAG.undefined:
        return undefined;
      case TAG.null:
        return null;
      case TAG.false:
        return false;
      case TAG.true:
        return true;
      case TAG.integer:
        return this.#number();
      case TAG.number:
        return this.#double();
      case TAG.text:
      case TAG.known:
        return this.#text(tag);
      default:
        return this.#many(tag, depth);
    }
  }

  #double(): number {
    if (this.#bytes.length - this.#at < 8) throw this.#bad('cut off');
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  #text(tag: number): string {
    if (tag === TAG.known) {
      const number = this.#number();
      if (number >= this.#texts.length) throw this.#bad('a text that did not come before');
      return this.#texts[number];
    }
    const size = this.#count(1);
    const at = this.#at;
    this.#at += size;
    const text = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + at, size).toString();
    if (text.length <= KNOWN_CHARS_MAX) this.#texts.push(text);
    return text;
  }

  #many(tag: number, depth: number): unknown {
    if (tag === TAG.column) return this.#column();
    if (tag === TAG.list) {
      const out: unknown[] = [];
      for (let left = this.#count(1); left > 0; left--) out.push(this.#value(depth + 1));
      return out;
    }
    if (tag !== TAG.object && tag !== TAG.map) throw this.#bad(`unknown tag ${tag}`);
    const count = this.#count(2);
    const entries: [unknown, unknown][] = [];
    for (let i = 0; i < count; i++) entries.push([this.#value(depth + 1), this.#value(depth + 1)]);
    if (tag === TAG.map) return new Map(entries);
    const object: Record<string, unknown> = {};
    for (const [key, value] of entries) {
      if (typeof key !== 'string') throw this.#bad('a key that is no text');
      // Defined, not set: a key `__proto__` must not become the prototype.
      if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true });
      else object[key] = value;
    }
    return object;
  }

  #column(): Column {
    const make = COLUMNS[this.#byte()];
    if (make === undefined) throw this.#bad('a column of unknown type');
    const length = this.#count(make.BYTES_PER_ELEMENT);
    const begin = this.#bytes.byteOffset + this.#at;
    const size = length * make.BYTES_PER_ELEMENT;
    this.#at += size;
    // A copy: it is aligned then, and does not keep the whole message alive.
    return new make(this.#bytes.buffer.slice(begin, begin + size) as ArrayBuffer);
  }
}

/** @throws MonError MON_RECORD_MALFORMED; nothing else, whatever the bytes are. */
export function decodeValue(bytes: Uint8Array): unknown {
  return new ValueEye(bytes).whole();
}
