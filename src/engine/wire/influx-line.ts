// Influx line protocol, as Telegraf sends it, into the form of remote write 1.0: each numeric field
// of a line is a sample of the series `measurement_field` with the line's tags. Easy to get wrong:
// a backslash escapes only a comma, an equals sign, a space or a quote; a line that is malformed is
// refused alone, as InfluxDB does, and the rest is taken.
// Source: the line protocol reference of InfluxDB 1.8 and 2; VictoriaMetrics for the names.
import { parseFloatText } from './exposition-number.ts';
import {
  BACKSLASH,
  COMMA,
  EQUALS,
  NEWLINE,
  QUOTE,
  RETURN,
  SPACE,
  TAB,
} from './exposition-lexer.ts';
import type { WritePen } from './write-pen.ts';

const HASH = 35;
const encoder = new TextEncoder();
const NAME = encoder.encode('__name__');
const DB = encoder.encode('db');
/** Nanoseconds of a unit, by the words of both versions. */
const UNITS = new Map([
  ['', 1],
  ['ns', 1],
  ['n', 1],
  ['us', 1e3],
  ['u', 1e3],
  ['µ', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
]);
const EXAMPLES_MAX = 5;
/** Tags or fields of one line. */
const PARTS_MAX = 10_000;

/** How a body is to be read. */
export interface InfluxOptions {
  /** ns, us, ms, s, m or h; ns when empty. */
  readonly precision: string;
  /** For lines without a time. */
  readonly receivedMs: number;
  /** Becomes the label `db` when it is not empty. */
  readonly database: string;
}

export interface InfluxCounts {
  samples: number;
  /** Lines that were refused, and a sentence about the first few. */
  refused: number;
  readonly examples: string[];
}

/** The precision's factor to nanoseconds, or undefined when nobody knows the word. */
export function influxUnit(precision: string): number | undefined {
  return UNITS.get(precision);
}

/** Writes the samples of all good lines with `pen`. */
export function fromInfluxLines(
  bytes: Uint8Array,
  pen: WritePen,
  options: InfluxOptions,
): InfluxCounts {
  const counts: InfluxCounts = { samples: 0, refused: 0, examples: [] };
  const reader = new LineReader(bytes, pen, options);
  let number = 0;
  for (let at = 0; at < bytes.length;) {
    number++;
    const end = lineEnd(bytes, at);
    try {
      counts.samples += reader.line(at, end);
    } catch (thrown) {
      if (!(thrown instanceof LineFault)) throw thrown;
      counts.refused++;
      if (counts.examples.length < EXAMPLES_MAX) {
        counts.examples.push(`line ${number}, column ${thrown.at - at + 1}: ${thrown.message}`);
      }
    }
    at = end + 1;
  }
  return counts;
}

/** What is wrong with a line, and at which byte. */
class LineFault extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** The newline that ends a line; one within a quoted string ends none. */
function lineEnd(bytes: Uint8Array, at: number): number {
  const first = bytes.indexOf(NEWLINE, at);
  const end = first < 0 ? bytes.length : first;
  const quote = bytes.indexOf(QUOTE, at);
  if (quote < 0 || quote > end) return end;
  let quoted = false;
  for (let i = at; i < bytes.length; i++) {
    const c = bytes[i];
    if (c === BACKSLASH) i++;
    else if (c === QUOTE) quoted = !quoted;
    else if (c === NEWLINE && !quoted) return i;
  }
  // A quote that never closes is a fault of its line alone.
  return end;
}

/** A piece of text with its escapes taken out. */
class Piece {
  bytes: Uint8Array = new Uint8Array(0);
  end = 0;
}

class LineReader {
  readonly #bytes: Uint8Array;
  readonly #pen: WritePen;
  readonly #options: InfluxOptions;
  readonly #unit: number;
  readonly #database: Uint8Array;
  readonly #piece = new Piece();
  /** Names and values of the line's tags in turn. */
  readonly #tags: Uint8Array[] = [];
  readonly #names: Uint8Array[] = [];
  readonly #values: number[] = [];

  constructor(bytes: Uint8Array, pen: WritePen, options: InfluxOptions) {
    this.#bytes = bytes;
    this.#pen = pen;
    this.#options = options;
    this.#unit = UNITS.get(options.precision) ?? 1;
    this.#database = encoder.encode(options.database);
  }

  /** Answers how many samples the line had. */
  line(from: number, to: number): number {
    const bytes = this.#bytes;
    let end = to;
    while (end > from && isBlank(bytes[end - 1])) end--;
    let at = from;
    while (at < end && isBlank(bytes[at])) at++;
    if (at === end || bytes[at] === HASH) return 0;
    const measurement = this.#read(at, end, false);
    at = this.#piece.end;
    at = this.#readTags(at, end);
    at = this.#readFields(at, end, measurement);
    const timeMs = this.#readTime(at, end);
    const pen = this.#pen;
    for (let i = 0; i < this.#names.length; i++) {
      pen.begin();
      pen.label(NAME, this.#names[i]);
      if (this.#database.length > 0) pen.label(DB, this.#database);
      for (let t = 0; t < this.#tags.length; t += 2) pen.label(this.#tags[t], this.#tags[t + 1]);
      pen.sample(this.#values[i], timeMs);
      pen.end();
    }
    return this.#names.length;
  }

  /** Reads up to a comma, a space, or in a key an equals sign. */
  #read(from: number, end: number, key: boolean): Uint8Array {
    const bytes = this.#bytes;
    let at = from;
    let escapes = 0;
    for (; at < end; at++) {
      const c = bytes[at];
      if (c === BACKSLASH && at + 1 < end && isSpecial(bytes[at + 1])) {
        escapes++;
        at++;
      } else if (c === COMMA || c === SPACE || (key && c === EQUALS)) break;
    }
    const { length } = bytes.subarray(from, at);
    if (length === 0) throw new LineFault(key ? 'a key is missing' : 'a name is missing', from);
    this.#piece.end = at;
    if (escapes === 0) return bytes.subarray(from, at);
    const out = new Uint8Array(length - escapes);
    let to = 0;
    for (let i = from; i < at; i++) {
      if (bytes[i] === BACKSLASH && i + 1 < at && isSpecial(bytes[i + 1])) i++;
      out[to++] = bytes[i];
    }
    return out;
  }

  #readTags(from: number, end: number): number {
    const tags = this.#tags;
    tags.length = 0;
    let at = from;
    while (at < end && this.#bytes[at] === COMMA) {
      const key = plainName(this.#read(at + 1, end, true));
      at = this.#piece.end;
      if (this.#bytes[at] !== EQUALS) throw new LineFault("expected '=' after the tag's key", at);
      const value = this.#read(at + 1, end, false);
      at = this.#piece.end;
      tags.push(key, value);
      if (tags.length > 2 * PARTS_MAX) throw new LineFault('too many tags', at);
    }
    if (at >= end) throw new LineFault('the fields are missing', at);
    return at;
  }

  #readFields(from: number, end: number, measurement: Uint8Array): number {
    this.#names.length = 0;
    this.#values.length = 0;
    let at = from;
    do {
      at++;
      const key = this.#read(at, end, true);
      at = this.#piece.end;
      if (this.#bytes[at] !== EQUALS) throw new LineFault("expected '=' after the field's key", at);
      const value = this.#readValue(at + 1, end);
      at = this.#piece.end;
      if (value !== undefined) {
        this.#names.push(joined(measurement, key));
        this.#values.push(value);
      }
      if (this.#names.length > PARTS_MAX) throw new LineFault('too many fields', at);
    } while (at < end && this.#bytes[at] === COMMA);
    return at;
  }

  /** A number, or undefined for a string, which is no sample. */
  #readValue(from: number, end: number): number | undefined {
    const bytes = this.#bytes;
    if (bytes[from] === QUOTE) {
      let at = from + 1;
      while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
      if (at >= end) throw new LineFault('this quote is not closed', from);
      this.#piece.end = at + 1;
      return undefined;
    }
    let at = from;
    while (at < end && bytes[at] !== COMMA && bytes[at] !== SPACE) at++;
    this.#piece.end = at;
    const value = numberOf(bytes, from, at);
    if (value === undefined) throw new LineFault('this is no value of a field', from);
    return value;
  }

  #readTime(from: number, end: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (at < end && bytes[at] === SPACE) at++;
    if (at >= end) return this.#options.receivedMs;
    const negative = bytes[at] === 45;
    if (negative) at++;
    const first = at;
    for (let i = first; i < end; i++) {
      if (bytes[i] < 48 || bytes[i] > 57) throw new LineFault('the time is no whole number', i);
    }
    // Nanoseconds have more digits than a float holds, so those below a ms are never read.
    const below = this.#unit === 1 ? 6 : this.#unit === 1e3 ? 3 : 0;
    let time = 0;
    for (; at < end - below; at++) time = time * 10 + bytes[at] - 48;
    if (first === end) throw new LineFault('the time is missing', first);
    const scale = below > 0 ? 1 : this.#unit / 1e6;
    const ms = (negative ? -time : time) * scale;
    if (!Number.isSafeInteger(ms)) throw new LineFault('the time is out of range', first);
    return ms;
  }
}

function isBlank(c: number): boolean {
  return c === SPACE || c === RETURN || c === TAB;
}

function isSpecial(c: number): boolean {
  return c === COMMA || c === SPACE || c === EQUALS || c === BACKSLASH || c === QUOTE;
}

function numberOf(bytes: Uint8Array, from: number, to: number): number | undefined {
  const last = bytes[to - 1];
  // 105 is i, 117 is u: integers.
  const whole = last === 105 || last === 117;
  const end = whole ? to - 1 : to;
  let value = 0;
  let at = from;
  const negative = bytes[at] === 45;
  if (negative) at++;
  const first = at;
  while (at < end && at - first < 15 && bytes[at] >= 48 && bytes[at] <= 57) {
    value = value * 10 + bytes[at++] - 48;
  }
  if (at === end && at > first) return negative ? -value : value;
  const text = String.fromCharCode(...bytes.subarray(from, Math.min(end, from + 400)));
  if (whole) return /^-?\d+$/.test(text) ? Number(text) : undefined;
  if (/^(?:t|T|true|True|TRUE)$/.test(text)) return 1;
  if (/^(?:f|F|false|False|FALSE)$/.test(text)) return 0;
  // Influx knows neither NaN nor infinity.
  return /^[+-]?[\d.]/.test(text) && end - from <= 400 ? parseFloatText(text) : undefined;
}

/** A label name of letters, digits and underscores, as everybody can ask for it. */
function plainName(name: Uint8Array): Uint8Array {
  for (let i = 0; i < name.length; i++) {
    if (!isPlain(name[i], i)) return replaced(name);
  }
  return name;
}

function joined(measurement: Uint8Array, field: Uint8Array): Uint8Array {
  const out = new Uint8Array(measurement.length + 1 + field.length);
  out.set(measurement);
  out[measurement.length] = 95;
  out.set(field, measurement.length + 1);
  return plainName(out);
}

function isPlain(c: number, i: number): boolean {
  const letter = (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95;
  return letter || (i > 0 && c >= 48 && c <= 57);
}

function replaced(name: Uint8Array): Uint8Array {
  const first = name[0] >= 48 && name[0] <= 57;
  const out = new Uint8Array(name.length + (first ? 1 : 0)).fill(95);
  name.forEach((c, i) => {
    if (isPlain(c, 1)) out[first ? i + 1 : i] = c;
  });
  return out;
}
