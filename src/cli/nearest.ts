// The name that somebody probably meant: for commands, flags, contexts and metric names. Optimal
// string alignment, so that two letters in the wrong order are one slip. Pure.

/** The candidate closest to `word`, or undefined when none is close enough to be meant. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  const most = Math.max(1, Math.floor(word.length / 3));
  let bestSlips = most + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestSlips) continue;
    // Of equally near words the one of the same length and beginning is meant.
    const alike = candidate.length === word.length ? 0.1 : 0;
    const whole = slipsBetween(word, candidate);
    const slips = whole - alike - sharedLetters(word, candidate) / 1000;
    if (whole > most || slips >= bestSlips) continue;
    best = candidate;
    bestSlips = slips;
  }
  return best;
}

/** Letters that two words begin with alike. */
function sharedLetters(a: string, b: string): number {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n++;
  return n;
}

/** Letters to insert, drop, change or swap with a neighbour to make `a` into `b`. */
export function slipsBetween(a: string, b: string): number {
  let twoAgo: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      let slips = Math.min(change, above[j] + 1, row[j - 1] + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) slips = Math.min(slips, twoAgo[j - 2] + 1);
      row.push(slips);
    }
    twoAgo = above;
    above = row;
  }
  return above[b.length];
}
