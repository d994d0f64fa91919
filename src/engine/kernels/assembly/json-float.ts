// The shortest decimal that reads back as a float64: Schubfach (R. Giulietti, "The Schubfach way to
// render doubles", 2020). The table of powers of ten is 128 bits each, rounded up, and is made by
// kernels/json-rows.ts. Easy to get wrong: among the shortest it has to be the nearest.

const SIGNIFICAND: u64 = 0x000fffffffffffff;
const HIDDEN: u64 = 0x0010000000000000;
const BIAS: i32 = 1075;
/** The first power in the table. */
const POWER_MIN: i32 = -292;

let table: usize = 0;

/** Names the table: for each power of ten from -292 to 324 the low and the high 64 bits. */
export function floatTable(at: usize): void {
  table = at;
}

/** The digits as a whole number without zeros behind, and the power of ten that they count. */
export let digits: u64 = 0;
export let power: i32 = 0;

let low: u64 = 0;

/** The high half of a product; the low half stands in `low`. */
// @ts-ignore: decorator
@inline
function multiply(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const p00 = a0 * b0;
  const p01 = a0 * b1;
  const p10 = a1 * b0;
  const middle = (p00 >> 32) + (p01 & 0xffffffff) + (p10 & 0xffffffff);
  low = (p00 & 0xffffffff) | (middle << 32);
  return a1 * b1 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
}

/** The upper 64 bits of 192, where what is below makes the last bit odd. */
// @ts-ignore: decorator
@inline
function roundToOdd(gLow: u64, gHigh: u64, factor: u64): u64 {
  const carry = multiply(gLow, factor);
  let upper = multiply(gHigh, factor);
  const sum = low + carry;
  if (sum < carry) upper++;
  return upper | <u64>(sum > 1);
}

function stripped(value: u64, exponent: i32): void {
  let d = value;
  let p = exponent;
  if (d % 100000000 == 0) {
    d /= 100000000;
    p += 8;
  }
  if (d % 10000 == 0) {
    d /= 10000;
    p += 4;
  }
  if (d % 100 == 0) {
    d /= 100;
    p += 2;
  }
  while (d % 10 == 0) {
    d /= 10;
    p++;
  }
  digits = d;
  power = p;
}

/** Fills `digits` and `power` for the bits of a positive, finite float64. */
export function shortest(bits: u64): void {
  const fraction = bits & SIGNIFICAND;
  const exponent = <i32>(bits >> 52);
  const c = exponent == 0 ? fraction : fraction | HIDDEN;
  const q = (exponent == 0 ? 1 : exponent) - BIAS;
  const outside = <u64>(c & 1);
  const closer = fraction == 0 && exponent > 1;
  // Floors of logarithms by a product with a fraction of two.
  const k = (q * 1262611 - (closer ? 524031 : 0)) >> 22;
  const h = q + ((-k * 1741647) >> 19) + 1;
  const entry = table + (<usize>(-k - POWER_MIN) << 4);
  const gLow = load<u64>(entry);
  const gHigh = load<u64>(entry, 8);
  const four = c << 2;
  const below = roundToOdd(gLow, gHigh, (four - (closer ? 1 : 2)) << h);
  const here = roundToOdd(gLow, gHigh, four << h);
  const above = roundToOdd(gLow, gHigh, (four + 2) << h);
  const lower = below + outside;
  const upper = above - outside;
  const s = here >> 2;
  if (s >= 10) {
    const tens = s / 10;
    const down = lower <= 40 * tens;
    const up = 40 * tens + 40 <= upper;
    if (down != up) return stripped(tens + <u64>up, k + 1);
  }
  const down = lower <= s << 2;
  const up = (s << 2) + 4 <= upper;
  if (down != up) return stripped(s + <u64>up, k);
  const middle = (s << 2) + 2;
  const rounds = here > middle || (here == middle && (s & 1) != 0);
  stripped(s + <u64>rounds, k);
}
