// Numbers as they stand in exposition text: what Go's ParseFloat takes, the same bits as it gives.
// The fast way handles plain decimals whose digits fit 53 bits and whose power of ten is exact
// (Clinger 1990, "How to read floating point numbers accurately"); all else goes through a string.
// Easy to get wrong: Number() takes '', '0x10' and ' 1', so the syntax is checked before it is
// asked.
import { BACKSLASH, malformed, tokenEnd } from './exposition-lexer.ts';

const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEX = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d{1,9})$/;
const SPECIAL = /^(?:nan|[+-]?inf(?:inity)?)$/i;
/** A number needs 767 digits at most to be told from its neighbours; longer ones are a mistake. */
const TEXT_MAX = 1100;

/** Go's math.NaN as Prometheus normalises it (0x7ff8000000000001): never the stale marker. */
function putNaN(words: Uint32Array, index: number): void {
  words[index * 2] = 1;
  words[index * 2 + 1] = 0x7ff80000;
}

/** m * 2^e, rounded once to the nearest float, half to even. */
function scaled(m: bigint, e: number): number {
  if (m === 0n) return 0;
  const bits = m.toString(2).length;
  // Of a subnormal fewer than 53 bits are left: round to these, not twice.
  const keep = Math.max(0, Math.min(53, e + bits + 1074));
  const cut = Math.max(0, bits - keep);
  const half = cut === 0 ? 0n : 1n << BigInt(cut - 1);
  const low = m & ((1n << BigInt(cut)) - 1n);
  let top = m >> BigInt(cut);
  if (cut > 0 && (low > half || (low === half && (top & 1n) === 1n))) top += 1n;
  e += cut;
  // In two steps, because 2^e alone may be out of range while the product is not.
  const part = Math.trunc(e / 2);
  return Number(top) * 2 ** part * 2 ** (e - part);
}

/** A number by Go's rules; undefined when it is none or lies outside float64. */
export function parseFloatText(text: string): number | undefined {
  if (text.length > TEXT_MAX) return undefined;
  if (DECIMAL.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  if (SPECIAL.test(text)) {
    if (text[0] === 'n' || text[0] === 'N') return NaN;
    return text[0] === '-' ? -Infinity : Infinity;
  }
  const hex = HEX.exec(text);
  if (hex === null) return undefined;
  const fraction = hex[3] ?? '';
  if (hex[2] === '' && fraction === '') return undefined;
  const exponent = Number(hex[4]) - fraction.length * 4;
  if (Math.abs(exponent) > 10_000) return exponent < 0 ? 0 : undefined;
  const value = scaled(BigInt(`0x${hex[2]}${fraction}`), exponent);
  if (!Number.isFinite(value)) return undefined;
  return hex[1] === '-' ? -value : value;
}

function readSlow(bytes: Uint8Array, at: number, what: string): number {
  const end = tokenEnd(bytes, at);
  const shown = Math.min(end, at + TEXT_MAX + 1);
  let text = '';
  for (let i = at; i < shown; i++) text += String.fromCharCode(bytes[i]);
  const value = parseFloatText(text);
  if (value !== undefined) return value;
  const clear = /^[!-~]{1,40}$/.test(text) && !text.includes(String.fromCharCode(BACKSLASH));
  const far = DECIMAL.test(text) || HEX.test(text);
  if (end === at) malformed(bytes, at, `the ${what} is missing`);
  const reason = far ? 'lies outside of float64' : 'is no number';
  return malformed(bytes, at, `the ${what}${clear ? ` '${text}'` : ''} ${reason}`);
}

/**
 * Reads the number at `at` into `values[index]` (`words` views the same bytes) and answers where
 * its token ends. @throws MonError MON_BODY_MALFORMED; `what` names the number in it.
 */
export function readNumber(
  bytes: Uint8Array,
  at: number,
  into: { values: Float64Array; words: Uint32Array; index: number; what: string },
): number {
  const end = bytes.length;
  let p = at;
  const negative = p < end && bytes[p] === 45;
  if (negative || (p < end && bytes[p] === 43)) p++;
  const from = p;
  let m = 0;
  let scale = 0;
  let c = p < end ? bytes[p] : 0;
  while (c >= 48 && c <= 57) {
    m = m * 10 + c - 48;
    c = ++p < end ? bytes[p] : 0;
  }
  let digits = p - from;
  if (c === 46) {
    const dot = p;
    c = ++p < end ? bytes[p] : 0;
    while (c >= 48 && c <= 57) {
      m = m * 10 + c - 48;
      c = ++p < end ? bytes[p] : 0;
    }
    scale = dot + 1 - p;
    digits -= scale;
  }
  let whole = digits > 0;
  if (whole && (c === 101 || c === 69)) {
    c = ++p < end ? bytes[p] : 0;
    const minus = c === 45;
    if (minus || c === 43) c = ++p < end ? bytes[p] : 0;
    let e = 0;
    const first = p;
    while (c >= 48 && c <= 57 && e < 10_000) {
      e = e * 10 + c - 48;
      c = ++p < end ? bytes[p] : 0;
    }
    whole = p > first;
    scale += minus ? -e : e;
  }
  const stopped = p >= end || c === 32 || c === 10 || c === 9 || c === 13;
  if (whole && stopped && m <= Number.MAX_SAFE_INTEGER && scale >= -22 && scale <= 22) {
    const value = scale < 0 ? m / POWERS[-scale] : m * POWERS[scale];
    into.values[into.index] = negative ? -value : value;
    return p;
  }
  const value = readSlow(bytes, at, into.what);
  if (Number.isNaN(value)) putNaN(into.words, into.index);
  else into.values[into.index] = value;
  return tokenEnd(bytes, at);
}
