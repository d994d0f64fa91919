// Decodes one column of a sealed block (column-encode.ts tells what it is), whatever the bytes
// are: open() reads and checks the header, columnDecode() the rest. It never writes more samples
// than the header told and never reads outside the room that the caller keeps. Easy to get wrong:
// the sum of extra bits is checked when they have all been taken, so COLUMN_SLACK bytes must be
// readable behind them.
import { alloc } from './arena';
import { decimalOf } from './column-map';
import {
  COLUMN_SAMPLES,
  columnExtraBytes,
  columnTokenBytes,
  DECIMALS,
  DECIMALS_SHIFT,
  describe,
  EXCEPTIONS_BIT,
  FORM_BITS,
  FORM_DIVIDE,
  FORM_MULTIPLY,
  fractions,
  integersAt,
  MIRRORED_BIT,
  ordered,
  PACKED_BIT,
  powers,
  residualCount,
  SIGNED_BIT,
  UNIFORM_BIT,
  unzigzag,
  WAY_DELTA,
  WAY_LINE,
  WAY_SHIFT,
  WAY_TURN,
  WAY_VALUE,
} from './column-state';
import { openTable, unpackInto, unpackTokens } from './column-unpack';

/** Bytes that must be readable behind the extra bits: as if every token took 63 + 10 of them. */
const SLACK: u32 = COLUMN_SAMPLES * 10 + 32;

/** A share of two bytes for each token, and two bytes before. */
const TABLE_BYTES_MOST: u64 = 514;
/** Extra bits and state bits of all tokens, with the first states. */
const LANES_BYTES_MOST: u64 = COLUMN_SAMPLES * 10 + 16;

/**
 * Of each count of leading bits and each token: the number without, and the count of, extra bits.
 */
const TABLE: u32 = 256 * 16;
let tables: usize = 0;

// The header that was opened last.
let count: u32 = 0;
let form: u32 = 0;
let way: u32 = 0;
let signed: bool = false;
let mirrored: bool = false;
let uniform: bool = false;
let packed: bool = false;
/** Bytes of the first lane of packed tokens. */
let lane: u32 = 0;
let leading: u32 = 0;
let decimals: u32 = 0;
let first: i64 = 0;
let second: i64 = 0;
let base: i64 = 0;
let unit: i64 = 1;
let exceptionsFrom: usize = 0;
let exceptions: u32 = 0;

// The reader of varints: where it stands, and whether one was cut or too long.
let at: usize = 0;
let broken: bool = false;

export function columnSlack(): u32 {
  return SLACK;
}

function takeVarint(end: usize): u64 {
  let number: u64 = 0;
  for (let shift: u64 = 0; shift < 70 && at < end; shift += 7) {
    const byte = <u64>load<u8>(at++);
    // The tenth byte has room for one bit.
    if (shift == 63 && byte > 1) break;
    number |= (byte & 127) << shift;
    if (byte < 128) return number;
  }
  broken = true;
  return 0;
}

function takeSigned(end: usize): i64 {
  return unzigzag(takeVarint(end));
}

/** Walks over the exceptions that begin at `at`; false when they are none. */
function openExceptions(end: usize): bool {
  const told = takeVarint(end);
  if (broken || told == 0 || told > <u64>count) return false;
  exceptions = <u32>told;
  exceptionsFrom = at;
  let next: u64 = 0;
  for (let i: u32 = 0; i < exceptions; ++i) {
    const gap = takeVarint(end);
    if (broken || gap >= <u64>count - next || end - at < 8) return false;
    next += gap + 1;
    at += 8;
    if (next >= <u64>count && i + 1 < exceptions) return false;
  }
  return true;
}

