// The bounds of the cold tier: Parquet objects, the process that writes and reads them, its cache
// and the object store behind it. The others are in limits.ts.
const MIB = 1024 * 1024;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** What DuckDB may hold; with Node, the kernels and the caches the process stays below 256 MiB. */
export const COLD_MEMORY_BYTES = 96 * MIB;
/** Threads of DuckDB in that process: more of them hold more row groups at once. */
export const COLD_THREADS = 1;
/** Rows of a row group: what is decoded for a single series of few rows. */
export const COLD_GROUP_ROWS = 40_960;
/** Rows of one object; more are shared out among several by the hash of the series. */
export const COLD_OBJECT_ROWS_MAX = 64_000_000;
/** Parts of objects that were fetched and lie on this machine's disk. */
export const COLD_CACHE_BYTES = 1024 * MIB;
/** Objects that count no more are kept so long for whoever still reads them. */
export const COLD_GRACE_MS = 10 * MINUTE;
/** A manifest, unpacked: one of more is not believed. */
export const COLD_MANIFEST_BYTES_MAX = 64 * MIB;
/** What is fetched in one request, and uploaded in one part. */
export const COLD_PART_BYTES = 8 * MIB;
/** Decoded labels of objects that stay in memory. */
export const COLD_LABELS_BYTES = 32 * MIB;
/** Samples that one question may bring back from cold objects, for all partitions of a shard. */
export const COLD_SAMPLES_MAX = 20_000_000;
/** How long one request to an object store may take, with all that is sent again. */
export const OBJECT_REQUEST_MS = 30 * SECOND;
/** How often a request to an object store is tried before it counts as failed. */
export const OBJECT_TRIES = 5;
/** After a read for which it was out of reach, a store is left alone so long by other reads. */
export const COLD_AWAY_MS = 5 * SECOND;
/** An object smaller than this goes up in one request, larger ones in parts. */
export const OBJECT_WHOLE_BYTES_MAX = 16 * MIB;
