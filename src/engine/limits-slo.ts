// Bounds of the SLO gate beside those of limits.ts, each with unit and reason. They are about what
// one run asks of somebody else's server, and keeps while it does.

/** Values of a label that one query asks for together: a regular expression of some kilobytes. */
export const SLO_VALUES_PER_QUERY = 200;

/** Shapes of queries that are kept parsed: a run of the most SLOs has no more. */
export const SHAPES_MAX = 20_000;

/**
 * Pairs of values that a query with two open labels may reach, for each that is wanted: a server
 * that has a series for every one of them reads so many times as much.
 */
export const SLO_SPREAD_MAX = 8;
