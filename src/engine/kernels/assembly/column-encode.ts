// Encodes one column of a sealed block: integers (column-map.ts) against a prediction, divided by
// what they have in common, told as tokens of one byte (magnitude and leading bits, which the page's
// zstd shortens) and extra bits (which nobody can shorten). The idea of cutting a number so is that
// of hybrid integers in JPEG XL and of bins in pco. Easy to get wrong: all sums wrap at 2^64, and
// that is right, because the decoder wraps the same way.
import { exceptionsRoom, mapValues, mappedDecimals, mappedExceptions } from './column-map';
import { mappedForm, putExceptions } from './column-map';
import {
  COLUMN_SAMPLES,
  describe,
  EXCEPTIONS_BIT,
  HEADER_BYTES_MOST,
  integersAt,
  putVarint,
  residualCount,
  residualsAt,
  UNIFORM_BIT,
  WAY_DELTA,
  WAY_LINE,
  WAY_TURN,
  WAY_VALUE,
  zigzag,
  ZIGZAG_BIT,
} from './column-state';

/** Leading bits that stay in a token, at most; 7 of them are a plain byte. */
const LEADING_MOST: u32 = 7;
/** What a token's code in the page costs about, in bits. */
const CODE_BITS: f64 = 5.0;

const histogram: usize = memory.data(256 * 4, 16);

// The plan at hand and the best one: what a header tells.
let base: i64 = 0;
let unit: u64 = 1;
let mirrored: bool = false;
let widest: u64 = 0;
let bestWay: u32 = 0;
let bestZigzag: bool = false;

/** A step from the first to the last of the integers. */
function lineStep(count: u32): i64 {
  const from = integersAt();
  if (count < 2) return 0;
  const rise = load<i64>(from + (<usize>(count - 1) << 3)) - load<i64>(from);
  return rise / <i64>(count - 1);
}

/** Fills the residuals of a way and answers how many there are. */
function residuals(way: u32, count: u32): u32 {
  const from = integersAt();
  const to = residualsAt();
  const n = residualCount(way, count);
  const end = <usize>n << 3;
  if (way == WAY_VALUE) {
    memory.copy(to, from, end);
  } else if (way == WAY_DELTA) {
    for (let i: usize = 0; i < end; i += 8) {
      store<i64>(to + i, load<i64>(from + i, 8) - load<i64>(from + i));
    }
  } else if (way == WAY_TURN) {
    for (let i: usize = 0; i < end; i += 8) {
      const middle = load<i64>(from + i, 8);
      store<i64>(to + i, load<i64>(from + i, 16) - middle - (middle - load<i64>(from + i)));
    }
  } else {
    const step = lineStep(count);
    let line = load<i64>(from);
    for (let i: usize = 0; i < end; i += 8) {
      line += step;
      store<i64>(to + i, load<i64>(from + i, 8) - line);
    }
  }
  return n;
}

function commonDivisor(a: u64, b: u64): u64 {
  let left = a;
  let right = b;
  while (right != 0) {
    const rest = left % right;
    left = right;
    right = rest;
  }
  return left;
}

/** Sets base, unit and mirror for n residuals: unsigned from the least, or zigzag about 0. */
function survey(n: u32, signs: bool): void {
  const from = residualsAt();
  const end = <usize>n << 3;
  let least = n == 0 ? 0 : load<i64>(from);
  if (!signs) {
    for (let i: usize = 8; i < end; i += 8) least = min(least, load<i64>(from + i));
  }
  base = signs ? 0 : least;
  unit = 0;
  mirrored = false;
  let most: u64 = 0;
  for (let i: usize = 0; i < end; i += 8) {
    const r = load<i64>(from + i) - base;
    if (r == 0) continue;
    // The first change decides the sign, so that opposite columns give the same tokens.
    if (unit == 0) mirrored = signs && r < 0;
    const size = <u64>(signs && r < 0 ? 0 - r : r);
    most = max(most, size);
    if (unit != 1 && (unit == 0 || size % unit != 0)) unit = commonDivisor(size, unit);
  }
  if (unit == 0) unit = 1;
  widest = most;
}

/** The number that tokens tell, of a residual under the plan at hand. */
// @ts-ignore: decorator
@inline
function numberOf(r: i64, signs: bool): u64 {
  const rest = r - base;
  if (!signs) return unit == 1 ? <u64>rest : <u64>rest / unit;
  let turned = mirrored ? 0 - rest : rest;
  if (unit != 1) turned = turned < 0 ? -(<i64>(<u64>-turned / unit)) : <i64>(<u64>turned / unit);
  return zigzag(turned);
}

/** Turns n residuals into the numbers that tokens tell. */
function toNumbers(n: u32, signs: bool): void {
  const at = residualsAt();
  const end = <usize>n << 3;
  for (let i: usize = 0; i < end; i += 8) store<u64>(at + i, numberOf(load<i64>(at + i), signs));
}

/** Bits that `count` things in the histogram take when each is told by its frequency. */
function entropy(bins: u32, count: u32): f64 {
  let bits: f64 = 0;
  const whole = Math.log2(<f64>count);
  for (let i: u32 = 0; i < bins; ++i) {
    const times = load<u32>(histogram + (<usize>i << 2));
    if (times == 0) continue;
    bits += <f64>times * (whole - Math.log2(<f64>times)) + CODE_BITS;
  }
  return bits;
}

