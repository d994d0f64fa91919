// From counted events to budgets, burn rates and an outcome: the arithmetic of the gate, and no
// more than that. Easy to get wrong: nothing counted is no data, never a perfect score; a budget of
// zero burns infinitely at the first bad event; and a pair burns only when both windows do.
import type { BurnPair, PairFinding, Slo, SloCount, SloFinding } from '../../model/slo.ts';
import type { Span } from './calendar.ts';
import { isLowTraffic } from './chance.ts';
import { signOf } from './event-queries.ts';

/** What one window's queries answered; undefined where nothing came. */
export interface RawCount {
  readonly part: 'bad' | 'good' | 'ratio';
  readonly over: number | undefined;
  readonly total: number | undefined;
}

/** Bad events of a window. Counters that went away half-way may leave a difference below zero. */
export function countOf(windowMs: number, { part, over, total }: RawCount): SloCount {
  if (part === 'ratio') {
    const ratio = over ?? NaN;
    return { windowMs, bad: NaN, total: NaN, ratio: ratio < 0 ? 0 : ratio };
  }
  const all = total ?? NaN;
  if (!(all > 0)) return { windowMs, bad: NaN, total: Number.isNaN(all) ? NaN : 0, ratio: NaN };
  const bad = part === 'bad' ? (over ?? 0) : all - (over ?? 0);
  const counted = Number.isNaN(bad) ? NaN : Math.min(Math.max(bad, 0), all);
  return { windowMs, bad: counted, total: all, ratio: counted / all };
}

/** How many times faster than allowed the budget goes; NaN without data. */
function burnRateOf(ratio: number, budget: number): number {
  if (ratio === 0) return 0;
  return ratio / budget;
}

/** The share of the budget that is left; 1 - burn over the whole period. */
export function budgetLeft(count: SloCount, budget: number): number {
  return 1 - burnRateOf(count.ratio, budget);
}

export interface Judged {
  readonly slo: Slo;
  readonly span: Span;
  readonly timeMs: number;
  readonly pairs: readonly BurnPair[];
  /** The count of a window, now or `afterMs` ago. */
  readonly count: (windowMs: number, agoMs: number) => SloCount;
  readonly period: SloCount;
  /** Failures that chance explains do not count. */
  readonly guard: boolean;
}

/** The outcome of one SLO. */
export function judge(judged: Judged): SloFinding {
  const { slo, span, timeMs, period, guard } = judged;
  const pairs = judged.pairs.map((pair) => findPair(pair, judged));
  const left = budgetLeft(period, slo.budget);
  const allowed = period.total * slo.budget;
  const overspent = left < 0 || (left === 0 && period.ratio > 0);
  const few = guard && isLowTraffic(period.bad, period.total, slo.budget);
  const spent = overspent && !few;
  const known = pairs.find(({ longBurn }) => !Number.isNaN(longBurn));
  const burnRate =
    pairs.length === 0 ? burnRateOf(period.ratio, slo.budget) : (known?.longBurn ?? NaN);
  const base = {
    slo,
    timeMs,
    periodStartMs: span.startMs,
    periodEndMs: span.endMs,
    period,
    allowed,
    budgetLeft: left,
    burnRate,
    exhaustedInMs: exhaustion(judged, left, burnRate),
    pairs,
    lowTraffic: (overspent && few) || pairs.some((one) => one.lowTraffic),
  };
  return { ...base, ...verdict(base, spent) };
}

function findPair(pair: BurnPair, { slo, count, guard }: Judged): PairFinding {
  const [short, long] = [count(pair.shortMs, 0), count(pair.longMs, 0)];
  const shortBurn = burnRateOf(short.ratio, slo.budget);
  const longBurn = burnRateOf(long.ratio, slo.budget);
  const earlier = [pair.shortMs, pair.longMs].every((ms) => {
    if (pair.afterMs === 0) return true;
    return passes(burnRateOf(count(ms, pair.afterMs).ratio, slo.budget), pair);
  });
  const past = passes(shortBurn, pair) && passes(longBurn, pair) && earlier;
  const upward = pair.op === 'gt' || pair.op === 'gte';
  const lowTraffic =
    past && guard && upward && isLowTraffic(long.bad, long.total, pair.factor * slo.budget);
  return { pair, short, long, shortBurn, longBurn, burning: past && !lowTraffic, lowTraffic };
}

function passes(burn: number, { op, factor }: BurnPair): boolean {
  if (op === 'gt') return burn > factor;
  if (op === 'gte') return burn >= factor;
  return op === 'lt' ? burn < factor : burn <= factor;
}

// At the rate of the moment. A rolling budget that outlasts its period lasts; so does one whose
// period ends first.
function exhaustion({ slo, span, timeMs }: Judged, left: number, burnRate: number): number {
  if (Number.isNaN(left)) return NaN;
  if (left <= 0) return 0;
  if (Number.isNaN(burnRate) || burnRate === 0) return Infinity;
  const rolling = slo.period.kind === 'rolling';
  const lengthMs = span.endMs - span.startMs;
  const ms = (left * lengthMs) / burnRate;
  const endsMs = rolling ? lengthMs : span.endMs - timeMs;
  return ms >= endsMs ? Infinity : ms;
}

type Half = Omit<SloFinding, 'outcome' | 'why'>;

function verdict(half: Half, spent: boolean): Pick<SloFinding, 'outcome' | 'why'> {
  const burning = half.pairs.find((one) => one.burning);
  if (burning !== undefined) return { outcome: 'burning', why: burnWords(burning) };
  if (spent) return { outcome: 'spent', why: spentWords(half) };
  if (Number.isNaN(half.period.ratio)) return { outcome: 'no-data', why: noDataWords(half) };
  if (half.lowTraffic) {
    return { outcome: 'ok', why: 'too few events to tell failures from chance' };
  }
  return { outcome: 'ok', why: 'within budget' };
}

function burnWords({ pair, shortBurn, longBurn }: PairFinding): string {
  const rates = `${short(longBurn)}x and ${short(shortBurn)}x`;
  const limit = `${signOf(pair.op)} ${short(pair.factor)}x`;
  if (pair.shortMs === pair.longMs) return `burn rate ${short(longBurn)}x ${limit}`;
  return `burn rates ${rates} both ${limit}`;
}

function spentWords({ period, allowed, budgetLeft: left }: Half): string {
  if (Number.isNaN(period.total)) return `${short((1 - left) * 100)} % of the budget spent`;
  return `${short(period.bad)} bad events, ${short(allowed)} allowed`;
}

function noDataWords({ period }: Half): string {
  return period.total === 0 ? 'no events in the period' : 'no series answers the query';
}

/** Four digits are enough for a sentence. */
function short(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : 'infinite';
}

/** The finding of an SLO that the server did not answer for. */
export function failedFinding(slo: Slo, span: Span, timeMs: number, why: string): SloFinding {
  const nothing = { windowMs: timeMs - span.startMs, bad: NaN, total: NaN, ratio: NaN };
  return {
    slo,
    outcome: 'failed',
    why,
    timeMs,
    periodStartMs: span.startMs,
    periodEndMs: span.endMs,
    period: nothing,
    allowed: NaN,
    budgetLeft: NaN,
    burnRate: NaN,
    exhaustedInMs: NaN,
    pairs: [],
    lowTraffic: false,
  };
}
