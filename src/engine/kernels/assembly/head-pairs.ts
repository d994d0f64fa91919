// Label pairs of a head: each distinct (name, value) once, as the bytes of its entry in a canonical
// label set (docs/format/identity.md), numbered by small ids that series keep instead of text. A
// pair with an empty value is the record of a name: the pairs of that name hang on it. Easy to get
// wrong: the records move when their array grows, so addresses of records are not kept across
// pairFor.
import { sameBytes, xxh64 } from './hash';
import {
  give,
  PAIR_FREE,
  PAIR_NEXT,
  PAIR_ROOM,
  PAIR_SLOTS,
  PAIR_TABLE,
  PAIRS,
  PAIRS_LIVE,
  take,
} from './head-layout';
import { LIST_COUNT, PAIR_SHIFT, pairAt } from './head-postings';

const LENGTH: usize = 4;
const HASH: usize = 8;
const NAME: usize = 12;
const NEXT: usize = 16;

/** Id + 1 of a pair, or 0. */
function find(head: usize, at: usize, length: u32, hash: u32): u32 {
  const slots = load<usize>(head, PAIR_TABLE);
  if (slots == 0) return 0;
  const mask = load<u32>(head, PAIR_SLOTS) - 1;
  let i = hash & mask;
  while (true) {
    const found = load<u32>(slots + ((<usize>i) << 2));
    if (found == 0) return 0;
    const record = pairAt(head, found - 1);
    if (
      load<u32>(record, HASH) == hash &&
      load<u32>(record, LENGTH) == length &&
      sameBytes(load<u32>(record), at, length)
    ) {
      return found;
    }
    i = (i + 1) & mask;
  }
}

function putSlot(head: usize, pair: u32): void {
  const slots = load<usize>(head, PAIR_TABLE);
  const mask = load<u32>(head, PAIR_SLOTS) - 1;
  let i = load<u32>(pairAt(head, pair), HASH) & mask;
  while (load<u32>(slots + ((<usize>i) << 2)) != 0) i = (i + 1) & mask;
  store<u32>(slots + ((<usize>i) << 2), pair + 1);
}

/** Fills the table anew from the records, with `count` slots, and hangs pairs on their names. */
export function rebuildPairs(head: usize, count: u32): void {
  const old = load<u32>(head, PAIR_SLOTS);
  if (old != 0) give(head, load<usize>(head, PAIR_TABLE), old << 2);
  store<u32>(head, <u32>take(head, count << 2), PAIR_TABLE);
  store<u32>(head, count, PAIR_SLOTS);
  memory.fill(load<usize>(head, PAIR_TABLE), 0, count << 2);
  const end = load<u32>(head, PAIR_NEXT);
  for (let pair: u32 = 0; pair < end; pair++) {
    const record = pairAt(head, pair);
    if (load<u32>(record) == 0) continue;
    putSlot(head, pair);
    if (load<u32>(record, NAME) == pair) store<u32>(record, 0, NEXT);
  }
  for (let pair: u32 = 0; pair < end; pair++) {
    const record = pairAt(head, pair);
    if (load<u32>(record) != 0 && load<u32>(record, NAME) != pair) hang(head, pair);
  }
}

function hang(head: usize, pair: u32): void {
  const record = pairAt(head, pair);
  const name = pairAt(head, load<u32>(record, NAME));
  store<u32>(record, load<u32>(name, NEXT), NEXT);
  store<u32>(name, pair + 1, NEXT);
}

function takePair(head: usize): u32 {
  store<u32>(head, load<u32>(head, PAIRS_LIVE) + 1, PAIRS_LIVE);
  const free = load<u32>(head, PAIR_FREE);
  if (free != 0) {
    store<u32>(head, load<u32>(pairAt(head, free - 1), NEXT), PAIR_FREE);
    return free - 1;
  }
  const pair = load<u32>(head, PAIR_NEXT);
  const room = load<u32>(head, PAIR_ROOM);
  if (pair == room) {
    const wider = room == 0 ? 2048 : room + (room >> 1);
    const records = take(head, wider << PAIR_SHIFT);
    if (room != 0) {
      memory.copy(records, load<usize>(head, PAIRS), room << PAIR_SHIFT);
      give(head, load<usize>(head, PAIRS), room << PAIR_SHIFT);
    }
    store<u32>(head, <u32>records, PAIRS);
    store<u32>(head, wider, PAIR_ROOM);
  }
  store<u32>(head, pair + 1, PAIR_NEXT);
  return pair;
}

/** Names longer than this are refused. */
const NAME_MAX: u32 = 4096;
const nameBytes: usize = memory.data(4096 + 32, 16);

/** The entry of (name, ''): its name field is copied from `body` to `end`. Answers its length. */
function nameEntry(body: usize, end: usize): u32 {
  const copied = <u32>(end - body);
  let at = putVarint(nameBytes + 1, copied + 2);
  store<u8>(nameBytes, 0x0a);
  memory.copy(at, body, copied);
  at += copied;
  store<u8>(at, 0x12);
  store<u8>(at, 0, 1);
  return <u32>(at + 2 - nameBytes);
}

function putVarint(to: usize, value: u32): usize {
  let at = to;
  let rest = value;
  while (rest > 127) {
    store<u8>(at++, <u8>(rest | 128));
    rest >>= 7;
  }
  store<u8>(at++, <u8>rest);
  return at;
}

