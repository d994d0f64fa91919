// Splits the columns of a request by partition and lateness class, in order within each: what
// becomes the batches of one append. Samples of refused series and samples outside the window
// stay behind and are counted. Using a series here is what keeps it from being forgotten by the
// book.
import { columnCount, columnRefs, columnTimes, columnValues } from './columns';
import { alloc, free } from './arena';
import { bookHas, bookLongest, entryLength, refAt, touchRef } from './series-book';

/** Bucket of a sample that stays behind. */
const NONE: u16 = 0xffff;
/** live, late, backfill, held. */
const CLASSES: u32 = 4;
const HELD: u32 = 3;

/** What a sample and the frame of its definition take at most in a record. */
const RECORD_SAMPLE_BYTES: u32 = 48;

let oldest: f64 = 0;
let lateFrom: f64 = 0;
let liveFrom: f64 = 0;
let newest: f64 = 0;

let capacity: u32 = 0;
let outRefs: usize = 0;
let outTimes: usize = 0;
let outValues: usize = 0;
let buckets: usize = 0;
/** Ends of the buckets, partition * 4 + class, after splitColumns. */
let ends: usize = 0;
let bucketCount: u32 = 0;

let tooOld: u32 = 0;
let tooNew: u32 = 0;
let firstOld: u32 = 0;
let firstNew: u32 = 0;

/**
 * The window of times in ms: below `old` refused, from `late` late, from `live` live, to `last`.
 */
export function splitWindow(old: f64, late: f64, live: f64, last: f64): void {
  oldest = old;
  lateFrom = late;
  liveFrom = live;
  newest = last;
}

function makeRoom(partitions: u32): void {
  if (bucketCount != partitions * CLASSES) {
    if (bucketCount != 0) free(ends, bucketCount * 4);
    bucketCount = partitions * CLASSES;
    ends = alloc(bucketCount * 4);
  }
  if (columnCount <= capacity) return;
  let room: u32 = capacity == 0 ? 16384 : capacity;
  while (room < columnCount) room <<= 1;
  if (capacity != 0) {
    free(outRefs, capacity * 4);
    free(outTimes, capacity * 8);
    free(outValues, capacity * 8);
    free(buckets, capacity * 2);
  }
  capacity = room;
  outRefs = alloc(room * 4);
  outTimes = alloc(room * 8);
  outValues = alloc(room * 8);
  buckets = alloc(room * 2);
}

function lateness(time: f64): u32 {
  return time >= liveFrom ? 0 : time >= lateFrom ? 1 : 2;
}

/** Chooses each sample's bucket and counts; answers how many samples found one. */
function choose(): u32 {
  let taken: u32 = 0;
  for (let i: u32 = 0; i < columnCount; i++) {
    const to = buckets + ((<usize>i) << 1);
    const ref = load<u32>(columnRefs + ((<usize>i) << 2));
    const time = load<f64>(columnTimes + ((<usize>i) << 3));
    store<u16>(to, NONE);
    if (ref == 0xffffffff) continue;
    // Written so that a NaN is too old.
    if (!(time >= oldest)) {
      if (tooOld++ == 0) firstOld = i;
    } else if (time > newest) {
      if (tooNew++ == 0) firstNew = i;
    } else {
      // A ref that the book did not give is a bug of the caller: stop here.
      if (!bookHas(ref)) unreachable();
      const r = refAt(ref);
      touchRef(r);
      const bucket = <u32>load<u16>(r, 8) * CLASSES + lateness(time);
      store<u16>(to, <u16>bucket);
      const end = ends + ((<usize>bucket) << 2);
      store<u32>(end, load<u32>(end) + 1);
      taken++;
    }
  }
  return taken;
}

let heldAt: usize = 0;
let heldRefs: u32 = 0;

/** A byte for each of the first `refs` refs: not 0 where samples are held back. 0, 0: none are. */
export function splitHold(at: usize, refs: u32): void {
  heldAt = at;
  heldRefs = refs;
}

/** Moves samples of series that are held back into the bucket of their partition for it. */
function holdBack(): void {
  for (let i: u32 = 0; i < columnCount; i++) {
    const ref = load<u32>(columnRefs + ((<usize>i) << 2));
    if (ref >= heldRefs || load<u8>(heldAt + ref) == 0) continue;
    const at = buckets + ((<usize>i) << 1);
    const bucket = load<u16>(at);
    if (bucket == NONE) continue;
    const from = ends + ((<usize>bucket) << 2);
    store<u32>(from, load<u32>(from) - 1);
    const held = (<u32>bucket & ~HELD) | HELD;
    store<u16>(at, <u16>held);
    const to = ends + ((<usize>held) << 2);
    store<u32>(to, load<u32>(to) + 1);
  }
}

/** Turns counts into starts; the scatter then makes ends of them. */
function prefixSums(): void {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < bucketCount; i++) {
    const end = ends + ((<usize>i) << 2);
    const count = load<u32>(end);
    store<u32>(end, sum);
    sum += count;
  }
}

/** Splits the columns over `partitions` and answers how many samples were taken. */
export function splitColumns(partitions: u32): u32 {
  makeRoom(partitions);
  memory.fill(ends, 0, bucketCount * 4);
  tooOld = 0;
  tooNew = 0;
  const taken = choose();
  if (heldRefs != 0) holdBack();
  prefixSums();
  for (let i: u32 = 0; i < columnCount; i++) {
    const bucket = load<u16>(buckets + ((<usize>i) << 1));
    if (bucket == NONE) continue;
    const end = ends + ((<usize>bucket) << 2);
    const to = load<u32>(end);
    store<u32>(end, to + 1);
    store<u32>(outRefs + ((<usize>to) << 2), load<u32>(columnRefs + ((<usize>i) << 2)));
    store<u64>(outTimes + ((<usize>to) << 3), load<u64>(columnTimes + ((<usize>i) << 3)));
    store<u64>(outValues + ((<usize>to) << 3), load<u64>(columnValues + ((<usize>i) << 3)));
  }
  return taken;
}

/** Samples from `first` on, at most `count`, whose record stays under `bytes`; at least one. */
export function splitCut(first: u32, count: u32, bytes: u32): u32 {
  if (<u64>count * (RECORD_SAMPLE_BYTES + bookLongest()) <= <u64>bytes) return count;
  let sum: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const ref = load<u32>(outRefs + ((<usize>(first + i)) << 2));
    sum += RECORD_SAMPLE_BYTES + entryLength(load<u32>(refAt(ref)));
    if (sum > bytes) return i == 0 ? 1 : i;
  }
  return count;
}

export function splitRefs(): usize {
  return outRefs;
}

export function splitTimes(): usize {
  return outTimes;
}

export function splitValues(): usize {
  return outValues;
}

export function splitEnds(): usize {
  return ends;
}

export function splitTooOld(): u32 {
  return tooOld;
}

export function splitTooNew(): u32 {
  return tooNew;
}

/**
 * Index in the request's columns of the first sample that was too old; tell only if there is one.
 */
export function splitFirstOld(): u32 {
  return firstOld;
}

export function splitFirstNew(): u32 {
  return firstNew;
}
