// Bounds of what is remembered of plans between queries, beside limits.ts. Easy to get wrong: a
// plan may tell which rollups it reads, and that depends on the time of day.

/** Plans kept, some kilobytes each. */
export const PLANS_KEPT = 32;
/** For how long, in ms: no longer than several viewers of one dashboard ask after one another. */
export const PLAN_KEPT_MS = 1000;
