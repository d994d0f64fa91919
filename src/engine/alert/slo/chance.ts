// Whether chance alone explains failures: the guard of services with little traffic, where one
// failed request would pass any threshold. Source: the exact tail of the binomial distribution,
// which Clopper and Pearson (Biometrika 26, 1934) build their intervals from. Easy to get wrong:
// the usual interval of a share (Wald, and Wilson for one failure in ten) is too sure of itself
// exactly where events are few.

/** Chance explains what it brings about in one of twenty cases or more. */
const CHANCE = 0.05;
const SURE = 50;
/** One failure is never enough. */
const BAD_MIN = 2;

/**
 * The chance of `bad` or more failures in `total` events that each fail with probability `share`.
 */
export function binomialTail(bad: number, total: number, share: number): number {
  if (bad <= 0) return 1;
  if (share <= 0) return 0;
  if (share >= 1) return 1;
  // With one failure expected at most, so many are out of the question.
  if (bad >= SURE && total * share <= 1) return 0;
  // The terms below `bad`: the guard asks only where these are few.
  let term = total * Math.log1p(-share);
  let below = Math.exp(term);
  const odds = Math.log(share) - Math.log1p(-share);
  for (let k = 1; k < bad; k++) {
    if (k > total) return 0;
    term += Math.log((total - k + 1) / k) + odds;
    below += Math.exp(term);
  }
  return Math.max(0, 1 - below);
}

/**
 * True where one event alone would pass the threshold (events times share is below 1) and chance
 * explains the failures.
 */
export function isLowTraffic(bad: number, total: number, share: number): boolean {
  if (!(total * share < 1)) return false;
  return bad < BAD_MIN || binomialTail(Math.ceil(bad - 1e-9), total, share) >= CHANCE;
}
