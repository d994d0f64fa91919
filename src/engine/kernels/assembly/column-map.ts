// From the bits of values to integers that a column can tell shortly: exact decimals where
// (nearly) all values are such, else the bits themselves, put in order. Stands at the mouth of
// column-encode.ts. Easy to get wrong: a decimal counts only when the very expression of the
// decoder gives the same bits back, so -0, NaN and infinities never are decimals but exceptions.
import {
  DECIMALS,
  FORM_BITS,
  FORM_DIVIDE,
  FORM_MICRO,
  FORM_MULTIPLY,
  fractions,
  integersAt,
  ordered,
  powers,
  putVarint,
} from './column-state';

const EXPONENT: u64 = 0x7ff0000000000000;
const MINUS_ZERO: u64 = 0x8000000000000000;
const EXACT: f64 = 9007199254740992.0;

let form: u32 = 0;
let decimals: u32 = 0;
let exceptions: u32 = 0;

export function mappedForm(): u32 {
  return form;
}

export function mappedDecimals(): u32 {
  return decimals;
}

export function mappedExceptions(): u32 {
  return exceptions;
}

/** The float that an integer stands for. */
// @ts-ignore: decorator
@inline
export function decimalOf(q: f64, kind: u32, k: u32): f64 {
  if (kind == FORM_DIVIDE) return q / load<f64>(powers + (<usize>k << 3));
  if (kind == FORM_MULTIPLY) return q * load<f64>(fractions + (<usize>k << 3));
  return q / 1000.0 / 1000.0;
}

// @ts-ignore: decorator
@inline
function special(bits: u64): bool {
  return (bits & EXPONENT) == EXPONENT || bits == MINUS_ZERO;
}

/** True when q stands for these bits. */
// @ts-ignore: decorator
@inline
function fits(q: f64, bits: u64, kind: u32, k: u32): bool {
  if (special(bits) || !(abs(q) < EXACT)) return false;
  return reinterpret<u64>(decimalOf(q, kind, k)) == bits;
}

/** True when at most `most` of the values do not fit; specials never do and are not counted. */
function mostFit(values: usize, count: u32, kind: u32, most: u32): bool {
  const k = decimals;
  const scale = load<f64>(powers + (<usize>k << 3));
  let misfits: u32 = 0;
  for (let i: u32 = 0; i < count; ++i) {
    const bits = load<u64>(values + (<usize>i << 3));
    if (!fits(nearest(reinterpret<f64>(bits) * scale), bits, kind, k) && !special(bits)) {
      if (++misfits > most) return false;
    }
  }
  return true;
}

/** Finds the form with the fewest decimals; false when the values are no decimals. */
function findForm(values: usize, count: u32): bool {
  const most = count >> 6;
  for (let k: u32 = 0; k < DECIMALS; ++k) {
    decimals = k;
    form = FORM_DIVIDE;
    if (mostFit(values, count, form, most)) return true;
    if (k == 0) continue;
    form = FORM_MULTIPLY;
    if (mostFit(values, count, form, most)) return true;
    if (k != 6) continue;
    form = FORM_MICRO;
    if (mostFit(values, count, form, most)) return true;
  }
  return false;
}

function specials(values: usize, count: u32): u32 {
  let found: u32 = 0;
  for (let i: u32 = 0; i < count; ++i) {
    found += <u32>special(load<u64>(values + (<usize>i << 3)));
  }
  return found;
}

function keepBits(values: usize, count: u32): void {
  const to = integersAt();
  form = FORM_BITS;
  decimals = 0;
  exceptions = 0;
  for (let i: u32 = 0; i < count; ++i) {
    store<i64>(to + (<usize>i << 3), ordered(load<i64>(values + (<usize>i << 3))));
  }
}

/**
 * Makes integers of `count` values and picks the form. Exceptions repeat the integer before them.
 */
export function mapValues(values: usize, count: u32): void {
  // An exception takes ten bytes; from here on the bits themselves are shorter.
  if (specials(values, count) > count >> 3 || !findForm(values, count)) {
    keepBits(values, count);
    return;
  }
  const to = integersAt();
  const scale = load<f64>(powers + (<usize>decimals << 3));
  let last: i64 = 0;
  let leading: u32 = 0;
  exceptions = 0;
  for (let i: u32 = 0; i < count; ++i) {
    const bits = load<u64>(values + (<usize>i << 3));
    const q = nearest(reinterpret<f64>(bits) * scale);
    if (fits(q, bits, form, decimals)) last = <i64>q;
    else if (exceptions++ == i) leading = i + 1;
    store<i64>(to + (<usize>i << 3), last);
  }
  // Exceptions at the beginning take the first integer there is, so that they cost no jump.
  if (leading != 0 && leading < count) {
    const first = load<i64>(to + (<usize>leading << 3));
    for (let i: u32 = 0; i < leading; ++i) store<i64>(to + (<usize>i << 3), first);
  }
}

/**
 * Writes positions and bits of what does not fit, at most the 1/8 and 1/64 that findForm allows.
 */
export function putExceptions(values: usize, count: u32, at: usize): usize {
  let to = putVarint(at, exceptions);
  const scale = load<f64>(powers + (<usize>decimals << 3));
  let next: u32 = 0;
  for (let i: u32 = 0; i < count; ++i) {
    const bits = load<u64>(values + (<usize>i << 3));
    if (fits(nearest(reinterpret<f64>(bits) * scale), bits, form, decimals)) continue;
    to = putVarint(to, i - next);
    store<u64>(to, bits);
    to += 8;
    next = i + 1;
  }
  return to;
}
