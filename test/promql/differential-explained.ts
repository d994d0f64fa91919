// The differences between mon and Prometheus that are allowed over floats, from 2.42 each with the
// change between the versions that makes it, and how it is recognized. Easy to get wrong: a rule
// that holds for more than its change hides a fault.
import { close, difference, failed } from './differential-outcome.ts';
import { leavesFixed } from './differential-unmoved.ts';
import type { Outcome } from './differential-outcome.ts';
import type { Asked } from './differential-words.ts';

/** Why answers may differ, and how that is recognized. */
export interface Explained {
  readonly why: string;
  readonly holds: (asked: Asked, mon: Outcome, prometheus: Outcome) => boolean;
}

/** No changes between versions: what differs from both. */
export const OF_BOTH: readonly Explained[] = [
  {
    // A fault of Go's on amd64.
    why: 'logarithms of numbers below the normal ones',
    holds: ({ query }, mon, prometheus) =>
      /^(?:ln|log2|log10)\(.*tiny/.test(query) &&
      everyDifference(mon, prometheus, (own, other) => own < -300 && other < -300),
  },
  {
    // Go makes them of logarithms.
    why: 'broken powers of numbers below the normal ones',
    holds: ({ query }, mon, prometheus) =>
      /5e-324 *\^/.test(query) &&
      everyDifference(mon, prometheus, (own, other) => own > 0 && other > 0),
  },
  {
    // The rank is taken for a constant when the samples are one: the first step's is repeated, or
    // (2.42) the values are moved. Asked for one of the other times alone, it answers as we do.
    why: 'a quantile of a rank that changes, over a fixed window in a range query',
    holds: ({ query, startMs, endMs }, mon, prometheus) =>
      startMs !== endMs &&
      /\bquantile(?:_over_time)?\b[^@]*time\(\)[^@]*@/.test(query) &&
      difference(onlyAt(mon, startMs), onlyAt(prometheus, startMs)) === undefined,
  },
  {
    // It has the samples around one time and looks for those around the other.
    why: 'timestamp() of a selector with @ and an offset looks without the offset',
    holds: ({ query }, mon, prometheus) =>
      /timestamp\(\(*\w+(?:\{[^}]*\})? (?:@ \S+ offset|offset \S+ @) /.test(query) &&
      !failed(mon) &&
      !failed(prometheus),
  },
  {
    why: 'a fixed time below a subquery that begins where it is evaluated',
    holds: (asked, mon) => !failed(mon) && leavesFixed(asked),
  },
  {
    // Sums in another order: the difference is in the last digit before it is cut off.
    why: 'whole numbers of a spread that is rounding',
    holds: ({ query }, mon, prometheus) =>
      /^(?:floor|ceil|round)\(std/.test(query) &&
      everyDifference(mon, prometheus, (own, other) => Math.abs(own - other) === 1),
  },
];

/** Every difference from 2.42 that is allowed. */
export const EXPLAINED: readonly Explained[] = [
  ...OF_BOTH,
  {
    // 3.0 divides the sum, 2.42 moves the mean by each value.
    why: 'a mean that is rounding beside its values',
    holds: ({ query }, mon, prometheus) => query.includes('avg') && nearlyZero(mon, prometheus),
  },
  {
    // 3.0 computes spreads with compensated sums; 2.42 loses the last digits of a spread that is
    // nothing beside the values themselves.
    why: 'a spread that is rounding beside its values',
    holds: ({ query }, mon, prometheus) =>
      /std|deriv|predict_linear/.test(query) && nearlyZero(mon, prometheus),
  },
  {
    // 3.0 drops the name, since the result is another quantity; 2.42 forgot that.
    why: 'atan2 kept the name of the left side',
    holds: ({ query }, mon, prometheus) =>
      query.includes('atan2') && difference(nameless(mon), nameless(prometheus)) === undefined,
  },
  {
    // Under `@` the window, and so the line through it, is the same at each step of a range, and
    // only read off at another time. 2.42 reads off another line at each step but the first.
    why: 'predict_linear over a fixed window in a range query',
    holds: ({ query, startMs, endMs }, mon, prometheus) =>
      startMs !== endMs &&
      /predict_linear\(.*@/.test(query) &&
      difference(onlyAt(mon, startMs), onlyAt(prometheus, startMs)) === undefined,
  },
  {
    why: 'durations are numbers since 3.0',
    holds: ({ query }, mon, prometheus) =>
      failed(prometheus) && !failed(mon) && /^\d+(?:ms|[smhdwy])$/.test(query),
  },
  {
    // The deviation of one infinite value is NaN since 3.0; 2.42 took any single value for 0.
    why: 'the deviation of a single value that is no number',
    holds: ({ query }, mon, prometheus) =>
      /std(?:dev|var)/.test(query) &&
      everyDifference(mon, prometheus, (own, other) => Number.isNaN(own) && other === 0),
  },
  {
    // Go makes an integer of them, and which one depends on the processor.
    why: 'the calendar of a value that is no time',
    holds: ({ query }) => /(?:year|month|day\w*|hour|minute)\(.*odd/.test(query),
  },
];

/** The values at one time. */
function onlyAt(outcome: Outcome, timeMs: number): Outcome {
  if (failed(outcome)) return outcome;
  const rows = [...outcome.rows].flatMap(([labels, row]) => {
    const value = row.get(timeMs);
    return value === undefined ? [] : [[labels, new Map([[timeMs, value]])] as const];
  });
  return { rows: new Map(rows) };
}

/** The rows without the name of the metric. */
function nameless(outcome: Outcome): Outcome {
  if (failed(outcome)) return outcome;
  const rows = [...outcome.rows].map(([labels, row]) => {
    const pairs = JSON.parse(labels) as [string, string][];
    return [JSON.stringify(pairs.filter(([name]) => name !== '__name__')), row] as const;
  });
  return { rows: new Map(rows) };
}

function nearlyZero(mon: Outcome, prometheus: Outcome): boolean {
  return everyDifference(mon, prometheus, (own, other) => Math.abs(own - other) < 1e-6);
}

/** Whether both have the same cells, and the rule holds for those that differ. */
export function everyDifference(
  mon: Outcome,
  prometheus: Outcome,
  rule: (own: number, other: number) => boolean,
): boolean {
  if (failed(mon) || failed(prometheus)) return false;
  for (const [labels, row] of prometheus.rows) {
    const own = mon.rows.get(labels);
    if (own === undefined || own.size !== row.size) return false;
    for (const [t, v] of row) {
      const value = own.get(t);
      if (value === undefined || !(close(value, v) || rule(value, v))) return false;
    }
  }
  return mon.rows.size === prometheus.rows.size;
}
