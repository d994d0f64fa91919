// One binary operation where a side may be a histogram, or where the operator is made for them:
// what goes together, what it gives, and what is said when it does not. Plain floats under plain
// operators never come here. Source: Prometheus' documentation of operators.
import { HINT } from '../model/histogram.ts';
import { arithmetic, comparison } from './arithmetic.ts';
import { combine, compacted, divided, multiplied, sameHistogram } from './histogram-math.ts';
import { trimmed } from './histogram-trim.ts';
import { collision, incompatibleLayout, incompatibleTypes, reconciled } from './notes.ts';
import type { BinaryOp } from './ast.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { Notes } from './notes.ts';

/** A sample's value. */
export type Element = number | FloatHistogram;

/** The value, and for a comparison whether it holds (the value is then the left side's). */
export interface Outcome {
  readonly value: Element;
  readonly holds: boolean;
}

const given = (value: Element): Outcome => ({ value, holds: true });

/** The outcome of a pair; undefined, with a note, when the two do not go together. */
export function operate(
  op: BinaryOp,
  left: Element,
  right: Element,
  notes: Notes,
): Outcome | undefined {
  const outcome =
    typeof left === 'number'
      ? withFloatLeft(op, left, right)
      : typeof right === 'number'
        ? byFloat(op, left, right)
        : ofHistograms(op, left, right, notes);
  if (outcome === 'types') {
    const word = (side: Element): string => (typeof side === 'number' ? 'float' : 'histogram');
    notes.info(incompatibleTypes(op, word(left), word(right)));
    return undefined;
  }
  return outcome;
}

type Answer = Outcome | 'types' | undefined;

function withFloatLeft(op: BinaryOp, left: number, right: Element): Answer {
  if (typeof right !== 'number') {
    return op === '*' ? given(compacted(multiplied(right, left))) : 'types';
  }
  const compute = arithmetic(op);
  if (compute !== undefined) return given(compute(left, right));
  const holds = comparison(op);
  return holds === undefined ? 'types' : { value: left, holds: holds(left, right) };
}

function byFloat(op: BinaryOp, left: FloatHistogram, right: number): Answer {
  switch (op) {
    case '*':
      return given(compacted(multiplied(left, right)));
    case '/':
      return given(compacted(divided(left, right)));
    case '</':
      return given(trimmed(left, right, true));
    case '>/':
      return given(trimmed(left, right, false));
    default:
      return 'types';
  }
}

function ofHistograms(
  op: BinaryOp,
  left: FloatHistogram,
  right: FloatHistogram,
  notes: Notes,
): Answer {
  if (op === '==') return { value: left, holds: sameHistogram(left, right) };
  if (op === '!=') return { value: left, holds: !sameHistogram(left, right) };
  if (op !== '+' && op !== '-') return 'types';
  const sum = combine(left, right, op === '+' ? 1 : -1);
  if (sum === undefined) {
    notes.warn(incompatibleLayout(op));
    return undefined;
  }
  const deed = op === '+' ? 'addition' : 'subtraction';
  if (sum.collision) {
    notes.warn(collision(deed));
    return undefined;
  }
  if (sum.reconciled) notes.info(reconciled(deed));
  const { histogram } = sum;
  return given(compacted(op === '-' ? { ...histogram, hint: HINT.gauge } : histogram));
}
