// The state of a chunk that grows sample by sample: the first 36 bytes of whatever struct holds it,
// and the place where the encoder leaves finished words for the holder to put away. See
// gorilla-append.ts.

export const LAST_TIME: usize = 0;
/** What the next XOR is against: the last value that was not coded as the stale marker. */
export const LAST_VALUE: usize = 8;
export const LAST_DELTA: usize = 16;
export const ACC: usize = 24;
/** Bits in ACC, 0 to 63. */
export const FILL: usize = 32;
export const SIGNIFICANT: usize = 33;
export const TRAILING: usize = 34;
/** Samples in the chunk so far. */
export const COUNT: usize = 35;

/** Up to three whole words of the sample just appended; one more for what lies beyond. */
export const staged: usize = memory.data(64, 16);
