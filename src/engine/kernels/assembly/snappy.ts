// Inflates a snappy block (the raw format, google/snappy format_description.txt) from kernel memory
// into kernel memory: what stands between a pushed body and the walk. Easy to get wrong: copies go
// 16 bytes at a time and run over their end, so both pieces need SNAPPY_SLACK bytes behind them;
// and every length and offset comes from a stranger.

/** Bytes that may be read behind the block and written behind the output. */
const SLACK: u32 = 64;

export function snappySlack(): u32 {
  return SLACK;
}

/** Copies n bytes from `offset` before `to`, where source and destination overlap closely. */
@inline
function repeat(to: usize, offset: usize, n: u32): void {
  for (let i: u32 = 0; i < n; i++) store<u8>(to + i, load<u8>(to + i - offset));
}

/**
 * The elements of a block, behind its length, into exactly `size` bytes at `out`. False when they
 * are malformed or make another number of bytes.
 */
export function snappyInflate(block: usize, length: u32, out: usize, size: u32): bool {
  const end = block + length;
  const limit = out + size;
  let at = block;
  let to = out;
  while (at < end) {
    const tag = <u32>load<u8>(at++);
    let n = tag >> 2;
    if ((tag & 3) == 0) {
      if (n >= 60) {
        const extra = n - 59;
        if (at + extra > end) return false;
        n = load<u32>(at) & (0xffffffff >>> (32 - extra * 8));
        at += extra;
      }
      // As 64 bits: a length of 2^32 must not turn into 0.
      const bytes = <u64>n + 1;
      if (bytes > <u64>(end - at) || bytes > <u64>(limit - to)) return false;
      if (bytes <= 16) v128.store(to, v128.load(at));
      else memory.copy(to, at, <usize>bytes);
      at += <usize>bytes;
      to += <usize>bytes;
      continue;
    }
    let offset: usize;
    if ((tag & 3) == 1) {
      if (at >= end) return false;
      offset = ((tag >> 5) << 8) | load<u8>(at++);
      n = (n & 7) + 4;
    } else if ((tag & 3) == 2) {
      if (at + 2 > end) return false;
      offset = load<u16>(at);
      at += 2;
      n += 1;
    } else {
      if (at + 4 > end) return false;
      offset = load<u32>(at);
      at += 4;
      n += 1;
    }
    if (offset == 0 || offset > to - out || n > <u32>(limit - to)) return false;
    if (offset >= 16) {
      const from = to - offset;
      v128.store(to, v128.load(from));
      for (let i: u32 = 16; i < n; i += 16) v128.store(to + i, v128.load(from + i));
    } else if (offset >= 8) {
      const from = to - offset;
      for (let i: u32 = 0; i < n; i += 8) store<u64>(to + i, load<u64>(from + i));
    } else {
      repeat(to, offset, n);
    }
    to += n;
  }
  return to == limit;
}
