// What the server is asked for one SLO: for each window the number of bad or good events and of
// all, or one ratio where the file gives no more. Easy to get wrong: a slice without events is
// neither good nor bad, and 0/0 would make it one; so totals of zero drop out before the division.
import { formatDuration } from '../../model/duration.ts';
import type { Slo, SloIndicator, ThresholdOp } from '../../model/slo.ts';
import type { LiftedQuery } from './lifted-query.ts';
import { countQuery, queryFor, ratioParts, worstQuery } from './query-template.ts';
import type { CountMode, CountQuery } from './query-template.ts';

/** How often a gauge is looked at where it stands for events. */
const GAUGE_STEP = '1m';

/** What is asked for a window: counts of one side and of all, or a ratio alone. */
export interface WindowQueries {
  readonly part: 'bad' | 'good' | 'ratio';
  /** Bad or good events, or the error ratio. */
  readonly over: string;
  /** All events; absent for a ratio. */
  readonly total?: string;
  /** The same two, open to be asked together with others. */
  readonly overLifted?: LiftedQuery;
  readonly totalLifted?: LiftedQuery;
}

export type SloQueries = (windowMs: number) => WindowQueries;

const SIGNS: Readonly<Record<ThresholdOp, string>> = { lte: '<=', lt: '<', gte: '>=', gt: '>' };

/** The PromQL sign of an operator. */
export function signOf(op: ThresholdOp): string {
  return SIGNS[op];
}

/** The queries of an SLO for any window. */
export function queriesOf(slo: Pick<Slo, 'indicator' | 'slices'>, mode: CountMode): SloQueries {
  const counted = indicatorQueries(slo.indicator, mode);
  const { slices } = slo;
  if (slices === undefined) return counted;
  const share = goodShare(counted(slices.windowMs));
  const step = formatDuration(slices.windowMs);
  const good = slices.target === undefined ? share : `(${share} >= bool ${slices.target})`;
  return (windowMs) => {
    const range = `[${formatDuration(windowMs)}:${step}]`;
    return {
      part: 'good',
      over: `sum(sum_over_time(${good}${range}))`,
      total: `sum(count_over_time(${share}${range}))`,
    };
  };
}

function goodShare({ part, over, total }: WindowQueries): string {
  if (part === 'ratio' || total === undefined) return `(1 - ${over})`;
  const some = `(${total} > 0)`;
  // No series of bad events beside some events: none was bad.
  const known = `(${over} or 0 * ${total})`;
  return part === 'good' ? `(${known} / ${some})` : `(1 - ${known} / ${some})`;
}

function indicatorQueries(indicator: SloIndicator, mode: CountMode): SloQueries {
  const style = { mode, counters: false };
  if (indicator.kind === 'threshold') return thresholdQueries(indicator);
  if (indicator.kind === 'events') {
    const part = indicator.bad === undefined ? 'good' : 'bad';
    const over = countQuery((indicator.bad ?? indicator.good) as string, style);
    return pair(part, over, countQuery(indicator.total, style));
  }
  const parts = ratioParts(indicator.error);
  if (parts !== undefined) {
    const over = countQuery(parts.over, style);
    const total = countQuery(parts.total, style);
    if (over.counts && total.counts) return pair(parts.part, over, total);
  }
  const error = worstQuery(indicator.error);
  return (windowMs) => ({ part: 'ratio', over: queryFor(error, windowMs) });
}

function pair(part: 'bad' | 'good', over: CountQuery, total: CountQuery): SloQueries {
  return (windowMs) => ({
    part,
    over: queryFor(over, windowMs),
    total: queryFor(total, windowMs),
    ...(over.lifted === undefined ? {} : { overLifted: over.lifted }),
    ...(total.lifted === undefined ? {} : { totalLifted: total.lifted }),
  });
}

function thresholdQueries({
  query,
  op,
  value,
}: Extract<SloIndicator, { kind: 'threshold' }>): SloQueries {
  return (windowMs) => {
    const range = `[${formatDuration(windowMs)}:${GAUGE_STEP}]`;
    return {
      part: 'good',
      over: `sum(sum_over_time(((${query}) ${SIGNS[op]} bool ${value})${range}))`,
      total: `sum(count_over_time((${query})${range}))`,
    };
  };
}
