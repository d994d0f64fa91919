// topk, bottomk, limitk, limit_ratio: series pass through, step by step only some of them. Easy to
// get wrong: with one step the answer is ordered by value, group by group; NaN is chosen last; and
// ties go to the series met first, by the rules of a binary heap, as in Prometheus.
import { floatsOnly } from './floats-only.ts';
import { formatShort } from './literals.ts';
import { labelShare } from './label-hash.ts';
import { evaluationFailed } from './query-failure.ts';
import { RankHeap } from './rank-heap.ts';
import { rowGroups } from './row-groups.ts';
import { arrangeRows, emptyVector, vectorOf, withoutEmptyRows } from './vector.ts';
import { unparen } from './ast.ts';
import type { Aggregate } from './ast.ts';
import type { EvalContext } from './context.ts';
import type { Notes } from './notes.ts';
import type { Vector } from './vector.ts';

export function selectRows(
  expr: Aggregate,
  whole: Vector,
  param: Float64Array,
  context: EvalContext,
): Vector {
  const ranks = expr.op === 'topk' || expr.op === 'bottomk';
  const inner = ranks ? floatsOnly(whole, expr.op, context.notes.at(expr)) : whole;
  const { steps } = inner;
  const ratio = expr.op === 'limit_ratio';
  const notes = context.notes.at(unparen(expr.param ?? expr));
  if (inner.labels.length === 0 && steps === 0) return inner;
  if (ratio ? !checkRatio(param, notes) : !checkCount(param)) return emptyVector(steps);
  const present = new Uint8Array(inner.present.length);
  const order: number[] = [];
  const offsets = ratio ? inner.labels.map(labelShare) : [];
  const column: number[] = [];
  for (const { rows } of rowGroups(expr, inner)) {
    for (let i = 0; i < steps; i++) {
      column.length = 0;
      for (const row of rows) if (inner.present[row * steps + i] !== 0) column.push(row);
      const chosen = ratio
        ? column.filter((row) => inRatio(offsets[row], param[i]))
        : choose(expr.op, inner, column, { step: i, k: param[i] });
      for (const row of chosen) present[row * steps + i] = 1;
      if (steps === 1) order.push(...chosen);
    }
  }
  if (steps === 1) return arrangeRows(inner, order);
  return withoutEmptyRows(vectorOf({ ...inner, present }));
}

/** False when nothing can be chosen at all. */
function checkCount(param: Float64Array): boolean {
  const most = param.reduce((a, b) => (b > a ? b : a), -Infinity);
  if (most < 1 && !param.some(Number.isNaN)) return false;
  if (param.some(Number.isNaN)) throw evaluationFailed('Parameter value is NaN');
  const least = param.reduce((a, b) => (b < a ? b : a), Infinity);
  if (least <= -(2 ** 63)) {
    throw evaluationFailed(`Scalar value ${formatShort(least)} underflows int64`);
  }
  if (most >= 2 ** 63) {
    throw evaluationFailed(`Scalar value ${formatShort(most)} overflows int64`);
  }
  return true;
}

function checkRatio(param: Float64Array, notes: Notes): boolean {
  if (param.some(Number.isNaN)) throw evaluationFailed('Ratio value is NaN');
  const most = param.reduce((a, b) => Math.max(a, b), -Infinity);
  const least = param.reduce((a, b) => Math.min(a, b), Infinity);
  const words = 'ratio value should be between -1 and 1';
  if (most > 1) notes.warn(`${words}, got ${formatShort(most)}, capping to 1`);
  if (least < -1) notes.warn(`${words}, got ${formatShort(least)}, capping to -1`);
  return most !== 0 || least !== 0;
}

function inRatio(offset: number, ratio: number): boolean {
  if (ratio === 0) return false;
  return ratio > 0 ? offset < ratio : offset >= 1 + ratio;
}

interface Choice {
  readonly step: number;
  readonly k: number;
}

/** The rows chosen at one step, best first. */
function choose(op: string, inner: Vector, rows: readonly number[], { step, k }: Choice): number[] {
  const many = Math.min(Math.trunc(k), rows.length);
  if (many < 1) return [];
  if (op === 'limitk') return rows.slice(0, many);
  const { values, steps } = inner;
  const sign = op === 'topk' ? 1 : -1;
  const heap = new RankHeap(many);
  for (const row of rows) heap.offer(row, sign * values[row * steps + step]);
  return heap.rows.sort((a, b) =>
    order(sign * values[b * steps + step], sign * values[a * steps + step]),
  );
}

/** Ascending with NaN first: called with the arguments swapped, so NaN ends up last. */
function order(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
  if (Number.isNaN(b)) return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
