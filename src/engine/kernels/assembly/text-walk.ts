// The walk over exposition text 0.0.4 that is pushed: lines become columns, a series text becomes
// its ref by its raw bytes. Only lines of known series with a plain number are read here; every
// other line is handed to JavaScript, which knows the whole grammar. Easy to get wrong: a text
// that is known was checked when it was put, so its end is all that has to be found.
import { columnCount, columnsReset, fillRefs, NOTE_UNKNOWN, pushNote, pushSample } from './columns';
import { decimal } from './decimal';
import { xxh64 } from './hash';
import { entryLength, entryRef, findEntry, link, textAfter } from './series-book';

/** Of texts in the series book (src/engine/kernels/series-book.ts says whose salts there are). */
const SALT: u32 = 1;
const NO_REF: u32 = 0xffffffff;
/** Digits behind leading zeros that fit 64 bits, whatever they are. */
const DIGITS_MAX: u32 = 19;
/** Digits of what is a plain number here, zeros that lead it included. */
const PLAIN_MAX: u32 = 64;
const ZERO: u32 = 48;
const POINT: u32 = 46;
const TAB: u32 = 9;
const NEWLINE: u32 = 10;
const RETURN: u32 = 13;
const SPACE: u32 = 32;

/** End of the body; a newline stands there. */
let bodyEnd: usize = 0;
let defaultTime: f64 = 0;
/** Entry + 1 of the line before this one, or 0. */
let lastText: u32 = 0;
/** The 13 digits of a time that was read last, as two words that overlap, and what they mean. */
let timeHead: u64 = 0;
let timeTail: u64 = 0;
let timeValue: f64 = 0;
/** What number and time read. */
let value: f64 = 0;
let time: f64 = 0;

/** Begins a body; the byte behind it is overwritten. `now` is for samples without a time. */
export function textBegin(start: usize, length: u32, now: f64): void {
  columnsReset();
  bodyEnd = start + length;
  store<u8>(bodyEnd, <u8>NEWLINE);
  defaultTime = now;
  lastText = 0;
  timeHead = 0;
  timeTail = 0;
}

function isName(c: u32): bool {
  return (c | 32) - 97 < 26 || c - 48 < 10 || c == 95 || c == 58;
}

function isBlank(c: u32): bool {
  return c == SPACE || c == TAB;
}

/** What a name without labels ends before. */
function isStop(c: u32): bool {
  return isBlank(c) || c == NEWLINE || c == RETURN;
}

function skipBlank(start: usize): usize {
  let at = start;
  while (isBlank(load<u8>(at))) at++;
  return at;
}

/** The end of a name with its labels as they may stand in the book, or 0. */
function seriesEnd(start: usize): usize {
  let at = start;
  while (isName(load<u8>(at))) at++;
  if (at == start) return 0;
  const brace = skipBlank(at);
  if (load<u8>(brace) != 123) return isStop(load<u8>(at)) ? at : 0;
  let quoted = false;
  for (at = brace + 1; at < bodyEnd; at++) {
    const c: u32 = load<u8>(at);
    if (c == NEWLINE) return 0;
    if (c == 34) quoted = !quoted;
    else if (quoted && c == 92) at++;
    else if (!quoted && c == 125) return at + 1;
  }
  return 0;
}

/** Digits of the number from `start` on, less the zeros that lead them. */
function significant(start: usize, digits: u32): u32 {
  let left = digits;
  let at = start;
  let c: u32 = load<u8>(at);
  while (c == ZERO || c == POINT) {
    if (c == ZERO) left--;
    c = load<u8>(++at);
  }
  return left;
}

