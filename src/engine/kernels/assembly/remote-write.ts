// The walk over an uncompressed remote-write 1.0 WriteRequest: samples become columns, the labels
// of a series become its ref by their raw bytes. Nothing enters the book before the whole body
// has been read: unknown series are noted until walkResolve. Easy to get wrong: fields come in
// any order and may be repeated; what is not one run of labels goes the slow way.
import {
  columnCount,
  columnsReset,
  fillRefs,
  keepNotes,
  noteAt,
  notesUsed,
  NOTE_HISTOGRAMS,
  NOTE_METADATA,
  NOTE_SCATTERED,
  NOTE_UNKNOWN,
  pushNote,
  pushSample,
} from './columns';
import { xxh64 } from './hash';
import { isCanonical } from './label-check';
import {
  readLength,
  readTag,
  readVarint,
  skipValue,
  wireFail,
  wireReset,
  wireValue,
  WIRE_SAMPLES,
  WIRE_TYPE,
} from './protobuf';
import {
  addSeries,
  bookFull,
  entryLength,
  entryRef,
  findEntry,
  follow,
  goOn,
  lastEntry,
  link,
  nextEntry,
} from './series-book';
import { refEntry } from './book-refs';

/** The ref of samples whose series is refused or not known yet. */
const NO_REF: u32 = 0xffffffff;
const BYTES: u32 = 2;

let samplesMax: u32 = 0;
/** Histograms met so far: they are samples too. */
let histogramsMet: u32 = 0;
/** The timestamp varint read last, as a word, and its value: neighbours mostly share it. */
let timeWord: u64 = 0;
let timeWidth: usize = 0;
let timeValue: f64 = 0;
/** Entry + 1 with which the walk before this one ended. */
let firstEntry: u32 = 0;
/** Number of the field that otherField read. */
let fieldRead: u32 = 0;

/** Reads a Label message: name and value are bytes fields, the rest is skipped. */
function label(start: usize, end: usize): bool {
  let at = start;
  while (at < end) {
    at = readTag(at, end);
    if (at == 0) return false;
    const tag = <u32>wireValue;
    const field = tag >> 3;
    if ((field == 1 || field == 2) && (tag & 7) != BYTES) return wireFail(WIRE_TYPE, at) != 0;
    at = skipValue(tag, at, end);
    if (at == 0) return false;
  }
  return true;
}

/** Reads a run of label fields at `start` and answers its end. */
function labelRun(start: usize, end: usize): usize {
  let at = start;
  while (at < end && load<u8>(at) == 0x0a) {
    const from = readLength(at + 1, end);
    if (from == 0) return 0;
    at = from + <usize>wireValue;
    if (!label(from, at)) return 0;
  }
  return at;
}

/** Reads a Sample message field by field; what is missing is 0, of doubles the last counts. */
function slowSample(start: usize, end: usize): bool {
  let at = start;
  let time: f64 = 0;
  let bits: u64 = 0;
  while (at < end) {
    at = readTag(at, end);
    if (at == 0) return false;
    const tag = <u32>wireValue;
    const from = at;
    at = skipValue(tag, at, end);
    if (at == 0) return false;
    if (tag == 9) bits = load<u64>(from);
    else if (tag == 16) time = <f64>(<i64>wireValue);
    else if (tag >> 3 == 1 || tag >> 3 == 2) return wireFail(WIRE_TYPE, from) != 0;
  }
  pushSample(time, bits);
  return true;
}

/** Reads a Sample message; the form that senders write is a double, then a timestamp. */
function sample(start: usize, end: usize): bool {
  const width = end - start - 10;
  // Bytes behind the body are readable: the scratch is longer by a word.
  if (width - 1 < 8 && load<u8>(start) == 9 && load<u8>(start, 9) == 16) {
    const word = load<u64>(start, 10) & ((<u64>-1) >> (64 - ((<u64>width) << 3)));
    if (word == timeWord && width == timeWidth) {
      pushSample(timeValue, load<u64>(start, 1));
      return true;
    }
    const stop = readVarint(start + 10, end);
    if (stop == end) {
      timeWord = word;
      timeWidth = width;
      timeValue = <f64>(<i64>wireValue);
      pushSample(timeValue, load<u64>(start, 1));
      return true;
    }
  }
  return slowSample(start, end);
}

/** Gives the samples from `first` on their ref, or notes what is missing for it. */
function settle(first: u32, runAt: usize, runLength: u32): void {
  const count = columnCount - first;
  if (count == 0) return;
  if (runLength == 0) {
    // No labels at all: never in the book, refused with the reason that it has no name.
    const none = pushNote(NOTE_UNKNOWN, runAt, 0);
    store<u32>(none, first, 12);
    store<u32>(none, count, 16);
    fillRefs(first, count, NO_REF);
    return;
  }
  const entry = findEntry(runAt, runLength, 0, xxh64(runAt, runLength, 0));
  follow(entry);
  if (entry != 0) {
    fillRefs(first, count, entryRef(entry));
    return;
  }
  const note = pushNote(NOTE_UNKNOWN, runAt, runLength);
  store<u32>(note, first, 12);
  store<u32>(note, count, 16);
  fillRefs(first, count, NO_REF);
}

