// Reads the frames of one segment from disk, block by block: for readers that fell behind the
// memory and for recovery. Easy to get wrong: what is read is not trusted; a frame counts only
// when its checksum says that it belongs to this very place, and a length is checked before
// anything is allocated for it.
import { RECORD_BYTES_MAX } from '../limits.ts';
import type { Disk, DiskFile } from '../runtime/disk.ts';
import { FRAME_HEADER_BYTES, FRAME_MAGIC, frameHolds, getFields, headerBytes } from './segment.ts';
import type { FrameFields, SegmentHeader } from './segment.ts';

const READ_BYTES = 256 * 1024;

/** A checked frame; `record` is good until the next read of the same file. */
export interface Frame {
  readonly position: number;
  readonly fields: FrameFields;
  readonly record: Uint8Array;
}

/** What one read found: whole frames in order, and whether the bytes at `next` are no frame. */
export interface FrameRun {
  readonly frames: readonly Frame[];
  readonly next: number;
  readonly broken: boolean;
}

export class SegmentFile {
  readonly header: SegmentHeader;
  readonly #file: DiskFile;
  #buffer = new Uint8Array(READ_BYTES);

  constructor(file: DiskFile, header: SegmentHeader) {
    this.#file = file;
    this.header = header;
  }

  static async open(disk: Disk, path: string, header: SegmentHeader): Promise<SegmentFile> {
    return new SegmentFile(await disk.open(path, 'r'), header);
  }

  get first(): number {
    return headerBytes(this.header.first.length);
  }

  /** The frames from `position` on that one read holds; none may reach past `end`. */
  async frames(position: number, end: number): Promise<FrameRun> {
    for (;;) {
      const want = Math.min(this.#buffer.length, end - position);
      const got = await this.#file.read(this.#buffer.subarray(0, want), position);
      const run = this.#parse(position, got, end);
      if (run.frames.length > 0 || run.broken) return run;
      // Not one whole frame: a long one is read again with room for it, a cut one is broken.
      if (got < want || position + got >= end) return { ...run, broken: true };
      this.#buffer = new Uint8Array(
        Math.min(FRAME_HEADER_BYTES + RECORD_BYTES_MAX, end - position),
      );
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Takes whole frames until the block ends or something is no frame. */
  #parse(position: number, got: number, end: number): FrameRun {
    const view = new DataView(this.#buffer.buffer, 0, got);
    const frames: Frame[] = [];
    let at = 0;
    let broken = false;
    while (got - at >= FRAME_HEADER_BYTES) {
      const fields = getFields(view, at);
      const size = FRAME_HEADER_BYTES + (fields?.length ?? 0);
      const fits = position + at + size <= end;
      broken = !fields || fields.length > RECORD_BYTES_MAX || !fits;
      if (!fields || broken || at + size > got) break;
      const place = { ...placeOf(this.header), position: position + at };
      broken = !frameHolds(view, at, place, fields);
      if (broken) break;
      const record = this.#buffer.subarray(at + FRAME_HEADER_BYTES, at + size);
      frames.push({ position: position + at, fields, record });
      at += size;
    }
    return { frames, next: position + at, broken };
  }

  /**
   * Position of a whole frame behind `broken` whose commit began behind it too: proof that the
   * bytes at `broken` had been durable. Undefined when there is none: then they are a torn tail.
   */
  async laterCommit(broken: number, end: number): Promise<number | undefined> {
    const rest = new Uint8Array(end - broken);
    const got = await this.#file.read(rest, broken);
    const bytes = Buffer.from(rest.buffer, 0, got);
    const view = new DataView(rest.buffer, 0, got);
    const magic = Buffer.alloc(4);
    magic.writeUInt32LE(FRAME_MAGIC);
    for (let at = bytes.indexOf(magic, 1); at >= 0; at = bytes.indexOf(magic, at + 1)) {
      const fields = getFields(view, at);
      if (!fields || fields.length > RECORD_BYTES_MAX || fields.commit <= broken) continue;
      const place = { ...placeOf(this.header), position: broken + at };
      if (frameHolds(view, at, place, fields)) return broken + at;
    }
    return undefined;
  }
}

function placeOf(header: SegmentHeader): { epoch: number; segment: number } {
  return { epoch: header.epoch, segment: header.segment };
}
