// Remote write 1.0 around the walk kernel: the snappy block, checked before it is inflated,
// and the careful reading of what the kernel left aside: odd spellings of labels, metadata, and
// the words for what is wrong with a body.
import { MonError } from '../errors.ts';
import { BODY_BYTES_MAX, BODY_COMPRESSED_BYTES_MAX, METADATA_TEXT_BYTES_MAX } from '../limits.ts';
import type { MetadataEntry } from '../model/batch.ts';
import { compareText, type Labels } from '../model/labels.ts';

/** Numbers of wireFailure(): assembly/protobuf.ts. */
export const WIRE_SAMPLES = 5;
const WIRE_WORDS = [
  '',
  'a field is cut off',
  'a number is too long',
  'a field number is 0 or too large',
];

/** The sentence for a failure of the walk. */
export function wireFailureWords(code: number): string {
  return WIRE_WORDS[code] ?? 'a field has a wire type that it cannot have';
}

function malformed(words: string, at = 0): MonError {
  return new MonError('MON_BODY_MALFORMED', `remote write: ${words}`, { fields: { byte: at } });
}

function tooLarge(what: string, bytes: number, most: number): MonError {
  return new MonError(
    'MON_BODY_TOO_LARGE',
    `remote write: ${what} of ${bytes} bytes, ${most} at most`,
  );
}

/** Length that a snappy block tells of what is in it (a varint of at most 32 bits), or -1. */
export function snappyLength(block: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < 5 && i < block.length; i++) {
    value += (block[i] & 0x7f) * 2 ** (7 * i);
    if (block[i] < 0x80) return value > 0xffffffff ? -1 : value;
  }
  return -1;
}

/** A snappy block whose length has been checked: where its elements begin, what they will make. */
export interface CheckedBlock {
  readonly elements: number;
  readonly size: number;
}

/**
 * Checks what a block says of itself before anything is inflated.
 * @throws MonError MON_BODY_MALFORMED, MON_BODY_TOO_LARGE.
 */
export function checkBlock(block: Uint8Array, most: number = BODY_BYTES_MAX): CheckedBlock {
  if (block.length > BODY_COMPRESSED_BYTES_MAX) {
    throw tooLarge('a body', block.length, BODY_COMPRESSED_BYTES_MAX);
  }
  const size = snappyLength(block);
  if (size < 0) throw notSnappy();
  if (size > most) throw tooLarge('a request', size, most);
  let elements = 1;
  while (block[elements - 1] >= 0x80) elements++;
  return { elements, size };
}

/** The failure of a body that is no snappy block. */
export function notSnappy(): MonError {
  return malformed('the body is not a snappy block');
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lax = new TextDecoder('utf-8', { ignoreBOM: true });

/** One field of a message that the kernel has already checked. */
interface Field {
  readonly number: number;
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

/** The fields of a checked message in turn; `value` is a varint's, the range a byte string's. */
function* fieldsOf(bytes: Uint8Array, from: number, to: number): Generator<Field> {
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < to) {
    const tag = varint();
    const type = tag % 8;
    const value = type === 0 || type === 2 ? varint() : 0;
    const start = at;
    at += type === 2 ? value : type === 1 ? 8 : type === 5 ? 4 : 0;
    yield { number: Math.floor(tag / 8), value, start, end: at };
  }
}

/** The Histogram messages of a checked TimeSeries message, as views of it. */
export function histogramsIn(message: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const field of fieldsOf(message, 0, message.length)) {
    if (field.number === 4) found.push(message.subarray(field.start, field.end));
  }
  return found;
}

/** Labels as a sender spelled them, or the reason why they are none. */
export type ReadLabels = { readonly labels: Labels } | { readonly refused: string };

/**
 * Reads the labels in a TimeSeries message, or in a run of its label fields: in any order, names
 * and values given more than once (the last counts), empty values left out.
 */
export function readLabels(bytes: Uint8Array, start: number, end: number): ReadLabels {
  const pairs: [string, string][] = [];
  for (const field of fieldsOf(bytes, start, end)) {
    if (field.number !== 1) continue;
    let name = bytes.subarray(0, 0);
    let value = name;
    for (const part of fieldsOf(bytes, field.start, field.end)) {
      if (part.number === 1) name = bytes.subarray(part.start, part.end);
      if (part.number === 2) value = bytes.subarray(part.start, part.end);
    }
    const texts = [decoded(name), decoded(value)];
    if (!texts[0]) return { refused: 'labelName' };
    if (texts[1] === undefined) return { refused: 'labelValue' };
    pairs.push([texts[0], texts[1]]);
  }
  pairs.sort((a, b) => compareText(a[0], b[0]));
  for (let i = 1; i < pairs.length; i++) {
    if (pairs[i][0] === pairs[i - 1][0]) return { refused: 'duplicateLabel' };
  }
  return { labels: pairs.filter((pair) => pair[1] !== '').flat() };
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** MetricMetadata.MetricType as /api/v1/metadata words it. */
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

/** Reads a MetricMetadata message; undefined when it names no family. */
export function readMetadata(
  bytes: Uint8Array,
  start: number,
  end: number,
): MetadataEntry | undefined {
  let type = 0;
  const texts = new Map<number, string>();
  for (const field of fieldsOf(bytes, start, end)) {
    if (field.number === 1) type = field.value;
    const most = Math.min(field.end, field.start + METADATA_TEXT_BYTES_MAX);
    texts.set(field.number, lax.decode(bytes.subarray(field.start, most)));
  }
  const [family, help, unit] = [2, 4, 5].map((number) => texts.get(number) ?? '');
  if (family === '') return undefined;
  return { family, type: TYPES[type] ?? 'unknown', help, unit };
}
