// Writes the fields of one protobuf message. A zero is not written, as proto3 has it, unless its
// presence says something. Easy to get wrong: numbers pass 2^32, so nothing may be shifted here.
import { BytePen } from './byte-pen.ts';
import { assert } from '../errors.ts';

export class ProtoPen {
  readonly #pen = new BytePen(64);

  take(): Uint8Array {
    return this.#pen.take();
  }

  #key(field: number, type: number): void {
    this.#pen.varint(field * 8 + type);
  }

  uint64(field: number, value: number): void {
    if (value === 0) return;
    this.#key(field, 0);
    this.#whole(value);
  }

  /** A whole number up to 2^64, exact up to 2^53. */
  #whole(value: number): void {
    assert(value >= 0 && value < 2 ** 64 && Number.isInteger(value), 'a count is a whole number');
    let rest = value;
    while (rest > 0x7f) {
      this.#pen.u8((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.#pen.u8(rest);
  }

  /** Negative numbers take ten bytes, as protobuf has it. */
  int64(field: number, value: number): void {
    if (value === 0) return;
    this.#key(field, 0);
    if (value > 0) return this.#whole(value);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.#pen.u8(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#pen.u8(Number(rest));
  }

  sint32(field: number, value: number): void {
    if (value === 0) return;
    this.#key(field, 0);
    this.#zigzag(value);
  }

  #zigzag(value: number): void {
    this.#whole(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /** `always` writes a zero too. */
  double(field: number, value: number, always = false): void {
    if (Object.is(value, 0) && !always) return;
    this.#key(field, 1);
    this.#pen.f64(value);
  }

  /** A double by its words. */
  bits(field: number, low: number, high: number): void {
    this.#key(field, 1);
    this.#pen.u32(low);
    this.#pen.u32(high);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#key(field, 2);
    this.#pen.varint(value.length);
    for (const byte of value) this.#pen.u8(byte);
  }

  doubles(field: number, values: Float64Array): void {
    if (values.length === 0) return;
    this.#key(field, 2);
    this.#pen.varint(values.length * 8);
    for (const value of values) this.#pen.f64(value);
  }

  sint64s(field: number, values: Float64Array): void {
    if (values.length === 0) return;
    const inner = new ProtoPen();
    for (const value of values) inner.#zigzag(value);
    this.bytes(field, inner.take());
  }
}
