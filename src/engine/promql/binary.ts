// Binary operators between scalars and vectors, all steps at once. Between two vectors see
// binary-match.ts (arithmetic, comparisons) and binary-sets.ts (and, or, unless).
import { assert } from '../errors.ts';
import { isComparison, isSetOp, isTrim } from './ast.ts';
import { arithmetic, scalarOperation } from './arithmetic.ts';
import { dropNames, vectorOf, withoutEmptyRows } from './vector.ts';
import { operate } from './binary-element.ts';
import { matchBinary } from './binary-match.ts';
import { setBinary } from './binary-sets.ts';
import { MIRRORED, computedCells, keptCells } from './scalar-cells.ts';
import type { ArithmeticOp, Binary } from './ast.ts';
import type { EvalContext } from './context.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { Value, Vector } from './vector.ts';

/** Applies the operator. @throws MonError MON_QUERY_FAILED when a matching is not unique. */
export function evaluateBinary(
  expr: Binary,
  left: Value,
  right: Value,
  context: EvalContext,
): Value {
  assert(left.type !== 'string' && right.type !== 'string', 'the check refused strings');
  if (left.type === 'scalar' && right.type === 'scalar') {
    return scalars(expr, left.values, right.values);
  }
  if (left.type === 'vector' && right.type === 'vector') {
    const sides = { left: left.vector, right: right.vector };
    const set = isSetOp(expr.op);
    const vector = set ? setBinary(expr, sides, context) : matchBinary(expr, sides, context);
    return { type: 'vector', vector };
  }
  if (left.type === 'vector' && right.type === 'scalar') {
    return withScalar(expr, left.vector, right.values, { swapped: false, context });
  }
  assert(left.type === 'scalar' && right.type === 'vector', 'all pairs of types are handled');
  return withScalar(expr, right.vector, left.values, { swapped: true, context });
}

function scalars(expr: Binary, left: Float64Array, right: Float64Array): Value {
  const operation = scalarOperation(expr.op);
  assert(operation !== undefined, 'the check refused set operators between scalars');
  const values = new Float64Array(left.length);
  for (let i = 0; i < values.length; i++) values[i] = operation(left[i], right[i]);
  return { type: 'scalar', values };
}

interface Side {
  /** The vector stands on the right. */
  readonly swapped: boolean;
  readonly context: EvalContext;
}

function withScalar(expr: Binary, vector: Vector, scalar: Float64Array, side: Side): Value {
  const { op } = expr;
  if (vector.histograms !== undefined || isTrim(op)) {
    return { type: 'vector', vector: element(expr, vector, scalar, side) };
  }
  if (isComparison(op)) {
    const marks = keptCells(side.swapped ? MIRRORED[op] : op, vector, scalar);
    if (!expr.bool) {
      const kept = vectorOf({ ...vector, present: marks });
      return { type: 'vector', vector: withoutEmptyRows(kept) };
    }
    const held = vectorOf({ ...vector, values: Float64Array.from(marks) });
    return { type: 'vector', vector: dropNames(held, side.context.delayed) };
  }
  assert(arithmetic(op) !== undefined, 'an operator has a function');
  const values = computedCells(op as ArithmeticOp, vector, scalar, side.swapped);
  const computed = vectorOf({ ...vector, values });
  return { type: 'vector', vector: dropNames(computed, side.context.delayed) };
}

/** Cell by cell, where histograms are or the operator is made for them. */
function element(expr: Binary, vector: Vector, scalar: Float64Array, side: Side): Vector {
  const { op, bool } = expr;
  const { steps, labels, values, histograms } = vector;
  const notes = side.context.notes.at(expr);
  const present = vector.present.slice();
  const out = new Float64Array(values.length);
  const column: (FloatHistogram | undefined)[] = Array.from(out, () => undefined);
  for (let at = 0; at < labels.length * steps; at++) {
    if (present[at] === 0) continue;
    const own = histograms?.[at] ?? values[at];
    const other = scalar[at % steps];
    const outcome = side.swapped ? operate(op, other, own, notes) : operate(op, own, other, notes);
    const kept = outcome !== undefined && (bool || outcome.holds);
    present[at] = kept ? 1 : 0;
    if (!kept) continue;
    const plain = isComparison(op) ? own : outcome.value;
    const value = bool ? Number(outcome.holds) : plain;
    if (typeof value === 'number') out[at] = value;
    else column[at] = value;
  }
  const done = withoutEmptyRows(vectorOf({ ...vector, present, values: out, histograms: column }));
  return arithmetic(op) !== undefined || bool ? dropNames(done, side.context.delayed) : done;
}
