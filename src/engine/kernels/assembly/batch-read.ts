// Reads the columns of a log record (docs/format/batch.md). The bytes may be anything: each
// function checks that it stays before `end` and answers the place behind what it read, or 0.
// Callers keep eight readable bytes behind the record, so that words may be loaded whole.
import { isCanonical } from './label-check';
import { readVarint, wireValue } from './protobuf';

function unzigzag(value: u64): i64 {
  return (<i64>(value >> 1)) ^ -(<i64>(value & 1));
}

const REFS_END: i64 = 0x100000000;

function readRefRuns(start: usize, end: usize, count: u32, into: usize): usize {
  let at = start;
  let expected: i64 = 0;
  let left = count;
  let to = into;
  while (left != 0) {
    at = readVarint(at, end);
    if (at == 0) return 0;
    let ref = expected + unzigzag(wireValue);
    at = readVarint(at, end);
    if (at == 0) return 0;
    const run = wireValue;
    if (run == 0 || run > left || ref < 0 || ref > REFS_END - <i64>run) return 0;
    left -= <u32>run;
    const stop = to + ((<usize>run) << 2);
    while (to < stop) {
      store<u32>(to, <u32>ref);
      ref++;
      to += 4;
    }
    expected = ref;
  }
  return at;
}

/** Refs into u32s at `into`. */
export function readRefs(start: usize, end: usize, count: u32, into: usize): usize {
  if (start >= end) return 0;
  const form = load<u8>(start);
  if (form == 0) return readRefRuns(start + 1, end, count, into);
  if (form != 1) return 0;
  let nibbles = start + 1;
  const room = end - nibbles;
  const width: usize = (<usize>count + 1) >> 1;
  if (width > room) return 0;
  let at = nibbles + width;
  let expected: i64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const byte = load<u8>(nibbles);
    const nibble = i & 1 ? byte >> 4 : byte & 15;
    nibbles += i & 1;
    let ref = expected + nibble;
    if (nibble == 15) {
      at = readVarint(at, end);
      if (at == 0) return 0;
      ref = expected + unzigzag(wireValue);
    }
    if (<u64>ref >= <u64>REFS_END) return 0;
    store<u32>(into + ((<usize>i) << 2), <u32>ref);
    expected = ref + 1;
  }
  return at;
}

/** Timestamps into f64s at `into`. */
export function readTimes(start: usize, end: usize, count: u32, into: usize): usize {
  if (start >= end) return 0;
  const form = load<u8>(start);
  if (form > 1) return 0;
  let at = start + 1;
  let to = into;
  const stop = into + ((<usize>count) << 3);
  let time: i64 = 0;
  let step: i64 = 0;
  while (to < stop) {
    at = readVarint(at, end);
    if (at == 0) return 0;
    const delta = unzigzag(wireValue);
    let run: u64 = 1;
    if (form == 0) {
      time += delta;
      at = readVarint(at, end);
      if (at == 0) return 0;
      run = wireValue;
      if (run == 0 || run > <u64>((stop - to) >> 3)) return 0;
    } else {
      step += delta;
      time += step;
    }
    const value = <f64>time;
    if (Math.abs(value) > 9007199254740992) return 0;
    const runEnd = to + ((<usize>run) << 3);
    while (to < runEnd) {
      store<f64>(to, value);
      to += 8;
    }
  }
  return at;
}

/** Value bits into u64s at `into`. */
export function readValues(start: usize, end: usize, count: u32, into: usize): usize {
  let nibbles = start;
  const width: usize = (<usize>count + 1) >> 1;
  if (width > end - start) return 0;
  let at = start + width;
  let to = into;
  const stop = into + ((<usize>count) << 3);
  let shift: u8 = 0;
  while (to < stop) {
    const nibble = <u64>((load<u8>(nibbles) >> shift) & 15);
    nibbles += shift >> 2;
    shift ^= 4;
    const size = nibble < 8 ? nibble : nibble - 7;
    if (<usize>size > end - at) return 0;
    const word = load<u64>(at);
    at += <usize>size;
    if (nibble < 8) {
      const zig = word & (((<u64>1) << (size << 3)) - 1);
      store<f64>(to, <f64>unzigzag(zig));
    } else {
      // The upper bytes stand lowest in the record; shifting up drops what follows them.
      store<u64>(to, word << (64 - (size << 3)));
    }
    to += 8;
  }
  return at;
}

let unfolded: u64 = 0;

/**
 * Checks the frames of definitions and adds up their unfolded bytes for unfoldedBytes(); answers
 * the place behind the last.
 */
export function checkDefinitions(start: usize, end: usize, count: u32): usize {
  let at = start;
  let last: u64 = 0;
  unfolded = 0;
  for (let i: u32 = 0; i < count; i++) {
    at = readVarint(at, end);
    if (at == 0) return 0;
    at = readVarint(at, end);
    if (at == 0) return 0;
    const prefix = wireValue;
    at = readVarint(at, end);
    if (at == 0) return 0;
    const suffix = wireValue;
    at = readVarint(at, end);
    if (at == 0) return 0;
    const middle = wireValue;
    if (prefix > last || suffix > last - prefix || middle > <u64>(end - at)) return 0;
    at += <usize>middle;
    last = prefix + middle + suffix;
    unfolded += last;
  }
  return at;
}

/** Sum of checkDefinitions as a float, so that JavaScript gets a plain number. */
export function unfoldedBytes(): f64 {
  return <f64>unfolded;
}

/**
 * Unfolds checked definitions: triples (ref, address, length) at `table`, bytes from `into` on,
 * which have 8 readable bytes behind them. False when one is not canonical or a ref is none.
 */
export function readDefinitions(start: usize, count: u32, table: usize, into: usize): bool {
  let at = start;
  let bytes = into;
  let last: usize = into;
  let lastLength: usize = 0;
  let ref: i64 = -1;
  const far: usize = 0xffffffff;
  for (let i: u32 = 0; i < count; i++) {
    at = readVarint(at, far);
    ref += unzigzag(wireValue) + 1;
    if (<u64>ref >= <u64>REFS_END) return false;
    at = readVarint(at, far);
    const prefix = <usize>wireValue;
    at = readVarint(at, far);
    const suffix = <usize>wireValue;
    at = readVarint(at, far);
    const middle = <usize>wireValue;
    memory.copy(bytes, last, prefix);
    memory.copy(bytes + prefix, at, middle);
    memory.copy(bytes + prefix + middle, last + lastLength - suffix, suffix);
    at += middle;
    const length = prefix + middle + suffix;
    if (!isCanonical(bytes, <u32>length)) return false;
    const row = table + <usize>i * 12;
    store<u32>(row, <u32>ref);
    store<u32>(row, <u32>bytes, 4);
    store<u32>(row, <u32>length, 8);
    last = bytes;
    lastLength = length;
    bytes += length;
  }
  return true;
}
