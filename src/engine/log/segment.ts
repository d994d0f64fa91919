// The bytes of a log segment: its header, and the frames that hold one record each. Pure; the
// drawing is docs/format/log.md. Easy to get wrong: a frame's checksum also covers where it stands
// (epoch, segment, position), so that a frame of an older file or place can never pass for one of
// this.
import { crc32 } from 'node:zlib';
import { MonError } from '../errors.ts';

/** "MLOG" and "MFRM" in the order of the bytes on disk. */
const SEGMENT_MAGIC = 0x474f4c4d;
export const FRAME_MAGIC = 0x4d52464d;
const SEGMENT_VERSION = 1;

export const FRAME_HEADER_BYTES = 28;
const HEADER_FIXED_BYTES = 56;

/** What the first bytes of a segment say. Made durable before the first frame is written. */
export interface SegmentHeader {
  readonly generation: number;
  readonly epoch: number;
  /** Number of the segment, from 1; grows, with gaps where making one failed. */
  readonly segment: number;
  /**
   * The segment before this one and its durable length: what lies past that is not log. 0: none.
   */
  readonly previous: number;
  readonly previousBytes: number;
  readonly createdMs: number;
  /** For each partition the offset of the next record when this segment began. */
  readonly first: Float64Array;
}

/** Where a frame stands; part of what its checksum covers. */
export interface FramePlace {
  readonly epoch: number;
  readonly segment: number;
  readonly position: number;
}

/**
 * The fields before the record bytes. `commit` is the position at which the frame's commit begins.
 */
export interface FrameFields {
  readonly length: number;
  readonly commit: number;
  readonly partition: number;
  readonly offset: number;
}

export function segmentName(segment: number): string {
  return `${String(segment).padStart(12, '0')}.segment`;
}

/** The number in a segment's file name, or undefined for other files. */
export function segmentOf(name: string): number | undefined {
  return /^[0-9]{12}\.segment$/.test(name) ? Number(name.slice(0, 12)) : undefined;
}

export function headerBytes(partitions: number): number {
  return HEADER_FIXED_BYTES + 8 * partitions + 4;
}

/** Numbers up to 2^53 as two words: bigint would allocate. */
function putLong(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x100000000, true);
  view.setUint32(at + 4, Math.floor(value / 0x100000000), true);
}

function getLong(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x100000000;
}

export function encodeHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(headerBytes(header.first.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, SEGMENT_MAGIC, true);
  view.setUint16(4, SEGMENT_VERSION, true);
  view.setUint32(8, header.first.length, true);
  view.setUint32(12, header.generation, true);
  putLong(view, 16, header.epoch);
  putLong(view, 24, header.segment);
  putLong(view, 32, header.previous);
  putLong(view, 40, header.previousBytes);
  putLong(view, 48, header.createdMs);
  header.first.forEach((offset, p) => putLong(view, HEADER_FIXED_BYTES + 8 * p, offset));
  const end = bytes.length - 4;
  view.setUint32(end, crc32(bytes.subarray(0, end)), true);
  return bytes;
}

/** @throws MonError MON_LOG_CORRUPT when the bytes are no header of a segment. */
export function decodeHeader(bytes: Uint8Array, path: string): SegmentHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headerBytes(1) || view.getUint32(0, true) !== SEGMENT_MAGIC) {
    throw corrupt(path, 0, 'it does not begin as a segment of the log');
  }
  const version = view.getUint16(4, true);
  if (version !== SEGMENT_VERSION) {
    throw corrupt(path, 4, `its format version ${version} is unknown to this program`);
  }
  const partitions = view.getUint32(8, true);
  const end = headerBytes(partitions) - 4;
  if (end + 4 > bytes.length || view.getUint32(end, true) !== crc32(bytes.subarray(0, end))) {
    throw corrupt(path, 0, 'the checksum of its header is wrong');
  }
  const first = new Float64Array(partitions);
  for (let p = 0; p < partitions; p++) first[p] = getLong(view, HEADER_FIXED_BYTES + 8 * p);
  return {
    generation: view.getUint32(12, true),
    epoch: getLong(view, 16),
    segment: getLong(view, 24),
    previous: getLong(view, 32),
    previousBytes: getLong(view, 40),
    createdMs: getLong(view, 48),
    first,
  };
}

/** What the checksum covers besides the record: 24 bytes of place, 20 bytes of fields. */
const covered = new Uint8Array(44);
const coveredView = new DataView(covered.buffer);

function checksum(place: FramePlace, fields: FrameFields, record: Uint8Array): number {
  putLong(coveredView, 0, place.epoch);
  putLong(coveredView, 8, place.segment);
  putLong(coveredView, 16, place.position);
  coveredView.setUint32(24, fields.length, true);
  coveredView.setUint32(28, fields.commit, true);
  coveredView.setUint32(32, fields.partition, true);
  putLong(coveredView, 36, fields.offset);
  return crc32(record, crc32(covered));
}

/** Writes a whole frame at `at`: header and record. */
export function putFrame(
  view: DataView,
  at: number,
  frame: { readonly place: FramePlace; readonly fields: FrameFields; readonly record: Uint8Array },
): void {
  const { place, fields, record } = frame;
  view.setUint32(at, FRAME_MAGIC, true);
  view.setUint32(at + 4, fields.length, true);
  view.setUint32(at + 8, checksum(place, fields, record), true);
  view.setUint32(at + 12, fields.commit, true);
  view.setUint32(at + 16, fields.partition, true);
  putLong(view, at + 20, fields.offset);
  new Uint8Array(view.buffer, view.byteOffset + at + FRAME_HEADER_BYTES, fields.length).set(record);
}

/** The fields at `at`, unchecked; undefined when there is no frame's beginning there. */
export function getFields(view: DataView, at: number): FrameFields | undefined {
  if (at + FRAME_HEADER_BYTES > view.byteLength) return undefined;
  if (view.getUint32(at, true) !== FRAME_MAGIC) return undefined;
  return {
    length: view.getUint32(at + 4, true),
    commit: view.getUint32(at + 12, true),
    partition: view.getUint32(at + 16, true),
    offset: getLong(view, at + 20),
  };
}

/** True when the frame at `at` is whole and belongs to `place`. */
export function frameHolds(
  view: DataView,
  at: number,
  place: FramePlace,
  fields: FrameFields,
): boolean {
  const begin = at + FRAME_HEADER_BYTES;
  if (begin + fields.length > view.byteLength) return false;
  const record = new Uint8Array(view.buffer, view.byteOffset + begin, fields.length);
  return view.getUint32(at + 8, true) === checksum(place, fields, record);
}

/** The failure that names the file and the place in it. */
export function corrupt(path: string, position: number, words: string): MonError {
  return new MonError('MON_LOG_CORRUPT', `the log is damaged: ${path} at ${position}: ${words}`, {
    hint: 'restore the folder from a copy; nothing was changed or skipped',
    fields: { path, position },
  });
}
