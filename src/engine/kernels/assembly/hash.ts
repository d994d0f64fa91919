// XXH64 over raw memory (Yann Collet, xxhash specification 0.1.1). With seed 0 over the canonical
// bytes of a label set it is the identity hash, frozen in docs/format/identity.md: never change
// what it returns. Loads are unaligned and little endian, as WebAssembly's are on every machine.

const P1: u64 = 0x9e3779b185ebca87;
const P2: u64 = 0xc2b2ae3d27d4eb4f;
const P3: u64 = 0x165667b19e3779f9;
const P4: u64 = 0x85ebca77c2b2ae63;
const P5: u64 = 0x27d4eb2f165667c5;

function round(lane: u64, input: u64): u64 {
  return rotl<u64>(lane + input * P2, 31) * P1;
}

function merge(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * P1 + P4;
}

/** Folds the tail of fewer than 32 bytes and mixes the bits. */
function finish(start: u64, tail: usize, end: usize): u64 {
  let hash = start;
  let at = tail;
  while (at + 8 <= end) {
    hash = rotl<u64>(hash ^ round(0, load<u64>(at)), 27) * P1 + P4;
    at += 8;
  }
  if (at + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(at) * P1), 23) * P2 + P3;
    at += 4;
  }
  while (at < end) {
    hash = rotl<u64>(hash ^ (<u64>load<u8>(at) * P5), 11) * P1;
    at++;
  }
  hash = (hash ^ (hash >> 33)) * P2;
  hash = (hash ^ (hash >> 29)) * P3;
  return hash ^ (hash >> 32);
}

/** The 64-bit hash of `length` bytes at `start`. */
export function xxh64(start: usize, length: u32, seed: u64): u64 {
  const end = start + length;
  let at = start;
  if (length < 32) return finish(seed + P5 + length, at, end);
  let a = seed + P1 + P2;
  let b = seed + P2;
  let c = seed;
  let d = seed - P1;
  const last = end - 32;
  do {
    a = round(a, load<u64>(at));
    b = round(b, load<u64>(at, 8));
    c = round(c, load<u64>(at, 16));
    d = round(d, load<u64>(at, 24));
    at += 32;
  } while (at <= last);
  let hash = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
  hash = merge(merge(merge(merge(hash, a), b), c), d);
  return finish(hash + length, at, end);
}

/** The low word of the hash with seed 0, for JavaScript, which has no cheap u64. */
export function hashLow(at: usize, length: u32): u32 {
  return <u32>xxh64(at, length, 0);
}

/** The high word of the hash with seed 0; its top 12 bits are the virtual shard. */
export function hashHigh(at: usize, length: u32): u32 {
  return <u32>(xxh64(at, length, 0) >> 32);
}

/** True when two runs of `length` bytes are equal; 16 bytes a step. */
export function sameBytes(a: usize, b: usize, length: u32): bool {
  const end = a + length;
  let left = a;
  let right = b;
  if (length >= 16) {
    const last = end - 16;
    while (left <= last) {
      if (v128.any_true(v128.xor(v128.load(left), v128.load(right)))) return false;
      left += 16;
      right += 16;
    }
    // The rest overlaps bytes that are known to be equal.
    right -= left - last;
    return !v128.any_true(v128.xor(v128.load(last), v128.load(right)));
  }
  while (left < end) {
    if (load<u8>(left) != load<u8>(right)) return false;
    left++;
    right++;
  }
  return true;
}
