// Writes the columns of a log record (docs/format/batch.md). Every function takes the place to
// write at and answers the place behind, or 0 when the record would pass `limit`. Nothing here
// allocates, so that columns which are views of this memory stay good while a whole append is
// encoded.
import { readVarint, wireValue } from './protobuf';
import { bookBytesAt, bookBytesLength, refAt } from './series-book';

/** The end of the room for a record; set by writeLimit. */
let limit: usize = 0;

export function writeLimit(end: usize): void {
  limit = end;
}

function zigzag(value: i64): u64 {
  return ((<u64>value) << 1) ^ (<u64>(value >> 63));
}

function putVarint(start: usize, number: u64): usize {
  let at = start;
  let value = number;
  while (value > 0x7f) {
    store<u8>(at++, <u8>(value | 0x80));
    value >>= 7;
  }
  store<u8>(at, <u8>value);
  return at + 1;
}

function hasRoom(at: usize, count: u32, each: u32): bool {
  return <u64>at + <u64>count * each + 16 <= <u64>limit;
}

/** Runs of refs that rise by one. */
function countRefRuns(refs: usize, count: u32): u32 {
  let runs: u32 = 0;
  let expected: u32 = 0xffffffff;
  for (let i: u32 = 0; i < count; i++) {
    const ref = load<u32>(refs + ((<usize>i) << 2));
    if (ref != expected) runs++;
    expected = ref + 1;
  }
  return runs;
}

/** The refs: runs (step from the expected ref, length), or a nibble each with escapes behind. */
export function writeRefs(refs: usize, count: u32, start: usize): usize {
  if (!hasRoom(start, count, 6)) return 0;
  let at = start;
  const end = refs + ((<usize>count) << 2);
  let from = refs;
  let expected: i64 = 0;
  if (countRefRuns(refs, count) << 2 <= count) {
    store<u8>(at++, 0);
    while (from < end) {
      const first = <i64>load<u32>(from);
      let next = first;
      do {
        from += 4;
        next++;
      } while (from < end && <i64>load<u32>(from) == next);
      at = putVarint(at, zigzag(first - expected));
      at = putVarint(at, next - first);
      expected = next;
    }
    return at;
  }
  store<u8>(at++, 1);
  let nibbles = at;
  at += (count + 1) >> 1;
  let high: u8 = 0;
  let low: u8 = 0;
  while (from < end) {
    const ref = <i64>load<u32>(from);
    const step = ref - expected;
    let nibble = <u8>step;
    if (<u64>step > 14) {
      nibble = 15;
      at = putVarint(at, zigzag(step));
    }
    low |= nibble << high;
    if (high) {
      store<u8>(nibbles++, low);
      low = 0;
    }
    high ^= 4;
    expected = ref + 1;
    from += 4;
  }
  if (high) store<u8>(nibbles, low);
  return at;
}

/**
 * Timestamps, whole ms as f64: runs of equal ones (step, length), or differences of differences.
 * The answer 1 says that a timestamp is not a whole number, which is a bug of the caller.
 */
export function writeTimes(times: usize, count: u32, start: usize): usize {
  if (!hasRoom(start, count, 12)) return 0;
  const end = times + ((<usize>count) << 3);
  let runs: u32 = 0;
  let last: f64 = NaN;
  for (let from = times; from < end; from += 8) {
    const time = load<f64>(from);
    // Beyond 2^53 not every whole number is a float64.
    if (Math.floor(time) != time || Math.abs(time) > 9007199254740992) return 1;
    if (time != last) runs++;
    last = time;
  }
  let at = start;
  let before: i64 = 0;
  let from = times;
  if (runs << 1 <= count || runs == 1) {
    store<u8>(at++, 0);
    while (from < end) {
      const time = load<f64>(from);
      const first = from;
      do from += 8;
      while (from < end && load<f64>(from) == time);
      at = putVarint(at, zigzag(<i64>time - before));
      at = putVarint(at, (from - first) >> 3);
      before = <i64>time;
    }
    return at;
  }
  store<u8>(at++, 1);
  let step: i64 = 0;
  while (from < end) {
    const time = <i64>load<f64>(from);
    const now = time - before;
    at = putVarint(at, zigzag(now - step));
    step = now;
    before = time;
    from += 8;
  }
  return at;
}

/**
 * Value bits: a nibble each, then bytes. Nibble 0 to 7: a whole number as zigzag in so many bytes;
 * 8 to 15: the upper nibble - 7 bytes of the float64, the rest 0. The shorter is taken.
 */
