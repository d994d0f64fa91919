// Which range queries may be answered in parts: those whose value at a step depends on that step's
// time alone, and not on where the asked range begins or ends. Easy to get wrong: step() is 0 where
// a range has one step only, and a negative offset lets a step depend on samples after it.
import { childrenOf } from '../promql/ast.ts';
import type { Duration, Expr, Modifiers } from '../promql/ast.ts';
import type { Plan } from '../promql/plan-node.ts';

/** How far before and behind its own time a step's samples lie at most; ms, not negative. */
export interface Reach {
  readonly backMs: number;
  readonly aheadMs: number;
}

const RANGE_BOUND: ReadonlySet<string> = new Set(['start', 'end', 'range', 'step']);

/** Why the results of an expression cannot be kept, or undefined when they can. */
export function uncacheable(expr: Expr): string | undefined {
  const own = ownReason(expr);
  if (own !== undefined) return own;
  for (const child of childrenOf(expr)) {
    const reason = uncacheable(child);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function ownReason(expr: Expr): string | undefined {
  switch (expr.kind) {
    case 'call':
      return RANGE_BOUND.has(expr.fn) ? `${expr.fn}() depends on the range asked` : undefined;
    case 'selector':
      return modifierReason(expr.modifiers);
    case 'range':
      return durationReason(expr.range);
    case 'subquery':
      return (
        modifierReason(expr.modifiers) ??
        durationReason(expr.range) ??
        (expr.step === undefined ? undefined : durationReason(expr.step))
      );
    default:
      return undefined;
  }
}

function modifierReason({ at, extend, offset }: Modifiers): string | undefined {
  if (at !== undefined) return 'with @ a step depends on another time than its own';
  if (extend !== undefined) return `${extend} looks at samples on both sides`;
  return offset === undefined ? undefined : durationReason(offset);
}

function durationReason(duration: Duration): string | undefined {
  switch (duration.kind) {
    case 'seconds':
      return undefined;
    case 'step':
    case 'range':
      return `${duration.kind}() depends on the range asked`;
    case 'group':
    case 'sign':
      return durationReason(duration.inner);
    case 'pair':
      return durationReason(duration.left) ?? durationReason(duration.right);
  }
}

/** The reach of a plan without `@`: what its fragments look at beside the grid of the query. */
export function reachOf(plan: Plan): Reach {
  let backMs = 0;
  let aheadMs = 0;
  for (const { grid, windowMs } of plan.fragments) {
    backMs = Math.max(backMs, plan.grid.start - (grid.start - windowMs));
    aheadMs = Math.max(aheadMs, grid.end - plan.grid.end);
  }
  return { backMs, aheadMs };
}
