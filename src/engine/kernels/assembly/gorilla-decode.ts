// Reads Gorilla chunks (docs/format/chunk.md) back into columns, whatever the bytes are: it never
// reads outside the chunk, never writes more than `count` samples, and refuses what no encoder
// wrote. Easy to get wrong: the common path loads 8 bytes at once, so the last bytes of a chunk are
// read from a copy with zeros behind it.

import { columnBits, columnLength, columnTimes } from './gorilla';

const PREFIX: u32 = 16;
const STALE: u64 = 0x7ff0000000000002;
/** The longest sample and a load, in bytes: so near the end it is read from the copy. */
const TAIL: u32 = 28;
/** What a load gives beside two control bits, when up to 7 bits of it lie before the sample. */
const SIGNIFICANT_FAST: u64 = 55;

const tail: usize = memory.data(TAIL + 36, 16);

// Handed over between the common path and the rare one.
let at: u64 = 0;
let delta: i64 = 0;
let previous: u64 = 0;
let significant: u64 = 0;
let trailing: u64 = 0;
let stale: bool = false;

/** At least 57 bits of the chunk from bit `position` on. */
// @ts-ignore: decorator
@inline
function peek(base: usize, position: u64): u64 {
  return load<u64>(base + <usize>(position >> 3)) >> (position & 7);
}

/** The next `count` bits, 1 to 64 of them. */
function take(base: usize, count: u64): u64 {
  let bits = peek(base, at);
  if (count > 57) bits = (bits & 0xffffffff) | (peek(base, at + 32) << 32);
  at += count;
  return bits & (~(<u64>0) >> (64 - count));
}

/** Bits of the number that a selector stands for. */
// @ts-ignore: decorator
@inline
function widthOf(selector: u64): u64 {
  return (<u64>0x140c06 >> (selector << 3)) & 31;
}

/** True when the value code behind a near delta of deltas is 0 or 1. */
// @ts-ignore: decorator
@inline
function narrow(word: u64): bool {
  return ((word >> (6 + widthOf((word >> 3) & 3))) & 1) == 0;
}

/** A zigzag number of a delta of deltas, added to the delta. */
// @ts-ignore: decorator
@inline
function turn(zigzag: u64): void {
  delta += <i64>(zigzag >> 1) ^ -(<i64>(zigzag & 1));
}

/** Control bits with a delta of deltas, at `word`; answers the value code behind. */
// @ts-ignore: decorator
@inline
function takeTime(base: usize, word: u64): u64 {
  const selector = (word >> 3) & 3;
  if (selector == 3) {
    at += 5;
    turn(take(base, 64));
    return take(base, 2);
  }
  // 6, 12 or 20 bits, without a branch that jitter would make unpredictable.
  const bits = widthOf(selector);
  turn((word >> 5) & ((<u64>1 << bits) - 1));
  at += 7 + bits;
  return (word >> (5 + bits)) & 3;
}

/** Reads a new window; false when no encoder wrote it. */
function takeWindow(base: usize): bool {
  const window = take(base, 12);
  significant = (window >> 6) + 1;
  const lead = window & 63;
  if (lead + significant > 64) return false;
  trailing = 64 - lead - significant;
  return true;
}

/** A sample whose control bits are 3 or whose window is wide. False: no encoder wrote this. */
function takeRare(base: usize): bool {
  let code: u64;
  const word = peek(base, at);
  const control = word & 7;
  stale = false;
  if (control == 7) {
    code = takeTime(base, word);
  } else {
    code = (control & 1) + (control == 3 ? 1 : 0);
    at += 1 + code;
  }
  if (code < 2 && significant != 0 && significant < 57) {
    const some = 0 - code;
    previous ^= (peek(base, at) & ((<u64>1 << significant) - 1) & some) << trailing;
    at += significant & some;
    return true;
  }
  if (code == 0) return true;
  if (code == 3) {
    stale = true;
    return true;
  }
  if (code == 2 && !takeWindow(base)) return false;
  if (significant == 0) return false;
  previous ^= take(base, significant) << trailing;
  return true;
}

/**
 * Decodes the chunk at `from`, `size` bytes, into the columns named by gorillaColumns, as many
 * samples as they have places. Answers that number, or -1 when the bytes are no chunk of so many
 * samples.
 */
export function gorillaDecode(from: usize, size: u32): i32 {
  const timestampsAt = columnTimes;
  const valuesAt = columnBits;
  const count = columnLength;
  if (count == 0) return 0;
  if (size < PREFIX) return -1;
  let time = load<i64>(from);
  let value = load<u64>(from, 8);
  store<f64>(timestampsAt, <f64>time);
  store<u64>(valuesAt, value);
  const end = <u64>size << 3;
  let base = from;
  let limit: i64 = (<i64>size - TAIL) << 3;
  let position: u64 = PREFIX << 3;
  let step: i64 = 0;
  // Set for each window: the mask of its bits, what they take, and what sends to the rare path.
  let mask: u64 = 0;
  let width: u64 = 0;
  let shift: u64 = 0;
  let rare: u64 = 1;
  significant = 0;
  trailing = 0;
  let i: u32 = 1;
  while (true) {
    for (; i < count && <i64>position <= limit; ++i) {
      const word = peek(base, position);
      let shown = value;
      if ((word & rare) != rare) {
        const some = 0 - (word & 1);
        value ^= ((word >> 2) & mask & some) << shift;
        position += 1 + (width & some);
        shown = value;
      } else if ((word & 7) == 7 && (word & 24) != 24 && rare == 3 && narrow(word)) {
        const width2 = widthOf(word >> 3 & 3);
        const zigzag = (word >> 5) & ((<u64>1 << width2) - 1);
        step += <i64>(zigzag >> 1) ^ -(<i64>(zigzag & 1));
        const some = 0 - ((word >> (5 + width2)) & 1);
        position += 7 + width2;
        value ^= (peek(base, position) & mask & some) << shift;
        position += (width - 1) & some;
        shown = value;
      } else {
        at = position;
        delta = step;
        previous = value;
        if (!takeRare(base)) return -1;
        position = at;
        step = delta;
        value = previous;
        shown = stale ? STALE : value;
        shift = trailing;
        width = significant + 1;
        mask = significant == 0 ? 0 : ~(<u64>0) >> (64 - significant);
        rare = significant == 0 || significant > SIGNIFICANT_FAST ? 1 : 3;
      }
      time += step;
      store<f64>(timestampsAt + (<usize>i << 3), <f64>time);
      store<u64>(valuesAt + (<usize>i << 3), shown);
    }
    if (i == count || limit == <i64>end - 1) break;
    // The rest of the chunk, with zeros behind it; positions stay those of the whole chunk.
    const gone = <u32>(position >> 3);
    memory.fill(tail, 0, TAIL + 36);
    if (gone < size) memory.copy(tail, from + gone, size - gone);
    base = tail - gone;
    limit = <i64>end - 1;
  }
  return i == count && position <= end ? <i32>count : -1;
}
