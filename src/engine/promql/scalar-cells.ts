// Operators between a vector of floats and a scalar of each step: one loop for each operator, since
// a function called for each cell costs ten times what it computes. Rows follow one another, and
// `scalar` holds a value for each step of a row. Cells that are not there keep 0.
import { arithmetic } from './arithmetic.ts';
import type { Operation } from './arithmetic.ts';
import type { ArithmeticOp, ComparisonOp } from './ast.ts';

/** The floats of a vector. */
export interface Cells {
  readonly steps: number;
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

/** What stands the other way round. */
export const MIRRORED: Readonly<Record<ComparisonOp, ComparisonOp>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '>': '<',
  '<=': '>=',
  '>=': '<=',
};

type Keep = (marks: Uint8Array, cells: Cells, scalar: Float64Array, row: number) => void;

/** Clears the marks of one row where the comparison does not hold. */
const KEEP: Readonly<Record<ComparisonOp, Keep>> = {
  '=='(marks, { values, steps }, scalar, row) {
    for (let i = 0; i < steps; i++) if (values[row + i] !== scalar[i]) marks[row + i] = 0;
  },
  '!='(marks, { values, steps }, scalar, row) {
    for (let i = 0; i < steps; i++) if (values[row + i] === scalar[i]) marks[row + i] = 0;
  },
  // Of a NaN nothing holds, so that what does not hold is asked for, and not its opposite.
  '<'(marks, { values, steps }, scalar, row) {
    for (let i = 0; i < steps; i++) if (!(values[row + i] < scalar[i])) marks[row + i] = 0;
  },
  '>'(marks, { values, steps }, scalar, row) {
    for (let i = 0; i < steps; i++) if (!(values[row + i] > scalar[i])) marks[row + i] = 0;
  },
  '<='(marks, { values, steps }, scalar, row) {
    for (let i = 0; i < steps; i++) if (!(values[row + i] <= scalar[i])) marks[row + i] = 0;
  },
  '>='(marks, { values, steps }, scalar, row) {
    for (let i = 0; i < steps; i++) if (!(values[row + i] >= scalar[i])) marks[row + i] = 0;
  },
};

/** 1 for each cell that is there and for which `value op scalar` holds. */
export function keptCells(op: ComparisonOp, cells: Cells, scalar: Float64Array): Uint8Array {
  const marks = cells.present.slice();
  const keep = KEEP[op];
  for (let row = 0; row < marks.length; row += cells.steps) keep(marks, cells, scalar, row);
  return marks;
}

type Compute = (out: Float64Array, cells: Cells, scalar: Float64Array, row: number) => void;
type Simple = Extract<ArithmeticOp, '+' | '-' | '*' | '/'>;

const COMPUTE: Readonly<Record<Simple, Compute>> = {
  '+'(out, { values, steps }, scalar, row) {
    for (let i = 0; i < steps; i++) out[row + i] = values[row + i] + scalar[i];
  },
  '-'(out, { values, steps }, scalar, row) {
    for (let i = 0; i < steps; i++) out[row + i] = values[row + i] - scalar[i];
  },
  '*'(out, { values, steps }, scalar, row) {
    for (let i = 0; i < steps; i++) out[row + i] = values[row + i] * scalar[i];
  },
  '/'(out, { values, steps }, scalar, row) {
    for (let i = 0; i < steps; i++) out[row + i] = values[row + i] / scalar[i];
  },
};

const COMPUTE_MIRRORED: Readonly<Record<Simple, Compute>> = {
  '+': COMPUTE['+'],
  '*': COMPUTE['*'],
  '-'(out, { values, steps }, scalar, row) {
    for (let i = 0; i < steps; i++) out[row + i] = scalar[i] - values[row + i];
  },
  '/'(out, { values, steps }, scalar, row) {
    for (let i = 0; i < steps; i++) out[row + i] = scalar[i] / values[row + i];
  },
};

/** `value op scalar` for each cell, or `scalar op value`. */
export function computedCells(
  op: ArithmeticOp,
  cells: Cells,
  scalar: Float64Array,
  mirrored: boolean,
): Float64Array {
  const { present, steps, values } = cells;
  const out = new Float64Array(values.length);
  const compute = (mirrored ? COMPUTE_MIRRORED : COMPUTE)[op as Simple] as Compute | undefined;
  if (compute !== undefined) {
    for (let row = 0; row < out.length; row += steps) compute(out, cells, scalar, row);
    for (let at = 0; at < out.length; at++) if (present[at] === 0) out[at] = 0;
    return out;
  }
  const operation = arithmetic(op) as Operation;
  for (let at = 0; at < out.length; at++) {
    if (present[at] === 0) continue;
    const other = scalar[at % steps];
    out[at] = mirrored ? operation(other, values[at]) : operation(values[at], other);
  }
  return out;
}
