// The gate itself: what has to be asked for all SLOs, asked together, and judged one by one. Easy
// to get wrong: all numbers are of one instant, or a budget and a burn rate would tell of different
// times; and a server that fails for one SLO has not failed for the others.
import { MonError } from '../../errors.ts';
import type { BurnPair, Slo, SloCount, SloFinding } from '../../model/slo.ts';
import { askAll, countsExactly } from './ask-counts.ts';
import type { Asked, Term, Told } from './ask-counts.ts';
import { nominalMs, usablePairs } from './burn-windows.ts';
import { periodAt } from './calendar.ts';
import type { Span } from './calendar.ts';
import { queriesOf } from './event-queries.ts';
import type { SloQueries, WindowQueries } from './event-queries.ts';
import type { CountMode } from './query-template.ts';
import { countOf, failedFinding, judge } from './slo-arithmetic.ts';

export interface CheckOptions {
  readonly timeMs: number;
  readonly guard: boolean;
}

export interface SloCheck {
  readonly findings: readonly SloFinding[];
  /** How the server counted: `anchored` is exact. */
  readonly mode: CountMode;
  /** What the server warned of. */
  readonly warnings: readonly string[];
}

/** One window of an SLO, now or some time ago. */
export interface PlannedWindow {
  readonly windowMs: number;
  readonly agoMs: number;
  readonly queries: WindowQueries;
}

export interface SloPlan {
  readonly slo: Slo;
  readonly span: Span;
  readonly pairs: readonly BurnPair[];
  readonly windows: readonly PlannedWindow[];
}

/** All that is asked for an SLO at an instant; the period comes last. */
export function planOf(slo: Slo, timeMs: number, mode: CountMode): SloPlan {
  const span = periodAt(slo.period, timeMs);
  const pairs = usablePairs(slo, nominalMs(slo.period));
  const queries: SloQueries = queriesOf(slo, mode);
  const windows = new Map<string, PlannedWindow>();
  const add = (windowMs: number, agoMs: number): void => {
    const key = `${windowMs} ${agoMs}`;
    if (!windows.has(key)) windows.set(key, { windowMs, agoMs, queries: queries(windowMs) });
  };
  for (const { shortMs, longMs, afterMs } of pairs) {
    for (const ago of new Set([0, afterMs])) {
      add(shortMs, ago);
      add(longMs, ago);
    }
  }
  // A period that has just begun has no length yet.
  add(Math.max(1, timeMs - span.startMs), 0);
  return { slo, span, pairs, windows: [...windows.values()] };
}

/** Asks and judges. @throws MonError when access is refused or nobody waits any more. */
export async function checkSlos(
  slos: readonly Slo[],
  asked: Asked,
  options: CheckOptions,
): Promise<SloCheck> {
  const { timeMs } = options;
  try {
    const exact = await countsExactly(asked, timeMs);
    const mode: CountMode = exact ? 'anchored' : 'extrapolated';
    const plans = slos.map((slo) => planOf(slo, timeMs, mode));
    const terms = plans.flatMap((plan) => termsOf(plan, timeMs));
    const warnings = new Set<string>();
    const told = await askAll(terms, { ...asked, warnings });
    let at = 0;
    const findings = plans.map((plan) => {
      const own = told.slice(at, (at += termCount(plan)));
      return findingOf(plan, own, options);
    });
    return { findings, mode, warnings: [...warnings] };
  } catch (thrown) {
    const away = thrown instanceof MonError && thrown.code === 'MON_SERVER_UNREACHABLE';
    if (!away) throw thrown;
    const findings = slos.map((slo) =>
      failedFinding(slo, periodAt(slo.period, timeMs), timeMs, thrown.message),
    );
    return { findings, mode: 'anchored', warnings: [] };
  }
}

function termsOf({ windows }: SloPlan, timeMs: number): Term[] {
  return windows.flatMap(({ queries, windowMs, agoMs }) => {
    const { over, overLifted, total, totalLifted } = queries;
    const at = { timeMs: timeMs - agoMs, windowMs };
    const first: Term = { query: over, ...at, lifted: overLifted };
    return total === undefined ? [first] : [first, { query: total, ...at, lifted: totalLifted }];
  });
}

function termCount({ windows }: SloPlan): number {
  return windows.reduce((sum, { queries }) => sum + (queries.total === undefined ? 1 : 2), 0);
}

function findingOf(
  { slo, span, pairs, windows }: SloPlan,
  told: readonly Told[],
  { timeMs, guard }: CheckOptions,
): SloFinding {
  const failure = told.find((one) => one instanceof Error);
  if (failure !== undefined) return failedFinding(slo, span, timeMs, failure.message);
  const numbers = told as readonly (number | undefined)[];
  const counts = new Map<string, SloCount>();
  let at = 0;
  let last: SloCount | undefined;
  for (const { windowMs, agoMs, queries } of windows) {
    const over = numbers[at++];
    const total = queries.total === undefined ? undefined : numbers[at++];
    last = countOf(windowMs, { part: queries.part, over, total });
    counts.set(`${windowMs} ${agoMs}`, last);
  }
  const count = (windowMs: number, agoMs: number): SloCount =>
    counts.get(`${windowMs} ${agoMs}`) as SloCount;
  return judge({ slo, span, timeMs, pairs, count, period: last as SloCount, guard });
}
