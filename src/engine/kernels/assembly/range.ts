// A leaf function over many series in one call: decode, lay the windows, fill a row each. What the
// numbers of functions mean is told to JavaScript by kernels/range.ts. A series without samples in
// the range keeps a row of zero marks and says so.
import { counts, averages, deviations, ends, extremes, instants, sums } from './range-over';
import { counted, extrapolated, lastTwo } from './range-rate';
import { loadSeries, rowAt, steps } from './range-state';
import { quantiles, trends } from './range-trend';

let fn: u32 = 0;
let from: f64 = 0;
let to: f64 = 0;

/** Names the function and the range of samples that its windows can touch. */
export function rangeFunction(number: u32, fromMs: f64, toMs: f64): void {
  fn = number;
  from = fromMs;
  to = toMs;
}

function evaluate(): void {
  switch (fn) {
    case 0: return instants(false);
    case 1: return instants(true);
    case 2: return extrapolated(true, true);
    case 3: return extrapolated(true, false);
    case 4: return extrapolated(false, false);
    case 5: return lastTwo(true);
    case 6: return lastTwo(false);
    case 7: return counted(false);
    case 8: return counted(true);
    case 9: return counts(false);
    case 10: return counts(true);
    case 11: return ends(false, false);
    case 12: return ends(true, false);
    case 13: return ends(false, true);
    case 14: return ends(true, true);
    case 15: return sums();
    case 16: return averages();
    case 17: return extremes(false, false);
    case 18: return extremes(true, false);
    case 19: return extremes(false, true);
    case 20: return extremes(true, true);
    case 21: return deviations(false);
    case 22: return deviations(true);
    case 23: return quantiles();
    case 24: return trends(false);
    case 25: return trends(true);
    default: unreachable();
  }
}

let rowsAt: usize = 0;
let marksAt: usize = 0;
let samplesAt: usize = 0;

/** Names where rows go: values, marks, and for each row how many samples were read. */
export function rangeRows(valuesTo: usize, marksTo: usize, samplesTo: usize): void {
  rowsAt = valuesTo;
  marksAt = marksTo;
  samplesAt = samplesTo;
}

/** Fills a row for each of `count` series. */
export function rangeEvaluate(head: usize, ids: usize, count: u32): void {
  memory.fill(marksAt, 0, (<usize>count) * (<usize>steps));
  for (let i: u32 = 0; i < count; i++) {
    const row = (<usize>i) * (<usize>steps);
    const at = (<usize>i) << 2;
    const found = loadSeries(head, load<u32>(ids + at), from, to, fn > 1);
    store<u32>(samplesAt + at, found);
    if (found == 0) continue;
    rowAt(rowsAt + (row << 3), marksAt + row);
    evaluate();
  }
}
