// Encodes one column of a sealed block: integers (column-map.ts) under a plan (column-plan.ts),
// each number cut into a token of one byte (its magnitude and leading bits) and extra bits, as
// JPEG XL cuts integers. Tokens that come with much the same frequency all over are packed
// (column-pack.ts), the others are left to the page's zstd, which sees runs and repeats. Easy to
// get wrong: bits are stored eight bytes at a time, so the room behind them is needed.
import { alloc } from './arena';
import {
  mapValues,
  mappedDecimals,
  mappedExceptions,
  mappedForm,
  putExceptions,
} from './column-map';
import {
  packedBitBytes,
  packedLaneBytes,
  packedTableBytes,
  packingPays,
  packTokens,
  tokensAt,
} from './column-pack';
import * as plan from './column-plan';
import {
  COLUMN_SAMPLES,
  DECIMALS_SHIFT,
  describe,
  EXCEPTION_BYTES_MOST,
  EXCEPTIONS_BIT,
  HEADER_BYTES_MOST,
  integersAt,
  MIRRORED_BIT,
  PACKED_BIT,
  putVarint,
  residualsAt,
  SIGNED_BIT,
  UNIFORM_BIT,
  WAY_LINE,
  WAY_SHIFT,
  WAY_TURN,
  WAY_VALUE,
  zigzag,
} from './column-state';

/** Leading bits that stay in a token, at most: with 7 of them a token is a plain byte. */
const LEADING_MOST: u32 = 7;
/** The greatest token. */
const TOKEN_MOST: u64 = 255;

/** Extra bits of a number, when `leading` bits below its first stay in the token. */
// @ts-ignore: decorator
@inline
function extraOf(z: u64, leading: u32): u64 {
  const length = 64 - clz(z);
  return length > <u64>leading + 1 ? length - 1 - leading : 0;
}

// @ts-ignore: decorator
@inline
function tokenOf(z: u64, extra: u64, leading: u32): u64 {
  return (extra << leading) + (z >> extra);
}

/** Extra bytes of the numbers, after chooseLeading. */
let extraBytes: u32 = 0;

/** Turns n residuals into numbers and answers the greatest. */
function toNumbers(n: u32): u64 {
  const at = residualsAt();
  const end = <usize>n << 3;
  let most: u64 = 0;
  for (let i: usize = 0; i < end; i += 8) {
    const z = plan.numberOf(load<i64>(at + i));
    store<u64>(at + i, z);
    most = max(most, z);
  }
  return most;
}

/** How many leading bits make n numbers, none above `most`, shortest. */
function chooseLeading(n: u32, most: u64): u32 {
  const at = residualsAt();
  const end = <usize>n << 3;
  let best = Infinity;
  let chosen: u32 = 0;
  for (let leading: u32 = 0; leading <= LEADING_MOST; ++leading) {
    if (tokenOf(most, extraOf(most, leading), leading) > TOKEN_MOST) break;
    plan.countNone();
    let extra: u64 = 0;
    for (let i: usize = 0; i < end; i += 8) {
      const z = load<u64>(at + i);
      const e = extraOf(z, leading);
      plan.countOne(<u32>tokenOf(z, e, leading));
      extra += e;
    }
    const bits = plan.countedBits(n) + <f64>extra;
    if (bits < best) {
      best = bits;
      chosen = leading;
      extraBytes = <u32>((extra + 7) >> 3);
    }
    // With no extra bits left, more leading ones change nothing.
    if (extra == 0) break;
  }
  return chosen;
}

/** Cuts n numbers into tokens, which go to tokensAt(). */
function cutTokens(n: u32, leading: u32): void {
  const at = residualsAt();
  const to = tokensAt();
  for (let i: u32 = 0; i < n; ++i) {
    const z = load<u64>(at + (<usize>i << 3));
    store<u8>(to + i, <u8>tokenOf(z, extraOf(z, leading), leading));
  }
}

