// The columns of the request that is being read: refs, timestamps and value bits, one place a
// thread, used again by each request. Columns and notes grow by doubling; their addresses change
// when they do.
import { alloc, free } from './arena';

export let columnRefs: usize = 0;
export let columnTimes: usize = 0;
export let columnValues: usize = 0;
export let columnCapacity: u32 = 0;
export let columnCount: u32 = 0;

/** What the walk leaves for later: 0 kind, 4 at, 8 length, 12 first sample, 16 samples. */
const NOTE_BYTES: u32 = 20;
/** Labels in one run that the book does not know yet. */
export const NOTE_UNKNOWN: u32 = 0;
/** A TimeSeries message whose labels are scattered over it. */
export const NOTE_SCATTERED: u32 = 1;
/** A MetricMetadata message. */
export const NOTE_METADATA: u32 = 2;
/** A TimeSeries message with histograms; `samples` counts them. */
export const NOTE_HISTOGRAMS: u32 = 3;

export let notes: usize = 0;
export let notesUsed: u32 = 0;
let notesRoom: u32 = 0;

/** Room for `count` samples in all; what is there is kept. */
export function columnsRoom(count: u32): void {
  if (count <= columnCapacity) return;
  let room: u32 = columnCapacity == 0 ? 16384 : columnCapacity;
  while (room < count) room <<= 1;
  const refs = alloc(room * 4);
  const times = alloc(room * 8);
  const values = alloc(room * 8);
  if (columnCapacity != 0) {
    memory.copy(refs, columnRefs, columnCount * 4);
    memory.copy(times, columnTimes, columnCount * 8);
    memory.copy(values, columnValues, columnCount * 8);
    free(columnRefs, columnCapacity * 4);
    free(columnTimes, columnCapacity * 8);
    free(columnValues, columnCapacity * 8);
  }
  columnRefs = refs;
  columnTimes = times;
  columnValues = values;
  columnCapacity = room;
}

export function columnsReset(): void {
  columnCount = 0;
  notesUsed = 0;
}

/** Says how many samples were written into the columns from outside. */
export function columnsFilled(count: u32): void {
  columnCount = count;
}

/** Adds a sample; its ref is written when the series is known. */
export function pushSample(time: f64, bits: u64): void {
  if (columnCount == columnCapacity) columnsRoom(columnCount + 1);
  store<f64>(columnTimes + ((<usize>columnCount) << 3), time);
  store<u64>(columnValues + ((<usize>columnCount) << 3), bits);
  columnCount++;
}

/** Gives samples first to first + count the ref. */
export function fillRefs(first: u32, count: u32, ref: u32): void {
  let at = columnRefs + ((<usize>first) << 2);
  const end = at + ((<usize>count) << 2);
  while (at < end) {
    store<u32>(at, ref);
    at += 4;
  }
}

export function noteAt(index: u32): usize {
  return notes + <usize>index * NOTE_BYTES;
}

/** Adds a note and answers where its samples belong: words 12 and 16 are the caller's. */
export function pushNote(kind: u32, at: usize, length: u32): usize {
  if (notesUsed == notesRoom) {
    const room: u32 = notesRoom == 0 ? 1024 : notesRoom << 1;
    const fresh = alloc(room * NOTE_BYTES);
    if (notesRoom != 0) {
      memory.copy(fresh, notes, notesUsed * NOTE_BYTES);
      free(notes, notesRoom * NOTE_BYTES);
    }
    notes = fresh;
    notesRoom = room;
  }
  const note = noteAt(notesUsed++);
  store<u32>(note, kind);
  store<u32>(note, <u32>at, 4);
  store<u32>(note, length, 8);
  return note;
}

/** Keeps the first `count` notes. */
export function keepNotes(count: u32): void {
  notesUsed = count;
}

export function columnRefsAt(): usize {
  return columnRefs;
}

export function columnTimesAt(): usize {
  return columnTimes;
}

export function columnValuesAt(): usize {
  return columnValues;
}

export function columnsCount(): u32 {
  return columnCount;
}

export function notesAt(): usize {
  return notes;
}

export function notesCount(): u32 {
  return notesUsed;
}