/** The numbers of a header behind its two first bytes; false when they are cut or out of range. */
function openNumbers(end: usize): bool {
  const told = takeVarint(end);
  if (broken || told == 0 || told > <u64>COLUMN_SAMPLES) return false;
  count = <u32>told;
  first = way == WAY_VALUE ? 0 : takeSigned(end);
  second = way == WAY_LINE || (way == WAY_TURN && count > 1) ? takeSigned(end) : 0;
  const n = residualCount(way, count);
  base = 0;
  unit = 1;
  let extra: u64 = 0;
  let tokens: u64 = uniform ? 0 : n;
  if (uniform) {
    if (n != 0) base = takeSigned(end);
  } else if (n != 0) {
    if (!signed) base = takeSigned(end);
    unit = <i64>takeVarint(end);
    if (mirrored) unit = 0 - unit;
    if (packed) {
      tokens = takeVarint(end);
      const first = takeVarint(end);
      if (tokens > TABLE_BYTES_MOST || first > LANES_BYTES_MOST) return false;
      lane = <u32>first;
    }
    extra = takeVarint(end);
    if (extra > LANES_BYTES_MOST) return false;
  }
  describe(count, 0, <u32>tokens, <u32>extra);
  return !broken;
}

/**
 * Opens the header at `from`, which lies before `end`. Answers its length, and 0 when no encoder
 * wrote it; columnSamples() and its neighbours then tell what the column is.
 */
export function columnOpen(from: usize, end: usize): u32 {
  if (end < from + 3) return 0;
  const tag = <u32>load<u8>(from);
  const more = <u32>load<u8>(from, 1);
  form = tag & 3;
  way = (tag >> WAY_SHIFT) & 3;
  signed = (tag & SIGNED_BIT) != 0;
  mirrored = (tag & MIRRORED_BIT) != 0;
  uniform = (more & UNIFORM_BIT) != 0;
  leading = more & 7;
  decimals = (more >> DECIMALS_SHIFT) & 15;
  packed = (tag & PACKED_BIT) != 0;
  if (decimals >= DECIMALS) return 0;
  at = from + 2;
  broken = false;
  exceptions = 0;
  if (!openNumbers(end)) return 0;
  if ((tag & EXCEPTIONS_BIT) != 0 && !openExceptions(end)) return 0;
  const length = <u32>(at - from);
  describe(count, length, columnTokenBytes(), columnExtraBytes());
  return length;
}

function fillTables(): void {
  tables = alloc(TABLE * 8);
  for (let kept: u64 = 0; kept < 8; ++kept) {
    for (let token: u64 = 0; token < 256; ++token) {
      const entry = tables + <usize>(kept * TABLE + token * 16);
      const plain = token < <u64>2 << kept;
      const extra = plain ? 0 : (token >> kept) - 1;
      const lead = (token & ((<u64>1 << kept) - 1)) | (<u64>1 << kept);
      // Tokens of numbers above 64 bits are never written; read, they only must do no harm.
      store<u64>(entry, plain ? token : extra > 63 ? 0 : lead << extra);
      store<u64>(entry, min(extra, 63), 8);
    }
  }
}

/** Bits from `position` on, at least `count` of them, which is at most 63. */
// @ts-ignore: decorator
@inline
function bitsAt(from: usize, position: u64, count: u64): u64 {
  const byte = from + <usize>(position >> 3);
  const shift = position & 7;
  let bits = load<u64>(byte) >> shift;
  if (count > 57 && shift != 0) bits |= load<u64>(byte, 8) << (64 - shift);
  return bits;
}

/** Residuals of n tokens that have extra bits; answers how many bits those were. */
function takeNumbers(tokens: usize, extra: usize, n: u32): u64 {
  const to = integersAt();
  const table = tables + <usize>leading * TABLE;
  const scale = unit;
  const least = base;
  const signs: u64 = signed ? 1 : 0;
  let position: u64 = 0;
  for (let i: u32 = 0; i < n; ++i) {
    const entry = table + (<usize>load<u8>(tokens + i) << 4);
    const e = load<u64>(entry, 8);
    const low = bitsAt(extra, position, e) & ((<u64>1 << e) - 1);
    const z = load<u64>(entry) | low;
    position += e;
    const r = <i64>(z >> signs) ^ -(<i64>(z & signs));
    store<i64>(to + (<usize>i << 3), least + r * scale);
  }
  return position;
}

/** Residuals of n tokens that are the numbers themselves. */
function takeTokens(tokens: usize, n: u32): void {
  const to = integersAt();
  const scale = unit;
  const least = base;
  const signs: u64 = signed ? 1 : 0;
  for (let i: u32 = 0; i < n; ++i) {
    const z = <u64>load<u8>(tokens + i);
    const r = <i64>(z >> signs) ^ -(<i64>(z & signs));
    store<i64>(to + (<usize>i << 3), least + r * scale);
  }
}

