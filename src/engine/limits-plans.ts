// Bounds of what is remembered of plans between queries. Easy to get wrong: a plan holds the moment
// it was made for, so it serves only who asks the very same.

/** Plans kept, some kilobytes each. */
export const PLANS_KEPT = 32;
/** For how long, in ms: no longer than several viewers of one dashboard ask after one another. */
export const PLAN_KEPT_MS = 1000;