/** Reads a field of a TimeSeries that is neither a sample nor of the first run of labels. */
function otherField(start: usize, end: usize): usize {
  const at = readTag(start, end);
  if (at == 0) return 0;
  const tag = <u32>wireValue;
  const field = tag >> 3;
  fieldRead = field;
  if (field <= 4 && (tag & 7) != BYTES) return wireFail(WIRE_TYPE, start);
  const stop = skipValue(tag, at, end);
  if (stop == 0 || field > 2) return stop;
  const from = stop - <usize>wireValue;
  if (!(field == 1 ? label(from, stop) : slowSample(from, stop))) return 0;
  return stop;
}

/** Reads one TimeSeries message. */
function series(start: usize, end: usize): bool {
  const first = columnCount;
  let histograms: u32 = 0;
  let scattered = false;
  const expected = nextEntry(lastEntry, start, end - start);
  let at = expected != 0 ? start + entryLength(expected) : labelRun(start, end);
  if (at == 0) return false;
  const runLength = <u32>(at - start);
  while (at < end) {
    const tag = load<u8>(at);
    if (tag == 0x12) {
      const from = readLength(at + 1, end);
      if (from == 0) return false;
      at = from + <usize>wireValue;
      if (!sample(from, at)) return false;
      if (columnCount + histogramsMet > samplesMax) return wireFail(WIRE_SAMPLES, from) != 0;
    } else {
      const from = at;
      at = otherField(at, end);
      if (at == 0) return false;
      if (fieldRead == 1) scattered = true;
      if (fieldRead == 4) {
        histograms++;
        histogramsMet++;
      }
      if (columnCount + histogramsMet > samplesMax) return wireFail(WIRE_SAMPLES, from) != 0;
    }
  }
  if (histograms != 0) {
    const note = pushNote(NOTE_HISTOGRAMS, start, <u32>(end - start));
    store<u32>(note, first, 12);
    store<u32>(note, histograms, 16);
  }
  const count = columnCount - first;
  if (scattered && count != 0) {
    const note = pushNote(NOTE_SCATTERED, start, <u32>(end - start));
    store<u32>(note, first, 12);
    store<u32>(note, count, 16);
    fillRefs(first, count, NO_REF);
  } else if (expected != 0 && !scattered) {
    goOn(expected);
    fillRefs(first, count, entryRef(expected));
  } else if (!scattered) {
    settle(first, start, runLength);
  }
  return true;
}

/**
 * Reads a whole body into the columns and the notes. False: wireCode and wireAt say what is wrong
 * and where. Nothing is in the book yet that was not there before.
 */
export function walk(start: usize, length: u32, mostSamples: u32): bool {
  const end = start + length;
  let at = start;
  columnsReset();
  wireReset();
  samplesMax = mostSamples;
  histogramsMet = 0;
  timeWidth = 0;
  firstEntry = lastEntry;
  while (at < end) {
    const from = at;
    at = readTag(at, end);
    if (at == 0) return false;
    const tag = <u32>wireValue;
    const field = tag >> 3;
    if ((field == 1 || field == 3) && (tag & 7) != BYTES) return wireFail(WIRE_TYPE, from) != 0;
    at = skipValue(tag, at, end);
    if (at == 0) return false;
    if (field == 1) {
      if (!series(at - <usize>wireValue, at)) return false;
    } else if (field == 3) {
      const inner = <u32>wireValue;
      const note = pushNote(NOTE_METADATA, at - inner, inner);
      store<u64>(note, 0, 12);
    }
  }
  return true;
}

/**
 * Numbers the noted series whose labels are canonical as they stand, or with `known` only finds
 * those that have got their number meanwhile. The notes that are left, first to last, are for the
 * slow way.
 */
export function walkResolve(known: bool): void {
  let left: u32 = 0;
  // Neighbours are told apart by their samples: what follows whom is learnt here too.
  let before: u32 = firstEntry;
  let next: u32 = 0;
  for (let i: u32 = 0; i < notesUsed; i++) {
    const note = noteAt(i);
    const first = load<u32>(note, 12);
    const entry = load<u32>(note) == NOTE_UNKNOWN ? resolve(note, known) : 0;
    if (entry != 0) {
      if (first == next) link(before, entry);
      before = entry;
      next = first + load<u32>(note, 16);
      fillRefs(first, load<u32>(note, 16), entryRef(entry));
    } else {
      if (left != i) memory.copy(noteAt(left), note, 20);
      left++;
    }
  }
  if (next == columnCount) goOn(before);
  keepNotes(left);
}

/** Entry + 1 of the noted labels, numbered if they are new and canonical; or 0. */
function resolve(note: usize, known: bool): u32 {
  const at: usize = load<u32>(note, 4);
  const length = load<u32>(note, 8);
  if (length == 0) return 0;
  const hash = xxh64(at, length, 0);
  const entry = findEntry(at, length, 0, hash);
  if (entry != 0 || known || bookFull() || !isCanonical(at, length)) return entry;
  return refEntry(addSeries(at, length, hash));
}
