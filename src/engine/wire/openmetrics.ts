// OpenMetrics 1.0: single spaces, timestamps in seconds, exemplars, no free comments, and `# EOF`
// at the end, without which the body was cut and nothing of it may be taken. `_created` lines are
// ordinary samples, as Prometheus has it. Easy to get wrong: a '#' may stand inside a label value.
import type { ParsedExposition } from './exposition-columns.ts';
import * as lexer from './exposition-lexer.ts';
import { isEofLine, readHashLine } from './exposition-metadata.ts';
import { readNumber } from './exposition-number.ts';

/**
 * Labels of one exemplar together: 128 UTF-8 characters by the standard; bytes are counted here.
 */
const EXEMPLAR_BYTES_MAX = 4 * 128;

/** Scratch for one number that does not belong into a column. */
function makeSlot(what: string) {
  const values = new Float64Array(1);
  return { values, words: new Uint32Array(values.buffer), index: 0, what };
}

function oneSpace(bytes: Uint8Array, at: number, next: string): number {
  if (bytes[at] !== lexer.SPACE) lexer.malformed(bytes, at, `expected one space, then ${next}`);
  return at + 1;
}

function atLineEnd(bytes: Uint8Array, at: number): boolean {
  return at >= bytes.length || bytes[at] === lexer.NEWLINE;
}

/** Over ` # {labels} value [timestamp]`; `at` is the space before the '#'. */
function skipExemplar(bytes: Uint8Array, at: number, slot: ReturnType<typeof makeSlot>): number {
  const open = oneSpace(bytes, at + 2, 'the labels of the exemplar');
  if (bytes[open] !== lexer.BRACE_OPEN) lexer.malformed(bytes, open, "expected '{'");
  at = lexer.skipLabels(bytes, open, true);
  if (at - open > EXEMPLAR_BYTES_MAX) {
    lexer.malformed(bytes, open, 'the labels of this exemplar are too long');
  }
  at = readNumber(bytes, oneSpace(bytes, at, 'the value of the exemplar'), slot);
  if (atLineEnd(bytes, at)) return at;
  return readNumber(bytes, oneSpace(bytes, at, 'the time of the exemplar'), slot);
}

function readSample(bytes: Uint8Array, at: number, into: ParsedExposition, slots: Slots): number {
  const start = at;
  at = lexer.skipName(bytes, at, lexer.METRIC_START, lexer.METRIC_CHAR);
  const named = at > start;
  if (!named && bytes[at] !== lexer.BRACE_OPEN) {
    lexer.malformed(bytes, at, 'expected a metric name');
  }
  if (at < bytes.length && bytes[at] === lexer.BRACE_OPEN) {
    at = lexer.skipLabels(bytes, at, named);
  }
  const i = into.count;
  if (i === into.values.length) into.grow();
  into.starts[i] = start;
  into.ends[i] = at;
  const value = slots.value;
  value.values = into.values;
  value.words = into.words;
  value.index = i;
  at = readNumber(bytes, oneSpace(bytes, at, 'the value'), value);
  into.timestamps[i] = NaN;
  if (!atLineEnd(bytes, at) && bytes[at + 1] !== lexer.HASH) {
    const from = oneSpace(bytes, at, 'the timestamp');
    at = readNumber(bytes, from, slots.time);
    const ms = Math.round(slots.time.values[0] * 1000);
    if (!Number.isSafeInteger(ms)) lexer.malformed(bytes, from, 'the timestamp is out of range');
    into.timestamps[i] = ms;
  }
  if (!atLineEnd(bytes, at)) {
    if (bytes[at] !== lexer.SPACE || bytes[at + 1] !== lexer.HASH) {
      lexer.malformed(bytes, at, 'expected the end of the line or an exemplar');
    }
    at = skipExemplar(bytes, at, slots.exemplar);
    into.exemplars++;
  }
  if (!atLineEnd(bytes, at)) lexer.malformed(bytes, at, 'expected the end of the line');
  into.count = i + 1;
  return at;
}

interface Slots {
  value: ReturnType<typeof makeSlot>;
  time: ReturnType<typeof makeSlot>;
  exemplar: ReturnType<typeof makeSlot>;
}

/** Parses a whole body into `into`, which was cleared. @throws MonError MON_BODY_MALFORMED. */
export function parseOpenMetrics(bytes: Uint8Array, into: ParsedExposition): void {
  const slots = {
    value: makeSlot('value'),
    time: makeSlot('timestamp'),
    exemplar: makeSlot('number of the exemplar'),
  };
  const end = bytes.length;
  let at = 0;
  while (at < end) {
    if (bytes[at] !== lexer.HASH) at = readSample(bytes, at, into, slots);
    else if (!isEofLine(bytes, at)) at = readHashLine(bytes, at, into, 'openmetrics');
    else if (at + 6 < end) lexer.malformed(bytes, at + 6, 'there is more after # EOF');
    else return;
    at++;
  }
  lexer.malformed(bytes, end, 'the body ends without # EOF: it was cut');
}
