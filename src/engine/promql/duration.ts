// What a query knows of its own times when it is planned: durations that name step() or range(),
// the folded start(), end(), and expressions that are the same at every step.
import { minimum, maximum, power, scalarOperation } from './arithmetic.ts';
import { childrenOf } from './ast.ts';
import { TIME_DEPENDENT } from './functions.ts';
import { queryError } from './parse-error.ts';
import type { Duration, Expr } from './ast.ts';
import type { Grid } from '../model/fragment.ts';

/** The query's own grid: what step(), range(), start() and end() mean, also inside subqueries. */
export interface QueryTimes {
  readonly grid: Grid;
  readonly instant: boolean;
  readonly source: string;
}

/** Milliseconds of a duration. @throws UserError when it is not positive and has to be. */
export function durationOf(duration: Duration, times: QueryTimes, positive: boolean): number {
  const seconds = secondsOf(duration, times);
  const complain = (words: string): never => {
    throw queryError(times.source, duration, words);
  };
  if (!Number.isFinite(seconds)) return complain('duration is NaN or infinite');
  if (positive && seconds <= 0) return complain('duration must be greater than 0');
  if (Math.abs(seconds) > 2 ** 63 / 1e9) return complain('duration is out of range');
  const plain = duration.kind === 'seconds';
  return plain ? Math.round(seconds * 1000) : Math.trunc(seconds * 1000);
}

function secondsOf(duration: Duration, times: QueryTimes): number {
  switch (duration.kind) {
    case 'seconds':
      return duration.seconds;
    case 'step':
      return times.instant ? 0 : times.grid.step / 1000;
    case 'range':
      return (times.grid.end - times.grid.start) / 1000;
    case 'group':
      return secondsOf(duration.inner, times);
    case 'sign': {
      const inner = secondsOf(duration.inner, times);
      return duration.op === '-' ? -inner : inner;
    }
    case 'pair':
      return pairOf(duration, times);
  }
}

function pairOf(duration: Duration & { kind: 'pair' }, times: QueryTimes): number {
  const left = secondsOf(duration.left, times);
  const right = secondsOf(duration.right, times);
  switch (duration.op) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      if (right === 0) throw queryError(times.source, duration, 'division by zero');
      return left / right;
    case '%':
      if (right === 0) throw queryError(times.source, duration, 'modulo by zero');
      return left % right;
    case '^':
      return power(left, right);
    case 'min_of':
      return minimum(left, right);
    case 'max_of':
      return maximum(left, right);
  }
}

/** The value of start(), end(), range() or step() as numbers; undefined for other functions. */
export function timeFunction(fn: string, times: QueryTimes): number | undefined {
  const { grid } = times;
  if (fn === 'start') return grid.start / 1000;
  if (fn === 'end') return grid.end / 1000;
  if (fn === 'range') return (grid.end - grid.start) / 1000;
  if (fn === 'step') return times.instant || grid.start === grid.end ? 0 : grid.step / 1000;
  return undefined;
}

/** The value of a scalar expression that no sample and no time of evaluation can change. */
export function constantOf(expr: Expr, times: QueryTimes): number | undefined {
  switch (expr.kind) {
    case 'number':
      return expr.value;
    case 'paren':
      return constantOf(expr.inner, times);
    case 'unary': {
      const inner = constantOf(expr.inner, times);
      return inner === undefined || expr.op === '+' ? inner : -inner;
    }
    case 'binary': {
      const left = constantOf(expr.left, times);
      if (left === undefined) return undefined;
      const right = constantOf(expr.right, times);
      return right === undefined ? undefined : scalarOperation(expr.op)?.(left, right);
    }
    case 'call': {
      if (expr.fn === 'pi') return Math.PI;
      if (expr.fn !== 'max_of' && expr.fn !== 'min_of') return timeFunction(expr.fn, times);
      const [left, right] = expr.args.map((arg) => constantOf(arg, times));
      if (left === undefined || right === undefined) return undefined;
      return expr.fn === 'max_of' ? maximum(left, right) : minimum(left, right);
    }
    default:
      return undefined;
  }
}

/**
 * Says of each expression whether it has one value for all steps of its grid. Remembers answers.
 */
export class Invariance {
  readonly #known = new WeakMap<Expr, boolean>();

  holds(expr: Expr): boolean {
    const known = this.#known.get(expr);
    if (known !== undefined) return known;
    const answer = this.#find(expr);
    this.#known.set(expr, answer);
    return answer;
  }

  #find(expr: Expr): boolean {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return true;
      case 'selector':
      case 'subquery':
        return expr.modifiers.at !== undefined;
      case 'call': {
        const fixed = expr.args.every((arg) => this.holds(arg));
        if (!fixed || !TIME_DEPENDENT.has(expr.fn)) return fixed;
        // The time of a sample that `@` picked is the same at each step; that of a result is not.
        return expr.fn === 'timestamp' && expr.args[0].kind === 'selector';
      }
      default:
        return childrenOf(expr).every((child) => this.holds(child));
    }
  }
}
