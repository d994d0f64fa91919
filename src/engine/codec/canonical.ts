// Canonical label bytes: the identity of a series. They are the remote-write 1.0 encoding of the
// sorted, non-empty label set, frozen in docs/format/identity.md. Easy to get wrong: names are
// sorted by their UTF-8 bytes here and by UTF-16 code units in Labels, which differ above U+D7FF.
import { MonError } from '../errors.ts';
import { compareText, NAME, type Labels } from '../model/labels.ts';

/** Field tags of a Label within a TimeSeries, of its name and of its value. */
const LABEL = 0x0a;
const NAME_FIELD = 0x0a;
const VALUE_FIELD = 0x12;

const encoder = new TextEncoder();
const METRIC_NAME = encoder.encode(NAME);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Order of two strings by their UTF-8 bytes, which is the order of their code points. */
export function compareUtf8(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

/** Moves surrogates, which stand for U+10000 and up, behind U+E000 to U+FFFF. */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** The pairs of a label set in the order of their names' UTF-8 bytes. */
function sortedForBytes(labels: Labels): Labels {
  let sorted = true;
  for (let i = 2; i < labels.length && sorted; i += 2) {
    sorted = compareUtf8(labels[i - 2], labels[i]) < 0;
  }
  if (sorted) return labels;
  const pairs: [string, string][] = [];
  for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i], labels[i + 1]]);
  return pairs.sort((a, b) => compareUtf8(a[0], b[0])).flat();
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value >>> 7; rest !== 0; rest >>>= 7) size++;
  return size;
}

/** Upper bound of the canonical bytes of a label set. */
export function canonicalBound(labels: Labels): number {
  let units = 0;
  for (const text of labels) units += text.length;
  return units * 3 + labels.length * 12;
}

function putVarint(into: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  while (rest > 0x7f) {
    into[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  into[at++] = rest;
  return at;
}

/** Writes a string as UTF-8 and answers its length; short ASCII without leaving JavaScript. */
function putText(into: Uint8Array, at: number, text: string): number {
  if (text.length < 64) {
    let i = 0;
    for (; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) break;
      into[at + i] = unit;
    }
    if (i === text.length) return i;
  }
  return encoder.encodeInto(text, into.subarray(at)).written;
}

/** Writes tag, length and text, where the text is put first at the place a short length needs. */
function putField(into: Uint8Array, at: number, text: string): number {
  const length = putText(into, at + 1, text);
  const size = varintSize(length);
  if (size > 1) into.copyWithin(at + size, at + 1, at + 1 + length);
  putVarint(into, at, length);
  return at + size + length;
}

/**
 * Writes the canonical bytes at `start` and answers the place behind them. `into` has room for
 * canonicalBound(labels) bytes there; labels with an empty value are left out.
 */
export function putCanonical(labels: Labels, into: Uint8Array, start: number): number {
  const sorted = sortedForBytes(labels);
  let at = start;
  for (let i = 0; i < sorted.length; i += 2) {
    if (sorted[i + 1] === '') continue;
    const body = at + 2;
    into[body] = NAME_FIELD;
    let end = putField(into, body + 1, sorted[i]);
    into[end] = VALUE_FIELD;
    end = putField(into, end + 1, sorted[i + 1]);
    const size = varintSize(end - body);
    if (size > 1) {
      into.copyWithin(body + size - 1, body, end);
      end += size - 1;
    }
    into[at] = LABEL;
    putVarint(into, at + 1, end - body - (size - 1));
    at = end;
  }
  return at;
}

/** The canonical bytes of a label set. Lone surrogates become U+FFFD: check isWellFormed before. */
export function canonicalOf(labels: Labels): Uint8Array {
  const room = new Uint8Array(canonicalBound(labels));
  return room.slice(0, putCanonical(labels, room, 0));
}

/**
 * Reads canonical bytes; each frame is checked, so that corrupt ones are refused, never misread.
 */
class CanonicalReader {
  readonly #bytes: Uint8Array;
  readonly #text: string | undefined;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    // Pure ASCII, as nearly all label sets are, is made a string once and cut.
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#text = isAscii(bytes) ? view.toString('latin1') : undefined;
  }

  tag(expected: number): void {
    if (this.#bytes[this.at++] !== expected) throw malformed(this.at - 1);
  }

  length(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#bytes[this.at++] ?? 0x80;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (value > this.#bytes.length - this.at) break;
        return value;
      }
    }
    throw malformed(this.at);
  }

  text(): string {
    const length = this.length();
    const start = this.at;
    this.at += length;
    if (this.#text !== undefined) return this.#text.slice(start, this.at);
    try {
      return decoder.decode(this.#bytes.subarray(start, this.at));
    } catch {
      throw malformed(start);
    }
  }
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] > 0x7f) return false;
  return true;
}

function malformed(at: number): MonError {
  return new MonError('MON_RECORD_MALFORMED', `label bytes are malformed at byte ${at}`);
}

/**
 * The label set that canonical bytes stand for.
 * @throws MonError MON_RECORD_MALFORMED when they stand for none.
 */
export function labelsOf(canonical: Uint8Array): Labels {
  const reader = new CanonicalReader(canonical);
  const labels: string[] = [];
  let sorted = true;
  while (reader.at < canonical.length) {
    reader.tag(LABEL);
    const inner = reader.length();
    const end = reader.at + inner;
    reader.tag(NAME_FIELD);
    const name = reader.text();
    reader.tag(VALUE_FIELD);
    labels.push(name, reader.text());
    if (reader.at !== end) throw malformed(reader.at);
    const before = labels.length - 4;
    if (before >= 0 && compareText(labels[before], name) >= 0) sorted = false;
  }
  if (sorted) return labels;
  const pairs: [string, string][] = [];
  for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i], labels[i + 1]]);
  return pairs.sort((a, b) => compareText(a[0], b[0])).flat();
}

/**
 * The bytes of the metric's name in canonical bytes, as a view of them; undefined when there is
 * none. The frames are not checked: only for bytes that a book holds.
 */
export function metricNameIn(canonical: Uint8Array): Uint8Array | undefined {
  let at = 0;
  /** Passes over a tag, reads the length behind it. */
  const length = (): number => {
    let value = 0;
    at++;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = canonical[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < canonical.length) {
    length();
    const nameSize = length();
    const nameAt = at;
    at += nameSize;
    const valueSize = length();
    const valueAt = at;
    at += valueSize;
    if (isMetricName(canonical, nameAt, nameSize)) return canonical.subarray(valueAt, at);
  }
  return undefined;
}

function isMetricName(bytes: Uint8Array, at: number, size: number): boolean {
  if (size !== METRIC_NAME.length) return false;
  for (let i = 0; i < size; i++) if (bytes[at + i] !== METRIC_NAME[i]) return false;
  return true;
}
