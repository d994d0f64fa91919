// Snappy blocks inflated inside kernel memory, where the walk reads them: a pushed body is copied
// in once, compressed, and makes no garbage. Easy to get wrong: the address that comes back is good
// only until the next block is inflated.
import { assert } from '../errors.ts';
import type { Kernels } from './kernels.ts';

/** A piece of kernel memory that grows when more is asked for and is kept. */
class Scratch {
  readonly #kernels: Kernels;
  #at = 0;
  #size = 0;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  room(size: number): number {
    if (size > this.#size) {
      const x = this.#kernels.exports;
      if (this.#size > 0) x.free(this.#at, this.#size);
      this.#size = Math.max(size, 1 << 18);
      this.#at = x.alloc(this.#size) >>> 0;
    }
    return this.#at;
  }
}

export class SnappyBlocks {
  readonly #kernels: Kernels;
  readonly #block: Scratch;
  readonly #bytes: Scratch;
  readonly #slack: number;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
    this.#block = new Scratch(kernels);
    this.#bytes = new Scratch(kernels);
    this.#slack = kernels.exports.snappySlack();
  }

  /**
   * Inflates the elements of a block, which begin at `from` behind its length, into exactly `size`
   * bytes. Answers their address, or -1 when the elements are malformed or make another size.
   */
  inflate(block: Uint8Array, from: number, size: number): number {
    assert(from <= block.length, 'the elements of a block begin within it');
    const length = block.length - from;
    const blockAt = this.#block.room(length + this.#slack);
    const bytesAt = this.#bytes.room(size + this.#slack);
    this.#kernels.bytes.set(from === 0 ? block : block.subarray(from), blockAt);
    const done = this.#kernels.exports.snappyInflate(blockAt, length, bytesAt, size);
    return done ? bytesAt : -1;
  }
}
