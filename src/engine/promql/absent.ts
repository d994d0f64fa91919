// absent() and absent_over_time(): one series where there is none, with the labels that the
// selector demands exactly.
import { makeLabels } from '../model/labels.ts';
import { emptyVector, vectorOf } from './vector.ts';
import type { Expr } from './ast.ts';
import type { Labels } from '../model/labels.ts';
import type { Vector } from './vector.ts';

/** The labels of what is missing: from plain equalities, unless a label is named twice. */
export function absentLabels(expr: Expr): Labels {
  const selector = expr.kind === 'range' ? expr.selector : expr;
  if (selector.kind !== 'selector') return [];
  const values = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, op, value } of selector.matchers) {
    if (name === '__name__') continue;
    if (op === '=' && !seen.has(name)) {
      values.set(name, value);
      seen.add(name);
    } else {
      values.delete(name);
    }
  }
  return makeLabels(values);
}

/** 1 at each step at which the vector has nothing. */
export function absentOf(vector: Vector, labels: Labels, drops: boolean): Vector {
  const { steps } = vector;
  const present = new Uint8Array(steps).fill(1);
  for (let at = 0; at < vector.present.length; at++) {
    if (vector.present[at] !== 0) present[at % steps] = 0;
  }
  if (!present.includes(1)) return emptyVector(steps);
  const values = new Float64Array(steps).fill(1);
  return vectorOf({
    ...{ labels: [labels], steps, values, present },
    drops: Uint8Array.of(+drops),
  });
}
