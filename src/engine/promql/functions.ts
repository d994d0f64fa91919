// Every function and aggregation that PromQL knows, with its types: what the check and the hints
// read. How they compute stands elsewhere: range functions run at the leaf, the rest at the root.
// Source: Prometheus' documentation of functions and operators.
import type { ValueType } from './ast.ts';

export interface Signature {
  readonly args: readonly ValueType[];
  /** 0: as many arguments as types; n: the last type up to n times, also none; -1: any number. */
  readonly variadic: number;
  readonly returns: ValueType;
}

const LETTER: Record<string, ValueType> = { v: 'vector', m: 'matrix', s: 'scalar', t: 'string' };

function signature(args: string, variadic = 0, returns: ValueType = 'vector'): Signature {
  return { args: [...args].map((letter) => LETTER[letter]), variadic, returns };
}

const SIGNATURES: readonly (readonly [string, Signature])[] = [
  ...of(
    'v',
    'abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad ' +
      'sgn sin sinh sort sort_desc sqrt start_timestamp tan tanh timestamp histogram_avg ' +
      'histogram_count histogram_sum histogram_stddev histogram_stdvar',
  ),
  ...of(
    'm',
    'absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta ' +
      'increase irate last_over_time mad_over_time max_over_time min_over_time ' +
      'present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time ' +
      'ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time',
  ),
  ...of('v', 'days_in_month day_of_month day_of_week day_of_year hour minute month year', 1),
  ...of('', 'pi time start end range step', 0, 'scalar'),
  ...of('ss', 'max_of min_of', 0, 'scalar'),
  ['clamp', signature('vss')],
  ['clamp_max', signature('vs')],
  ['clamp_min', signature('vs')],
  ['double_exponential_smoothing', signature('mss')],
  ['histogram_fraction', signature('ssv')],
  ['histogram_quantile', signature('sv')],
  ['histogram_quantiles', signature('vtss', 9)],
  ['info', signature('vv', 1)],
  ['label_join', signature('vttt', -1)],
  ['label_replace', signature('vtttt')],
  ['predict_linear', signature('ms')],
  ['quantile_over_time', signature('sm')],
  ['round', signature('vs', 1)],
  ['scalar', signature('v', 0, 'scalar')],
  ['sort_by_label', signature('vt', -1)],
  ['sort_by_label_desc', signature('vt', -1)],
  ['vector', signature('s')],
];

function of(args: string, names: string, variadic = 0, returns: ValueType = 'vector') {
  const one = signature(args, variadic, returns);
  return names.split(' ').map((name) => [name, one] as const);
}

/** Name -> signature of every function. */
export const FUNCTIONS: ReadonlyMap<string, Signature> = new Map(SIGNATURES);

/** Aggregation -> type of its parameter, '' where it takes none. */
export const AGGREGATIONS: ReadonlyMap<string, ValueType | ''> = new Map<string, ValueType | ''>([
  ['sum', ''],
  ['avg', ''],
  ['count', ''],
  ['min', ''],
  ['max', ''],
  ['group', ''],
  ['stddev', ''],
  ['stdvar', ''],
  ['topk', 'scalar'],
  ['bottomk', 'scalar'],
  ['quantile', 'scalar'],
  ['limitk', 'scalar'],
  ['limit_ratio', 'scalar'],
  ['count_values', 'string'],
]);

/**
 * Functions whose value depends on the time of evaluation even when all arguments are fixed by
 * `@`.
 */
export const TIME_DEPENDENT: ReadonlySet<string> = new Set([
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'end',
  'hour',
  'minute',
  'month',
  'predict_linear',
  'range',
  'start',
  'step',
  'time',
  'timestamp',
  'year',
]);

/** Range functions that answer one of the samples, and so keep its name. */
export const KEEPS_NAME: ReadonlySet<string> = new Set(['last_over_time', 'first_over_time']);
