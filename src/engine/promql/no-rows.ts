// Whether a plan has no row, seen from its fragments' answers alone: most alerting rules compare an
// aggregate with a bound and answer nothing, so a standing rule need not build what it will throw
// away. Pure, ahead of the root. Easy to get wrong: what may warn, fail or meet a histogram has to
// take the whole way; only what is certain is said here.
import type { FragmentResult, Matrix } from '../model/fragment.ts';
import type { ComparisonOp } from './ast.ts';
import type { Plan, PlanNode } from './plan-node.ts';

/** Certain to have no row, certain to have one, or not known without computing. */
type Rows = 'none' | 'some' | 'unknown';

/**
 * True when the plan is certain to answer an empty vector, without warning or failure; infos may
 * get lost.
 */
export function hasNoRows(plan: Plan, results: readonly FragmentResult[]): boolean {
  return results.every(isPlain) && rowsOf(plan.root, plan, results) === 'none';
}

/** Floats only, and nothing to warn about. */
function isPlain({ matrix, warnings, aggregateWarnings = [] }: FragmentResult): boolean {
  return (
    matrix !== undefined &&
    matrix.histograms === undefined &&
    matrix.mixes === undefined &&
    warnings.length + aggregateWarnings.length === 0
  );
}

function rowsOf(node: PlanNode, plan: Plan, results: readonly FragmentResult[]): Rows {
  if (node.kind !== 'binary') {
    const matrix = matrixOf(node, plan, results);
    if (matrix === undefined) return 'unknown';
    return matrix.present.includes(1) ? 'some' : 'none';
  }
  const { op, bool } = node.expr;
  if (op === 'and' || op === 'or' || op === 'unless') {
    const left = rowsOf(node.left, plan, results);
    const right = rowsOf(node.right, plan, results);
    if (left === 'unknown' || right === 'unknown') return 'unknown';
    if (op === 'or') return left === 'none' && right === 'none' ? 'none' : 'some';
    if (left === 'none' || (op === 'and' && right === 'none')) return 'none';
    return 'unknown';
  }
  const compare = COMPARISONS.get(op as ComparisonOp);
  if (compare === undefined || bool) return 'unknown';
  const { left, right } = node;
  if (right.kind === 'number') return compared(matrixOf(left, plan, results), right.value, compare);
  if (left.kind !== 'number') return 'unknown';
  const { value } = left;
  return compared(matrixOf(right, plan, results), value, (a, b) => compare(b, a));
}

type Compare = (a: number, b: number) => boolean;

const COMPARISONS: ReadonlyMap<ComparisonOp, Compare> = new Map<ComparisonOp, Compare>([
  ['>', (a, b) => a > b],
  ['<', (a, b) => a < b],
  ['>=', (a, b) => a >= b],
  ['<=', (a, b) => a <= b],
  ['==', (a, b) => a === b],
  ['!=', (a, b) => a !== b],
]);

function compared(matrix: Matrix | undefined, bound: number, compare: Compare): Rows {
  if (matrix === undefined) return 'unknown';
  const { values, present } = matrix;
  for (let i = 0; i < values.length; i++) {
    if (present[i] !== 0 && compare(values[i], bound)) return 'some';
  }
  return 'none';
}

/** The answer of a leaf whose numbers are final as they came. */
function matrixOf(
  node: PlanNode,
  plan: Plan,
  results: readonly FragmentResult[],
): Matrix | undefined {
  if (node.kind !== 'leaf' || node.named) return undefined;
  const { aggregate } = plan.fragments[node.fragment];
  const isFinal = aggregate?.op !== 'stddev' && aggregate?.op !== 'stdvar';
  return isFinal ? results[node.fragment].matrix : undefined;
}
