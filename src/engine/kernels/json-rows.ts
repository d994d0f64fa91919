// Rows of floats as the points of a JSON answer, made by the kernels: `[1435781430.781,"0.25"],…`.
// The last station of a range query's numbers; api/query-json.ts writes what stands around them.
// Easy to get wrong: the text lies in kernel memory and is good only until the next call.
import type { Kernels } from './kernels.ts';

const POWER_MIN = -292;
const POWER_MAX = 324;
const TIME_BYTES = 32;
/** The longest point with its comma, and what a copy may write beyond it. */
const POINT_BYTES = 64;
/** Points of one piece: a piece is a page of the answer for the socket at most. */
const PIECE_POINTS = 1024;

/** 128 bits of every power of ten that a float64 needs, rounded up, low words first. */
function powersOfTen(): BigUint64Array {
  const out = new BigUint64Array((POWER_MAX - POWER_MIN + 1) * 2);
  const mask = (1n << 64n) - 1n;
  for (let k = POWER_MIN; k <= POWER_MAX; k++) {
    const ten = 10n ** BigInt(Math.abs(k));
    const bits = BigInt(ten.toString(2).length);
    let word: bigint;
    if (k < 0) {
      const one = 1n << (127n + bits);
      word = (one + ten - 1n) / ten;
    } else if (bits <= 128n) {
      word = ten << (128n - bits);
    } else {
      word = (ten >> (bits - 128n)) + 1n;
    }
    const at = (k - POWER_MIN) * 2;
    out[at] = word & mask;
    out[at + 1] = word >> 64n;
  }
  return out;
}

/** The matrix whose rows are written, and the times of its columns. */
export interface JsonGrid {
  /** Ms of the first column, and from one to the next. */
  readonly start: number;
  readonly step: number;
  readonly steps: number;
}

/** Writes rows of one grid after the other; one for a thread is enough. */
export class JsonRows {
  readonly #kernels: Kernels;
  readonly #values: number;
  readonly #marks: number;
  readonly #text: number;
  #times = 0;
  #timesRoom = 0;
  #grid: JsonGrid = { start: NaN, step: 0, steps: 0 };

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
    const table = powersOfTen();
    const { exports } = kernels;
    exports.floatTable(kernels.put(new Uint8Array(table.buffer)) >>> 0);
    this.#values = exports.alloc(PIECE_POINTS * (9 + POINT_BYTES)) >>> 0;
    this.#marks = this.#values + PIECE_POINTS * 8;
    this.#text = this.#marks + PIECE_POINTS;
  }

  /** The grid of all rows from now on. */
  grid(grid: JsonGrid): void {
    const { start, step, steps } = this.#grid;
    if (start === grid.start && step === grid.step && steps >= grid.steps) return;
    const { exports } = this.#kernels;
    if (grid.steps > this.#timesRoom) {
      if (this.#timesRoom > 0) exports.free(this.#times, this.#timesRoom * TIME_BYTES);
      this.#timesRoom = Math.max(grid.steps, PIECE_POINTS);
      this.#times = exports.alloc(this.#timesRoom * TIME_BYTES) >>> 0;
    }
    exports.jsonTimes(grid.start, grid.step, grid.steps, this.#times);
    this.#grid = grid;
  }

  /**
   * Points of the columns `from` to `to` of a row that begins at `row`, a comma between two; take
   * them before the next call. At most `piece` columns at once.
   */
  points(
    { values, present }: { readonly values: Float64Array; readonly present: Uint8Array },
    row: number,
    from: number,
    to: number,
  ): Uint8Array {
    const { exports } = this.#kernels;
    this.#kernels.f64.set(values.subarray(row + from, row + to), this.#values / 8);
    this.#kernels.bytes.set(present.subarray(row + from, row + to), this.#marks);
    exports.jsonPlaces(this.#times + from * TIME_BYTES, this.#text);
    const bytes = exports.jsonPoints(this.#values, this.#marks, to - from);
    return this.#kernels.bytes.subarray(this.#text, this.#text + bytes);
  }

  /** Columns that fit into one piece of text. */
  get piece(): number {
    return PIECE_POINTS;
  }
}
