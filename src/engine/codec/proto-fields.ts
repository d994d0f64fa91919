// Reads the fields of one protobuf message, one after another. Every length is checked; what is
// wrong throws what the owner makes of it and nothing else. Easy to get wrong: 64-bit numbers
// come out as the nearest float; a repeated field may come packed or one by one.

export class ProtoFields {
  /** The number of the field at hand. */
  number = 0;
  /** The words of the last double read, for checks on bits. */
  lastLow = 0;
  lastHigh = 0;
  readonly #bytes: Uint8Array;
  /** Made when the first double comes: most messages have none. */
  #view: DataView | undefined;
  readonly #wrong: (what: string) => Error;
  #at = 0;
  #type = 0;
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array, wrong: (what: string) => Error) {
    this.#bytes = bytes;
    this.#wrong = wrong;
  }

  /** Goes to the next field; false at the end. Each field has to be read or skipped. */
  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    this.#varint();
    const key = this.#high * 2 ** 32 + this.#low;
    this.#type = this.#low & 7;
    this.number = Math.floor(key / 8);
    if (this.number < 1 || this.number >= 2 ** 29) throw this.#wrong('a field without number');
    return true;
  }

  #varint(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#bytes.length) throw this.#wrong('cut off');
      const byte = this.#bytes[this.#at++];
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else if (bits > 1) throw this.#wrong('a number of more than 64 bits');
      else high |= bits << 31;
      if (byte < 0x80) {
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw this.#wrong('a number without end');
  }

  #expect(type: number): void {
    if (this.#type !== type) throw this.#wrong(`field ${this.number} has wire type ${this.#type}`);
  }

  uint64(): number {
    this.#expect(0);
    this.#varint();
    return this.#high * 2 ** 32 + this.#low;
  }

  int64(): number {
    this.#expect(0);
    this.#varint();
    return (this.#high | 0) * 2 ** 32 + this.#low;
  }

  sint32(): number {
    this.#expect(0);
    const value = this.#zigzag();
    if (value < -(2 ** 31) || value >= 2 ** 31) throw this.#wrong('a number of more than 32 bits');
    return value;
  }

  #zigzag(): number {
    this.#varint();
    const low = ((this.#low >>> 1) | (this.#high << 31)) >>> 0;
    const high = this.#high >>> 1;
    const half = high * 2 ** 32 + low;
    return (this.#low & 1) === 0 ? half : -half - 1;
  }

  double(): number {
    this.#expect(1);
    return this.#double();
  }

  #double(): number {
    if (this.#at + 8 > this.#bytes.length) throw this.#wrong('cut off');
    const { buffer, byteOffset, byteLength } = this.#bytes;
    const view = (this.#view ??= new DataView(buffer, byteOffset, byteLength));
    this.lastLow = view.getUint32(this.#at, true);
    this.lastHigh = view.getUint32(this.#at + 4, true);
    this.#at += 8;
    return view.getFloat64(this.#at - 8, true);
  }

  /** A field of bytes, a view. */
  bytes(): Uint8Array {
    this.#expect(2);
    this.#varint();
    const end = this.#at + this.#high * 2 ** 32 + this.#low;
    if (end > this.#bytes.length) throw this.#wrong('cut off');
    const out = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return out;
  }

  /** Doubles of a repeated field, packed or one. */
  doubles(into: number[]): void {
    if (this.#type !== 2) {
      into.push(this.double());
      return;
    }
    const { length } = this.bytes();
    if (length % 8 !== 0) throw this.#wrong('doubles cut off');
    this.#at -= length;
    for (let i = 0; i < length; i += 8) into.push(this.#double());
  }

  /** Fixed 64-bit numbers of a repeated field, packed or one. */
  fixed64s(into: number[]): void {
    const single = this.#type !== 2;
    const count = single ? 1 : this.bytes().length / 8;
    if (!Number.isInteger(count)) throw this.#wrong('numbers cut off');
    if (single) this.#expect(1);
    else this.#at -= count * 8;
    for (let i = 0; i < count; i++) {
      this.#double();
      into.push(this.lastHigh * 2 ** 32 + this.lastLow);
    }
  }

  /** Unsigned numbers of a repeated field, packed or one. */
  uint64s(into: number[]): void {
    if (this.#type !== 2) {
      into.push(this.uint64());
      return;
    }
    const { length } = this.bytes();
    const end = this.#at;
    this.#at -= length;
    while (this.#at < end) {
      this.#varint();
      into.push(this.#high * 2 ** 32 + this.#low);
    }
    if (this.#at > end) throw this.#wrong('numbers cut off');
  }

  /** Signed numbers of a repeated field, packed or one. */
  sint64s(into: number[]): void {
    if (this.#type !== 2) {
      this.#expect(0);
      into.push(this.#zigzag());
      return;
    }
    const { length } = this.bytes();
    const end = this.#at;
    this.#at -= length;
    while (this.#at < end) into.push(this.#zigzag());
    if (this.#at > end) throw this.#wrong('numbers cut off');
  }

  /** Passes over a field that is not known. */
  skip(): void {
    if (this.#type === 0) this.#varint();
    else if (this.#type === 1) this.#pass(8);
    else if (this.#type === 2) this.bytes();
    else if (this.#type === 5) this.#pass(4);
    else throw this.#wrong(`wire type ${this.#type}`);
  }

  #pass(many: number): void {
    this.#at += many;
    if (this.#at > this.#bytes.length) throw this.#wrong('cut off');
  }
}
