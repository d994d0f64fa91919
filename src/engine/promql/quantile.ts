// The quantile of plain values, as quantile_over_time, quantile() and mad_over_time take it: linear
// between the two nearest ranks, NaN smaller than every number.

/** Sorts in place with NaN first. */
export function sortNanFirst(values: Float64Array): void {
  values.sort();
  let numbers = values.length;
  while (numbers > 0 && Number.isNaN(values[numbers - 1])) numbers--;
  const nans = values.length - numbers;
  if (nans === 0 || numbers === 0) return;
  values.copyWithin(nans, 0, numbers);
  values.fill(NaN, 0, nans);
}

/** The q-quantile; the values are sorted in place. Out of 0 to 1 it is infinite, of nothing NaN. */
export function quantileOf(q: number, values: Float64Array): number {
  const n = values.length;
  if (n === 0 || Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  sortNanFirst(values);
  const rank = q * (n - 1);
  const below = Math.max(0, Math.floor(rank));
  const above = Math.min(n - 1, below + 1);
  const weight = rank - Math.floor(rank);
  return values[below] * (1 - weight) + values[above] * weight;
}
