// The protobuf wire, read strictly: every length is checked against its message, varints end
// within ten bytes, groups and unknown wire types are refused. Functions answer the address
// behind what they read, or 0 after noting what was wrong and where; addresses in a memory of
// ours are never 0.

/** What is wrong with a body; collector/remote-write.ts has the words for them. */
export const WIRE_TRUNCATED: u32 = 1;
export const WIRE_VARINT: u32 = 2;
export const WIRE_TAG: u32 = 3;
export const WIRE_TYPE: u32 = 4;
export const WIRE_SAMPLES: u32 = 5;

export let wireCode: u32 = 0;
export let wireAt: usize = 0;
/** The varint or length read last. */
export let wireValue: u64 = 0;

/** Notes a failure and answers 0. */
export function wireFail(code: u32, at: usize): usize {
  wireCode = code;
  wireAt = at;
  return 0;
}

/** Forgets an earlier failure. */
export function wireReset(): void {
  wireCode = 0;
  wireAt = 0;
}

/** Reads a varint of up to 64 bits into wireValue. */
export function readVarint(start: usize, end: usize): usize {
  let value: u64 = 0;
  let shift: u64 = 0;
  let at = start;
  while (at < end) {
    const byte = load<u8>(at++);
    // The tenth byte holds the last bit; more would not fit in 64 bits.
    if (shift == 63 && byte > 1) return wireFail(WIRE_VARINT, start);
    value |= (<u64>(byte & 0x7f)) << shift;
    if (byte < 0x80) {
      wireValue = value;
      return at;
    }
    shift += 7;
  }
  return wireFail(WIRE_TRUNCATED, start);
}

/** Reads a length into wireValue and checks that so many bytes are there. */
export function readLength(start: usize, end: usize): usize {
  let at = start;
  if (at < end && load<u8>(at) < 0x80) {
    wireValue = load<u8>(at++);
  } else {
    at = readVarint(at, end);
    if (at == 0) return 0;
  }
  if (wireValue > <u64>(end - at)) return wireFail(WIRE_TRUNCATED, start);
  return at;
}

/** Reads a tag into wireValue: field number and wire type, both possible. */
export function readTag(start: usize, end: usize): usize {
  const at = readVarint(start, end);
  if (at == 0) return 0;
  if (wireValue > 0xffffffff || wireValue < 8) return wireFail(WIRE_TAG, start);
  return at;
}

/** Skips the value of a field with the wire type of `tag`. */
export function skipValue(tag: u32, start: usize, end: usize): usize {
  const type = tag & 7;
  if (type == 0) return readVarint(start, end);
  if (type == 2) {
    const at = readLength(start, end);
    return at == 0 ? 0 : at + <usize>wireValue;
  }
  const size: usize = type == 1 ? 8 : type == 5 ? 4 : 0;
  if (size == 0) return wireFail(WIRE_TYPE, start);
  if (size > end - start) return wireFail(WIRE_TRUNCATED, start);
  return start + size;
}

/** What was wrong with what was read last; 0 for nothing. */
export function wireFailure(): u32 {
  return wireCode;
}

/** Address at which it was wrong. */
export function wireFailureAt(): usize {
  return wireAt;
}
