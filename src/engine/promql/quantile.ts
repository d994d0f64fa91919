// The quantile of plain values, as quantile_over_time, quantile() and mad_over_time take it: linear
// between the two nearest ranks, NaN smaller than every number. Only those two ranks are looked
// for, because sorting a column for each step was most of a dashboard's quantile().

/** Below this many values an insertion sort of all is the shorter way. */
const FEW = 12;

/** Moves NaNs to the front; answers how many there are. */
function nansFirst(values: Float64Array): number {
  let nans = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === value) continue;
    values[i] = values[nans];
    values[nans++] = value;
  }
  return nans;
}

function insertionSort(values: Float64Array, from: number, to: number): void {
  for (let i = from + 1; i < to; i++) {
    const value = values[i];
    let at = i;
    for (; at > from && values[at - 1] > value; at--) values[at] = values[at - 1];
    values[at] = value;
  }
}

/** The middle one of the first, the middle and the last value. */
function pivotOf(values: Float64Array, low: number, high: number): number {
  const a = values[low];
  const b = values[(low + high) >> 1];
  const c = values[high];
  if (a < b) return b < c ? b : a < c ? c : a;
  return a < c ? a : b < c ? c : b;
}

/**
 * Puts the value of a rank at its place, nothing larger before it and nothing smaller behind it
 * (C. Hoare, "Find", 1961). A column that defeats the pivots is sorted instead.
 */
function selectRank(values: Float64Array, from: number, rank: number): void {
  let low = from;
  let high = values.length - 1;
  for (let rounds = 0; high - low >= FEW; rounds++) {
    if (rounds > 64) return void values.subarray(low, high + 1).sort();
    const pivot = pivotOf(values, low, high);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const swapped = values[i];
      values[i++] = values[j];
      values[j--] = swapped;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else return;
  }
  insertionSort(values, low, high + 1);
}

/** The q-quantile; the values change places. Out of 0 to 1 it is infinite, of nothing NaN. */
export function quantileOf(q: number, values: Float64Array): number {
  const n = values.length;
  if (n === 0 || Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const nans = nansFirst(values);
  const rank = q * (n - 1);
  const below = Math.max(0, Math.floor(rank));
  const above = Math.min(n - 1, below + 1);
  const weight = rank - Math.floor(rank);
  if (below >= nans) selectRank(values, nans, below);
  let next = values[above];
  // Behind the rank stand only larger ones, in no order; a NaN at `above` stays what it is.
  if (above > below && above >= nans) {
    for (let i = above + 1; i < n; i++) if (values[i] < next) next = values[i];
  }
  if (values[below] === 0 || next === 0) {
    // A selection does not tell -0 from 0; the order of a sort does.
    values.subarray(nans).sort();
    next = values[above];
  }
  return values[below] * (1 - weight) + next * weight;
}
