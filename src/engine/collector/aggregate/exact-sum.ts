// The sum of floats, rounded once: the same bits in whatever order they come. Aggregates are made
// from samples that arrive late, twice and again after a crash, and must not show it. Easy to get
// wrong: partial sums may overflow where the sum does not, so large values are summed scaled.
// Source: Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997; Python's math.fsum.

/** Above it values are summed as multiples of SCALE. */
const LARGE = 2 ** 900;
const SCALE = 2 ** 200;

/** Sums of values that do not overlap, so that together they are exact. */
class Partials {
  #parts = new Float64Array(32);
  #used = 0;

  clear(): void {
    this.#used = 0;
  }

  add(value: number): void {
    let x = value;
    let kept = 0;
    const parts = this.#parts;
    for (let i = 0; i < this.#used; i++) {
      let y = parts[i];
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low !== 0) parts[kept++] = low;
      x = high;
    }
    if (kept === parts.length) {
      this.#parts = new Float64Array(kept * 2);
      this.#parts.set(parts);
    }
    this.#parts[kept] = x;
    this.#used = kept + 1;
  }

  /** Hands the partial sums over, smallest first. */
  forEach(call: (part: number) => void): void {
    for (let i = 0; i < this.#used; i++) call(this.#parts[i]);
  }

  /** Rounded to nearest, ties to even. */
  round(): number {
    const parts = this.#parts;
    let n = this.#used;
    if (n === 0) return 0;
    let high = parts[--n];
    let low = 0;
    while (n > 0) {
      const x = high;
      const y = parts[--n];
      high = x + y;
      low = y - (high - x);
      if (low !== 0) break;
    }
    // Half way between two floats, the parts below decide.
    if (n > 0 && ((low < 0 && parts[n - 1] < 0) || (low > 0 && parts[n - 1] > 0))) {
      const y = low * 2;
      const x = high + y;
      if (y === x - high) high = x;
    }
    return high;
  }
}

const usual = new Partials();
const large = new Partials();

/** The exact sum of values[from, to), rounded once; infinities and NaN as in IEEE addition. */
export function exactSum(values: Float64Array, from: number, to: number): number {
  usual.clear();
  large.clear();
  let odd = 0;
  let isOdd = false;
  let isLarge = false;
  for (let i = from; i < to; i++) {
    const value = values[i];
    if (value - value !== 0) {
      odd += value;
      isOdd = true;
    } else if (value > LARGE || value < -LARGE) {
      large.add(value / SCALE);
      isLarge = true;
    } else usual.add(value);
  }
  if (isOdd) return odd;
  // A sum of nothing but -0 is 0, whatever else there is.
  if (!isLarge) return usual.round() + 0;
  usual.forEach((part) => large.add(part / SCALE));
  return large.round() * SCALE;
}
