// Bytes of a JSON answer, written number by number into one growing buffer: no string and no object
// for a sample. Stands at the end of a query's way, under query-json.ts. Easy to get wrong: numbers
// must read as Go prints them (shortest round trip), which differs from JavaScript in the exponent.
import { formatFloat } from '../promql/literals.ts';

/** A buffer this full is handed on; a page of answer for the socket. */
export const JSON_CHUNK_BYTES = 256 * 1024;
/** Longest number, time or punctuation written in one go, with room to spare. */
const SLACK = 64;
/** What one series may add between two looks at `full` before the buffer has to grow. */
const HEADROOM = 4096;
/** Below this a decimal of at most 15 digits is the only one that reads back as its float64. */
const EXACT_MAX = 1e15;
const TWO_ROUNDINGS = 2 ** -51;
const FIRST_BYTES = 4096;
const NOTHING = Buffer.alloc(0);
const POWERS = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export class JsonBuffer {
  /** Grows with the answer: most are small, and fresh pages are dear. */
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;

  /** True when there is enough for the socket. */
  get full(): boolean {
    return this.#at >= JSON_CHUNK_BYTES;
  }

  /** What was written since the last call; the buffer begins anew and never touches it again. */
  take(): Buffer {
    const out = this.#bytes.subarray(0, this.#at);
    this.#bytes = this.full ? Buffer.allocUnsafeSlow(JSON_CHUNK_BYTES + HEADROOM) : NOTHING;
    this.#at = 0;
    return out;
  }

  /** ASCII as it stands. */
  raw(text: string): void {
    this.#need(text.length);
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    this.#at = at + text.length;
  }

  /** JSON that was written elsewhere. */
  bytes(text: Uint8Array): void {
    this.#need(text.length);
    this.#bytes.set(text, this.#at);
    this.#at += text.length;
  }

  /** A JSON string; lone surrogates come out escaped. */
  string(text: string): void {
    this.#need(text.length + 2);
    // Fields are looked up at each use, so what is used for each character stands beside them.
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = QUOTE;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        return this.#utf8(JSON.stringify(text));
      }
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.#at = at;
  }

  /** A time in seconds, from whole ms: `1435781430.781`. */
  time(ms: number): void {
    this.#need(SLACK);
    if (ms < 0) this.#bytes[this.#at++] = MINUS;
    const whole = Math.abs(ms);
    const seconds = Math.floor(whole / 1000);
    this.#integer(seconds);
    const rest = whole - seconds * 1000;
    if (rest === 0) return;
    this.#bytes[this.#at++] = POINT;
    this.#digits(rest, 3);
  }

  /** A sample's value in quotes: `"NaN"`, `"+Inf"`, `"0.25"`, `"1e+21"` as Prometheus prints it. */
  value(value: number): void {
    this.#need(SLACK);
    this.#bytes[this.#at++] = QUOTE;
    if (!this.#fast(value)) this.#ascii(sampleText(value));
    this.#bytes[this.#at++] = QUOTE;
  }

  /** Integers and short decimals, digit by digit; false when the value needs the long way. */
  #fast(value: number): boolean {
    const whole = Math.abs(value);
    if (!(whole < EXACT_MAX) || (value === 0 && 1 / value < 0)) return false;
    if (whole === Math.trunc(whole)) {
      if (value < 0) this.#bytes[this.#at++] = MINUS;
      this.#integer(whole);
      return true;
    }
    if (whole < 1e-6) return false;
    // What has at most six decimals is, times a million, whole but for two roundings.
    const millions = whole * 1e6;
    if (Math.abs(millions - Math.round(millions)) > millions * TWO_ROUNDINGS) return false;
    for (let n = 1; n < POWERS.length; n++) {
      const scaled = Math.round(whole * POWERS[n]);
      if (scaled >= EXACT_MAX) return false;
      if (scaled / POWERS[n] !== whole) continue;
      if (value < 0) this.#bytes[this.#at++] = MINUS;
      const integer = Math.floor(scaled / POWERS[n]);
      this.#integer(integer);
      this.#bytes[this.#at++] = POINT;
      this.#digits(scaled - integer * POWERS[n], n);
      return true;
    }
    return false;
  }

  #integer(value: number): void {
    if (value < 1e9) {
      this.#digits(value, digitCount(value));
    } else {
      const high = Math.floor(value / 1e9);
      this.#integer(high);
      this.#digits(value - high * 1e9, 9);
    }
  }

  /** `value` below 1e9, padded with zeros to `width`. */
  #digits(value: number, width: number): void {
    let rest = value | 0;
    for (let i = this.#at + width - 1; i >= this.#at; i--) {
      const next = (rest / 10) | 0;
      this.#bytes[i] = ZERO + (rest - next * 10);
      rest = next;
    }
    this.#at += width;
  }

  #ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.#bytes[this.#at++] = text.charCodeAt(i);
  }

  #utf8(text: string): void {
    this.#need(text.length * 3);
    this.#at += this.#bytes.write(text, this.#at, 'utf8');
  }

  /** Room for `bytes` more, beside the slack. */
  #need(bytes: number): void {
    const wanted = this.#at + bytes + SLACK;
    if (wanted <= this.#bytes.length) return;
    const size = this.#at < FIRST_BYTES ? FIRST_BYTES * 4 : JSON_CHUNK_BYTES + HEADROOM;
    const larger = Buffer.allocUnsafeSlow(Math.max(wanted, size, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

function digitCount(value: number): number {
  let count = 1;
  for (let limit = 10; limit <= value; limit *= 10) count++;
  return count;
}

/** A float as Prometheus prints a sample: with an exponent below 1e-6 and from 1e21 on. */
export function sampleText(value: number): string {
  const whole = Math.abs(value);
  if (!(whole < Infinity) || value === 0) return formatFloat(value);
  // JavaScript changes to the exponent at the same two places, but writes e-7 where Go writes e-07.
  if (whole >= 1e-6 && whole < 1e21) return String(value);
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}
