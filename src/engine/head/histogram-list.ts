// The histogram bodies of one series in time order: times and places in typed arrays, the bytes one
// behind the other in a piece that grows. Under head-histograms.ts. Easy to get wrong: a body is a
// view of the piece, and dies when a later one makes it grow.

const FIRST_ROWS = 8;
const FIRST_BYTES = 1024;

function wider(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size);
  out.set(bytes);
  return out;
}

export class HistogramList {
  count = 0;
  #times = new Float64Array(FIRST_ROWS);
  #from = new Uint32Array(FIRST_ROWS);
  #lengths = new Uint32Array(FIRST_ROWS);
  #pool = new Uint8Array(FIRST_BYTES);
  #used = 0;

  /** Bytes of all of it. */
  get bytes(): number {
    return this.#pool.length + this.#times.length * 16;
  }

  time(row: number): number {
    return this.#times[row];
  }

  /** A view, good until the next insert. */
  body(row: number): Uint8Array {
    return this.#pool.subarray(this.#from[row], this.#from[row] + this.#lengths[row]);
  }

  /** The first row that is not before a time. */
  rowAt(ms: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#times[middle] < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes a body whose time is not there yet; the bytes are copied. */
  insert(ms: number, body: Uint8Array): void {
    this.#makeRoom(body.length);
    const row = this.count > 0 && this.#times[this.count - 1] < ms ? this.count : this.rowAt(ms);
    for (const column of [this.#times, this.#from, this.#lengths]) {
      column.copyWithin(row + 1, row, this.count);
    }
    this.#pool.set(body, this.#used);
    this.#times[row] = ms;
    this.#from[row] = this.#used;
    this.#lengths[row] = body.length;
    this.#used += body.length;
    this.count++;
  }

  #makeRoom(bytes: number): void {
    if (this.#used + bytes > this.#pool.length) {
      const size = Math.max(this.#used + bytes, Math.ceil(this.#pool.length * 1.5));
      this.#pool = wider(this.#pool, size);
    }
    if (this.count < this.#times.length) return;
    const rows = Math.ceil(this.count * 1.5);
    const times = new Float64Array(rows);
    const from = new Uint32Array(rows);
    const lengths = new Uint32Array(rows);
    times.set(this.#times);
    from.set(this.#from);
    lengths.set(this.#lengths);
    [this.#times, this.#from, this.#lengths] = [times, from, lengths];
  }

  /** What is left of the list from a time on; itself when nothing lies before. */
  since(ms: number): HistogramList {
    return this.without(-Infinity, ms - 1);
  }

  /** What is left without the rows with fromMs <= t <= toMs; itself when there are none. */
  without(fromMs: number, toMs: number): HistogramList {
    const first = this.rowAt(fromMs);
    const end = this.rowAt(toMs + 1);
    if (first >= end) return this;
    const left = new HistogramList();
    for (let row = 0; row < this.count; row++) {
      if (row < first || row >= end) left.insert(this.#times[row], this.body(row));
    }
    return left;
  }
}
