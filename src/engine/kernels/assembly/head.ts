// Appends the samples of a record to a head in log order. The newest sample of a series goes to its
// open chunk; what is older is sorted in by head-late.ts. The first in log order wins for a series
// and a timestamp. Easy to get wrong: a word must not straddle what the cell still has room for,
// and the floor is asked before anything else.
import { LAST_TIME } from './gorilla-state';
import { FLOOR, SAMPLES } from './head-layout';
import { insertLate } from './head-late';
import { appendNewest } from './head-open';
import { refSeries } from './head-refs';

/** Counts of an append: u32 each. Out of order ones are accepted ones too. */
const ACCEPTED: usize = 0;
const DUPLICATE: usize = 4;
const OUT_OF_ORDER: usize = 8;
const TOO_OLD: usize = 12;

let refs: usize = 0;
let timestamps: usize = 0;
let values: usize = 0;
let length: u32 = 0;

/** Names the columns that headAppend takes: refs, timestamps (float64 ms) and value bits. */
export function appendColumns(refsAt: usize, timesAt: usize, valuesAt: usize, count: u32): void {
  refs = refsAt;
  timestamps = timesAt;
  values = valuesAt;
  length = count;
}

/**
 * Appends the samples of the columns; adds to the four counts at `counts`. Answers 0, or the number
 * + 1 of the sample whose ref the map does not know: samples before it have been taken.
 */
export function headAppend(head: usize, map: usize, counts: usize): u32 {
  const count = length;
  const floor = load<i64>(head, FLOOR);
  let accepted: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const series = refSeries(map, load<u32>(refs + ((<usize>i) << 2)));
    if (series == 0) return i + 1;
    const time = <i64>load<f64>(timestamps + ((<usize>i) << 3));
    const value = load<u64>(values + ((<usize>i) << 3));
    if (time < floor) {
      store<u32>(counts, load<u32>(counts, TOO_OLD) + 1, TOO_OLD);
      continue;
    }
    const last = load<i64>(series, LAST_TIME);
    if (time > last) {
      appendNewest(head, series, time, value);
      accepted++;
    } else if (time != last && insertLate(head, series, time, value)) {
      accepted++;
      store<u32>(counts, load<u32>(counts, OUT_OF_ORDER) + 1, OUT_OF_ORDER);
    } else {
      store<u32>(counts, load<u32>(counts, DUPLICATE) + 1, DUPLICATE);
    }
  }
  store<u32>(counts, load<u32>(counts, ACCEPTED) + accepted, ACCEPTED);
  store<u64>(head, load<u64>(head, SAMPLES) + accepted, SAMPLES);
  return 0;
}
