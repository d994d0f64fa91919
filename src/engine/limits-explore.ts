// The bounds of what looks at metrics instead of samples: who asks for them, how many there were
// yesterday, what the explorer shows. The others are in limits.ts.
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Metrics whose use is remembered, some 200 bytes each. */
export const USAGE_METRICS_MAX = 200_000;
/** Labels of one metric whose use is remembered. */
export const USAGE_LABELS_MAX = 64;
/** Selectors without a name that wait to be resolved into metrics; more are not counted. */
export const USAGE_SELECTORS_MAX = 1000;
/** Queries are written down this often, and one that is asked again and again less often. */
export const USAGE_SAVE_MS = 1 * MINUTE;
export const USAGE_AGAIN_MS = 10 * MINUTE;
/** A metric that neither came nor was asked for so long is forgotten. */
export const USAGE_KEEP_MS = 90 * DAY;
/** How far back a selector without a name is resolved. */
export const USAGE_REACH_MS = 1 * HOUR;

/** Figures of the largest metrics, labels and pairs are kept hourly, and of each day one. */
export const HISTORY_ROWS_MAX = 500;
export const HISTORY_HOURS = 49;
export const HISTORY_DAYS = 35;
/** Growth is told against what there was a day ago, or the oldest that is at least so old. */
export const GROWTH_AGE_MS_MIN = 1 * HOUR;

/** Rows of each list that the explorer asks for, and that a server answers at most. */
export const EXPLORE_ROWS = 2000;
export const EXPLORE_ROWS_MAX = 10_000;

/** Policies of a configuration: the door numbers them in a byte. */
export const POLICIES_MAX = 100;
/** Labels that one policy takes away. */
export const POLICY_LABELS_MAX = 20;
/** What has not been asked for is looked through this often. */
export const POLICY_ROUND_MS = 1 * MINUTE;
/** A metric from which a policy takes labels away may have so many times the series of others. */
export const CARDINALITY_AGGREGATED = 10;
