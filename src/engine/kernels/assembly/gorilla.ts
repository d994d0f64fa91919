// The Gorilla codec: chunks of (millisecond, float64 bits), delta of deltas and XOR, joint control
// bits (docs/format/chunk.md). Encodes whole columns, decodes whole chunks; the head's appender is
// gorilla-append.ts. Bits are filled from the low end of little-endian words, because WebAssembly
// loads those unaligned. Easy to get wrong: a shift by 64 is a shift by 0, so every count of bits
// put at once stays below 57; values are bits from beginning to end, never floats.

import { ACC, COUNT, FILL, LAST_VALUE, SIGNIFICANT, staged, TRAILING } from './gorilla-state';

/** Bytes that encode wants free beyond a chunk's last sample: the longest sample and one word. */
export const GORILLA_HEADROOM: u32 = 32;
/** First timestamp and first value, both whole. */
export const GORILLA_PREFIX: u32 = 16;
const STALE: u64 = 0x7ff0000000000002;
/** Widest value that fits one put beside its two control bits. */
const SIGNIFICANT_FAST: u64 = 54;
/** A window this much wider than a value needs is made anew: a new one costs 13 bits. */
const WASTE: u64 = 10;
/** Zigzag numbers from here on take 64 bits. */
const NEAR: u64 = 1 << 20;
/** On every 16th sample the window may shrink, so that one wide value does not cost for ever. */
export const SHRINK_EVERY: u32 = 15;

// What the common path keeps in locals and hands over to the rare path.
/** Bits not yet stored, fewer than 8 of them between samples. */
let acc: u64 = 0;
let fill: u64 = 0;
let at: usize = 0;
/** The window: significant bits and the zero bits below them; 0 and 0 before the first. */
let significant: u64 = 0;
let trailing: u64 = 0;
/** The rare path's answer: the value that the next XOR is against. */
let previous: u64 = 0;

/** Bits outside a window that the common path can put; all of them when it cannot. */
// @ts-ignore: decorator
@inline
export function outsideOf(significantBits: u64, trailingBits: u64): u64 {
  if (significantBits == 0 || significantBits > SIGNIFICANT_FAST) return ~(<u64>0);
  return ~((~(<u64>0) >> (64 - significantBits)) << trailingBits);
}

/** Adds up to 56 bits to what is written. */
function put(bits: u64, count: u64): void {
  acc |= bits << fill;
  store<u64>(at, acc);
  fill += count;
  at += <usize>(fill >> 3);
  acc >>= fill & 56;
  fill &= 7;
}

function putWide(bits: u64, count: u64): void {
  if (count > 56) {
    put(bits & 0xffffffff, 32);
    put(bits >> 32, count - 32);
  } else {
    put(bits, count);
  }
}

/** The zigzag number of a delta of deltas. */
// @ts-ignore: decorator
@inline
function zigzagOf(dod: i64): u64 {
  return <u64>((dod << 1) ^ (dod >> 63));
}

/** Selector of a zigzag number below 2^20: 6, 12 or 20 bits. No branch, or jitter would miss it. */
// @ts-ignore: decorator
@inline
function selectorOf(zigzag: u64): u64 {
  return <u64>(zigzag >= 64) + <u64>(zigzag >= 4096);
}

/** Bits that a selector stands for. */
// @ts-ignore: decorator
@inline
function widthOf(selector: u64): u64 {
  return (<u64>0x140c06 >> (selector << 3)) & 31;
}

/** Control bits with a delta of deltas and the value code: 3, a selector of 2, zigzag, 2 bits. */
function putTime(dod: i64, code: u64): void {
  const zigzag = zigzagOf(dod);
  if (zigzag >= NEAR) {
    put(7 | (3 << 3), 5);
    putWide(zigzag, 64);
    put(code, 2);
    return;
  }
  const selector = selectorOf(zigzag);
  const width = widthOf(selector);
  put(7 | (selector << 3) | (zigzag << 5) | (code << (5 + width)), 7 + width);
}

/** 0 the same value, 1 inside the window, 2 a new window (which is set), 3 the stale marker. */
function valueCode(x: u64, value: u64, mayShrink: bool): u64 {
  if (x == 0) return 0;
  if (!mayShrink && (x & outsideOf(significant, trailing)) == 0) return 1;
  if (value == STALE) return 3;
  const lead = clz(x);
  const trail = ctz(x);
  const own = 64 - lead - trail;
  if (significant != 0) {
    const windowLead = 64 - significant - trailing;
    if (lead >= windowLead && trail >= trailing) {
      if (!mayShrink || significant - own < WASTE) return 1;
    } else {
      const bothTrail = min(trail, trailing);
      const both = 64 - min(lead, windowLead) - bothTrail;
      if (both - own < WASTE) {
        significant = both;
        trailing = bothTrail;
        return 2;
      }
    }
  }
  significant = own;
  trailing = trail;
  return 2;
}

