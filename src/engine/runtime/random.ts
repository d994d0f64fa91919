// Randomness as an argument, so that a seed reproduces a run. Only this file touches Math.random
// and the system's own source; of these only newSecret() is for secrets.
import { randomBytes } from 'node:crypto';

/** Numbers in [0, 1), each call the next. */
export type Random = () => number;

export const systemRandom: Random = () => Math.random();

/**
 * A small seeded generator (mulberry32): good enough for jitter, demos and tests; not for secrets.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A word of 32 characters that nobody guesses. */
export function newSecret(): string {
  return randomBytes(24).toString('base64url');
}
