// What each function, aggregation and keyword of PromQL is for: its parameters by name and one line
// about it, for completion and hints. The types stand in functions.ts; a test holds the two lists
// together. Source: Prometheus' documentation of functions and operators.
import { AGGREGATIONS } from './functions.ts';

/** How it is written, and what it does. */
export interface Words {
  readonly signature: string;
  readonly about: string;
}

const OF_VECTOR: Readonly<Record<string, string>> = {
  abs: 'the absolute value',
  absent: '1 when the vector is empty, else nothing',
  acos: 'the arc cosine, in radians',
  acosh: 'the inverse hyperbolic cosine',
  asin: 'the arc sine, in radians',
  asinh: 'the inverse hyperbolic sine',
  atan: 'the arc tangent, in radians',
  atanh: 'the inverse hyperbolic tangent',
  ceil: 'rounded up to a whole number',
  cos: 'the cosine of radians',
  cosh: 'the hyperbolic cosine',
  deg: 'radians as degrees',
  exp: 'e to the power of the value',
  floor: 'rounded down to a whole number',
  ln: 'the natural logarithm',
  log10: 'the logarithm to base 10',
  log2: 'the logarithm to base 2',
  rad: 'degrees as radians',
  sgn: 'the sign: -1, 0 or 1',
  sin: 'the sine of radians',
  sinh: 'the hyperbolic sine',
  sort: 'sorted by value, least first (instant queries)',
  sort_desc: 'sorted by value, greatest first (instant queries)',
  sqrt: 'the square root',
  start_timestamp: 'when the counter began, in seconds since 1970',
  tan: 'the tangent of radians',
  tanh: 'the hyperbolic tangent',
  timestamp: 'the time of the sample, in seconds since 1970',
  histogram_avg: 'the mean of the observations of a native histogram',
  histogram_count: 'the number of observations of a native histogram',
  histogram_sum: 'the sum of the observations of a native histogram',
  histogram_stddev: 'the estimated standard deviation of a native histogram',
  histogram_stdvar: 'the estimated variance of a native histogram',
};

const OF_RANGE: Readonly<Record<string, string>> = {
  absent_over_time: '1 when the range is empty, else nothing',
  avg_over_time: 'the mean of the samples in the range',
  changes: 'how often the value changed in the range',
  count_over_time: 'the number of samples in the range',
  delta: 'last minus first value, extrapolated to the range (gauges)',
  deriv: 'the slope per second by linear regression (gauges)',
  first_over_time: 'the oldest sample in the range',
  idelta: 'the difference of the last two samples (gauges)',
  increase: 'growth over the range, resets taken out (counters)',
  irate: 'growth per second of the last two samples (counters)',
  last_over_time: 'the newest sample in the range',
  mad_over_time: 'the median absolute deviation in the range',
  max_over_time: 'the greatest value in the range',
  min_over_time: 'the least value in the range',
  present_over_time: '1 for each series with a sample in the range',
  rate: 'growth per second over the range, resets taken out (counters)',
  resets: 'how often the counter was reset in the range',
  stddev_over_time: 'the standard deviation in the range',
  stdvar_over_time: 'the variance in the range',
  sum_over_time: 'the sum of the samples in the range',
  ts_of_first_over_time: 'the time of the oldest sample in the range',
  ts_of_last_over_time: 'the time of the newest sample in the range',
  ts_of_max_over_time: 'the time of the greatest value in the range',
  ts_of_min_over_time: 'the time of the least value in the range',
};

const OF_TIME: Readonly<Record<string, string>> = {
  days_in_month: 'the days of the month, 28 to 31, in UTC',
  day_of_month: 'the day of the month, 1 to 31, in UTC',
  day_of_week: 'the day of the week, 0 is Sunday, in UTC',
  day_of_year: 'the day of the year, 1 to 366, in UTC',
  hour: 'the hour, 0 to 23, in UTC',
  minute: 'the minute, 0 to 59, in UTC',
  month: 'the month, 1 to 12, in UTC',
  year: 'the year, in UTC',
};

