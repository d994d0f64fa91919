// The series book: raw label bytes -> the producer's number (ref) of a series. An entry is one
// spelling (bytes and a salt that says whose spelling it is); salt 0 is the remote-write
// encoding, so that a canonical spelling is the identity itself and is stored once. Easy to get
// wrong: a hash only finds candidates, bytes decide; and refs are given again after bookForget,
// to the same partition only.
import { alloc, free } from './arena';
import {
  beginMoving,
  endMoving,
  moveSpelling,
  putSpelling,
  sameSpelling,
  spellingAt,
  worthMoving,
} from './book-spelling';
import { xxh64 } from './hash';

/** Entry: 4 length, 8 ref, 12 salt, 16 entry + 1 that came next; the rest is book-spelling's. */
const ENTRY_BYTES: u32 = 28;
/**
 * Ref: 0 entry + 1 of the canonical bytes (0: free), 4 defined in, 8 lane, 10 last use, 12 holds.
 * The lane is the partition; one past the last partition for a series that stands apart.
 */
const REF_BYTES: u32 = 16;
/** definedIn of a series that no dictionary has; a free ref keeps the next free ref + 1 there. */
const NOWHERE: u32 = 0xffffffff;

/** Slots of 8 bytes: entry + 1 (0: empty), low word of the hash. */
let slots: usize = 0;
let slotCount: u32 = 0;
let slotsUsed: u32 = 0;
let entries: usize = 0;
let entryCapacity: u32 = 0;
let entryCount: u32 = 0;
let entryFree: u32 = 0;
let refs: usize = 0;
let refCapacity: u32 = 0;
let refCount: u32 = 0;
/** Per partition the first free ref + 1. */
let freeRefs: usize = 0;
let partitions: u32 = 0;
let seriesCount: u32 = 0;
/** Series ever numbered, as a float for JavaScript. */
let numbered: f64 = 0;
let seriesMax: u32 = 0;
let bytesMax: f64 = 0;
let rawBytes: f64 = 0;
let longest: u32 = 0;
let turn: u16 = 0;
let everApart: bool = false;
/** Entry + 1 of the spelling that the last walk ended with: its follower is tried first. */
export let lastEntry: u32 = 0;

/** Makes the book of this memory; false when it has one already. */
export function bookOpen(partitionCount: u32, mostSeries: u32, mostBytes: f64): bool {
  if (slots != 0) return false;
  partitions = partitionCount;
  seriesMax = mostSeries;
  bytesMax = mostBytes;
  freeRefs = alloc(partitionCount * 4);
  memory.fill(freeRefs, 0, partitionCount * 4);
  slotCount = 4096;
  slots = alloc(slotCount * 8);
  memory.fill(slots, 0, slotCount * 8);
  entryCapacity = 2048;
  entries = alloc(entryCapacity * ENTRY_BYTES);
  refCapacity = 2048;
  refs = alloc(refCapacity * REF_BYTES);
  return true;
}

function entryAt(entry: u32): usize {
  return entries + <usize>entry * ENTRY_BYTES;
}

export function refAt(ref: u32): usize {
  return refs + <usize>ref * REF_BYTES;
}

/** Puts an entry (+ 1) into the first empty slot from its place on. */
function putSlot(entry: u32, word: u32): void {
  const mask = slotCount - 1;
  let i = word & mask;
  while (load<u32>(slots + ((<usize>i) << 3)) != 0) i = (i + 1) & mask;
  store<u32>(slots + ((<usize>i) << 3), entry);
  store<u32>(slots + ((<usize>i) << 3), word, 4);
}

function growSlots(): void {
  const old = slots;
  const oldCount = slotCount;
  slotCount = oldCount << 1;
  slots = alloc(slotCount * 8);
  memory.fill(slots, 0, slotCount * 8);
  for (let i: u32 = 0; i < oldCount; i++) {
    const slot = old + ((<usize>i) << 3);
    const entry = load<u32>(slot);
    if (entry != 0) putSlot(entry, load<u32>(slot, 4));
  }
  free(old, oldCount * 8);
}

function takeEntry(): u32 {
  if (entryFree != 0) {
    const entry = entryFree - 1;
    entryFree = load<u32>(entryAt(entry), 16);
    return entry;
  }
  if (entryCount == entryCapacity) {
    const old = entries;
    entryCapacity <<= 1;
    entries = alloc(entryCapacity * ENTRY_BYTES);
    memory.copy(entries, old, entryCount * ENTRY_BYTES);
    free(old, entryCount * ENTRY_BYTES);
  }
  return entryCount++;
}

function takeRef(partition: u32): u32 {
  const list = freeRefs + ((<usize>partition) << 2);
  const head = load<u32>(list);
  if (head != 0) {
    store<u32>(list, load<u32>(refAt(head - 1), 4));
    return head - 1;
  }
  if (refCount == refCapacity) {
    const old = refs;
    refCapacity <<= 1;
    refs = alloc(refCapacity * REF_BYTES);
    memory.copy(refs, old, refCount * REF_BYTES);
    free(old, refCount * REF_BYTES);
  }
  return refCount++;
}

