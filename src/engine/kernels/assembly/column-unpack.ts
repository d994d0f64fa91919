// Unpacks what column-pack.ts packed: numbers of a column from two lanes of states and extra bits.
// Stands under column-decode.ts. It never reads outside the lanes and the room behind them,
// whatever the bytes are. Easy to get wrong: every entry of the table is filled before a state is
// looked up, and states are cut to the table, so that a wrong table gives wrong numbers but no
// wrong place.
import { alloc } from './arena';
import { spreadTokens } from './column-pack';
import { integersAt, LANE_STATES_LOG_LEAST, LANE_STATES_LOG_MOST } from './column-state';

/** Extra bits up to which one load gives a token's extra and state bits at once. */
const NARROW: u64 = 47;

/** Where the parts of a word of the table begin. */
const EXTRA_SHIFT: u32 = 8;
const BITS_SHIFT: u32 = 14;
const BACK_SHIFT: u32 = 18;

const shares: usize = memory.data(256 * 4, 16);
const spread: usize = memory.data(1 << 10, 16);
/** The first and the last token that may come. */
const ends: usize = memory.data(8, 16);
/** Of each state, in one word: lead 8 bits, extra bits 6, state bits 4, next state 10. */
let entries: usize = 0;
let statesLog: u32 = 0;
let widest: u64 = 0;

// How numbers become residuals: the header's words.
let signs: u64 = 0;
let base: i64 = 0;
let unit: i64 = 1;

export function unpackInto(signed: bool, least: i64, scale: i64): void {
  signs = signed ? 1 : 0;
  base = least;
  unit = scale;
}

/** Reads the shares of a table; false when they are not those of one. */
function openShares(from: usize, length: u32, last: usize): bool {
  if (length < 3) return false;
  statesLog = load<u8>(from);
  // Smaller tables would not be filled by the steps of spreadTokens.
  if (statesLog > LANE_STATES_LOG_MOST || statesLog < LANE_STATES_LOG_LEAST) return false;
  memory.fill(shares, 0, 256 * 4);
  let at = from + 2;
  let given: u32 = 0;
  let t: usize = load<u8>(from, 1);
  store<u32>(last, <u32>t);
  const all: u32 = 1 << statesLog;
  for (; at < from + length; ++t) {
    let share = <u32>load<u8>(at++);
    if (share > 127) {
      if (at == from + length) return false;
      share = (share & 127) | (<u32>load<u8>(at++) << 7);
    }
    if (t > 255 || share > all) return false;
    store<u32>(shares + (t << 2), share);
    given += share;
  }
  store<u32>(last, <u32>(t - 1), 4);
  return given == all;
}

/** Makes the table of states; false when no encoder wrote it. */
export function openTable(from: usize, length: u32, leading: u32): bool {
  if (entries == 0) entries = alloc(4 << LANE_STATES_LOG_MOST);
  if (!openShares(from, length, ends)) return false;
  spreadTokens(shares, load<u32>(ends), load<u32>(ends, 4), statesLog, spread);
  const all: u32 = 1 << statesLog;
  const kept: u32 = (1 << leading) - 1;
  widest = 0;
  for (let state: u32 = 0; state < all; ++state) {
    const token = <u32>load<u8>(spread + state);
    const at = shares + (<usize>token << 2);
    const rank = load<u32>(at);
    store<u32>(at, rank + 1);
    const bits = statesLog - (31 - clz(rank));
    const back = (rank << bits) - all;
    const plain = token < <u32>2 << leading;
    const extra = plain ? 0 : min<u32>((token >> leading) - 1, 63);
    const lead = plain ? token : (token & kept) + kept + 1;
    widest = max(widest, <u64>extra);
    const word = lead | (extra << EXTRA_SHIFT) | (bits << BITS_SHIFT) | (back << BACK_SHIFT);
    store<u32>(entries + (<usize>state << 2), word);
  }
  return true;
}

// @ts-ignore: decorator
@inline
function keep(i: u32, z: u64): void {
  const r = <i64>(z >> signs) ^ -(<i64>(z & signs));
  store<i64>(integersAt() + (<usize>i << 3), base + r * unit);
}

/** Bits from `position` on, at least 57 of them. */
// @ts-ignore: decorator
@inline
function peek(from: usize, position: u64): u64 {
  return load<u64>(from + <usize>(position >> 3)) >> (position & 7);
}

let place: u64 = 0;
/** Bits taken from each lane. */
let lanesA: u64 = 0;
let lanesB: u64 = 0;

