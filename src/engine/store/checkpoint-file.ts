// A head's checkpoint on disk: one file a partition, replaced as a whole, holding the offset up to
// which the head had applied the log and the head's own bytes. State and offset stand in one file,
// so a crash leaves the old pair or the new pair, never one of each. Drawn in
// docs/format/checkpoint.md.
import { crc32 } from 'node:zlib';
import { MonError } from '../errors.ts';
import type { Offset } from '../ports.ts';

const MAGIC = 0x4b434e4d;
const VERSION = 1;
const HEADER_BYTES = 40;

/** What stands before the head's bytes: 40 bytes, little endian, the last word their checksum. */
export interface CheckpointHeader {
  readonly partition: number;
  readonly generation: number;
  /** The next offset that the head needs. */
  readonly offset: Offset;
}

export function checkpointName(partition: number): string {
  return `partition-${String(partition).padStart(4, '0')}.checkpoint`;
}

export function encodeCheckpointHeader(header: CheckpointHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setUint32(8, header.partition, true);
  view.setUint32(12, header.generation, true);
  view.setFloat64(16, header.offset, true);
  view.setUint32(36, crc32(bytes.subarray(0, 36)), true);
  return bytes;
}

/** @throws MonError MON_CHECKPOINT_CORRUPT when the header is not one of ours. */
export function decodeCheckpointHeader(bytes: Uint8Array, path: string): CheckpointHeader {
  const corrupt = (why: string): MonError =>
    new MonError('MON_CHECKPOINT_CORRUPT', `checkpoint ${path}: ${why}`, {
      hint: 'remove the file to rebuild from the log, as far as the log still reaches back',
    });
  if (bytes.length < HEADER_BYTES) throw corrupt('shorter than its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw corrupt('not a checkpoint');
  if (view.getUint32(36, true) !== crc32(bytes.subarray(0, 36))) throw corrupt('header checksum');
  const version = view.getUint32(4, true);
  if (version !== VERSION) throw corrupt(`version ${version}, this program reads ${VERSION}`);
  return {
    partition: view.getUint32(8, true),
    generation: view.getUint32(12, true),
    offset: view.getFloat64(16, true),
  };
}

/** The head's bytes behind the header. */
export function checkpointBody(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(HEADER_BYTES);
}