/** Entry + 1 of a spelling whose hash with seed `salt` is `hash`, or 0. */
export function findEntry(at: usize, length: u32, salt: u32, hash: u64): u32 {
  const mask = slotCount - 1;
  const word = <u32>hash;
  let i = word & mask;
  while (true) {
    const slot = slots + ((<usize>i) << 3);
    const entry = load<u32>(slot);
    if (entry == 0) return 0;
    if (load<u32>(slot, 4) == word) {
      const e = entryAt(entry - 1);
      if (load<u32>(e, 4) == length && load<u32>(e, 12) == salt && sameSpelling(e, at, length)) {
        return entry;
      }
    }
    i = (i + 1) & mask;
  }
}

/** Entry + 1 that followed `after` (one too) when it was last seen, if its bytes are here; or 0. */
export function nextEntry(after: u32, at: usize, room: usize): u32 {
  const entry = textAfter(after, at, room, 0);
  if (entry == 0) return 0;
  const length = entryLength(entry);
  // One more label would make it another series; a message may end after its labels.
  return length < <u32>room && load<u8>(at + length) == 0x0a ? 0 : entry;
}

/** The same for spellings of any salt; what follows the bytes is the caller's to look at. */
export function textAfter(after: u32, at: usize, room: usize, salt: u32): u32 {
  if (after == 0) return 0;
  const entry = load<u32>(entryAt(after - 1), 16);
  if (entry == 0) return 0;
  const e = entryAt(entry - 1);
  const length = load<u32>(e, 4);
  if (length == 0 || length > <u32>room || load<u32>(e, 12) != salt) return 0;
  return sameSpelling(e, at, length) ? entry : 0;
}

/** Remembers that `entry` came after `before` (each + 1, or 0 for an unknown one). */
export function link(before: u32, entry: u32): void {
  if (before != 0 && entry != 0) store<u32>(entryAt(before - 1), entry, 16);
}

/** Goes on to `entry` (+ 1, or 0 for an unknown one), which came after the last one. */
export function follow(entry: u32): void {
  link(lastEntry, entry);
  lastEntry = entry;
}

/** Goes on after a follower that was found where it was expected. */
export function goOn(entry: u32): void {
  lastEntry = entry;
}

export function entryRef(entry: u32): u32 {
  return load<u32>(entryAt(entry - 1), 8);
}

export function entryLength(entry: u32): u32 {
  return load<u32>(entryAt(entry - 1), 4);
}

function addEntry(at: usize, length: u32, salt: u32, hash: u64): u32 {
  if (slotsUsed + (slotsUsed >> 1) >= slotCount) growSlots();
  const entry = takeEntry();
  const e = entryAt(entry);
  putSpelling(e, at, length);
  store<u32>(e, salt, 12);
  store<u32>(e, 0, 16);
  putSlot(entry + 1, <u32>hash);
  slotsUsed++;
  rawBytes += length;
  return entry;
}

/** True when the book takes no more series (limits.ts: BOOK_SERIES_MAX, BOOK_BYTES_MAX). */
export function bookFull(): bool {
  return seriesCount >= seriesMax || rawBytes >= bytesMax;
}

/** From now on no more than `most` series; those that are there stay. */
export function bookLimit(most: u32): void {
  seriesMax = most;
}

/** Numbers a new series whose canonical bytes are not in the book yet; the bytes are copied. */
export function addSeries(at: usize, length: u32, hash: u64): u32 {
  const partition = <u32>(hash >> 52) % partitions;
  const entry = addEntry(at, length, 0, hash);
  const ref = takeRef(partition);
  store<u32>(entryAt(entry), ref, 8);
  const r = refAt(ref);
  store<u32>(r, entry + 1);
  store<u32>(r, NOWHERE, 4);
  store<u16>(r, <u16>partition, 8);
  store<u16>(r, turn, 10);
  store<u32>(r, 0, 12);
  seriesCount++;
  numbered++;
  if (length > longest) longest = length;
  return ref;
}

/** Makes bytes a further spelling of a series; they must not be in the book under this salt. */
export function bookAddSpelling(at: usize, length: u32, salt: u32, ref: u32): void {
  const entry = addEntry(at, length, salt, xxh64(at, length, salt));
  store<u32>(entryAt(entry), ref, 8);
}

/** Ref of the series that these bytes spell under this salt, or -1. */
export function bookLookup(at: usize, length: u32, salt: u32): i32 {
  const entry = findEntry(at, length, salt, xxh64(at, length, salt));
  return entry == 0 ? -1 : <i32>entryRef(entry);
}

/**
 * Ref of the series with these canonical bytes, which the caller has checked; numbers it if it is
 * new. -1 when the book is full.
 */
