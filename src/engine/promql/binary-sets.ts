// and, or, unless: which series stay is decided by the presence of their signature on the other
// side, step by step; values pass through untouched.
import { groupsOf, anyPresent } from './binary-signature.ts';
import { RowBuilder, withoutEmptyRows } from './vector.ts';
import type { Binary } from './ast.ts';
import type { EvalContext } from './context.ts';
import type { Vector } from './vector.ts';

export interface Sides {
  readonly left: Vector;
  readonly right: Vector;
}

export function setBinary(expr: Binary, { left, right }: Sides, context: EvalContext): Vector {
  const groups = groupsOf(left, right, expr.matching);
  const { steps } = left;
  if (expr.op !== 'or') {
    const present = left.present.slice();
    const wanted = expr.op === 'and' ? 1 : 0;
    for (const group of groups) {
      if (group.left.length === 0) continue;
      const there = anyPresent(right, group.right);
      for (const row of group.left) {
        for (let i = 0; i < steps; i++) if (there[i] !== wanted) present[row * steps + i] = 0;
      }
    }
    return withoutEmptyRows({ ...left, present });
  }
  const present = right.present.slice();
  for (const group of groups) {
    if (group.right.length === 0) continue;
    const there = anyPresent(left, group.left);
    for (const row of group.right) {
      for (let i = 0; i < steps; i++) if (there[i] !== 0) present[row * steps + i] = 0;
    }
  }
  const rest = { ...right, present };
  const rows = left.labels.length + right.labels.length;
  const builder = new RowBuilder(steps, context.cellsMax, rows);
  for (const side of [left, rest]) {
    side.labels.forEach((labels, row) => {
      builder.addRow(builder.row(labels, side.drops[row]), side, row);
    });
  }
  return builder.vector();
}
