// The letters of the exposition formats: which byte may stand where, and the way over a label set.
// It stands under both parsers (text 0.0.4 and OpenMetrics). Only structure is checked here, byte
// by byte and without strings; UTF-8 and doubled names are checked when a series text is resolved.
// Easy to get wrong: a quote that is never closed must not swallow the lines after it.
import { MonError } from '../errors.ts';

export const TAB = 9;
export const NEWLINE = 10;
export const RETURN = 13;
export const SPACE = 32;
export const QUOTE = 34;
export const HASH = 35;
export const COMMA = 44;
export const EQUALS = 61;
export const BACKSLASH = 92;
export const BRACE_OPEN = 123;
export const BRACE_CLOSE = 125;

/** Bits of CLASS: what a byte may be. */
export const METRIC_START = 1;
export const METRIC_CHAR = 2;
export const LABEL_START = 4;
export const LABEL_CHAR = 8;
/** Space, tab, line end: what a token stops at. */
export const STOP = 16;
/** Quote, backslash, newline: what a quoted text stops at. */
const QUOTED_STOP = 32;

/** The classes of each byte. */
export const CLASS = new Uint8Array(256);
for (let c = 0; c < 256; c++) {
  const letter = (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;
  const digit = c >= 48 && c <= 57;
  if (letter || c === 58) CLASS[c] |= METRIC_START;
  if (letter || digit || c === 58) CLASS[c] |= METRIC_CHAR;
  if (letter) CLASS[c] |= LABEL_START;
  if (letter || digit) CLASS[c] |= LABEL_CHAR;
  if (c === SPACE || c === TAB || c === NEWLINE || c === RETURN) CLASS[c] |= STOP;
  if (c === QUOTE || c === BACKSLASH || c === NEWLINE) CLASS[c] |= QUOTED_STOP;
}

/** The 1-based line of a byte. */
export function lineAt(bytes: Uint8Array, at: number): number {
  let line = 1;
  for (let i = bytes.indexOf(NEWLINE); i >= 0 && i < at; i = bytes.indexOf(NEWLINE, i + 1)) line++;
  return line;
}

/** @throws MonError MON_BODY_MALFORMED with line, column (1-based, in bytes) and reason. */
export function malformed(bytes: Uint8Array, at: number, reason: string): never {
  const line = lineAt(bytes, at);
  const column = at === 0 ? 1 : at - bytes.lastIndexOf(NEWLINE, at - 1);
  throw new MonError('MON_BODY_MALFORMED', `line ${line}, column ${column}: ${reason}`, {
    fields: { line, column, reason },
  });
}

/** The first byte at or after `at` that is neither space nor tab. */
export function skipBlank(bytes: Uint8Array, at: number): number {
  const end = bytes.length;
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
  return at;
}

/** The end of the token that begins at `at`: the next blank or line end. */
export function tokenEnd(bytes: Uint8Array, at: number): number {
  const end = bytes.length;
  while (at < end && (CLASS[bytes[at]] & STOP) === 0) at++;
  return at;
}

/** The byte after the closing quote; `at` is the byte after the opening one. */
export function skipQuoted(bytes: Uint8Array, at: number): number {
  const end = bytes.length;
  const opened = at - 1;
  while (at < end) {
    if ((CLASS[bytes[at]] & QUOTED_STOP) === 0) at++;
    else if (bytes[at] === QUOTE) return at + 1;
    else if (bytes[at] === NEWLINE) break;
    else at += at + 1 < end && bytes[at + 1] === NEWLINE ? 1 : 2;
  }
  return malformed(bytes, opened, 'this quote is not closed before the end of the line');
}

/** The byte after a name of the given class, or `at` itself when none begins there. */
export function skipName(bytes: Uint8Array, at: number, first: number, rest: number): number {
  const end = bytes.length;
  if (at >= end || (CLASS[bytes[at]] & first) === 0) return at;
  at++;
  while (at < end && (CLASS[bytes[at]] & rest) !== 0) at++;
  return at;
}

/** Over `= "value"`; answers the byte after the closing quote. */
function skipValue(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== EQUALS) at = skipBlank(bytes, at);
  if (bytes[at] !== EQUALS) malformed(bytes, at, "expected '=' after the label name");
  at++;
  if (bytes[at] !== QUOTE) at = skipBlank(bytes, at);
  if (bytes[at] !== QUOTE) malformed(bytes, at, 'expected a quoted label value');
  return skipQuoted(bytes, at + 1);
}

/**
 * Over a label set; `at` is its opening brace, `named` says that a metric name stood before it.
 * Answers the byte after the closing brace. `{"my.metric", a="b"}` names the metric inside.
 */
export function skipLabels(bytes: Uint8Array, at: number, named: boolean): number {
  const end = bytes.length;
  const open = at++;
  for (;;) {
    at = skipBlank(bytes, at);
    if (at >= end || bytes[at] === NEWLINE) malformed(bytes, open, 'this brace is not closed');
    if (bytes[at] === BRACE_CLOSE) break;
    const from = at;
    if (bytes[at] === QUOTE) {
      at = skipQuoted(bytes, at + 1);
      if (at === from + 2) malformed(bytes, from, 'an empty name');
      const next = skipBlank(bytes, at);
      if (next < end && bytes[next] === EQUALS) at = skipValue(bytes, next);
      else if (named) malformed(bytes, from, 'a second metric name');
      else named = true;
    } else {
      at = skipName(bytes, at, LABEL_START, LABEL_CHAR);
      if (at === from) malformed(bytes, at, 'expected a label name');
      at = skipValue(bytes, at);
    }
    at = skipBlank(bytes, at);
    if (at < end && bytes[at] === COMMA) at++;
    else if (at < end && bytes[at] !== BRACE_CLOSE && bytes[at] !== NEWLINE) {
      malformed(bytes, at, "expected ',' or '}' after the label");
    }
  }
  if (!named) malformed(bytes, open, 'a series without a metric name');
  return at + 1;
}