export function bookNumber(at: usize, length: u32): i32 {
  const hash = xxh64(at, length, 0);
  const entry = findEntry(at, length, 0, hash);
  if (entry != 0) return <i32>entryRef(entry);
  return bookFull() ? -1 : <i32>addSeries(at, length, hash);
}

/** True while the ref stands for a series. */
export function bookHas(ref: u32): bool {
  return ref < refCount && load<u32>(refAt(ref)) != 0;
}

/** Address of the canonical bytes of a living ref, good until the next call but one. */
export function bookBytesAt(ref: u32): usize {
  return spellingAt(entryAt(load<u32>(refAt(ref)) - 1));
}

/** Length of the canonical bytes of a living ref. */
export function bookBytesLength(ref: u32): u32 {
  return entryLength(load<u32>(refAt(ref)));
}

export function bookPartition(ref: u32): u32 {
  const lane = <u32>load<u16>(refAt(ref), 8);
  return lane < partitions ? lane : ownPartition(ref);
}

function ownPartition(ref: u32): u32 {
  const length = bookBytesLength(ref);
  return <u32>(xxh64(bookBytesAt(ref), length, 0) >> 52) % partitions;
}

/** From now on the samples of a living ref are split into buckets of their own, or again not. */
export function bookSetApart(ref: u32, apart: bool): void {
  everApart = true;
  store<u16>(refAt(ref), <u16>(apart ? partitions : ownPartition(ref)), 8);
}

export function bookIsApart(ref: u32): bool {
  return <u32>load<u16>(refAt(ref), 8) >= partitions;
}

/** Marks a use, so that the series is not forgotten for a while. */
export function touchRef(ref: usize): void {
  store<u16>(ref, turn, 10);
}

/** Begins the next turn, the unit in which idleness is counted. */
export function bookTurn(): void {
  turn++;
}

function isIdle(ref: usize, idle: u16): bool {
  return <u16>(turn - load<u16>(ref, 10)) >= idle && load<u32>(ref, 12) == 0;
}

function dropEntries(idle: u16): void {
  for (let entry: u32 = 0; entry < entryCount; entry++) {
    const e = entryAt(entry);
    const length = load<u32>(e, 4);
    if (length == 0) continue;
    if (!isIdle(refAt(load<u32>(e, 8)), idle)) continue;
    rawBytes -= length;
    store<u32>(e, 0, 4);
    store<u32>(e, entryFree, 16);
    entryFree = entry + 1;
  }
}

function rebuildSlots(): void {
  memory.fill(slots, 0, slotCount * 8);
  slotsUsed = 0;
  for (let entry: u32 = 0; entry < entryCount; entry++) {
    const e = entryAt(entry);
    const length = load<u32>(e, 4);
    if (length == 0) continue;
    putSlot(entry + 1, <u32>xxh64(spellingAt(e), length, load<u32>(e, 12)));
    slotsUsed++;
  }
}

/** Moves living bytes together, in the order of their entries. */
function compact(): void {
  const old = beginMoving();
  for (let entry: u32 = 0; entry < entryCount; entry++) {
    const e = entryAt(entry);
    if (load<u32>(e, 4) != 0) moveSpelling(e);
  }
  endMoving(old);
}

/** Idle series that stand apart get their partition back while their bytes are still there. */
function bringBack(idle: u16): void {
  for (let ref: u32 = 0; ref < refCount; ref++) {
    const r = refAt(ref);
    if (load<u32>(r) != 0 && bookIsApart(ref) && isIdle(r, idle)) bookSetApart(ref, false);
  }
}

/** Forgets all series not used in the last `idle` turns (1 or more), and says how many. */
export function bookForget(idle: u32): u32 {
  const least = <u16>idle;
  if (everApart) bringBack(least);
  dropEntries(least);
  let forgotten: u32 = 0;
  for (let ref: u32 = 0; ref < refCount; ref++) {
    const r = refAt(ref);
    if (load<u32>(r) == 0 || !isIdle(r, least)) continue;
    const list = freeRefs + ((<usize>load<u16>(r, 8)) << 2);
    store<u32>(r, 0);
    store<u32>(r, load<u32>(list), 4);
    store<u32>(list, ref + 1);
    forgotten++;
  }
  seriesCount -= forgotten;
  lastEntry = 0;
  if (forgotten != 0) rebuildSlots();
  if (worthMoving(slotsUsed)) compact();
  return forgotten;
}

export function bookSeries(): u32 {
  return seriesCount;
}

/** Series ever numbered, those that were forgotten and came back counted again. */
export function bookNumbered(): f64 {
  return numbered;
}

/** Bytes of all spellings, canonical ones included. */
export function bookRawBytes(): f64 {
  return rawBytes;
}

/** Length of the longest canonical bytes ever numbered. */
export function bookLongest(): u32 {
  return longest;
}

/** Numbers below this are or were refs. */
export function bookRefs(): u32 {
  return refCount;
}