/** One lane alone, extra bits of any width; answers the bits taken, or -1. */
function unpackLane(from: usize, first: u32, end: u32): i64 {
  place = statesLog;
  let state = <u32>(peek(from, 0) & ((<u64>1 << statesLog) - 1));
  for (let i = first; i < end; ++i) {
    const word = <u64>load<u32>(entries + (<usize>state << 2));
    const extra = (word >> EXTRA_SHIFT) & 63;
    const some = min<u64>(extra, 32);
    let low = peek(from, place) & ((<u64>1 << some) - 1);
    place += some;
    if (extra > 32) {
      low |= (peek(from, place) & ((<u64>1 << (extra - 32)) - 1)) << 32;
      place += extra - 32;
    }
    keep(i, ((word & 255) << extra) | low);
    const bits = (word >> BITS_SHIFT) & 15;
    state = <u32>((word >> BACK_SHIFT) + (peek(from, place) & ((<u64>1 << bits) - 1)));
    place += bits;
  }
  return state == 0 ? <i64>place : -1;
}

/** Both lanes at once, while no token has more extra bits than one load gives. */
function unpackNarrow(a: usize, b: usize, n: u32): bool {
  const half = (n + 1) >> 1;
  const first = (<u64>1 << statesLog) - 1;
  const table = entries;
  const to = integersAt();
  const sign = signs;
  const least = base;
  const scale = unit;
  let stateA = load<u64>(a) & first;
  let stateB = load<u64>(b) & first;
  let placeA = <u64>statesLog;
  let placeB = <u64>statesLog;
  const offset = <usize>half << 3;
  const end = to + (<usize>(n - half) << 3);
  for (let at = to; at < end; at += 8) {
    const wordA = <u64>load<u32>(table + (<usize>stateA << 2));
    const wordB = <u64>load<u32>(table + (<usize>stateB << 2));
    const bitsA = peek(a, placeA);
    const bitsB = peek(b, placeB);
    const extraA = (wordA >> EXTRA_SHIFT) & 63;
    const extraB = (wordB >> EXTRA_SHIFT) & 63;
    const moreA = (wordA >> BITS_SHIFT) & 15;
    const moreB = (wordB >> BITS_SHIFT) & 15;
    stateA = (wordA >> BACK_SHIFT) + ((bitsA >> extraA) & ((<u64>1 << moreA) - 1));
    stateB = (wordB >> BACK_SHIFT) + ((bitsB >> extraB) & ((<u64>1 << moreB) - 1));
    placeA += extraA + moreA;
    placeB += extraB + moreB;
    const zA = ((wordA & 255) << extraA) | (bitsA & ((<u64>1 << extraA) - 1));
    const zB = ((wordB & 255) << extraB) | (bitsB & ((<u64>1 << extraB) - 1));
    const rA = <i64>(zA >> sign) ^ -(<i64>(zA & sign));
    const rB = <i64>(zB >> sign) ^ -(<i64>(zB & sign));
    store<i64>(at, least + rA * scale);
    store<i64>(at + offset, least + rB * scale);
  }
  if (half > n - half) {
    const word = <u64>load<u32>(table + (<usize>stateA << 2));
    const extra = (word >> EXTRA_SHIFT) & 63;
    const more = (word >> BITS_SHIFT) & 15;
    const bits = peek(a, placeA);
    keep(half - 1, ((word & 255) << extra) | (bits & ((<u64>1 << extra) - 1)));
    stateA = (word >> BACK_SHIFT) + ((bits >> extra) & ((<u64>1 << more) - 1));
    placeA += extra + more;
  }
  lanesA = placeA;
  lanesB = placeB;
  return stateA == 0 && stateB == 0;
}

/**
 * Numbers of n tokens from the lanes at `from`, the first of them `lane` bytes long, as residuals
 * into integersAt(). False when they do not end where the header said.
 */
export function unpackTokens(from: usize, lane: u32, total: u32, n: u32): bool {
  if (lane > total) return false;
  const half = (n + 1) >> 1;
  if (widest > NARROW) {
    lanesA = <u64>unpackLane(from, 0, half);
    lanesB = <u64>unpackLane(from + lane, half, n);
    if (<i64>lanesA < 0 || <i64>lanesB < 0) return false;
  } else if (!unpackNarrow(from, from + lane, n)) {
    return false;
  }
  return <u32>((lanesA + 7) >> 3) == lane && <u32>((lanesB + 7) >> 3) == total - lane;
}
