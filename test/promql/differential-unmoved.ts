// Where Prometheus, 2.42 and 3 alike, forgets to move what is fixed: below a subquery it turns each
// `@` into an offset from the first step, and leaves that out where the first step is the time at
// which the subquery itself is evaluated. That takes a negative offset, or a subquery in another
// one which begin alike; some seconds later the same query answers as we do.
import { childrenOf } from '../../src/engine/promql/ast.ts';
import { durationOf } from '../../src/engine/promql/duration.ts';
import { parse } from '../../src/engine/promql/parse.ts';
import type { Expr, Subquery } from '../../src/engine/promql/ast.ts';
import type { QueryTimes } from '../../src/engine/promql/duration.ts';
import type { Asked } from './differential-words.ts';

/** The evaluation interval of both servers. */
const DEFAULT_STEP_MS = 60_000;

/** Whether a fixed time of a query, which can be parsed, is left where it was. */
export function leavesFixed({ query, startMs, endMs, stepMs }: Asked): boolean {
  const grid = { start: startMs, end: endMs, step: stepMs };
  return leavesBelow(parse(query), startMs, { grid, instant: startMs === endMs, source: query });
}

function leavesBelow(expr: Expr, aroundMs: number, times: QueryTimes): boolean {
  if (expr.kind !== 'subquery') {
    return childrenOf(expr).some((child) => leavesBelow(child, aroundMs, times));
  }
  const firstMs = firstStep(expr, aroundMs, times);
  return (firstMs === aroundMs && hasFixed(expr.inner)) || leavesBelow(expr.inner, firstMs, times);
}

/** The first time, ms, at which a subquery is asked for what is in it. */
function firstStep(
  { range, step, modifiers: { at, offset } }: Subquery,
  aroundMs: number,
  times: QueryTimes,
): number {
  const { start, end } = times.grid;
  const fixed = at?.at === 'time' ? at.ms : at?.at === 'start' ? start : end;
  const lastMs = at === undefined ? aroundMs : fixed;
  const byMs = offset === undefined ? 0 : durationOf(offset, times, false);
  const stepMs = step === undefined ? DEFAULT_STEP_MS : durationOf(step, times, true);
  return (Math.floor((lastMs - byMs - durationOf(range, times, true)) / stepMs) + 1) * stepMs;
}

function hasFixed(expr: Expr): boolean {
  const fixed =
    (expr.kind === 'selector' || expr.kind === 'subquery') && expr.modifiers.at !== undefined;
  return fixed || childrenOf(expr).some(hasFixed);
}