/** Writes n tokens and behind them the extra bits; answers the end. */
function putNumbers(n: u32, leading: u32, to: usize): usize {
  const at = residualsAt();
  memory.copy(to, tokensAt(), n);
  let next = to + n;
  let bits: u64 = 0;
  let filled: u64 = 0;
  for (let i: u32 = 0; i < n; ++i) {
    const z = load<u64>(at + (<usize>i << 3));
    let e = extraOf(z, leading);
    let rest = z & ((<u64>1 << e) - 1);
    if (e > 32) {
      bits |= (rest & 0xffffffff) << filled;
      store<u32>(next, <u32>bits);
      next += 4;
      bits >>= 32;
      rest >>= 32;
      e -= 32;
    }
    bits |= rest << filled;
    store<u64>(next, bits);
    filled += e;
    next += <usize>(filled >> 3);
    bits >>= filled & 56;
    filled &= 7;
  }
  if (filled != 0) store<u8>(next++, <u8>bits);
  return next;
}

// What putHeader tells of the tokens, when they are packed and when they are not.
let packed: bool = false;

/** Writes what stands before the exceptions; answers the end. */
function putHeader(count: u32, n: u32, leading: u32, to: usize): usize {
  const way = plan.planWay();
  const first = integersAt();
  let tag = mappedForm() | (way << WAY_SHIFT);
  if (plan.planSigned()) tag |= SIGNED_BIT;
  if (plan.planMirrored()) tag |= MIRRORED_BIT;
  if (mappedExceptions() != 0) tag |= EXCEPTIONS_BIT;
  if (packed) tag |= PACKED_BIT;
  const same: u32 = plan.planUniform() ? UNIFORM_BIT : 0;
  store<u8>(to, <u8>tag);
  store<u8>(to + 1, <u8>(leading | (mappedDecimals() << DECIMALS_SHIFT) | same));
  let at = putVarint(to + 2, count);
  if (way != WAY_VALUE) at = putVarint(at, zigzag(load<i64>(first)));
  if (way == WAY_TURN && count > 1) {
    at = putVarint(at, zigzag(load<i64>(first, 8) - load<i64>(first)));
  }
  if (way == WAY_LINE) at = putVarint(at, zigzag(plan.lineStep(count)));
  if (n == 0) return at;
  if (same) return putVarint(at, zigzag(load<i64>(residualsAt())));
  if (!plan.planSigned()) at = putVarint(at, zigzag(plan.planBase()));
  at = putVarint(at, plan.planUnit());
  if (!packed) return putVarint(at, extraBytes);
  at = putVarint(at, packedTableBytes());
  at = putVarint(at, packedLaneBytes());
  return putVarint(at, packedBitBytes());
}

/** Bytes that columnEncode wants to be free at `to`. */
export function columnRoom(count: u32): u32 {
  return HEADER_BYTES_MOST + count * 11 + (count >> 2) * EXCEPTION_BYTES_MOST + 600;
}

let scratch: usize = 0;

/** True, with the numbers packed in `scratch`, when their tokens are shorter so. */
function pack(n: u32, leading: u32): bool {
  if (!packingPays(n)) return false;
  if (scratch == 0) scratch = alloc(columnRoom(COLUMN_SAMPLES));
  packTokens(n, leading, scratch);
  return true;
}

/**
 * Encodes `count` values, given as bits, into `to`: header, tokens (or the table of packed ones),
 * extra bits (or lanes), one behind the other; columnHeaderBytes() and its neighbours tell how long
 * each is. Answers the whole length, 0 when there are no samples or more than COLUMN_SAMPLES.
 */
export function columnEncode(values: usize, count: u32, to: usize): u32 {
  if (count == 0 || count > COLUMN_SAMPLES) return 0;
  mapValues(values, count);
  const n = plan.choosePlan(count);
  const same = plan.planUniform();
  // The header wants residuals of a uniform column as they are.
  let leading: u32 = 0;
  packed = false;
  if (!same) {
    leading = chooseLeading(n, toNumbers(n));
    cutTokens(n, leading);
    packed = pack(n, leading);
  }
  let at = putHeader(count, n, leading, to);
  if (mappedExceptions() != 0) at = putExceptions(values, count, at);
  let end = at;
  let tokens: u32 = 0;
  if (packed) {
    tokens = packedTableBytes();
    memory.copy(at, scratch, tokens + packedBitBytes());
    end = at + tokens + packedBitBytes();
  } else if (!same) {
    tokens = n;
    end = putNumbers(n, leading, at);
  }
  describe(count, <u32>(at - to), tokens, <u32>(end - at) - tokens);
  return <u32>(end - to);
}
