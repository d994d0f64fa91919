// The state of a partition on disk: one file, replaced as a whole, holding the offset up to which
// the log had been applied, the list of sealed blocks that count, what was deleted, and the
// head's own bytes. All stand in one file, so a crash leaves the old state or the new one, never
// a mixture. Drawn in docs/format/store.md.
import { crc32 } from 'node:zlib';
import { MonError } from '../errors.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Offset } from '../ports.ts';

const MAGIC = 0x4b434e4d;
/** Version 1 had no list: the head's bytes follow its header at once. */
const VERSIONS = [1, 2];
const HEADER_BYTES = 40;

/** What stands before the list: 40 bytes, little endian, the last word their checksum. */
export interface CheckpointHeader {
  readonly partition: number;
  readonly generation: number;
  /** The next offset that the head needs. */
  readonly offset: Offset;
}

/** A sealed block as the state of its partition knows it. */
export interface BlockEntry {
  /** File name within the partition's folder. */
  readonly name: string;
  /** Hex of the file's id: a file of the same name that is another one is not believed. */
  readonly id: string;
  readonly bytes: number;
  /** Times of its first and last sample. */
  readonly minMs: number;
  readonly maxMs: number;
  readonly series: number;
  readonly samples: number;
  readonly level: number;
  /** Grows with every file; tombstones of a lower number do not concern it. */
  readonly sequence: number;
  /** Of a joined block: the sequence of the first block that went into it, where it stands now. */
  readonly place?: number;
  /** Offsets of the log whose samples it holds: from, and one past the last. */
  readonly from: Offset;
  readonly to: Offset;
  /** Set aside because it is damaged: what it held is not served. */
  readonly damaged?: boolean;
}

/** Samples that somebody deleted: those in blocks with a lower sequence are not shown. */
export interface Tombstone {
  readonly matchers: readonly Matcher[];
  readonly minMs: number;
  readonly maxMs: number;
  readonly sequence: number;
}

/** Samples that were deleted while the head had them: those of records below an offset. */
export interface HeadCut {
  readonly matchers: readonly Matcher[];
  readonly minMs: number;
  readonly maxMs: number;
  readonly before: Offset;
}

/** What a partition holds beside its head. */
export interface PartitionList {
  /** In order of the log: for a series and a time the first of them wins, the head comes last. */
  readonly blocks: readonly BlockEntry[];
  readonly tombstones: readonly Tombstone[];
  readonly nextSequence: number;
  /** Records below this offset are in blocks as a whole; where a rebuild has to begin. */
  readonly sealedTo: Offset;
  /** For who begins anew at `sealedTo`; lists of older programs have none. */
  readonly cuts?: readonly HeadCut[];
}

export const EMPTY_LIST: PartitionList = {
  blocks: [],
  tombstones: [],
  nextSequence: 1,
  sealedTo: 0,
};

/** A checkpoint as it was read. `head` is a view of the file's bytes. */
export interface Checkpoint extends CheckpointHeader {
  readonly list: PartitionList;
  readonly head: Uint8Array;
}

export function checkpointName(partition: number): string {
  return `partition-${String(partition).padStart(4, '0')}.checkpoint`;
}

/** Header and list, to be followed by the head's bytes. */
export function encodeCheckpoint(header: CheckpointHeader, list: PartitionList): Uint8Array[] {
  const body = new TextEncoder().encode(JSON.stringify(list));
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, 2, true);
  view.setUint32(8, header.partition, true);
  view.setUint32(12, header.generation, true);
  view.setFloat64(16, header.offset, true);
  view.setUint32(24, body.length, true);
  view.setUint32(28, crc32(body), true);
  view.setUint32(36, crc32(bytes.subarray(0, 36)), true);
  return [bytes, body];
}

/** The failure that names the file and says what can be done. */
export function corruptCheckpoint(path: string, why: string, cause?: unknown): MonError {
  return new MonError('MON_CHECKPOINT_CORRUPT', `checkpoint ${path}: ${why}`, {
    hint: 'remove the file to rebuild from the blocks and what the log still holds',
    fields: { file: path },
    cause,
  });
}

/** @throws MonError MON_CHECKPOINT_CORRUPT when header or list is not one of ours. */
export function decodeCheckpoint(bytes: Uint8Array, path: string): Checkpoint {
  const corrupt = (why: string): MonError => corruptCheckpoint(path, why);
  if (bytes.length < HEADER_BYTES) throw corrupt('shorter than its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw corrupt('not a checkpoint');
  if (view.getUint32(36, true) !== crc32(bytes.subarray(0, 36))) throw corrupt('header checksum');
  const version = view.getUint32(4, true);
  if (!VERSIONS.includes(version)) {
    throw corrupt(`version ${version}, this program reads ${VERSIONS.join(' and ')}`);
  }
  const header = {
    partition: view.getUint32(8, true),
    generation: view.getUint32(12, true),
    offset: view.getFloat64(16, true),
  };
  if (version === 1) {
    return { ...header, list: EMPTY_LIST, head: bytes.subarray(HEADER_BYTES) };
  }
  const end = HEADER_BYTES + view.getUint32(24, true);
  if (end > bytes.length) throw corrupt('it ends within its list');
  const body = bytes.subarray(HEADER_BYTES, end);
  if (crc32(body) !== view.getUint32(28, true)) throw corrupt('checksum of its list');
  const list = JSON.parse(new TextDecoder().decode(body)) as PartitionList;
  return { ...header, list, head: bytes.subarray(end) };
}
