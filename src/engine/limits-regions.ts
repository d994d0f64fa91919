// The bounds of what goes to other stores and comes from other regions: remote stores behind mon,
// mirrored topics, and what is measured and planned. The others are in limits.ts; a test holds
// them all against one another.
const KIB = 1024;
const MIB = 1024 * 1024;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Producers and partitions whose dictionaries one gatherer of requests keeps. */
export const BATCH_DICTIONARIES_MAX = 16_384;

/** What stays in this process beside a remote store: rules and recent panels are answered here. */
export const REMOTE_STORE_HOT_MS = 3 * HOUR;
/** Less would be sealed and gone before a rule's usual window is over. */
export const REMOTE_STORE_HOT_MS_MIN = 2 * HOUR;
/** A store that dies may lose what it has not written: VictoriaMetrics flushes every 5 s. */
export const REMOTE_STORE_REWIND_MS = 30 * SECOND;
/** An answer of a remote store: samples as JSON take some 30 bytes each. */
export const REMOTE_STORE_ANSWER_BYTES_MAX = 256 * MIB;
/** One question to a remote store with its answer; a query has its own time limit. */
export const REMOTE_STORE_ASK_MS = 30 * SECOND;

/** Regions of a global stack. */
export const REGIONS_MAX = 64;
/** Samples of one step from a mirrored topic into the log. */
export const REGION_BATCH_SAMPLES = 20_000;
/** How often a region's place is written down: what comes again after a kill, and is dropped. */
export const REGION_NOTE_MS = 1 * SECOND;
/** How often topics of a region are looked for: a new generation, or one that was just made. */
export const REGION_LOOK_MS = 10 * SECOND;
/** A region's dictionary that no record leaned on for so long is not kept for a restart. */
export const REGION_DICTIONARY_MS = 1 * HOUR;
/** Dictionaries of producers that a place tells of, for each partition. */
export const REGION_DICTIONARIES_MAX = 256;

/** A file of inputs, prices or figures for plans. */
export const PLAN_FILE_BYTES_MAX = 256 * KIB;