/** Reads the number at `start` into `value`; answers its end, or 0 where it is not for here. */
function number(start: usize): usize {
  let at = start;
  const negative = load<u8>(at) == 45;
  if (negative || load<u8>(at) == 43) at++;
  const from = at;
  let m: u64 = 0;
  let c: u32 = load<u8>(at);
  while (c - ZERO < 10) {
    m = m * 10 + (c - ZERO);
    c = load<u8>(++at);
  }
  let digits = <u32>(at - from);
  let scale: i32 = 0;
  if (c == POINT) {
    const dot = at;
    c = load<u8>(++at);
    while (c - ZERO < 10) {
      m = m * 10 + (c - ZERO);
      c = load<u8>(++at);
    }
    scale = -(<i32>(at - dot - 1));
    digits -= <u32>scale;
  }
  if (digits - 1 >= DIGITS_MAX) {
    if (digits - 1 >= PLAIN_MAX || significant(from, digits) > DIGITS_MAX) return 0;
  }
  if ((c | 32) == 101) {
    c = load<u8>(++at);
    const minus = c == 45;
    if (minus || c == 43) c = load<u8>(++at);
    const first = at;
    let e: i32 = 0;
    while (c - ZERO < 10 && at - first < 4) {
      e = e * 10 + (c - ZERO);
      c = load<u8>(++at);
    }
    if (at == first) return 0;
    scale += minus ? -e : e;
  }
  if (!isStop(c)) return 0;
  const read = decimal(m, scale);
  if (read != read) return 0;
  value = negative ? -read : read;
  return at;
}

/** Reads milliseconds into `time`; answers their end, or 0. */
function milliseconds(start: usize): usize {
  if (start + 13 <= bodyEnd && load<u64>(start) == timeHead && load<u64>(start, 5) == timeTail) {
    if (<u32>load<u8>(start, 13) - 48 >= 10) {
      time = timeValue;
      return start + 13;
    }
  }
  let at = start;
  let ms: u64 = 0;
  let c: u32 = load<u8>(at);
  while (c - 48 < 10) {
    ms = ms * 10 + (c - 48);
    c = load<u8>(++at);
  }
  const digits = at - start;
  if (digits == 0 || digits > 15) return 0;
  time = <f64>ms;
  if (digits == 13) {
    timeHead = load<u64>(start);
    timeTail = load<u64>(start, 5);
    timeValue = time;
  }
  return at;
}

/** Entry + 1 of the text that a known series has at `start`, or 0. */
function known(start: usize): u32 {
  const next = textAfter(lastText, start, bodyEnd - start, SALT);
  if (next != 0) {
    const stop = start + entryLength(next);
    // A name alone may go on, and labels may follow it.
    if (load<u8>(stop - 1) == 125) return next;
    if (isStop(load<u8>(stop)) && load<u8>(skipBlank(stop)) != 123) return next;
  }
  const end = seriesEnd(start);
  if (end == 0) return 0;
  const length = <u32>(end - start);
  const entry = findEntry(start, length, SALT, xxh64(start, length, SALT));
  if (entry != 0) link(lastText, entry);
  return entry;
}

/** Takes the sample of the line at `start`; answers the line's end, or 0 for JavaScript. */
function line(start: usize): usize {
  const entry = known(start);
  if (entry == 0) return 0;
  let at = number(skipBlank(start + entryLength(entry)));
  if (at == 0) return 0;
  time = defaultTime;
  if (load<u8>(at) != NEWLINE) {
    at = skipBlank(at);
    const c: u32 = load<u8>(at);
    if (c != NEWLINE && c != RETURN) {
      at = milliseconds(at);
      if (at == 0) return 0;
      at = skipBlank(at);
    }
    if (load<u8>(at) == RETURN) at++;
    if (load<u8>(at) != NEWLINE) return 0;
  }
  const row = columnCount;
  pushSample(time, reinterpret<u64>(value));
  fillRefs(row, 1, entryRef(entry));
  lastText = entry;
  return at;
}

/**
 * Takes lines from `start` on; answers where the first one begins that is not for here, or the end
 * of the body.
 */
export function textWalk(start: usize): usize {
  let at = start;
  while (at < bodyEnd) {
    const c: u32 = load<u8>(at);
    if (isStop(c)) {
      at++;
      continue;
    }
    if (c == 35) return at;
    const stop = line(at);
    if (stop == 0) return at;
    at = stop;
  }
  return bodyEnd;
}

/** Takes a sample that was read elsewhere; a series that is not known yet is noted. */
export function textSample(at: usize, length: u32, ms: f64, low: u32, high: u32): void {
  const row = columnCount;
  pushSample(ms, <u64>low | (<u64>high << 32));
  const entry = findEntry(at, length, SALT, xxh64(at, length, SALT));
  if (entry != 0) {
    link(lastText, entry);
    lastText = entry;
    fillRefs(row, 1, entryRef(entry));
    return;
  }
  const note = pushNote(NOTE_UNKNOWN, at, length);
  store<u32>(note, row, 12);
  store<u32>(note, 1, 16);
  fillRefs(row, 1, NO_REF);
}
