// The oldest and the newest of a column of times. It stands at the end of the split, where a batch
// that changes the past says how far. Easy to get wrong: a lane that saw nothing holds infinity.

let least: f64 = 0;
let most: f64 = 0;

/** Looks at `count` float64 at `times`; spanLeast and spanMost then answer. */
export function spanOf(times: usize, count: u32): void {
  let low = f64x2.splat(Infinity);
  let high = f64x2.splat(-Infinity);
  const end = times + ((<usize>count) << 3);
  let at = times;
  for (; at + 16 <= end; at += 16) {
    const pair = v128.load(at);
    low = f64x2.pmin(low, pair);
    high = f64x2.pmax(high, pair);
  }
  if (at < end) {
    const last = f64x2.splat(load<f64>(at));
    low = f64x2.pmin(low, last);
    high = f64x2.pmax(high, last);
  }
  least = Math.min(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1));
  most = Math.max(f64x2.extract_lane(high, 0), f64x2.extract_lane(high, 1));
}

export function spanLeast(): f64 {
  return least;
}

export function spanMost(): f64 {
  return most;
}