const OTHERS: readonly (readonly [string, string, string])[] = [
  ['pi', '', 'the number pi'],
  ['time', '', 'the time of the evaluation, in seconds since 1970'],
  ['start', '', 'the start of the query, in seconds since 1970'],
  ['end', '', 'the end of the query, in seconds since 1970'],
  ['range', '', 'the length of the query, in seconds'],
  ['step', '', 'the step of the query, in seconds'],
  ['max_of', 'a, b', 'the greater of two numbers'],
  ['min_of', 'a, b', 'the lesser of two numbers'],
  ['clamp', 'vector, min, max', 'values held between min and max'],
  ['clamp_max', 'vector, max', 'values held at most at max'],
  ['clamp_min', 'vector, min', 'values held at least at min'],
  [
    'double_exponential_smoothing',
    'range, smoothing, trend',
    'the smoothed value by double exponential smoothing (gauges)',
  ],
  ['histogram_fraction', 'lower, upper, vector', 'the share of observations between two limits'],
  ['histogram_quantile', 'q, vector', 'the q-quantile (0 to 1) of a histogram'],
  ['histogram_quantiles', 'vector, label, q, …', 'several quantiles, told apart by a new label'],
  ['info', 'vector, [{selector}]', 'labels added from the info series of the same target'],
  [
    'label_join',
    'vector, target, separator, source, …',
    'a label made of the values of others, joined',
  ],
  [
    'label_replace',
    'vector, target, replacement, source, regex',
    'a label made from another by a regular expression',
  ],
  ['predict_linear', 'range, seconds', 'the value in so many seconds by linear regression'],
  ['quantile_over_time', 'q, range', 'the q-quantile (0 to 1) of the samples in the range'],
  ['round', 'vector, [to]', 'rounded to the nearest multiple of `to`, by default 1'],
  ['scalar', 'vector', 'the value of a vector of one series as a number, else NaN'],
  ['sort_by_label', 'vector, label, …', 'sorted by labels (instant queries)'],
  ['sort_by_label_desc', 'vector, label, …', 'sorted by labels the other way (instant queries)'],
  ['vector', 'number', 'a number as a vector without labels'],
];

const AGGREGATION_ABOUT: Readonly<Record<string, string>> = {
  sum: 'the sum of the values of a group',
  avg: 'the mean of the values of a group',
  count: 'the number of series of a group',
  min: 'the least value of a group',
  max: 'the greatest value of a group',
  group: '1 for each group',
  stddev: 'the standard deviation of the values of a group',
  stdvar: 'the variance of the values of a group',
  topk: 'the k series of the greatest values',
  bottomk: 'the k series of the least values',
  quantile: 'the q-quantile (0 to 1) of the values of a group',
  limitk: 'k series of each group, no matter which',
  limit_ratio: 'a share of the series, always the same ones',
  count_values: 'how many series have each value, told by a new label',
};

const PARAMETER: Readonly<Record<string, string>> = {
  topk: 'k, ',
  bottomk: 'k, ',
  limitk: 'k, ',
  limit_ratio: 'share, ',
  quantile: 'q, ',
  count_values: 'label, ',
};

/** Name -> words of every function. */
export const FUNCTION_WORDS: ReadonlyMap<string, Words> = new Map<string, Words>([
  ...all(OF_VECTOR, 'vector'),
  ...all(OF_RANGE, 'range[5m]'),
  ...all(OF_TIME, '[vector]'),
  ...OTHERS.map(([name, parameters, about]) => one(name, parameters, about)),
]);

/** Name -> words of every aggregation. */
export const AGGREGATION_WORDS: ReadonlyMap<string, Words> = new Map<string, Words>(
  [...AGGREGATIONS.keys()].map((name) => {
    const signature = `${name} [by|without (labels)] (${PARAMETER[name] ?? ''}vector)`;
    return [name, { signature, about: AGGREGATION_ABOUT[name] ?? '' }];
  }),
);

/** Name -> words of the keywords that stand between expressions. */
export const KEYWORD_WORDS: ReadonlyMap<string, Words> = new Map<string, Words>([
  ['by', { signature: 'by (labels)', about: 'groups by these labels' }],
  ['without', { signature: 'without (labels)', about: 'groups by all other labels' }],
  ['on', { signature: 'on (labels)', about: 'sides match when these labels are equal' }],
  ['ignoring', { signature: 'ignoring (labels)', about: 'sides match by all other labels' }],
  ['group_left', { signature: 'group_left (labels)', about: 'many to the left match one' }],
  ['group_right', { signature: 'group_right (labels)', about: 'many to the right match one' }],
  ['and', { signature: 'a and b', about: 'series of a that b has too' }],
  ['or', { signature: 'a or b', about: 'series of a, and those of b that a has not' }],
  ['unless', { signature: 'a unless b', about: 'series of a that b has not' }],
  ['bool', { signature: 'a > bool b', about: '0 or 1 instead of a filter' }],
  ['offset', { signature: 'selector offset 1h', about: 'looks at an earlier time' }],
  ['atan2', { signature: 'a atan2 b', about: 'the angle of a point, in radians' }],
]);

/** The words of a function or an aggregation. */
export function wordsOf(name: string): Words | undefined {
  return FUNCTION_WORDS.get(name) ?? AGGREGATION_WORDS.get(name.toLowerCase());
}

function all(list: Readonly<Record<string, string>>, parameters: string): [string, Words][] {
  return Object.entries(list).map(([name, about]) => one(name, parameters, about));
}

function one(name: string, parameters: string, about: string): [string, Words] {
  return [name, { signature: `${name}(${parameters})`, about }];
}
