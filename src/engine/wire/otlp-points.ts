// Walks the number points of one OTLP metric as they lie in the body, without an object for any
// of them: nearly all of what OTLP carries. Before the writer in otlp.ts. Easy to get wrong: fields
// may come in any order and more than once; a point that is unusual is told as such and read the
// slow way, so that both ways mean the same.
// Source: opentelemetry-proto, metrics.proto, NumberDataPoint.
import { MonError } from '../errors.ts';

/** Tags of a NumberDataPoint: field number and wire type. */
const TAG = {
  start: 0x11,
  time: 0x19,
  double: 0x21,
  exemplar: 0x2a,
  integer: 0x31,
  attribute: 0x3a,
  flags: 0x40,
} as const;
/** The points of a Gauge or a Sum. */
const POINT = 0x0a;

function malformed(what: string): MonError {
  return new MonError('MON_BODY_MALFORMED', `OTLP: ${what}`);
}

export class PointScan {
  /** Of the point at hand. Milliseconds; 0 where nothing is said. */
  timeMs = 0;
  flags = 0;
  /** 0 there is no value, 1 a double by its words, 2 a whole number in `integer`. */
  form = 0;
  low = 0;
  high = 0;
  integer = 0;
  /** Where its attributes lie, one after the other. */
  attributesFrom = 0;
  attributesTo = 0;
  /** Where it lies itself. */
  from = 0;
  to = 0;
  /** True for one that has to be read the slow way. */
  unusual = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** Begins with the first point of a Gauge or Sum message. */
  begin(message: Uint8Array): void {
    this.#bytes = message;
    this.#at = 0;
  }

  /** Goes to the next point; false at the end. @throws MonError MON_BODY_MALFORMED. */
  next(): boolean {
    const bytes = this.#bytes;
    while (this.#at < bytes.length) {
      const tag = this.#varint();
      if (tag === POINT) {
        this.#point(this.#length());
        return true;
      }
      if (tag >>> 3 === 1) throw malformed('a point is no message');
      this.#skip(tag);
    }
    return false;
  }

  #point(length: number): void {
    this.from = this.#at;
    this.to = this.#at + length;
    this.timeMs = 0;
    this.flags = 0;
    this.form = 0;
    this.attributesFrom = 0;
    this.attributesTo = 0;
    this.unusual = false;
    while (this.#at < this.to) this.#field(this.#at);
    if (this.#at !== this.to) throw malformed('a point is cut off');
  }

  #field(from: number): void {
    const tag = this.#varint();
    switch (tag) {
      case TAG.attribute: {
        const length = this.#length();
        if (this.attributesTo === 0) this.attributesFrom = from;
        // Attributes with something between them are not one piece.
        else if (this.attributesTo !== from) this.unusual = true;
        this.#at += length;
        this.attributesTo = this.#at;
        return;
      }
      case TAG.time: {
        this.#words();
        this.timeMs = this.high * 4294 + Math.floor((this.high * 967_296 + this.low) / 1e6);
        // The words are the value's.
        if (this.form !== 0) this.unusual = true;
        return;
      }
      case TAG.double:
      case TAG.integer: {
        if (this.form !== 0) this.unusual = true;
        this.#words();
        this.form = tag === TAG.double ? 1 : 2;
        this.integer = (this.high | 0) * 2 ** 32 + this.low;
        return;
      }
      case TAG.flags:
        this.flags = this.#varint();
        return;
      case TAG.start:
        this.#move(8);
        return;
      default:
        if (tag !== TAG.exemplar) this.unusual = true;
        this.#skip(tag);
    }
  }

  #words(): void {
    const at = this.#at;
    this.#move(8);
    const bytes = this.#bytes;
    this.low =
      (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
    this.high =
      (bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24)) >>> 0;
  }

  #move(length: number): void {
    if (length > this.#bytes.length - this.#at) throw malformed('cut off');
    this.#at += length;
  }

  /** A length that the message has. */
  #length(): number {
    const length = this.#varint();
    if (length > this.#bytes.length - this.#at) throw malformed('cut off');
    return length;
  }

  #skip(tag: number): void {
    const type = tag & 7;
    if (tag < 8) throw malformed('a field without number');
    if (type === 0) this.#varint();
    else if (type === 1) this.#move(8);
    else if (type === 2) this.#move(this.#length());
    else if (type === 5) this.#move(4);
    else throw malformed(`a field has wire type ${type}`);
  }

  #varint(): number {
    const bytes = this.#bytes;
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= bytes.length) throw malformed('cut off');
      const byte = bytes[this.#at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw malformed('a number without end');
  }
}
