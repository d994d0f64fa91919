// Decides whether raw label bytes are canonical as they stand (docs/format/identity.md), so that
// a new series of a well-behaved sender costs no JavaScript string. It answers yes or no: what it
// does not know to be right goes to the careful way in series-book.ts, which also finds the
// reason of a refusal.

/** `__name__` as a little-endian word. */
const NAME_WORD: u64 = 0x5f5f656d616e5f5f;

let labelsMax: u32 = 0xffffffff;
let nameMax: u32 = 0xffffffff;
let valueMax: u32 = 0xffffffff;

/** Sets the bounds of limits.ts; lengths in bytes. */
export function labelLimits(labels: u32, name: u32, value: u32): void {
  labelsMax = labels;
  nameMax = name;
  valueMax = value;
}

/**
 * Length of one multi-byte UTF-8 sequence at `at` (RFC 3629: no overlong forms, no surrogates),
 * or 0.
 */
function sequence(at: usize, end: usize): u32 {
  const a = load<u8>(at);
  if (a < 0xc2 || a > 0xf4) return 0;
  const n: u32 = a < 0xe0 ? 2 : a < 0xf0 ? 3 : 4;
  if (at + n > end) return 0;
  const b = load<u8>(at, 1);
  let low: u8 = 0x80;
  let high: u8 = 0xbf;
  if (a == 0xe0) low = 0xa0;
  else if (a == 0xed) high = 0x9f;
  else if (a == 0xf0) low = 0x90;
  else if (a == 0xf4) high = 0x8f;
  if (b < low || b > high) return 0;
  for (let i: u32 = 2; i < n; i++) if ((load<u8>(at + i) & 0xc0) != 0x80) return 0;
  return n;
}

/** True when the bytes are well-formed UTF-8. */
export function isUtf8(start: usize, length: u32): bool {
  const end = start + length;
  let at = start;
  while (at < end) {
    if (at + 8 <= end && (load<u64>(at) & 0x8080808080808080) == 0) {
      at += 8;
    } else if (load<u8>(at) < 0x80) {
      at++;
    } else {
      const n = sequence(at, end);
      if (n == 0) return false;
      at += n;
    }
  }
  return true;
}

/** True when name a comes before name b in byte order. */
function before(a: usize, aLength: u32, b: usize, bLength: u32): bool {
  const n = aLength < bLength ? aLength : bLength;
  for (let i: u32 = 0; i < n; i++) {
    const left = load<u8>(a + i);
    const right = load<u8>(b + i);
    if (left != right) return left < right;
  }
  return aLength < bLength;
}

/** A length of up to four bytes in its shortest form; -1 for any other. */
function shortLength(at: usize): i32 {
  const a = load<u8>(at);
  return a < 0x80 ? a : longLength(at);
}

function longLength(at: usize): i32 {
  let length = <i32>(load<u8>(at) & 0x7f);
  for (let i: u32 = 1; i < 4; i++) {
    const byte = load<u8>(at + i);
    length |= (<i32>(byte & 0x7f)) << (7 * i);
    if (byte < 0x80) return byte == 0 ? -1 : length;
  }
  return -1;
}

function widthOf(length: i32): u32 {
  return length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x200000 ? 3 : 4;
}

/**
 * True when the bytes are the canonical form of an acceptable label set. They are readable 8
 * past.
 */
export function isCanonical(start: usize, length: u32): bool {
  const end = start + length;
  let at = start;
  let count: u32 = 0;
  let named = false;
  let lastName: usize = 0;
  let lastLength: u32 = 0;
  while (at < end) {
    if (load<u8>(at) != 0x0a || ++count > labelsMax) return false;
    const inner = shortLength(at + 1);
    if (inner < 0) return false;
    at += 1 + widthOf(inner);
    const stop = at + inner;
    if (stop > end || inner < 6 || load<u8>(at) != 0x0a) return false;
    const nameLength = shortLength(at + 1);
    if (nameLength < 1 || <u32>nameLength > nameMax) return false;
    const name = at + 1 + widthOf(nameLength);
    at = name + nameLength;
    if (at + 2 > stop || load<u8>(at) != 0x12) return false;
    const valueLength = shortLength(at + 1);
    if (valueLength < 1 || <u32>valueLength > valueMax) return false;
    at += 1 + widthOf(valueLength);
    if (at + valueLength != stop) return false;
    if (lastName != 0 && !before(lastName, lastLength, name, nameLength)) return false;
    if (!isUtf8(name, nameLength) || !isUtf8(at, valueLength)) return false;
    if (nameLength == 8 && load<u64>(name) == NAME_WORD) named = true;
    lastName = name;
    lastLength = nameLength;
    at = stop;
  }
  return named;
}
