// Numbers of the record's layout, drawn in docs/format/batch.md, and the pieces of kernel memory
// that the codec uses again and again. Frozen once a release has written them.
import type { Kernels } from '../kernels/kernels.ts';

export const RECORD_VERSION = 1;
/**
 * version u8, lateness u8, partition u16, epoch u32, sequence u32, reserved u32, received ms i64.
 */
export const RECORD_HEAD_BYTES = 24;
/** tag u8, length u32. */
export const SECTION_HEAD_BYTES = 5;

/**
 * Set in the sequence of records that are held back: their definitions are a dictionary of their
 * own, so that whoever passes such a record by misses no definition.
 */
export const HELD_DICTIONARY = 0x80000000;

/** A reader that does not know the tag of a section with this bit refuses the record. */
export const MUST_UNDERSTAND = 0x80;

/** Sections stand in the order of their low seven bits, each at most once. */
export const SECTION = {
  definitions: 0x81,
  floats: 0x82,
  starts: 0x03,
  histograms: 0x84,
  exemplars: 0x05,
  metadata: 0x06,
  tick: 0x87,
} as const;

/** A piece of kernel memory that only grows; what is in it is lost when it does. */
export class Area {
  readonly #kernels: Kernels;
  #size = 0;
  at = 0;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** The address of at least `size` bytes, 16-byte aligned. */
  room(size: number): number {
    if (size > this.#size) {
      const x = this.#kernels.exports;
      if (this.#size > 0) x.free(this.at, this.#size);
      this.#size = Math.max(size, this.#size * 2, 4096);
      this.at = x.alloc(this.#size) >>> 0;
    }
    return this.at;
  }
}
