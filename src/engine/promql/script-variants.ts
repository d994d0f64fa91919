// The multiplication of Prometheus' test runner: an instant eval is also run with @ on every
// selector at other times, where nothing may change, and each of those as the middle of a range
// query.
import { gridSize } from '../model/fragment.ts';
import { TIME_DEPENDENT } from './functions.ts';
import { format } from './format.ts';
import { childrenOf } from './ast.ts';
import { parse } from './parse.ts';
import type { Eval } from './script-eval.ts';
import type { Expr, Modifiers } from './ast.ts';
import type { Matrix } from '../model/fragment.ts';
import type { QueryResult } from '../model/query-result.ts';

/** The same eval fixed by @ and asked at other times; empty when time itself is part of it. */
export function fixedVariants(one: Eval): Eval[] {
  if (one.range !== undefined) return [];
  let expr: Expr;
  try {
    expr = parse(one.query);
  } catch {
    return [];
  }
  if (callsTime(expr)) return [];
  const query = format(fixed(expr, one.start));
  const t = one.start;
  const times = t === 0 ? [-1000, 0, 1000] : [-10 * t, 0, Math.trunc(t / 5), t, 10 * t];
  return times.map((start) => ({ ...one, query, start, command: `${query} at ${start} ms` }));
}

/** Whether the eval may also be asked as the middle of a range. */
export function rangeable(one: Eval): boolean {
  if (one.range !== undefined || /(?:start|end|range|step)\(\)/.test(one.query)) return false;
  return !one.body.some((line) => /^expect (?:ordered|string|range vector)/.test(line));
}

/** The answer of a range at its middle, as if it had been asked there. */
export function middleOf(result: QueryResult, timeMs: number, scalar: boolean): QueryResult {
  if (result.type !== 'matrix') return result;
  const { grid, matrix } = result;
  const step = Math.round((timeMs - grid.start) / grid.step);
  if (scalar) {
    return { type: 'scalar', timeMs, value: matrix.values[step] };
  }
  const steps = gridSize(grid);
  const rows = matrix.labels.map((_, r) => r).filter((r) => matrix.present[r * steps + step] === 1);
  const middle: Matrix = {
    labels: rows.map((r) => matrix.labels[r]),
    steps: 1,
    values: Float64Array.from(rows, (r) => matrix.values[r * steps + step]),
    present: new Uint8Array(rows.length).fill(1),
    histograms: rows.map((r) => matrix.histograms?.[r * steps + step]),
  };
  return { type: 'vector', timeMs, matrix: middle };
}

function callsTime(expr: Expr): boolean {
  if (expr.kind === 'call' && TIME_DEPENDENT.has(expr.fn)) return true;
  return childrenOf(expr).some(callsTime);
}

/** Puts @ on every selector and subquery that has none; a subquery's inside is left alone. */
function fixed(expr: Expr, ms: number): Expr {
  const at = (modifiers: Modifiers): Modifiers =>
    modifiers.at === undefined ? { ...modifiers, at: { at: 'time', ms } } : modifiers;
  switch (expr.kind) {
    case 'number':
    case 'string':
      return expr;
    case 'selector':
    case 'subquery':
      return { ...expr, modifiers: at(expr.modifiers) };
    case 'range': {
      const { selector } = expr;
      return { ...expr, selector: { ...selector, modifiers: at(selector.modifiers) } };
    }
    case 'call':
      return { ...expr, args: expr.args.map((arg) => fixed(arg, ms)) };
    case 'aggregate': {
      const param = expr.param === undefined ? {} : { param: fixed(expr.param, ms) };
      return { ...expr, ...param, inner: fixed(expr.inner, ms) };
    }
    case 'binary':
      return { ...expr, left: fixed(expr.left, ms), right: fixed(expr.right, ms) };
    case 'unary':
    case 'paren':
      return { ...expr, inner: fixed(expr.inner, ms) };
  }
}
