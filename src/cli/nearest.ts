// The name that somebody probably meant: for commands, flags, contexts and metric names. Optimal
// string alignment, so that two letters in the wrong order are one slip. Pure.
import { editDistance, sharedLetters } from '../engine/promql/suggest.ts';

/** The candidate closest to `word`, or undefined when none is close enough to be meant. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  const most = Math.max(1, Math.floor(word.length / 3));
  let bestSlips = most + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestSlips) continue;
    // Of equally near words the one of the same length and beginning is meant.
    const alike = candidate.length === word.length ? 0.1 : 0;
    const whole = editDistance(word, candidate, most);
    const slips = whole - alike - sharedLetters(word, candidate) / 1000;
    if (whole > most || slips >= bestSlips) continue;
    best = candidate;
    bestSlips = slips;
  }
  return best;
}
