// deriv, predict_linear and quantile_over_time over the windows of one series. Twin of
// promql/functions-trend.ts and quantile.ts: the line's four sums are compensated one by one, two
// of them in each vector register, and a quantile selects its two ranks instead of sorting all.
import {
  argument,
  distance,
  extra,
  first,
  high,
  low,
  notesFilled,
  notesKept,
  put,
  step,
  steps,
  timeOf,
  valueOf,
  windowNotes,
} from './range-state';

let slope: f64 = 0;
let intercept: f64 = 0;

/** What two sums have lost to rounding when `value` was added to `sum` and made `next`. */
// @ts-ignore: decorator
@inline
function lostPair(sum: v128, value: v128, next: v128, lost: v128): v128 {
  const larger = f64x2.ge(f64x2.abs(sum), f64x2.abs(value));
  const a = v128.bitselect(sum, value, larger);
  const b = v128.bitselect(value, sum, larger);
  const more = f64x2.add(lost, f64x2.add(f64x2.sub(a, next), b));
  const endless = f64x2.eq(f64x2.abs(next), f64x2.splat(Infinity));
  return v128.andnot(more, endless);
}

/** Sums of x and of its square over the samples from `from` to `to`, x counted from `zero`. */
function sumTimes(from: u32, to: u32, zero: f64): v128 {
  let sums = f64x2.splat(0);
  let lost = f64x2.splat(0);
  for (let i = from; i < to; i++) {
    const x = (timeOf(i) - zero) / 1000;
    const pair = f64x2.replace_lane(f64x2.splat(x), 1, x * x);
    const next = f64x2.add(sums, pair);
    lost = lostPair(sums, pair, next, lost);
    sums = next;
  }
  return f64x2.add(sums, lost);
}

/** Least squares through the samples from `from` to `to`; `totalsX` is sumTimes of the same. */
function fitLine(from: u32, to: u32, zero: f64, totalsX: v128): void {
  let sums = f64x2.splat(0);
  let lost = f64x2.splat(0);
  const one = valueOf(from);
  let constant = true;
  for (let i = from; i < to; i++) {
    const y = valueOf(i);
    if (y != one) constant = false;
    // Beside y its product with x.
    const pair = f64x2.replace_lane(f64x2.splat(y), 1, ((timeOf(i) - zero) / 1000) * y);
    const next = f64x2.add(sums, pair);
    lost = lostPair(sums, pair, next, lost);
    sums = next;
  }
  if (constant) {
    const endless = abs(one) == Infinity;
    slope = endless ? NaN : 0;
    intercept = endless ? NaN : one;
    return;
  }
  const many = <f64>(to - from);
  const totalsY = f64x2.add(sums, lost);
  const sumX = f64x2.extract_lane(totalsX, 0);
  const sumY = f64x2.extract_lane(totalsY, 0);
  const covariance = f64x2.extract_lane(totalsY, 1) - (sumX * sumY) / many;
  const variance = f64x2.extract_lane(totalsX, 1) - (sumX * sumX) / many;
  slope = covariance / variance;
  intercept = sumY / many - (slope * sumX) / many;
}

/** deriv, or with `predicts` the line's value `argument` seconds after each window's instant. */
export function trends(predicts: bool): void {
  for (let i: u32 = 0; i < steps; i++) {
    const from = low(i);
    const to = high(i);
    if (to < from + 2) continue;
    const zero = predicts ? first + <f64>i * step + distance : timeOf(from);
    const note = windowNotes + ((<usize>i) << 5);
    if (!notesKept) v128.store(note, sumTimes(from, to, zero));
    fitLine(from, to, zero, v128.load(note));
    put(i, predicts ? slope * argument + intercept : slope);
  }
  notesFilled();
}

/** A number that orders as the value does: NaN lowest, -0 before 0. */
// @ts-ignore: decorator
@inline
function keyOf(value: f64): u64 {
  if (value != value) return 0;
  const bits = reinterpret<u64>(value);
  return bits ^ (<u64>(<i64>bits >> 63) | 0x8000000000000000);
}

// @ts-ignore: decorator
@inline
function valueOfKey(key: u64): f64 {
  if (key == 0) return NaN;
  return reinterpret<f64>(key >> 63 ? key ^ 0x8000000000000000 : ~key);
}

// @ts-ignore: decorator
@inline
function key(i: u32): u64 {
  return load<u64>(extra + ((<usize>i) << 3));
}

// @ts-ignore: decorator
@inline
function setKey(i: u32, to: u64): void {
  store<u64>(extra + ((<usize>i) << 3), to);
}

/** Sorts keys[from..to) by insertion; for short runs. */
function insertionSort(from: u32, to: u32): void {
  for (let i = from + 1; i < to; i++) {
    const moved = key(i);
    let j = i;
    for (; j > from && key(j - 1) > moved; j--) setKey(j, key(j - 1));
    setKey(j, moved);
  }
}

function siftDown(from: u32, root: u32, size: u32): void {
  const moved = key(from + root);
  let at = root;
  for (;;) {
    let child: u32 = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && key(from + child + 1) > key(from + child)) child++;
    if (key(from + child) <= moved) break;
    setKey(from + at, key(from + child));
    at = child;
  }
  setKey(from + at, moved);
}

function heapSort(from: u32, to: u32): void {
  const size = to - from;
  for (let i = size >> 1; i > 0; i--) siftDown(from, i - 1, size);
  for (let end = size - 1; end > 0; end--) {
    const most = key(from);
    setKey(from, key(from + end));
    setKey(from + end, most);
    siftDown(from, 0, end);
  }
}

// @ts-ignore: decorator
@inline
function middleKey(a: u64, b: u64, c: u64): u64 {
  return max<u64>(min<u64>(a, b), min<u64>(max<u64>(a, b), c));
}

/** Brings the key of rank `rank` to its place, no larger ones before it. */
function selectRank(size: u32, rank: u32): void {
  let from: u32 = 0;
  let to = size;
  let patience = 2 * (32 - clz<u32>(size));
  while (to - from > 12) {
    // Input made to defeat the pivot costs n log n, never n squared.
    if (patience-- == 0) return heapSort(from, to);
    const pivot = middleKey(key(from), key((from + to) >> 1), key(to - 1));
    let i = from;
    let j = to - 1;
    for (;;) {
      while (key(i) < pivot) i++;
      while (key(j) > pivot) j--;
      if (i >= j) break;
      const swapped = key(i);
      setKey(i++, key(j));
      setKey(j--, swapped);
    }
    // Keys before `cut` are not above the pivot, the others not below it.
    const cut = i == j && key(i) <= pivot ? i + 1 : i;
    if (rank < cut) to = cut;
    else from = cut;
  }
  insertionSort(from, to);
}

/** The quantile `argument`, which lies in 0 to 1, of each window. */
export function quantiles(): void {
  for (let i: u32 = 0; i < steps; i++) {
    const from = low(i);
    const size = high(i) - from;
    if (size == 0) continue;
    for (let j: u32 = 0; j < size; j++) setKey(j, keyOf(valueOf(from + j)));
    const rank = argument * <f64>(size - 1);
    const whole = floor(rank);
    const below = <u32>whole;
    const above = min<u32>(size - 1, below + 1);
    selectRank(size, below);
    let next = key(above);
    for (let j = above + 1; j < size; j++) next = min<u64>(next, key(j));
    const weight = rank - whole;
    put(i, valueOfKey(key(below)) * (1 - weight) + valueOfKey(next) * weight);
  }
}