export function writeValues(values: usize, count: u32, start: usize): usize {
  if (!hasRoom(start, count, 9)) return 0;
  let nibbles = start;
  let at = start + ((count + 1) >> 1);
  const end = values + ((<usize>count) << 3);
  let high: u8 = 0;
  let pair: u8 = 0;
  for (let from = values; from < end; from += 8) {
    const bits = load<u64>(from);
    const whole = <i64>reinterpret<f64>(bits);
    const floatBytes: u64 = 8 - (ctz(bits) >> 3);
    let nibble = 7 + floatBytes;
    let size = floatBytes;
    let word = bits >> ((64 - (floatBytes << 3)) & 63);
    if (reinterpret<u64>(<f64>whole) == bits) {
      const zig = zigzag(whole);
      const bytes: u64 = (71 - clz(zig)) >> 3;
      if (bytes < 8 && (bytes <= floatBytes || bits == 0)) {
        nibble = bytes;
        size = bytes;
        word = zig;
      }
    }
    store<u64>(at, word);
    at += <usize>size;
    pair |= (<u8>nibble) << high;
    if (high) {
      store<u8>(nibbles++, pair);
      pair = 0;
    }
    high ^= 4;
  }
  if (high) store<u8>(nibbles, pair);
  return at;
}

/** How many bytes two runs have in common at their beginnings. */
function commonPrefix(a: usize, b: usize, most: u32): u32 {
  let n: u32 = 0;
  while (n + 8 <= most) {
    const differ = load<u64>(a + n) ^ load<u64>(b + n);
    if (differ != 0) return n + ((<u32>ctz(differ)) >> 3);
    n += 8;
  }
  while (n < most && load<u8>(a + n) == load<u8>(b + n)) n++;
  return n;
}

/** How many bytes two runs have in common before their ends. */
function commonSuffix(aEnd: usize, bEnd: usize, most: u32): u32 {
  let n: u32 = 0;
  while (n + 8 <= most) {
    const differ = load<u64>(aEnd - n - 8) ^ load<u64>(bEnd - n - 8);
    if (differ != 0) return n + ((<u32>clz(differ)) >> 3);
    n += 8;
  }
  while (n < most && load<u8>(aEnd - n - 1) == load<u8>(bEnd - n - 1)) n++;
  return n;
}

/** Definitions of the record being written: how many, bytes unfolded, and the last one. */
let defined: u32 = 0;
let unfolded: u32 = 0;
let lastRef: i64 = -1;
let lastBytes: usize = 0;
let lastLength: u32 = 0;

export function defineBegin(): void {
  defined = 0;
  unfolded = 0;
  lastRef = -1;
  lastLength = 0;
}

/** Writes and marks the series of a column of refs that `sequence` does not define yet. */
export function writeDefinitions(refs: usize, count: u32, sequence: u32, start: usize): usize {
  let at = start;
  const end = refs + ((<usize>count) << 2);
  for (let from = refs; from < end; from += 4) {
    const ref = load<u32>(from);
    const r = refAt(ref);
    if (load<u32>(r, 4) == sequence) continue;
    const bytes = bookBytesAt(ref);
    const length = bookBytesLength(ref);
    if (!hasRoom(at, length + 32, 1)) return 0;
    store<u32>(r, sequence, 4);
    const most = length < lastLength ? length : lastLength;
    const prefix = commonPrefix(bytes, lastBytes, most);
    const suffix = commonSuffix(bytes + length, lastBytes + lastLength, most - prefix);
    const middle = length - prefix - suffix;
    at = putVarint(at, zigzag(<i64>ref - lastRef - 1));
    at = putVarint(at, prefix);
    at = putVarint(at, suffix);
    at = putVarint(at, middle);
    memory.copy(at, bytes + prefix, middle);
    at += middle;
    lastRef = ref;
    lastBytes = bytes;
    lastLength = length;
    unfolded += length;
    defined++;
  }
  return at;
}

export function definedCount(): u32 {
  return defined;
}

/** Bytes that the definitions take when they are read again. */
export function definedBytes(): u32 {
  return unfolded;
}

/** Unmarks the series of `count` definitions at `start` that were written for a record given up. */
export function undefine(start: usize, count: u32): void {
  let at = start;
  let ref: i64 = -1;
  for (let i: u32 = 0; i < count; i++) {
    at = readVarint(at, limit);
    ref += ((<i64>(wireValue >> 1)) ^ -(<i64>(wireValue & 1))) + 1;
    store<u32>(refAt(<u32>ref), 0xffffffff, 4);
    at = readVarint(at, limit);
    at = readVarint(at, limit);
    at = readVarint(at, limit);
    at += <usize>wireValue;
  }
}
