// What the column kernels share: the forms and ways of a sealed column, the place of its integers,
// and the description of the one column that was last encoded or opened (docs/format/block.md).
// Easy to get wrong: the work arrays hold COLUMN_SAMPLES integers and no more, so every entrance
// checks its count against that before anything is written.
import { alloc } from './arena';

/** Samples of one column piece; limits.ts tells TypeScript the same. */
export const COLUMN_SAMPLES: u32 = 8192;
/** Bytes that a header may take without its exceptions. */
export const HEADER_BYTES_MOST: u32 = 64;
/** Gap and bits of one exception. */
export const EXCEPTION_BYTES_MOST: u32 = 10;

/** How an integer becomes a value: its ordered bits, q / 10^k, q * 10^-k, q / 1000 / 1000. */
export const FORM_BITS: u32 = 0;
export const FORM_DIVIDE: u32 = 1;
export const FORM_MULTIPLY: u32 = 2;
export const FORM_MICRO: u32 = 3;
/** States of a table of packed tokens, as a power of two, at least and at most. */
export const LANE_STATES_LOG_LEAST: u32 = 5;
export const LANE_STATES_LOG_MOST: u32 = 10;
/** Powers of ten that an exact decimal may need. */
export const DECIMALS: u32 = 15;

/** What an integer is told against: nothing, the one before, the step before, a straight line. */
export const WAY_VALUE: u32 = 0;
export const WAY_DELTA: u32 = 1;
export const WAY_TURN: u32 = 2;
export const WAY_LINE: u32 = 3;

/** First byte of a header: form in bits 0 and 1, way in bits 2 and 3, then these. */
export const WAY_SHIFT: u32 = 2;
export const SIGNED_BIT: u32 = 0x10;
export const MIRRORED_BIT: u32 = 0x20;
export const EXCEPTIONS_BIT: u32 = 0x40;
export const PACKED_BIT: u32 = 0x80;
/** Second byte: leading bits in bits 0 to 2, decimals in bits 3 to 6, then this. */
export const DECIMALS_SHIFT: u32 = 3;
export const UNIFORM_BIT: u32 = 0x80;

export const powers: usize = memory.data<f64>([
  1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
]);
export const fractions: usize = memory.data<f64>([
  1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14,
]);

let work: usize = 0;

/** The integers of the column at hand. */
export function integersAt(): usize {
  if (work == 0) work = alloc(COLUMN_SAMPLES * 8 * 2 + 64);
  return work;
}

/** What is left of each integer when its prediction has been taken away. */
export function residualsAt(): usize {
  return integersAt() + <usize>COLUMN_SAMPLES * 8;
}

// The column that was last encoded or opened.
let samples: u32 = 0;
let headerBytes: u32 = 0;
let tokenBytes: u32 = 0;
let extraBytes: u32 = 0;

export function describe(count: u32, header: u32, tokens: u32, extra: u32): void {
  samples = count;
  headerBytes = header;
  tokenBytes = tokens;
  extraBytes = extra;
}

export function columnSamples(): u32 {
  return samples;
}

export function columnHeaderBytes(): u32 {
  return headerBytes;
}

export function columnTokenBytes(): u32 {
  return tokenBytes;
}

export function columnExtraBytes(): u32 {
  return extraBytes;
}

/** Residuals that a way leaves of so many samples. */
export function residualCount(way: u32, count: u32): u32 {
  const first: u32 = way == WAY_VALUE ? 0 : way == WAY_TURN ? 2 : 1;
  return count > first ? count - first : 0;
}

/** The order of bits that is the order of floats; its own inverse. */
// @ts-ignore: decorator
@inline
export function ordered(bits: i64): i64 {
  return bits ^ <i64>(<u64>(bits >> 63) >> 1);
}

// @ts-ignore: decorator
@inline
export function zigzag(n: i64): u64 {
  return <u64>((n << 1) ^ (n >> 63));
}

// @ts-ignore: decorator
@inline
export function unzigzag(z: u64): i64 {
  return <i64>(z >> 1) ^ -(<i64>(z & 1));
}

/** Base-128, low bits first; answers the place behind. */
export function putVarint(at: usize, number: u64): usize {
  let rest = number;
  let to = at;
  while (rest > 127) {
    store<u8>(to++, <u8>(rest | 128));
    rest >>= 7;
  }
  store<u8>(to++, <u8>rest);
  return to;
}
