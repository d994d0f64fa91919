// Room for many short columns that live as long as each other, as the groups of an aggregation do.
// Under accumulate.ts. A buffer for each column costs a microsecond and the collector of garbage
// as much again; a view of a larger one costs a fifth of that.

const CELLS_FIRST = 256;
const CELLS_MOST = 65_536;

/** Hands out columns of zeros. */
export class Slab {
  #floats = new Float64Array(0);
  #floatsUsed = 0;
  #bytes = new Uint8Array(0);
  #bytesUsed = 0;

  floats(cells: number): Float64Array {
    if (this.#floatsUsed + cells > this.#floats.length) {
      this.#floats = new Float64Array(nextSize(this.#floats.length, cells));
      this.#floatsUsed = 0;
    }
    const from = this.#floatsUsed;
    this.#floatsUsed += cells;
    return this.#floats.subarray(from, this.#floatsUsed);
  }

  bytes(cells: number): Uint8Array {
    if (this.#bytesUsed + cells > this.#bytes.length) {
      this.#bytes = new Uint8Array(nextSize(this.#bytes.length, cells));
      this.#bytesUsed = 0;
    }
    const from = this.#bytesUsed;
    this.#bytesUsed += cells;
    return this.#bytes.subarray(from, this.#bytesUsed);
  }
}

function nextSize(before: number, needed: number): number {
  return Math.max(needed, Math.min(CELLS_MOST, Math.max(CELLS_FIRST, before * 2)));
}
