// A mergeable sketch of the values of a window: DDSketch (Masson, Rim and Lee, VLDB 2019) with a
// relative error of 1 %, as two sorted columns: which bins there are, and how many values each
// has. Beside the rows of series whose quantiles are wanted. Easy to get wrong: a bin means the
// same in every sketch, so that merging loses nothing; NaN belongs to no bin.
import { BytePen, ByteReader } from '../codec/byte-pen.ts';

export interface Sketch {
  /** Rising: negative values, zero, positive values. */
  readonly bins: Int32Array;
  readonly counts: Float64Array;
}

/** A quantile lies within this part of a value that was there. */
export const SKETCH_ERROR = 0.01;
const GAMMA = (1 + SKETCH_ERROR) / (1 - SKETCH_ERROR);
const PER_LOG = 1 / Math.log(GAMMA);
/** Above any |index| of a finite float64, so that bins of positive values are positive. */
const BIAS = 40_000;
const INFINITE = 2 * BIAS;

export function binOf(value: number): number {
  if (value === 0) return 0;
  const size = Math.abs(value);
  const bin = size === Infinity ? INFINITE : Math.ceil(Math.log(size) * PER_LOG) + BIAS;
  return value < 0 ? -bin : bin;
}

/** The value that stands for a bin. */
export function valueOfBin(bin: number): number {
  if (bin === 0) return 0;
  const index = Math.abs(bin);
  const size = (2 * Math.exp((index - BIAS) / PER_LOG)) / (1 + GAMMA);
  const near = index === INFINITE ? Infinity : Math.min(size, Number.MAX_VALUE);
  return bin < 0 ? -near : near;
}

/** Takes values one after the other; the arrays are used again for the next window. */
export class SketchFold {
  #bins = new Int32Array(256);
  #used = 0;

  clear(): void {
    this.#used = 0;
  }

  add(value: number): void {
    if (value !== value) return;
    if (this.#used === this.#bins.length) {
      const wider = new Int32Array(this.#used * 2);
      wider.set(this.#bins);
      this.#bins = wider;
    }
    this.#bins[this.#used++] = binOf(value);
  }

  /** The sketch of what was added; undefined when that was nothing. */
  take(): Sketch | undefined {
    const used = this.#used;
    if (used === 0) return undefined;
    const all = this.#bins.subarray(0, used).sort();
    let distinct = 1;
    for (let i = 1; i < used; i++) if (all[i] !== all[i - 1]) distinct++;
    const bins = new Int32Array(distinct);
    const counts = new Float64Array(distinct);
    let at = -1;
    for (let i = 0; i < used; i++) {
      if (i === 0 || all[i] !== all[i - 1]) bins[++at] = all[i];
      counts[at]++;
    }
    return { bins, counts };
  }
}

/** All values of these sketches in one. */
export function mergeSketches(sketches: readonly Sketch[]): Sketch {
  let round = sketches;
  // Two by two, so that each bin moves only as often as the rounds there are.
  while (round.length > 1) {
    const next: Sketch[] = [];
    for (let i = 0; i < round.length; i += 2) {
      next.push(i + 1 < round.length ? mergeTwo(round[i], round[i + 1]) : round[i]);
    }
    round = next;
  }
  return round[0];
}

function mergeTwo(a: Sketch, b: Sketch): Sketch {
  const bins = new Int32Array(a.bins.length + b.bins.length);
  const counts = new Float64Array(bins.length);
  let used = 0;
  for (let i = 0, j = 0; i < a.bins.length || j < b.bins.length;) {
    const [x, y] = [a.bins[i] ?? Infinity, b.bins[j] ?? Infinity];
    bins[used] = Math.min(x, y);
    if (x <= y) counts[used] += a.counts[i++];
    if (y <= x) counts[used] += b.counts[j++];
    used++;
  }
  return { bins: bins.slice(0, used), counts: counts.slice(0, used) };
}

/** The q-quantile, between neighbours as PromQL's; 0 <= q <= 1. NaN for an empty sketch. */
export function quantileOfSketch({ bins, counts }: Sketch, q: number): number {
  let total = 0;
  for (const count of counts) total += count;
  if (total === 0) return NaN;
  const rank = q * (total - 1);
  const lower = valueAtRank(bins, counts, Math.floor(rank));
  const upper = valueAtRank(bins, counts, Math.ceil(rank));
  const share = rank - Math.floor(rank);
  return share === 0 || lower === upper ? lower : lower * (1 - share) + upper * share;
}

function valueAtRank(bins: Int32Array, counts: Float64Array, rank: number): number {
  let below = 0;
  for (let i = 0; i < bins.length; i++) {
    below += counts[i];
    if (rank < below) return valueOfBin(bins[i]);
  }
  return valueOfBin(bins[bins.length - 1]);
}

/** A sketch as bytes: number of bins, then step from the last bin and count, all varints. */
export function encodeSketch({ bins, counts }: Sketch): Uint8Array {
  const pen = new BytePen(16 + bins.length * 3);
  pen.varint(bins.length);
  for (let i = 0; i < bins.length; i++) {
    if (i === 0) pen.signed(bins[0]);
    else pen.varint(bins[i] - bins[i - 1]);
    pen.varint(counts[i]);
  }
  return pen.take();
}

/** @throws what `fail` makes of bytes that are no sketch. */
export function decodeSketch(bytes: Uint8Array, fail: (what: string) => Error): Sketch {
  const from = new ByteReader(bytes, fail);
  const length = from.count(2);
  const bins = new Int32Array(length);
  const counts = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const bin = i === 0 ? from.signed() : bins[i - 1] + from.varint();
    counts[i] = from.varint();
    const rises = i === 0 || bin > bins[i - 1];
    if (Math.abs(bin) > INFINITE || !rises || counts[i] < 1) throw from.fail('no sketch');
    bins[i] = bin;
  }
  from.done();
  if (length === 0) throw from.fail('an empty sketch');
  return { bins, counts };
}