function addPair(head: usize, at: usize, length: u32, hash: u32): u32 {
  const live = load<u32>(head, PAIRS_LIVE) + 1;
  const slots = load<u32>(head, PAIR_SLOTS);
  if (live + (live >> 2) >= slots) rebuildPairs(head, slots == 0 ? 4096 : slots << 1);
  const pair = takePair(head);
  const record = pairAt(head, pair);
  memory.fill(record, 0, 1 << PAIR_SHIFT);
  const bytes = take(head, length);
  memory.copy(bytes, at, length);
  store<u32>(record, <u32>bytes);
  store<u32>(record, length, LENGTH);
  store<u32>(record, hash, HASH);
  store<u32>(record, pair, NAME);
  putSlot(head, pair);
  return pair;
}

// What the last parse found: the end of the entry, the name field's bounds.
let entryEnd: usize = 0;
let nameFrom: usize = 0;
let nameEnd: usize = 0;
let varintEnd: usize = 0;

function varint(at: usize, end: usize): u32 {
  let value: u32 = 0;
  let shift: u32 = 0;
  let from = at;
  while (from < end && shift < 35) {
    const byte = <u32>load<u8>(from++);
    value |= (byte & 127) << shift;
    if (byte < 128) {
      varintEnd = from;
      return value;
    }
    shift += 7;
  }
  varintEnd = 0;
  return 0;
}

/** Finds the bounds of the entry at `at`; false when it is none. */
function parseEntry(at: usize, end: usize): bool {
  if (at >= end || load<u8>(at) != 0x0a) return false;
  const length = varint(at + 1, end);
  if (varintEnd == 0 || length > <u32>(end - varintEnd)) return false;
  nameFrom = varintEnd;
  entryEnd = nameFrom + length;
  if (nameFrom >= entryEnd || load<u8>(nameFrom) != 0x0a) return false;
  const nameLength = varint(nameFrom + 1, entryEnd);
  if (varintEnd == 0 || nameLength > min<u32>(NAME_MAX, <u32>(entryEnd - varintEnd))) return false;
  nameEnd = varintEnd + nameLength;
  if (nameEnd >= entryEnd || load<u8>(nameEnd) != 0x12) return false;
  const valueLength = varint(nameEnd + 1, entryEnd);
  return varintEnd != 0 && valueLength == <u32>(entryEnd - varintEnd);
}

/** Id of the pair whose entry begins at `at`, made if need be; -1 when it is no entry. */
export function pairFor(head: usize, at: usize, end: usize): i32 {
  if (!parseEntry(at, end)) return -1;
  const length = <u32>(entryEnd - at);
  const hash = <u32>xxh64(at, length, 0);
  const found = find(head, at, length, hash);
  if (found != 0) return <i32>(found - 1);
  const named = nameEntry(nameFrom, nameEnd);
  const nameHash = <u32>xxh64(nameBytes, named, 0);
  let name = find(head, nameBytes, named, nameHash);
  if (name == 0) name = addPair(head, nameBytes, named, nameHash) + 1;
  const pair = addPair(head, at, length, hash);
  store<u32>(pairAt(head, pair), name - 1, NAME);
  hang(head, pair);
  return <i32>pair;
}

/** Where the entry ends that pairFor has just read. */
export function pairEnd(): usize {
  return entryEnd;
}

/** Id of the pair with this entry, or -1. */
export function headFindPair(head: usize, at: usize, length: u32): i32 {
  return <i32>find(head, at, length, <u32>xxh64(at, length, 0)) - 1;
}

/** The entry of a pair. */
export function pairBytes(head: usize, pair: u32): usize {
  return load<u32>(pairAt(head, pair));
}

export function pairLength(head: usize, pair: u32): u32 {
  return load<u32>(pairAt(head, pair), LENGTH);
}

/** Id of the record of the pair's name. */
export function pairName(head: usize, pair: u32): u32 {
  return load<u32>(pairAt(head, pair), NAME);
}

/** The first pair of a name, or the one after `pair`: id + 1, or 0. */
export function pairNext(head: usize, pair: u32): u32 {
  return load<u32>(pairAt(head, pair), NEXT);
}

/** Removes the pairs without series, and the names without pairs. Answers how many pairs. */
export function dropEmptyPairs(head: usize): u32 {
  const end = load<u32>(head, PAIR_NEXT);
  let dropped: u32 = 0;
  for (let pair: u32 = 0; pair < end; pair++) {
    const record = pairAt(head, pair);
    if (load<u32>(record) == 0 || load<u32>(record, NAME) == pair) continue;
    if (load<u32>(record, LIST_COUNT) != 0) continue;
    dropPair(head, pair);
    dropped++;
  }
  if (dropped == 0) return 0;
  rebuildPairs(head, load<u32>(head, PAIR_SLOTS));
  let names: u32 = 0;
  for (let pair: u32 = 0; pair < end; pair++) {
    const record = pairAt(head, pair);
    if (load<u32>(record) == 0 || load<u32>(record, NAME) != pair) continue;
    if (load<u32>(record, NEXT) != 0) continue;
    dropPair(head, pair);
    names++;
  }
  if (names != 0) rebuildPairs(head, load<u32>(head, PAIR_SLOTS));
  return dropped;
}

function dropPair(head: usize, pair: u32): void {
  const record = pairAt(head, pair);
  give(head, load<u32>(record), load<u32>(record, LENGTH));
  store<u32>(record, 0);
  store<u32>(record, load<u32>(head, PAIR_FREE), NEXT);
  store<u32>(head, pair + 1, PAIR_FREE);
  store<u32>(head, load<u32>(head, PAIRS_LIVE) - 1, PAIRS_LIVE);
}
