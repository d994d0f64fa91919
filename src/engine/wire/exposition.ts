// Prometheus' exposition formats, text 0.0.4 and OpenMetrics 1.0, from bytes to columns: the first
// step of a scraped or pushed sample. A body is taken whole or refused whole, with line, column and
// reason. Easy to get wrong: no string a sample, so what looks like a lexer is a walk over typed
// arrays.
import type { ExpositionFormat } from './exposition-metadata.ts';
import { readHashLine } from './exposition-metadata.ts';
import type { ParsedExposition } from './exposition-columns.ts';
import * as lexer from './exposition-lexer.ts';
import { readNumber } from './exposition-number.ts';
import { parseOpenMetrics } from './openmetrics.ts';

/** The format that a Content-Type header names; anything but OpenMetrics is read as text. */
export function formatOf(contentType: string): ExpositionFormat {
  const type = contentType.split(';', 1)[0].trim().toLowerCase();
  return type === 'application/openmetrics-text' ? 'openmetrics' : 'text';
}

/** What a scrape asks for: OpenMetrics rather than text, both rather than anything else. */
export const ACCEPT =
  'application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;' +
  'q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

/** Over an integer of milliseconds; answers where it ends. */
function readTimestamp(bytes: Uint8Array, at: number, into: ParsedExposition): number {
  const end = bytes.length;
  const from = at;
  const negative = bytes[at] === 45;
  if (negative) at++;
  const first = at;
  let ms = 0;
  while (at < end && bytes[at] >= 48 && bytes[at] <= 57) ms = ms * 10 + bytes[at++] - 48;
  if (at === first) lexer.malformed(bytes, from, 'expected a timestamp in whole milliseconds');
  if (!Number.isSafeInteger(ms)) lexer.malformed(bytes, from, 'the timestamp is out of range');
  into.timestamps[into.count] = negative ? -ms : ms;
  return at;
}

interface Slot {
  values: Float64Array;
  words: Uint32Array;
  index: number;
  readonly what: string;
}

function readSample(bytes: Uint8Array, at: number, into: ParsedExposition, slot: Slot): number {
  const end = bytes.length;
  const start = at;
  at = lexer.skipName(bytes, at, lexer.METRIC_START, lexer.METRIC_CHAR);
  const named = at > start;
  if (!named && bytes[at] !== lexer.BRACE_OPEN) {
    lexer.malformed(bytes, at, 'expected a metric name');
  }
  let stop = at;
  at = lexer.skipBlank(bytes, at);
  if (at < end && bytes[at] === lexer.BRACE_OPEN) {
    stop = lexer.skipLabels(bytes, at, named);
    at = lexer.skipBlank(bytes, stop);
  } else if (at === stop && at < end && (lexer.CLASS[bytes[at]] & lexer.STOP) === 0) {
    lexer.malformed(bytes, at, 'this byte cannot stand in a metric name');
  }
  const i = into.count;
  if (i === into.values.length) into.grow();
  into.starts[i] = start;
  into.ends[i] = stop;
  into.timestamps[i] = NaN;
  slot.values = into.values;
  slot.words = into.words;
  slot.index = i;
  at = readNumber(bytes, at, slot);
  if (at < end && bytes[at] !== lexer.NEWLINE) {
    at = lexer.skipBlank(bytes, at);
    if (at < end && (lexer.CLASS[bytes[at]] & lexer.STOP) === 0) {
      at = lexer.skipBlank(bytes, readTimestamp(bytes, at, into));
    }
    if (at < end && bytes[at] === lexer.RETURN) at++;
    if (at < end && bytes[at] !== lexer.NEWLINE) {
      lexer.malformed(bytes, at, 'expected the end of the line');
    }
  }
  into.count = i + 1;
  return at;
}

function slotOf(into: ParsedExposition): Slot {
  return { values: into.values, words: into.words, index: 0, what: 'value' };
}

/**
 * Reads one line of text 0.0.4 that begins at `at`, metadata or a sample, and answers where it
 * ends. @throws MonError MON_BODY_MALFORMED.
 */
export function readTextLine(bytes: Uint8Array, at: number, into: ParsedExposition): number {
  if (bytes[at] === lexer.HASH) return readHashLine(bytes, at, into, 'text');
  return readSample(bytes, at, into, slotOf(into));
}

function parseText(bytes: Uint8Array, into: ParsedExposition): void {
  const slot = slotOf(into);
  const end = bytes.length;
  let at = 0;
  while (at < end) {
    const c = bytes[at];
    if ((lexer.CLASS[c] & lexer.STOP) !== 0) at++;
    else if (c === lexer.HASH) at = readHashLine(bytes, at, into, 'text') + 1;
    else at = readSample(bytes, at, into, slot) + 1;
  }
}

/**
 * Parses a body into reused columns. `into` refers to ranges of `bytes`.
 * @throws MonError MON_BODY_MALFORMED with line, column and reason; `into` is then empty.
 */
export function parseExposition(
  bytes: Uint8Array,
  format: ExpositionFormat,
  into: ParsedExposition,
): void {
  into.clear();
  try {
    if (format === 'openmetrics') parseOpenMetrics(bytes, into);
    else parseText(bytes, into);
  } catch (thrown) {
    into.clear();
    throw thrown;
  }
}
