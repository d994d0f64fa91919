// From the digits and the scale of a decimal to the nearest float64, exactly. The text walk hands
// over what it has read of a number. Method: Daniel Lemire, "Number Parsing at a Gigabyte per
// Second" (2021), section 5; small ones by William Clinger's fast path (1990). Easy to get wrong:
// whatever cannot be decided from 128 bits, or lies outside of the table, is left to the parser.
import { FIVES, FIVES_FIRST, FIVES_LAST } from './powers-of-five';

const EXACT: u64 = 1 << 53;
const POWER_MAX: i32 = 22;
/** Bits of a product that decide nothing when all of them are set: 64 less 52, 1 and 2 more. */
const UNSURE: u64 = 0x1ff;
/** Of a float64: bits of the significand behind the point, and what its exponent is shifted by. */
const BITS: i32 = 52;
const BIAS: i32 = 1023;

/** 10^0 to 10^22, each exact. */
const POWERS: StaticArray<f64> = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
  1e18, 1e19, 1e20, 1e21, 1e22,
];

/** The upper word of the last product of two words; the lower is what `multiply` answers. */
let upper: u64 = 0;

function multiply(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const low = aLow * bLow;
  const cross = aHigh * bLow + (low >> 32);
  const middle = aLow * bHigh + (cross & 0xffffffff);
  upper = aHigh * bHigh + (cross >> 32) + (middle >> 32);
  return (middle << 32) | (low & 0xffffffff);
}

/** `digits` * 10^`scale`, rounded to the nearest, ties to even; NaN where it is not for here. */
export function decimal(digits: u64, scale: i32): f64 {
  if (digits < EXACT && scale >= -POWER_MAX && scale <= POWER_MAX) {
    const whole = <f64>digits;
    return scale < 0
      ? whole / unchecked(POWERS[-scale])
      : whole * unchecked(POWERS[scale]);
  }
  if (scale < FIVES_FIRST || scale > FIVES_LAST || digits == 0) return NaN;
  return byProduct(digits, scale);
}

function byProduct(digits: u64, scale: i32): f64 {
  const five = (scale - FIVES_FIRST) << 1;
  const shift = <i32>clz(digits);
  const whole = digits << shift;
  let low = multiply(whole, unchecked(FIVES[five]));
  let high = upper;
  if ((high & UNSURE) == UNSURE) {
    multiply(whole, unchecked(FIVES[five + 1]));
    low += upper;
    if (upper > low) high++;
    // The product may still carry into what is kept.
    if (low == u64.MAX_VALUE && (scale < -27 || scale > 55)) return NaN;
  }
  const top = <i32>(high >> 63);
  const cut = top + 64 - BITS - 3;
  let kept = high >> cut;
  // The binary exponent of 10^scale is the floor of scale * log2(10): 217706 / 65536.
  let exponent = ((217706 * scale) >> 16) + 63 + top - shift + BIAS;
  // Exactly between two: to the even one. Only these scales leave nothing behind the product.
  if (low <= 1 && scale >= -4 && scale <= 23 && (kept & 3) == 1 && kept << cut == high) {
    kept &= ~1;
  }
  kept = (kept + (kept & 1)) >> 1;
  if (kept >= EXACT) {
    kept = EXACT >> 1;
    exponent++;
  }
  return reinterpret<f64>((kept & ((EXACT >> 1) - 1)) | (<u64>exponent << BITS));
}
