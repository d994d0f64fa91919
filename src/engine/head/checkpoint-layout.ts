// A head's checkpoint: magic, then sections, each with kind, length and CRC-32, the last one END
// (docs/format/checkpoint.md). Written by checkpoint-write.ts, read by checkpoint-read.ts.
import { crc32 } from 'node:zlib';

/** The version follows. */
export const MAGIC = Uint8Array.of(0x4d, 0x4f, 0x4e, 0x48, 0x45, 0x41, 0x44);
export const MAGIC_BYTES = 8;

/** Version 2 has histograms; a head without any is still written as version 1. */
export const VERSION = { floats: 1, histograms: 2 } as const;

export const SECTION = {
  head: 1,
  pairs: 2,
  series: 3,
  refs: 4,
  metadata: 5,
  end: 6,
  /** Stands before the end, from version 2 on. */
  histograms: 7,
} as const;

/** Kind, length of the body, CRC-32 of the two and the body: u32 each. */
export const SECTION_HEADER = 12;

/** Partition, next id, one past the highest pair (u32 each), 0 (u32), floor (f64). */
export const HEAD_BODY = 24;

/** Number of sections before it, series (u32 each), samples (f64). */
export const END_BODY = 16;

/** CRC-32 of a section's first two words and its body. */
export function sectionCrc(kindAndLength: Uint8Array, body: Uint8Array): number {
  return crc32(body, crc32(kindAndLength));
}
