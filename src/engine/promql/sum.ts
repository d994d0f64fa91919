// Sums of floats with Neumaier's compensation, as Prometheus adds wherever the order of samples
// should not matter. A sum keeps two numbers, the sum and what rounding lost; an infinite sum
// loses nothing. Source: Neumaier, Rundungsfehleranalyse einiger Verfahren zur Summation endlicher
// Summen, 1974.

/** A running compensated sum; `total` is its best value. */
export class Sum {
  sum = 0;
  lost = 0;

  reset(): void {
    this.sum = 0;
    this.lost = 0;
  }

  add(value: number): void {
    const before = this.sum;
    const next = before + value;
    if (next === Infinity || next === -Infinity) this.lost = 0;
    else if (Math.abs(before) >= Math.abs(value)) this.lost += before - next + value;
    else this.lost += value - next + before;
    this.sum = next;
  }

  get total(): number {
    return this.sum + this.lost;
  }
}

/** What rounding loses when `value` is added to `before` and `next` is the sum. */
export function lostBy(before: number, value: number, next: number): number {
  return Math.abs(before) >= Math.abs(value) ? before - next + value : value - next + before;
}

/** True for both infinities; false for NaN. */
export function isInfinite(value: number): boolean {
  return value === Infinity || value === -Infinity;
}
