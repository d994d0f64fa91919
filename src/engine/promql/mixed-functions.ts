// Name -> code of range functions for series that are not plain floats, and which functions look at
// floats only.
import * as over from './mixed-over-time.ts';
import * as rates from './mixed-rate.ts';
import * as steps from './mixed-changes.ts';
import type { MixedFunction } from './mixed-points.ts';

/** Functions that leave histograms out, and say so where there are both. */
export const FLOATS_ONLY: ReadonlySet<string> = new Set([
  'deriv',
  'double_exponential_smoothing',
  'mad_over_time',
  'max_over_time',
  'min_over_time',
  'predict_linear',
  'quantile_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'ts_of_max_over_time',
  'ts_of_min_over_time',
]);

export const MIXED_FUNCTIONS: ReadonlyMap<string, MixedFunction> = new Map<string, MixedFunction>([
  ['avg_over_time', over.avgOverTime],
  ['changes', steps.changes],
  ['count_over_time', over.countOverTime],
  ['delta', rates.delta],
  ['first_over_time', over.firstOverTime],
  ['idelta', rates.idelta],
  ['increase', rates.increase],
  ['irate', rates.irate],
  ['last_over_time', over.lastOverTime],
  ['present_over_time', over.presentOverTime],
  ['rate', rates.rate],
  ['resets', steps.resets],
  ['sum_over_time', over.sumOverTime],
  ['ts_of_first_over_time', over.tsOfFirst],
  ['ts_of_last_over_time', over.tsOfLast],
]);
