// Packs the tokens of a column by their frequency in it: tabled asymmetric numeral systems (Duda,
// arXiv 1311.2540, in the shape of zstd's FSE), extra bits in the same stream, as pco has them.
// Called by column-encode.ts when that is shorter than what zstd would make of plain tokens. Easy
// to get wrong: a state is found from the last token back to the first, but bits are written from
// the first on, so each token's bits are kept until then; and the two halves of a column are two
// lanes, so that the decoder has two things to do at once.
import { alloc } from './arena';
import {
  COLUMN_SAMPLES,
  LANE_STATES_LOG_LEAST,
  LANE_STATES_LOG_MOST,
  putVarint,
  residualsAt,
} from './column-state';

const counts: usize = memory.data(256 * 4, 16);
const norms: usize = memory.data(256 * 4, 16);
/** Of each token: what to add to a state for its number of bits, and to find the next state. */
const bitDeltas: usize = memory.data(256 * 4, 16);
const stateDeltas: usize = memory.data(256 * 4, 16);
const states: usize = memory.data(2 << 10, 16);
const spread: usize = memory.data(1 << 10, 16);

let statesLog: u32 = 0;
let firstToken: u32 = 0;
let lastToken: u32 = 0;
/** Of each sample: its token, and the bits of its state with their number above. */
let tokens: usize = 0;
let stateBits: usize = 0;

/** Room for the tokens of the column at hand. */
export function tokensAt(): usize {
  if (tokens == 0) {
    tokens = alloc(COLUMN_SAMPLES + 16);
    stateBits = alloc(COLUMN_SAMPLES * 4 + 16);
  }
  return tokens;
}

