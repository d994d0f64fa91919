// Places of the fields of a head in kernel memory that JavaScript reads: they repeat
// kernels/assembly/head-layout.ts, which no TypeScript file can import. A test compares the two.

/** Stored samples, u64. */
export const HEAD_SAMPLES = 8;
/** Bytes that belong to the head, f64. */
export const HEAD_BYTE_COUNT = 16;
export const HEAD_SERIES_LIVE = 24;
/** The id of the next new series. */
export const HEAD_NEXT_ID = 28;
export const HEAD_CHUNKS = 32;
/** One past the highest number of a label pair. */
export const HEAD_PAIR_NEXT = 68;
