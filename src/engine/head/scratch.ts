// One growing piece of kernel memory for what passes between JavaScript and the kernels: ids,
// columns, bytes of a name. All heads of a memory share it, because calls are synchronous and none
// needs it after it has returned. Easy to get wrong: it moves when it grows, and views die with it.
import type { Kernels } from '../kernels/kernels.ts';

const FIRST_BYTES = 64 * 1024;
/** Given back when a huge answer has passed, so that one query does not pin memory. */
const KEPT_BYTES = 16 * 1024 * 1024;

export class Scratch {
  readonly #kernels: Kernels;
  #at = 0;
  #size = 0;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** Address of at least `bytes` bytes, 16-byte aligned; what was there before is gone. */
  room(bytes: number): number {
    const tooLarge = this.#size > KEPT_BYTES && bytes < KEPT_BYTES;
    if (bytes <= this.#size && !tooLarge) return this.#at;
    if (this.#size > 0) this.#kernels.exports.free(this.#at, this.#size);
    this.#size = Math.max(FIRST_BYTES, bytes <= KEPT_BYTES ? bytes * 2 : bytes);
    this.#at = this.#kernels.exports.alloc(this.#size) >>> 0;
    return this.#at;
  }
}

const pieces = new WeakMap<Kernels, Scratch>();

/** The scratch piece of a memory. */
export function scratchOf(kernels: Kernels): Scratch {
  let scratch = pieces.get(kernels);
  if (scratch === undefined) {
    scratch = new Scratch(kernels);
    pieces.set(kernels, scratch);
  }
  return scratch;
}
