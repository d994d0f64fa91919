// The quantile of plain values, as quantile_over_time, quantile() and mad_over_time take it: linear
// between the two nearest ranks, NaN smaller than every number.

/** Brings NaN to the front; says how many there are. */
function nanFirst(values: Float64Array): number {
  let nans = 0;
  for (let i = 0; i < values.length; i++) {
    const { [i]: value } = values;
    if (!Number.isNaN(value)) continue;
    values[i] = values[nans];
    values[nans++] = value;
  }
  return nans;
}

/** Shorter runs are sorted by insertion. */
const SHORT = 12;

/**
 * Moves values so that those of rank `rank` and `rank + 1` stand in their places, as sorting would
 * put them. @param from the first of the values, none of which is NaN
 */
function selectPair(values: Float64Array, from: number, rank: number): void {
  let low = from;
  let high = values.length;
  // Input that is made to defeat the pivot is sorted instead.
  for (let patience = 64; high - low > SHORT; patience--) {
    if (patience === 0) return void values.subarray(low, high).sort();
    const middle = values[(low + high) >>> 1];
    const pivot = median(values[low], middle, values[high - 1]);
    let i = low;
    let j = high - 1;
    for (;;) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i >= j) break;
      const { [i]: swapped } = values;
      values[i++] = values[j];
      values[j--] = swapped;
    }
    const cut = i === j && values[i] <= pivot ? i + 1 : i;
    // Both ranks on one side go on there; ranks on both sides are each at an edge.
    if (rank + 1 < cut) high = cut;
    else if (rank >= cut) low = cut;
    else return edges(values, low, { cut, high });
  }
  insertionSort(values, low, high);
}

/** The largest before the cut goes to its end, the smallest behind it to its beginning. */
function edges(values: Float64Array, low: number, { cut, high }: { cut: number; high: number }) {
  let most = low;
  for (let i = low + 1; i < cut; i++) if (values[i] > values[most]) most = i;
  swap(values, most, cut - 1);
  let least = cut;
  for (let i = cut + 1; i < high; i++) if (values[i] < values[least]) least = i;
  swap(values, least, cut);
}

function swap(values: Float64Array, a: number, b: number): void {
  const { [a]: held } = values;
  values[a] = values[b];
  values[b] = held;
}

function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

function insertionSort(values: Float64Array, low: number, high: number): void {
  for (let i = low + 1; i < high; i++) {
    const { [i]: moved } = values;
    let j = i;
    for (; j > low && values[j - 1] > moved; j--) values[j] = values[j - 1];
    values[j] = moved;
  }
}

/** Selection takes 0 for -0; where a zero comes out, the order of zeros is that of sorting. */
function sortNumbers(values: Float64Array, nans: number): void {
  values.subarray(nans).sort();
}

/** The q-quantile; the values change their places. Out of 0 to 1 it is infinite, of nothing NaN. */
export function quantileOf(q: number, values: Float64Array): number {
  const n = values.length;
  if (n === 0 || Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const rank = q * (n - 1);
  const below = Math.max(0, Math.floor(rank));
  const above = Math.min(n - 1, below + 1);
  const weight = rank - Math.floor(rank);
  const nans = nanFirst(values);
  if (below >= nans - 1) selectPair(values, nans, Math.max(below, nans));
  if (above >= nans && (values[below] === 0 || values[above] === 0)) sortNumbers(values, nans);
  return values[below] * (1 - weight) + values[above] * weight;
}
