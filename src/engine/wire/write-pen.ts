// Writes a remote-write 1.0 WriteRequest: the form into which other push protocols are brought, so
// that one walk reads them all and one cache knows their series by their bytes. It stands between a
// decoder of this room and the collector's door. Easy to get wrong: the bytes of a series are its
// key in that cache, so the same series has to be spelled the same way each time.
// Source: prometheus/prompb/types.proto, remote.proto.
import { MonError } from '../errors.ts';
import { BODY_BYTES_MAX } from '../limits.ts';
import { TextCache } from './text-cache.ts';

const LABEL = 0x0a;
const SERIES = 0x0a;
const SAMPLE = 0x12;
const HISTOGRAM = 0x22;
const METADATA = 0x1a;
/** Field 15 of a Histogram. */
const HISTOGRAM_TIME = 0x78;
/** A length that is filled in later takes four bytes, whatever it is. */
const LENGTH_BYTES = 4;
/** As remote write numbers them. */
const TYPES = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
];

const encoder = new TextEncoder();
const texts = new TextCache();

export class WritePen {
  #bytes = new Uint8Array(64 * 1024);
  #view = new DataView(this.#bytes.buffer);
  readonly #one = new Float64Array(1);
  readonly #words = new Uint32Array(this.#one.buffer);
  #at = 0;
  #seriesAt = 0;

  /** What was written; a view until the next clear(). */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  clear(): void {
    this.#at = 0;
  }

  begin(): void {
    this.#room(1 + LENGTH_BYTES);
    this.#bytes[this.#at++] = SERIES;
    this.#at += LENGTH_BYTES;
    this.#seriesAt = this.#at;
  }

  end(): void {
    this.#fillLength(this.#seriesAt);
  }

  /** Takes back what was written since begin(). */
  undo(): void {
    this.#at = this.#seriesAt - LENGTH_BYTES - 1;
  }

  /** A label from bytes that are UTF-8 or will be refused where labels are checked. */
  label(name: Uint8Array, value: Uint8Array): void {
    this.#room(24 + name.length + value.length);
    this.#bytes[this.#at++] = LABEL;
    const inner = 2 + widthOf(name.length) + widthOf(value.length) + name.length + value.length;
    this.#varint(inner);
    this.#bytes[this.#at++] = 0x0a;
    this.#blob(name);
    this.#bytes[this.#at++] = 0x12;
    this.#blob(value);
  }

  labelText(name: string, value: string): void {
    this.label(texts.bytes(name), texts.bytes(value));
  }