/** One sample by the rare path: any delta of deltas, any value. Works on the handed-over state. */
function putRare(dod: i64, value: u64, mayShrink: bool): void {
  const x = value ^ previous;
  const code = valueCode(x, value, mayShrink);
  if (dod == 0 && code != 3) {
    if (code == 2) put(3, 3);
    else put(code, code + 1);
  } else {
    putTime(dod, code);
  }
  if (code == 3) return;
  if (code == 2) put((64 - significant - trailing) | ((significant - 1) << 6), 12);
  if (code != 0) putWide(x >> trailing, significant);
  previous = value;
}

/**
 * The rare path for the appender: its accumulator, value and window are taken from the
 * state; words are left in `staged`. Answers the bits there, the old ones counted.
 */
export function putRareAt(state: usize, dod: i64, value: u64): u32 {
  const open = load<u64>(state, ACC);
  const filled = <u64>load<u8>(state, FILL);
  const shrink = (load<u8>(state, COUNT) & SHRINK_EVERY) == 0;
  store<u64>(staged, open);
  fill = filled & 7;
  at = staged + <usize>(filled >> 3);
  acc = open >> (filled & 56);
  previous = load<u64>(state, LAST_VALUE);
  significant = load<u8>(state, SIGNIFICANT);
  trailing = load<u8>(state, TRAILING);
  putRare(dod, value, shrink);
  // So that no old bits stand above the last ones in the word that the state keeps.
  store<u64>(at, acc);
  store<u64>(state, previous, LAST_VALUE);
  return <u32>((at - staged) << 3) + <u32>fill;
}

/** The window after putRareAt. */
export function rareSignificant(): u64 {
  return significant;
}

export function rareTrailing(): u64 {
  return trailing;
}

/** The columns that gorillaEncode reads and gorillaDecode writes, until others are named. */
export let columnTimes: usize = 0;
export let columnBits: usize = 0;
export let columnLength: u32 = 0;

/** Names `count` places of timestamps (whole float64 milliseconds) and of value bits. */
export function gorillaColumns(timestampsAt: usize, valuesAt: usize, count: u32): void {
  columnTimes = timestampsAt;
  columnBits = valuesAt;
  columnLength = count;
}

/**
 * Encodes the columns into `to`, at most `capacity` bytes, of which GORILLA_HEADROOM stay unused.
 * Answers the chunk's size in bits, 0 when it is full.
 */
export function gorillaEncode(to: usize, capacity: u32): u32 {
  const timestampsAt = columnTimes;
  const valuesAt = columnBits;
  const count = columnLength;
  if (count == 0 || capacity < GORILLA_PREFIX + GORILLA_HEADROOM) return 0;
  const last = to + capacity - GORILLA_HEADROOM;
  let time = <i64>load<f64>(timestampsAt);
  let before = load<u64>(valuesAt);
  store<i64>(to, time);
  store<u64>(to, before, 8);
  let delta: i64 = 0;
  let outside = ~(<u64>0);
  let bits: u64 = 0;
  let filled: u64 = 0;
  let step: u64 = 0;
  let shift: u64 = 0;
  significant = 0;
  trailing = 0;
  let next = to + GORILLA_PREFIX;
  for (let i: u32 = 1; i < count; ++i) {
    if (next > last) return 0;
    const now = <i64>load<f64>(timestampsAt + (<usize>i << 3));
    const value = load<u64>(valuesAt + (<usize>i << 3));
    const dod = now - time - delta;
    delta = now - time;
    time = now;
    const x = value ^ before;
    if ((<u64>dod | (x & outside)) == 0 && (i & SHRINK_EVERY) != 0) {
      const some = <u64>(x != 0);
      bits |= (some | ((x >> shift) << 2)) << filled;
      store<u64>(next, bits);
      filled += 1 + (step & (0 - some));
      next += <usize>(filled >> 3);
      bits >>= filled & 56;
      filled &= 7;
      before = value;
    } else if ((x & outside) == 0 && (i & SHRINK_EVERY) != 0 && zigzagOf(dod) < NEAR) {
      const some = <u64>(x != 0);
      const zigzag = zigzagOf(dod);
      const selector = selectorOf(zigzag);
      const width = widthOf(selector);
      bits |= (7 | (selector << 3) | (zigzag << 5) | (some << (5 + width))) << filled;
      store<u64>(next, bits);
      filled += 7 + width;
      next += <usize>(filled >> 3);
      bits = (bits >> (filled & 56)) | ((x >> shift) << (filled & 7));
      store<u64>(next, bits);
      filled = (filled & 7) + ((step - 1) & (0 - some));
      next += <usize>(filled >> 3);
      bits >>= filled & 56;
      filled &= 7;
      before = value;
    } else {
      acc = bits;
      fill = filled;
      at = next;
      previous = before;
      putRare(dod, value, (i & SHRINK_EVERY) == 0);
      bits = acc;
      filled = fill;
      next = at;
      before = previous;
      outside = outsideOf(significant, trailing);
      step = significant + 1;
      shift = trailing;
    }
  }
  store<u8>(next, <u8>bits);
  return <u32>((next - to) << 3) + <u32>filled;
}
