// The arithmetic of PromQL's operators on two floats, with Go's answers where JavaScript's differ
// (powers of one and of minus one, extremes of NaN and infinity).
import type { ArithmeticOp, BinaryOp, ComparisonOp } from './ast.ts';

/** Go's math.Pow: 1 ^ anything is 1, and (-1) ^ infinity is 1. */
export function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && (exponent === Infinity || exponent === -Infinity)) return 1;
  return base ** exponent;
}

/** Go's math.Max: infinity wins over NaN. */
export function maximum(a: number, b: number): number {
  return a === Infinity || b === Infinity ? Infinity : Math.max(a, b);
}

/** Go's math.Min. */
export function minimum(a: number, b: number): number {
  return a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b);
}

export type Operation = (left: number, right: number) => number;

const ARITHMETIC: Record<ArithmeticOp, Operation> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': power,
  atan2: Math.atan2,
};

const COMPARE: Record<ComparisonOp, (left: number, right: number) => boolean> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
};

/** The function of an arithmetic operator, or undefined for the others. */
export function arithmetic(op: BinaryOp): Operation | undefined {
  return Object.hasOwn(ARITHMETIC, op) ? ARITHMETIC[op as ArithmeticOp] : undefined;
}

/** The predicate of a comparison, or undefined for the others. */
export function comparison(op: BinaryOp): ((left: number, right: number) => boolean) | undefined {
  return Object.hasOwn(COMPARE, op) ? COMPARE[op as ComparisonOp] : undefined;
}

/** An operator between scalars: comparisons give 1 or 0. */
export function scalarOperation(op: BinaryOp): Operation | undefined {
  const compare = comparison(op);
  return compare === undefined ? arithmetic(op) : (a, b) => (compare(a, b) ? 1 : 0);
}
