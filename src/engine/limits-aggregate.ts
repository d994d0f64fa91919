// The bounds of aggregation at the door. The others are in limits.ts; a test holds them all against
// one another.
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Rules of a configuration: each is asked of every new series. */
export const AGGREGATE_RULES_MAX = 200;
/** Windows are no longer: their samples are held in memory. */
export const AGGREGATE_WINDOW_MS_MAX = 10 * MINUTE;
export const AGGREGATE_WINDOW_MS_MIN = 1 * SECOND;
export const AGGREGATE_WINDOW_MS = 10 * SECOND;
/**
 * A window is told so long after its end: two seconds below LIVE_MS_MAX, so that what it makes is
 * still live when rules see it.
 */
export const AGGREGATE_GRACE_MS = 8 * SECOND;
export const AGGREGATE_GRACE_MS_MAX = 15 * MINUTE;
/** Series under rules, each rule counted; past it samples go on raw. */
export const AGGREGATE_SLOTS_MAX = 2_000_000;
/** Samples of open windows, 20 bytes each; past it samples go on raw. */
export const AGGREGATE_POINTS_MAX = 20_000_000;
/** Aggregated groups of a rule; series that would make more go on raw. */
export const AGGREGATE_GROUPS_MAX = 100_000;
/** State is written so often at most, and after so much log. */
export const AGGREGATE_SAVE_MS = 30 * SECOND;
export const AGGREGATE_SAVE_LOG_BYTES = 64 * 1024 * 1024;
/** State is written so many times its own time apart at least. */
export const AGGREGATE_SAVE_SHARE = 50;
/** A group that had no sample for so long is let go. */
export const AGGREGATE_IDLE_MS = 60 * MINUTE;
