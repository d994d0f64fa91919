// Values and times of samples, and the bits that mean more than a number. A float64 leaves the
// system as it came in, NaN payloads included; so whoever may hold a NaN moves bits, never
// JavaScript numbers.

/** The high and low words of Prometheus' stale marker, 0x7ff0000000000002. */
export const STALE_HIGH = 0x7ff00000;
export const STALE_LOW = 2;

/**
 * True when the value at `index` is the stale marker; `words` views the same bytes as the floats.
 */
export function isStaleAt(words: Uint32Array, index: number): boolean {
  return words[index * 2] === STALE_LOW && words[index * 2 + 1] === STALE_HIGH;
}

/** Writes the stale marker into the float at `index` through a view of its words. */
export function putStale(words: Uint32Array, index: number): void {
  words[index * 2] = STALE_LOW;
  words[index * 2 + 1] = STALE_HIGH;
}

/**
 * How late a record was when the collector took it; decided there once and stamped into it. What
 * is `held` is for aggregation rules alone: no store, rule or agent's sender reads it.
 */
export const LATENESS = { live: 0, late: 1, backfill: 2, held: 3 } as const;
export type Lateness = (typeof LATENESS)[keyof typeof LATENESS];
