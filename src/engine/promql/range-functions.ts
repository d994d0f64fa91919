// Name -> code of every range function. They run in the shard for a selector and at the root for a
// subquery: the same code in both places.
import * as rates from './functions-rate.ts';
import * as over from './functions-over-time.ts';
import * as trend from './functions-trend.ts';
import type { RangeFunction } from './windows.ts';

const RANGE_FUNCTIONS: ReadonlyMap<string, RangeFunction> = new Map([
  ['avg_over_time', over.avgOverTime],
  ['changes', rates.changes],
  ['count_over_time', over.countOverTime],
  ['delta', rates.delta],
  ['deriv', trend.deriv],
  ['double_exponential_smoothing', trend.doubleExponentialSmoothing],
  ['first_over_time', over.firstOverTime],
  ['idelta', rates.idelta],
  ['increase', rates.increase],
  ['irate', rates.irate],
  ['last_over_time', over.lastOverTime],
  ['mad_over_time', over.madOverTime],
  ['max_over_time', over.maxOverTime],
  ['min_over_time', over.minOverTime],
  ['predict_linear', trend.predictLinear],
  ['present_over_time', over.presentOverTime],
  ['quantile_over_time', over.quantileOverTime],
  ['rate', rates.rate],
  ['resets', rates.resets],
  ['stddev_over_time', over.stddevOverTime],
  ['stdvar_over_time', over.stdvarOverTime],
  ['sum_over_time', over.sumOverTime],
  ['ts_of_first_over_time', over.tsOfFirst],
  ['ts_of_last_over_time', over.tsOfLast],
  ['ts_of_max_over_time', over.tsOfMax],
  ['ts_of_min_over_time', over.tsOfMin],
]);

export function isRangeFunction(name: string): boolean {
  return RANGE_FUNCTIONS.has(name);
}

/** The code of a range function; undefined for other names. */
export function rangeFunction(name: string): RangeFunction | undefined {
  return RANGE_FUNCTIONS.get(name);
}
