// The compressions of Kafka that kafkajs knows by name only: snappy, lz4 and zstd. Each is a pair
// of functions over whole record batches. Easy to get wrong: Java writes snappy in a framing of its
// own (xerial), while librdkafka writes a bare block, and both are legal; and a batch from outside
// may claim any length, so what comes out has a bound.
import { createRequire } from 'node:module';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { MonError } from '../errors.ts';
import { KAFKA_BATCH_UNPACKED_BYTES_MAX } from '../limits-links.ts';
import { unpackLz4 } from './lz4-frame.ts';

/** kafkajs' numbers of compressions, which are Kafka's own. */
export const CODEC = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;
export type CodecName = keyof typeof CODEC;

/** What kafkajs asks of a codec; `buffer` is what its encoder has written. */
export interface BatchCompression {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

interface Snappy {
  compressSync(input: Buffer): Buffer;
  uncompressSync(input: Buffer, options: { asBuffer: true; copyOutputData: true }): Buffer;
}

interface Lz4 {
  /** Answers how many bytes it wrote, 0 when the block does not shrink. */
  compressBlock(
    from: Uint8Array,
    into: Uint8Array,
    start: number,
    length: number,
    hashes: Uint32Array,
  ): number;
  compressBound(length: number): number;
}

const require = createRequire(import.meta.url);

function malformed(codec: string, cause?: unknown): MonError {
  const words = `a record batch of the topic is not valid ${codec}`;
  return new MonError('MON_RECORD_MALFORMED', words, { cause });
}

/** Magic, version 1, compatible with 1: org.xerial.snappy.SnappyOutputStream. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
/** Xerial's block; a larger one would be legal but no reader expects it. */
const XERIAL_BLOCK = 32 * 1024;

/** The declared length of a snappy block: a varint of at most 32 bits, or -1. */
function snappyLength(block: Buffer): number {
  let length = 0;
  for (let i = 0; i < Math.min(5, block.length); i++) {
    length += (block[i] & 0x7f) * 2 ** (7 * i);
    if (block[i] < 0x80) return length <= 0xffffffff ? length : -1;
  }
  return -1;
}

function inflateBlock(snappy: Snappy, block: Buffer, room: number): Buffer {
  const length = snappyLength(block);
  if (length < 0 || length > room) throw malformed('snappy');
  try {
    return snappy.uncompressSync(block, { asBuffer: true, copyOutputData: true });
  } catch (thrown) {
    throw malformed('snappy', thrown);
  }
}

/** Unpacks either framing. */
function unpackSnappy(snappy: Snappy, bytes: Buffer): Buffer {
  let room = KAFKA_BATCH_UNPACKED_BYTES_MAX;
  if (!bytes.subarray(0, 8).equals(XERIAL.subarray(0, 8))) return inflateBlock(snappy, bytes, room);
  const parts: Buffer[] = [];
  for (let at = XERIAL.length; at < bytes.length;) {
    if (at + 4 > bytes.length) throw malformed('snappy');
    const length = bytes.readUInt32BE(at);
    at += 4;
    if (length > bytes.length - at) throw malformed('snappy');
    const part = inflateBlock(snappy, bytes.subarray(at, at + length), room);
    room -= part.length;
    parts.push(part);
    at += length;
  }
  return Buffer.concat(parts);
}

/** Packs as Java does, so that every consumer of Kafka understands it. */
function packSnappy(snappy: Snappy, bytes: Buffer): Buffer {
  const parts: Buffer[] = [XERIAL];
  for (let at = 0; at < bytes.length; at += XERIAL_BLOCK) {
    const block = snappy.compressSync(bytes.subarray(at, at + XERIAL_BLOCK));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

function snappyCodec(): BatchCompression {
  const snappy = require('snappy') as Snappy;
  return {
    compress: async ({ buffer }) => packSnappy(snappy, buffer),
    decompress: async (buffer) => unpackSnappy(snappy, buffer),
  };
}

/** Magic, version 1 with independent blocks, blocks of 64 KiB, and the checksum of these two. */
const LZ4_HEAD = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
const LZ4_BLOCK = 64 * 1024;
const LZ4_RAW = 0x80000000;
const LZ4_HASHES = 1 << 16;

/**
 * Packs as Java wants it: the library's own frame has blocks that lean on one another, which Kafka
 * refuses.
 */
function packLz4(lz4: Lz4, bytes: Buffer): Buffer {
  const parts: Buffer[] = [LZ4_HEAD];
  const hashes = new Uint32Array(LZ4_HASHES);
  for (let at = 0; at < bytes.length; at += LZ4_BLOCK) {
    const block = bytes.subarray(at, at + LZ4_BLOCK);
    const into = Buffer.allocUnsafe(lz4.compressBound(block.length));
    const size = lz4.compressBlock(block, into, 0, block.length, hashes.fill(0));
    const shrunk = size > 0 && size < block.length;
    const head = Buffer.alloc(4);
    head.writeUInt32LE(shrunk ? size : block.length + LZ4_RAW);
    parts.push(head, shrunk ? into.subarray(0, size) : block);
  }
  parts.push(Buffer.alloc(4));
  return Buffer.concat(parts);
}

function lz4Codec(): BatchCompression {
  const lz4 = require('lz4js') as Lz4;
  return {
    compress: async ({ buffer }) => packLz4(lz4, buffer),
    async decompress(buffer) {
      const bytes = unpackLz4(buffer, KAFKA_BATCH_UNPACKED_BYTES_MAX);
      if (bytes === undefined) throw malformed('lz4');
      return bytes;
    },
  };
}

function zstdCodec(): BatchCompression {
  return {
    compress: async ({ buffer }) => zstdCompressSync(buffer),
    async decompress(buffer) {
      try {
        return zstdDecompressSync(buffer, { maxOutputLength: KAFKA_BATCH_UNPACKED_BYTES_MAX });
      } catch (thrown) {
        throw malformed('zstd', thrown);
      }
    },
  };
}

/** Makers of the codecs that kafkajs lacks, by Kafka's number; a library is loaded when used. */
export const COMPRESSIONS: ReadonlyMap<number, () => BatchCompression> = new Map([
  [CODEC.snappy, snappyCodec],
  [CODEC.lz4, lz4Codec],
  [CODEC.zstd, zstdCodec],
]);