function bump(bin: u32): void {
  const at = histogram + (<usize>bin << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Bits of n residuals under the plan at hand, magnitudes told by their frequency. */
function planCost(n: u32, signs: bool): f64 {
  const at = residualsAt();
  const end = <usize>n << 3;
  memory.fill(histogram, 0, 65 * 4);
  let extra: u64 = 0;
  for (let i: usize = 0; i < end; i += 8) {
    const length = 64 - clz(numberOf(load<i64>(at + i), signs));
    bump(<u32>length);
    extra += length - <u64>(length != 0);
  }
  return entropy(65, n) + <f64>extra;
}

/** Picks way and signs with the fewest bits. */
function choosePlan(count: u32): void {
  let best = Infinity;
  bestWay = WAY_VALUE;
  bestZigzag = false;
  for (let way: u32 = 0; way <= WAY_LINE; ++way) {
    const n = residuals(way, count);
    for (let signs: u32 = 0; signs < 2; ++signs) {
      // Values themselves are told from their least one: signs would gain nothing.
      if (way == WAY_VALUE && signs == 1) continue;
      survey(n, signs == 1);
      const cost = widest == 0 ? 0 : planCost(n, signs == 1);
      if (cost < best) {
        best = cost;
        bestWay = way;
        bestZigzag = signs == 1;
      }
    }
    if (best == 0) return;
  }
}

/** Extra bits of a number, when `leading` bits below the first stay in the token. */
// @ts-ignore: decorator
@inline
function extraOf(z: u64, leading: u32): u64 {
  const length = 64 - clz(z);
  return length > <u64>leading + 1 ? length - 1 - leading : 0;
}

// @ts-ignore: decorator
@inline
function tokenOf(z: u64, extra: u64, leading: u32): u32 {
  return <u32>((extra << leading) + (z >> extra));
}

/** How many leading bits make n numbers shortest. */
function chooseLeading(n: u32, most: u64): u32 {
  const at = residualsAt();
  const end = <usize>n << 3;
  let best = Infinity;
  let chosen: u32 = 0;
  for (let leading: u32 = 0; leading <= LEADING_MOST; ++leading) {
    const top = extraOf(most, leading);
    if ((top << leading) + (most >> top) > 255) break;
    memory.fill(histogram, 0, 256 * 4);
    let extra: u64 = 0;
    for (let i: usize = 0; i < end; i += 8) {
      const z = load<u64>(at + i);
      const e = extraOf(z, leading);
      bump(tokenOf(z, e, leading));
      extra += e;
    }
    const cost = entropy(256, n) + <f64>extra;
    if (cost < best) {
      best = cost;
      chosen = leading;
    }
    // With no extra bits left, more leading ones change nothing.
    if (extra == 0) break;
  }
  return chosen;
}

/** Writes tokens and behind them extra bits; answers the end. */
function putNumbers(n: u32, leading: u32, to: usize): usize {
  const at = residualsAt();
  let next = to + n;
  let bits: u64 = 0;
  let filled: u64 = 0;
  for (let i: u32 = 0; i < n; ++i) {
    const z = load<u64>(at + (<usize>i << 3));
    let e = extraOf(z, leading);
    store<u8>(to + i, <u8>tokenOf(z, e, leading));
    let rest = e == 0 ? 0 : z & (~(<u64>0) >> (64 - e));
    if (e > 32) {
      bits |= (rest & 0xffffffff) << filled;
      store<u64>(next, bits);
      next += 4;
      bits = filled == 0 ? 0 : (rest & 0xffffffff) >> (32 - filled);
      bits &= (<u64>1 << filled) - 1;
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

/** The greatest of n numbers, and whether all are the same. */
function widestNumber(n: u32): u64 {
  const at = residualsAt();
  let most: u64 = 0;
  for (let i: u32 = 0; i < n; ++i) most = max(most, load<u64>(at + (<usize>i << 3)));
  return most;
}

function uniform(n: u32): bool {
  const at = residualsAt();
  for (let i: u32 = 1; i < n; ++i) {
    if (load<u64>(at + (<usize>i << 3)) != load<u64>(at)) return false;
  }
  return true;
}

/** Bytes that a column of so many samples may take at `to` of columnEncode. */
export function columnRoom(count: u32): u32 {
  return HEADER_BYTES_MOST + 16 + count * 9 + (count >> 2) * 10 + 16;
}

/**
 * Encodes `count` values, given as bits, into `to`: header, tokens, extra bits, one behind the
 * other; columnHeaderBytes() and its neighbours tell how long each is. 0 when there are too many.
 */
export function columnEncode(values: usize, count: u32, to: usize): u32 {
  if (count == 0 || count > COLUMN_SAMPLES) return 0;
  mapValues(values, count);
  choosePlan(count);
  const n = residuals(bestWay, count);
  survey(n, bestZigzag);
  toNumbers(n, bestZigzag);
  const same = uniform(n);
  const leading = same ? 0 : chooseLeading(n, widestNumber(n));
  const failed = mappedExceptions() != 0;
  const first = integersAt();
  store<u8>(
    to,
    <u8>(mappedForm() | (bestWay << 3) | (bestZigzag ? ZIGZAG_BIT : 0) | (failed ? EXCEPTIONS_BIT : 0)),
  );
  store<u8>(to + 1, <u8>(leading | (mappedDecimals() << 3) | (same ? UNIFORM_BIT : 0)));
  let at = putVarint(to + 2, count);
  if (bestWay != WAY_VALUE) at = putVarint(at, zigzag(load<i64>(first)));
  if (bestWay == WAY_TURN) at = putVarint(at, zigzag(load<i64>(first, 8) - load<i64>(first)));
  if (bestWay == WAY_LINE) at = putVarint(at, zigzag(lineStep(count)));
  if (!bestZigzag) at = putVarint(at, zigzag(base));
  if (n != 0 && same) at = putVarint(at, load<u64>(residualsAt()));
  else at = putVarint(at, unit == 1 ? <u64>mirrored : (unit << 1) | <u64>mirrored);
  return 0;
}
