// The frame of a block: its header, its sections with their checksums, and the trailer by which a
// reader begins. Writer and reader share it. Easy to get wrong: a checksum starts from the file's
// id and the section's kind and position, so that the right bytes in the wrong place are refused
// too.
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { MonError } from '../errors.ts';
import { BLOCK_SECTION_BYTES_MAX } from '../limits.ts';

/** The last byte is the version. */
export const BLOCK_MAGIC = Uint8Array.of(0x4d, 0x4f, 0x4e, 0x42, 0x4c, 0x43, 0x4b, 1);
export const ID_BYTES = 16;
/** Magic, id, checksum. */
export const HEADER_BYTES = 8 + ID_BYTES + 4;
/** Position and length of the directory, magic, checksum. */
export const TRAILER_BYTES = 8 + 4 + 8 + 4;
export const CRC_BYTES = 4;
/** Behind what is stored of a section: length unpacked, or 0 when it is stored as it is. */
export const SECTION_TAIL = 4 + CRC_BYTES;

/** Kinds of sections, in the order in which they may first appear. */
export const SECTION = {
  times: 1,
  values: 2,
  rows: 3,
  timesTable: 4,
  pieces: 5,
  labels: 6,
  postings: 7,
  pairs: 8,
  names: 9,
  directory: 10,
  header: 11,
  trailer: 12,
} as const;
export type SectionKind = (typeof SECTION)[keyof typeof SECTION];

const NAMES = new Map<number, string>(Object.entries(SECTION).map(([name, kind]) => [kind, name]));

/** The failure of a block: which file, what of it, and where. */
export function blockCorrupt(
  name: string,
  what: string,
  place: { section: number; position: number },
): MonError {
  const section = NAMES.get(place.section) ?? `section ${place.section}`;
  return new MonError(
    'MON_BLOCK_CORRUPT',
    `block ${name}: ${section} at byte ${place.position}: ${what}`,
    {
      hint: 'the file is damaged; what other blocks and the log hold is still served',
      fields: { file: name, section, position: place.position },
    },
  );
}

/** CRC-32 of bytes at a place of a file. */
export function placedCrc(
  id: Uint8Array,
  place: { section: number; position: number },
  body: Uint8Array,
): number {
  const seed = new Uint8Array(ID_BYTES + 16);
  const view = new DataView(seed.buffer);
  seed.set(id);
  view.setFloat64(ID_BYTES, place.position, true);
  view.setUint32(ID_BYTES + 8, place.section, true);
  view.setUint32(ID_BYTES + 12, body.length, true);
  return crc32(body, crc32(seed));
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Squeezes bytes by zstd; the bytes themselves when that would not make them a good bit shorter.
 */
export function squeezed(bytes: Uint8Array, level: number): Uint8Array {
  if (bytes.length < 32) return bytes;
  const out = zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: level },
    chunkSize: Math.max(1024, bytes.length),
  });
  return out.length < bytes.length - (bytes.length >>> 7) ? out : bytes;
}

/** Unpacks into exactly `size` bytes; undefined when that is not what comes out. */
export function unsqueezed(bytes: Uint8Array, size: number): Uint8Array | undefined {
  if (size > BLOCK_SECTION_BYTES_MAX) return undefined;
  try {
    const out = zstdDecompressSync(bytes, { chunkSize: Math.max(64, size), maxOutputLength: size });
    return out.length === size ? out : undefined;
  } catch {
    return undefined;
  }
}

/** A section as it is stored: bytes, perhaps squeezed, with their tail. */
export function sealSection(
  id: Uint8Array,
  place: { section: SectionKind; position: number },
  body: { bytes: Uint8Array; level: number },
): Uint8Array {
  const stored = body.level === 0 ? body.bytes : squeezed(body.bytes, body.level);
  const out = new Uint8Array(stored.length + SECTION_TAIL);
  const view = viewOf(out);
  out.set(stored);
  view.setUint32(stored.length, stored === body.bytes ? 0 : body.bytes.length, true);
  const covered = out.subarray(0, stored.length + 4);
  view.setUint32(stored.length + 4, placedCrc(id, place, covered), true);
  return out;
}
