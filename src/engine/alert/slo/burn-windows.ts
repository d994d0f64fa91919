// Which windows are watched and which burn rate in them is too much: the multiwindow
// multi-burn-rate alerts of Google's SRE workbook, chapter 5, table 5-8, as Sloth ships them for 28
// and 30 days. Easy to get wrong: the arithmetic is Sloth's, operation by operation, so that
// thresholds are equal to the last bit.
import type { BurnPair, Slo, SloPeriod } from '../../model/slo.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** One of four pairs: the share of the budget that may go within the long window. */
export interface BudgetShare {
  readonly severity: 'page' | 'ticket';
  readonly percent: number;
  readonly shortMs: number;
  readonly longMs: number;
}

/** Page quick, page slow, ticket quick, ticket slow, for one length of the period. */
export interface AlertWindows {
  readonly periodMs: number;
  readonly shares: readonly BudgetShare[];
}

const GOOGLE: readonly BudgetShare[] = [
  { severity: 'page', percent: 2, shortMs: 5 * MINUTE, longMs: HOUR },
  { severity: 'page', percent: 5, shortMs: 30 * MINUTE, longMs: 6 * HOUR },
  { severity: 'ticket', percent: 10, shortMs: 2 * HOUR, longMs: DAY },
  { severity: 'ticket', percent: 10, shortMs: 6 * HOUR, longMs: 3 * DAY },
];
/** Below this Google's shares would alert while all is within budget: the factors are kept. */
const SHORT_PERIOD_MS = 28 * DAY;
const GOOGLE_PERIOD_MS = 30 * DAY;

/** The burn rate at which `percent` of a period's budget goes within the long window. */
function burnFactor(percent: number, periodMs: number, longMs: number): number {
  const hours = (percent * (periodMs / HOUR)) / 100;
  return hours / (longMs / HOUR);
}

/** The four pairs of a period; `own` windows are taken where their length fits. */
export function pairsFor(periodMs: number, own: readonly AlertWindows[] = []): BurnPair[] {
  const given = own.find((one) => one.periodMs === periodMs);
  const short = given === undefined && periodMs < SHORT_PERIOD_MS;
  const basis = short ? GOOGLE_PERIOD_MS : periodMs;
  return (given?.shares ?? GOOGLE).map(({ severity, percent, shortMs, longMs }) => ({
    severity,
    shortMs,
    longMs,
    factor: burnFactor(percent, basis, longMs),
    op: 'gt',
    afterMs: 0,
  }));
}

/** Windows that fit into the period, and of slices those that hold some. */
export function usablePairs(slo: Pick<Slo, 'pairs' | 'slices'>, periodMs: number): BurnPair[] {
  const least = slo.slices?.windowMs ?? 0;
  return slo.pairs.filter(({ shortMs, longMs }) => longMs < periodMs && shortMs >= least);
}

/** Nominal length of a period, for its alerts: months have 30 days, years 365. */
export function nominalMs(period: SloPeriod): number {
  if (period.kind === 'rolling') return period.ms;
  const lengths = { minute: MINUTE, hour: HOUR, day: DAY, week: 7 * DAY, month: 30 * DAY };
  const unit = period.unit === 'year' ? 365 * DAY : lengths[period.unit];
  return period.count * unit;
}