  /** The labels of a series as its canonical bytes have them: they are this encoding. */
  canonical(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** A sample that is no marker; `timestampMs` is a whole number. */
  sample(value: number, timestampMs: number): void {
    this.#one[0] = value;
    this.sampleBits(this.#words[0], this.#words[1], timestampMs);
  }

  /** A sample by the words of its value. */
  sampleBits(low: number, high: number, timestampMs: number): void {
    this.#room(32);
    this.#bytes[this.#at++] = SAMPLE;
    const lengthAt = this.#at++;
    this.#bytes[this.#at++] = 0x09;
    this.#view.setUint32(this.#at, low, true);
    this.#view.setUint32(this.#at + 4, high, true);
    this.#at += 8;
    this.#bytes[this.#at++] = 0x10;
    this.#signed(timestampMs);
    this.#bytes[lengthAt] = this.#at - lengthAt - 1;
  }

  /** A message that is a sample as it stands, or has further fields. */
  sampleMessage(message: Uint8Array): void {
    this.#message(SAMPLE, message);
  }

  /** A Histogram message; the fields of versions 1 and 2 are the same. */
  histogramMessage(message: Uint8Array): void {
    this.#message(HISTOGRAM, message);
  }

  /** A Histogram message at this time, whatever time it bears: the last field counts. */
  histogramAt(message: Uint8Array, timestampMs: number): void {
    const time = new Uint8Array(11);
    time[0] = HISTOGRAM_TIME;
    const end = putVarint(time, 1, BigInt.asUintN(64, BigInt(timestampMs)));
    // A message that goes round and round must not grow by a time each time.
    if (endsWith(message, time.subarray(0, end))) return this.#message(HISTOGRAM, message);
    this.#room(8 + message.length + end);
    this.#bytes[this.#at++] = HISTOGRAM;
    this.#varint(message.length + end);
    this.#bytes.set(message, this.#at);
    this.#bytes.set(time.subarray(0, end), this.#at + message.length);
    this.#at += message.length + end;
  }

  /** A metadata entry; not between begin() and end(). */
  metadata(family: string, type: string, help: string, unit: string): void {
    this.#room(1 + LENGTH_BYTES);
    this.#bytes[this.#at++] = METADATA;
    this.#at += LENGTH_BYTES;
    const from = this.#at;
    this.#room(8);
    this.#bytes[this.#at++] = 0x08;
    this.#bytes[this.#at++] = Math.max(0, TYPES.indexOf(type));
    for (const [tag, text] of [
      [0x12, family],
      [0x22, help],
      [0x2a, unit],
    ] as const) {
      if (text === '') continue;
      const bytes = encoder.encode(text);
      this.#room(8 + bytes.length);
      this.#bytes[this.#at++] = tag;
      this.#blob(bytes);
    }
    this.#fillLength(from);
  }

  #message(tag: number, message: Uint8Array): void {
    this.#room(8 + message.length);
    this.#bytes[this.#at++] = tag;
    this.#blob(message);
  }

  #fillLength(from: number): void {
    let rest = this.#at - from;
    for (let i = LENGTH_BYTES; i > 0; i--) {
      this.#bytes[from - i] = i > 1 ? (rest & 0x7f) | 0x80 : rest & 0x7f;
      rest >>>= 7;
    }
  }

  #blob(bytes: Uint8Array): void {
    this.#varint(bytes.length);
    const to = this.#bytes;
    let at = this.#at;
    if (bytes.length > 64) {
      to.set(bytes, at);
      at += bytes.length;
    } else {
      // Short ones are the rule, and a loop is faster than the call.
      for (let i = 0; i < bytes.length; i++) to[at++] = bytes[i];
    }
    this.#at = at;
  }

  #varint(value: number): void {
    while (value > 0x7f) {
      this.#bytes[this.#at++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    this.#bytes[this.#at++] = value;
  }

  /** A whole number as int64: negative ones take ten bytes. */
  #signed(value: number): void {
    if (value < 0) return this.#negative(BigInt.asUintN(64, BigInt(value)));
    while (value > 0x7f) {
      this.#bytes[this.#at++] = (value % 128) | 0x80;
      value = Math.floor(value / 128);
    }
    this.#bytes[this.#at++] = value;
  }

  #negative(bits: bigint): void {
    for (; bits > 0x7fn; bits >>= 7n) this.#bytes[this.#at++] = Number(bits & 0x7fn) | 0x80;
    this.#bytes[this.#at++] = Number(bits);
  }

  #room(more: number): void {
    const need = this.#at + more;
    if (need <= this.#bytes.length) return;
    if (need > 2 * BODY_BYTES_MAX) {
      throw new MonError('MON_BODY_TOO_LARGE', 'the body unfolds to too many bytes of labels');
    }
    const bytes = new Uint8Array(Math.max(need, this.#bytes.length * 2));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

function endsWith(message: Uint8Array, tail: Uint8Array): boolean {
  const from = message.length - tail.length;
  return from >= 0 && tail.every((byte, i) => message[from + i] === byte);
}

function putVarint(into: Uint8Array, start: number, value: bigint): number {
  let at = start;
  for (; value > 0x7fn; value >>= 7n) into[at++] = Number(value & 0x7fn) | 0x80;
  into[at++] = Number(value);
  return at;
}

function widthOf(length: number): number {
  let width = 1;
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) width++;
  return width;
}
