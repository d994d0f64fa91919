// Bounds of what is remembered of plans between queries. Beside limits.ts, which is full.

/** Plans kept, some kilobytes each. */
export const PLANS_KEPT = 32;
/** For how long, in ms: no longer than several viewers of one dashboard ask after one another. */
export const PLAN_KEPT_MS = 1000;
