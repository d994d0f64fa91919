// The newest bytes of the log in memory: what waits for its commit and what readers at the tail
// want. A frame is laid down here once; the commit writes from here and tails copy from here. Easy
// to get wrong: blocks are used again, so nothing outside keeps a view of one across an await,
// except a write under way, and until that has ended its bytes are not durable and the block is
// not dropped.
import { assert } from '../errors.ts';

const BLOCK_BYTES_MAX = 1024 * 1024;
/** A bound is made up of at least so many blocks. */
const BLOCKS_MIN = 8;
/** Blocks kept for reuse; more would only hold memory after a burst. */
const SPARE_BLOCKS_MAX = 4;

/** A run of one segment: bytes [start, start + used) of it. */
export interface Block {
  readonly segment: number;
  readonly start: number;
  used: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export class RecentFrames {
  readonly #bytesMax: number;
  readonly #blockBytes: number;
  readonly #blocks: Block[] = [];
  readonly #spare: Uint8Array[] = [];
  #held = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#blockBytes = Math.min(BLOCK_BYTES_MAX, Math.ceil(bytesMax / BLOCKS_MIN));
  }

  /** A block with room for `size` more bytes of the segment, which stand at `position`. */
  room(segment: number, position: number, size: number): Block {
    const last = this.#blocks.at(-1);
    if (last?.segment === segment && last.used + size <= last.bytes.length) {
      assert(last.start + last.used === position, 'frames follow one another');
      return last;
    }
    const pooled = size <= this.#blockBytes ? this.#spare.pop() : undefined;
    const bytes = pooled ?? new Uint8Array(Math.max(size, this.#blockBytes));
    const view = new DataView(bytes.buffer);
    const block: Block = { segment, start: position, used: 0, bytes, view };
    this.#blocks.push(block);
    this.#held += bytes.length;
    return block;
  }

  /** The bytes [start, end) of a segment, which have all been laid down here, in runs. */
  runs(segment: number, start: number, end: number): { position: number; bytes: Uint8Array }[] {
    const out: { position: number; bytes: Uint8Array }[] = [];
    for (const block of this.#blocks) {
      const from = Math.max(start, block.start);
      const to = Math.min(end, block.start + block.used);
      if (block.segment !== segment || from >= to) continue;
      out.push({
        position: from,
        bytes: block.bytes.subarray(from - block.start, to - block.start),
      });
    }
    assert(
      out.reduce((sum, run) => sum + run.bytes.length, 0) === end - start,
      'what is to be written is in memory',
    );
    return out;
  }

  /** The block that holds this position of the segment, if it is still in memory. */
  at(segment: number, position: number): Block | undefined {
    for (let i = this.#blocks.length - 1; i >= 0; i--) {
      const block = this.#blocks[i];
      if (block.segment === segment && block.start <= position) {
        return position < block.start + block.used ? block : undefined;
      }
      if (block.segment < segment) return undefined;
    }
    return undefined;
  }

  /** Forgets all past the durable end: a commit has failed. */
  cut(segment: number, durable: number): void {
    for (let last = this.#blocks.at(-1); last; last = this.#blocks.at(-1)) {
      if (last.segment < segment) return;
      if (last.segment === segment && last.start < durable) {
        last.used = Math.min(last.used, durable - last.start);
        return;
      }
      this.#blocks.pop();
      this.#free(last);
    }
  }

  /** Drops the oldest blocks past the bound, as far as they are durable. */
  trim(segment: number, durable: number): void {
    while (this.#held > this.#bytesMax && this.#blocks.length > 1) {
      const [first] = this.#blocks;
      const newest = first.segment === segment && first.start + first.used <= durable;
      if (first.segment >= segment && !newest) return;
      this.#blocks.shift();
      this.#free(first);
    }
  }

  #free(block: Block): void {
    this.#held -= block.bytes.length;
    const reusable = block.bytes.length === this.#blockBytes;
    if (reusable && this.#spare.length < SPARE_BLOCKS_MAX) this.#spare.push(block.bytes);
  }
}