function fillUniform(n: u32): void {
  const to = integersAt();
  for (let i: u32 = 0; i < n; ++i) store<i64>(to + (<usize>i << 3), base);
}

/** Puts the predictions back: n residuals become integers. */
function restore(n: u32): void {
  const from = integersAt();
  let q = first;
  if (way == WAY_DELTA) {
    for (let i: u32 = 0; i < n; ++i) {
      q += load<i64>(from + (<usize>i << 3));
      store<i64>(from + (<usize>i << 3), q);
    }
  } else if (way == WAY_LINE) {
    let line = first;
    for (let i: u32 = 0; i < n; ++i) {
      line += second;
      store<i64>(from + (<usize>i << 3), line + load<i64>(from + (<usize>i << 3)));
    }
  } else if (way == WAY_TURN) {
    let delta = second;
    q += delta;
    for (let i: u32 = 0; i < n; ++i) {
      delta += load<i64>(from + (<usize>i << 3));
      q += delta;
      store<i64>(from + (<usize>i << 3), q);
    }
  }
}

/** The value of one integer. */
// @ts-ignore: decorator
@inline
function valueOf(q: i64): u64 {
  if (form == FORM_BITS) return <u64>ordered(q);
  return reinterpret<u64>(decimalOf(<f64>q, form, decimals));
}

/** n integers as values at `to`. */
function toValues(n: u32, to: usize): void {
  const from = integersAt();
  const end = <usize>n << 3;
  if (form == FORM_BITS) {
    for (let i: usize = 0; i < end; i += 8) store<i64>(to + i, ordered(load<i64>(from + i)));
  } else if (form == FORM_DIVIDE && decimals == 0) {
    for (let i: usize = 0; i < end; i += 8) store<f64>(to + i, <f64>load<i64>(from + i));
  } else if (form == FORM_DIVIDE) {
    const scale = load<f64>(powers + (<usize>decimals << 3));
    for (let i: usize = 0; i < end; i += 8) store<f64>(to + i, <f64>load<i64>(from + i) / scale);
  } else if (form == FORM_MULTIPLY) {
    const scale = load<f64>(fractions + (<usize>decimals << 3));
    for (let i: usize = 0; i < end; i += 8) store<f64>(to + i, <f64>load<i64>(from + i) * scale);
  } else {
    for (let i: usize = 0; i < end; i += 8) {
      store<f64>(to + i, <f64>load<i64>(from + i) / 1000.0 / 1000.0);
    }
  }
}

function putExceptionsBack(to: usize): void {
  at = exceptionsFrom;
  let next: u32 = 0;
  for (let i: u32 = 0; i < exceptions; ++i) {
    next += <u32>takeVarint(usize.MAX_VALUE);
    store<u64>(to + (<usize>next << 3), load<u64>(at));
    at += 8;
    ++next;
  }
}

/**
 * Decodes the column that was opened last, whose header still stands where it was, into `to`, as
 * many values as columnSamples(). False when the extra bits are not as many as the header told.
 */
export function columnDecode(tokens: usize, extra: usize, to: usize): bool {
  const n = residualCount(way, count);
  const told = columnExtraBytes();
  if (uniform) {
    fillUniform(n);
  } else if (packed) {
    if (n == 0 || !openTable(tokens, columnTokenBytes(), leading)) return false;
    unpackInto(signed, base, unit);
    if (!unpackTokens(extra, lane, told, n)) return false;
  } else if (told == 0) {
    if (n != 0) takeTokens(tokens, n);
  } else {
    if (tables == 0) fillTables();
    if ((takeNumbers(tokens, extra, n) + 7) >> 3 != <u64>told) return false;
  }
  if (way != WAY_VALUE) restore(n);
  const led = count - n;
  if (led > 0) store<u64>(to, valueOf(first));
  if (led > 1) store<u64>(to, valueOf(first + second), 8);
  toValues(n, to + (<usize>led << 3));
  if (exceptions != 0) putExceptionsBack(to);
  return true;
}