function countTokens(n: u32): u32 {
  memory.fill(counts, 0, 256 * 4);
  for (let i: u32 = 0; i < n; ++i) {
    const at = counts + (<usize>load<u8>(tokens + i) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  let kinds: u32 = 0;
  firstToken = 256;
  for (let t: u32 = 0; t < 256; ++t) {
    if (load<u32>(counts + (<usize>t << 2)) == 0) continue;
    firstToken = min(firstToken, t);
    lastToken = t;
    ++kinds;
  }
  return kinds;
}

/** Shares the states out among the tokens by how often they come; each gets one at least. */
function normalize(n: u32): void {
  const all: u32 = 1 << statesLog;
  let given: u32 = 0;
  for (let t = firstToken; t <= lastToken; ++t) {
    const count = load<u32>(counts + (<usize>t << 2));
    let share: u32 = 0;
    if (count != 0) share = max(1, (count * all * 2 + n) / (n * 2));
    store<u32>(norms + (<usize>t << 2), share);
    given += share;
  }
  // What rounding gave too much or too little is settled where it costs least, one by one.
  while (given != all) {
    let best: usize = 0;
    let bestLoss = Infinity;
    for (let t = firstToken; t <= lastToken; ++t) {
      const at = norms + (<usize>t << 2);
      const share = load<u32>(at);
      if (share == 0 || (given > all && share == 1)) continue;
      const count = <f64>load<u32>(counts + (<usize>t << 2));
      const now = <f64>share;
      const loss = given > all ? count / (now - 0.5) : -count / (now + 0.5);
      if (loss < bestLoss) {
        bestLoss = loss;
        best = at;
      }
    }
    const more: i32 = given > all ? -1 : 1;
    store<u32>(best, load<u32>(best) + more);
    given += more;
  }
}

/** Puts the tokens of a table in their states; the decoder's table is made the same way. */
export function spreadTokens(shares: usize, first: u32, last: u32, log: u32, to: usize): void {
  const mask: u32 = (1 << log) - 1;
  const step: u32 = ((mask + 1) >> 1) + ((mask + 1) >> 3) + 3;
  let place: u32 = 0;
  for (let t = first; t <= last; ++t) {
    for (let i = load<u32>(shares + (<usize>t << 2)); i != 0; --i) {
      store<u8>(to + place, <u8>t);
      place = (place + step) & mask;
    }
  }
}

function log2Floor(n: u32): u32 {
  return 31 - clz(n);
}

function makeTable(): void {
  const all: u32 = 1 << statesLog;
  spreadTokens(norms, firstToken, lastToken, statesLog, spread);
  let total: u32 = 0;
  for (let t = firstToken; t <= lastToken; ++t) {
    const share = load<u32>(norms + (<usize>t << 2));
    if (share == 0) continue;
    const bits = share == 1 ? statesLog : statesLog - log2Floor(share - 1);
    const least = share == 1 ? all : share << bits;
    store<u32>(bitDeltas + (<usize>t << 2), (bits << 16) - least);
    store<u32>(stateDeltas + (<usize>t << 2), total - share);
    // Until the states are filled in, where the next one of this token goes.
    store<u32>(counts + (<usize>t << 2), total);
    total += share;
  }
  for (let place: u32 = 0; place < all; ++place) {
    const at = counts + (<usize>load<u8>(spread + place) << 2);
    const next = load<u32>(at);
    store<u16>(states + (<usize>next << 1), <u16>(all + place));
    store<u32>(at, next + 1);
  }
}

/**
 * True when the n tokens at tokensAt() are shorter packed than zstd would make them, by a rule of
 * thumb: zstd needs some 14 bits for each token that is not the most frequent one.
 */
export function packingPays(n: u32): bool {
  if (n < 32) return false;
  const kinds = countTokens(n);
  statesLog = min(LANE_STATES_LOG_MOST, max(LANE_STATES_LOG_LEAST, log2Floor(n) - 1));
  if (kinds << 1 > <u32>1 << statesLog) return false;
  let bits: f64 = 40.0;
  let most: u32 = 0;
  for (let t = firstToken; t <= lastToken; ++t) {
    const count = load<u32>(counts + (<usize>t << 2));
    most = max(most, count);
    if (count == 0) bits += 1.0;
    else bits += <f64>count * Math.log2(<f64>n / <f64>count) + 6.5;
  }
  return bits < 14.0 * <f64>(n - most);
}

/**
 * Finds the state bits of the tokens from `from` to below `end`; answers the state to begin with.
 */
function packLane(from: u32, end: u32): u32 {
  let state: u32 = 1 << statesLog;
  for (let i = end; i > from; --i) {
    const t = <usize>load<u8>(tokens + i - 1) << 2;
    const bits = (state + load<u32>(bitDeltas + t)) >> 16;
    store<u32>(stateBits + (<usize>(i - 1) << 2), (state & ((1 << bits) - 1)) | (bits << 16));
    state = load<u16>(states + (<usize>((state >> bits) + load<u32>(stateDeltas + t)) << 1));
  }
  return state - (1 << statesLog);
}

// The writer of bits.
let next: usize = 0;
let acc: u64 = 0;
let filled: u64 = 0;

// @ts-ignore: decorator
@inline
function put(bits: u64, count: u64): void {
  acc |= bits << filled;
  store<u64>(next, acc);
  filled += count;
  next += <usize>(filled >> 3);
  acc >>= filled & 56;
  filled &= 7;
}

function putLane(from: u32, end: u32, leading: u32): void {
  const numbers = residualsAt();
  acc = 0;
  filled = 0;
  put(packLane(from, end), statesLog);
  for (let i = from; i < end; ++i) {
    const token = <u32>load<u8>(tokens + i);
    let extra = <u64>((token >> leading) > 1 ? (token >> leading) - 1 : 0);
    let rest = load<u64>(numbers + (<usize>i << 3)) & ((<u64>1 << extra) - 1);
    if (extra > 32) {
      put(rest & 0xffffffff, 32);
      rest >>= 32;
      extra -= 32;
    }
    put(rest, extra);
    const bits = load<u32>(stateBits + (<usize>i << 2));
    put(<u64>(bits & 0xffff), <u64>(bits >> 16));
  }
  if (filled != 0) store<u8>(next++, <u8>acc);
}

let tableBytes: u32 = 0;
let laneBytes: u32 = 0;
let packedBytes: u32 = 0;

export function packedTableBytes(): u32 {
  return tableBytes;
}

/** Bytes of the first lane. */
export function packedLaneBytes(): u32 {
  return laneBytes;
}

export function packedBitBytes(): u32 {
  return packedBytes;
}

/**
 * Packs the n tokens at tokensAt(), after packingPays(), with the extra bits of the numbers: the
 * table at `to`, the lanes behind it. Answers the end.
 */
export function packTokens(n: u32, leading: u32, to: usize): usize {
  normalize(n);
  store<u8>(to, <u8>statesLog);
  store<u8>(to + 1, <u8>firstToken);
  next = to + 2;
  for (let t = firstToken; t <= lastToken; ++t) {
    next = putVarint(next, load<u32>(norms + (<usize>t << 2)));
  }
  tableBytes = <u32>(next - to);
  makeTable();
  const half = (n + 1) >> 1;
  const lanes = next;
  putLane(0, half, leading);
  laneBytes = <u32>(next - lanes);
  putLane(half, n, leading);
  packedBytes = <u32>(next - lanes);
  return next;
}
