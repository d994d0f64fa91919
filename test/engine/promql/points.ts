// An answer as a map from series to time to value, for comparisons. Absent values are absent from
// the map, NaN is a value.
import assert from 'node:assert/strict';
import { gridSize } from '../../../src/engine/model/fragment.ts';
import { labelsKey } from '../../../src/engine/model/labels.ts';
import type { QueryAnswer } from '../../../src/engine/model/query-result.ts';

export type Points = Map<string, Map<number, number>>;

/** The points of an instant vector or a matrix. */
export function pointsOf(answer: QueryAnswer): Points {
  const { result } = answer;
  assert.ok(result.type === 'matrix' || result.type === 'vector');
  const one = result.type === 'vector';
  const grid = one ? { start: result.timeMs, end: result.timeMs, step: 1 } : result.grid;
  const out: Points = new Map();
  result.matrix.labels.forEach((labels, s) => {
    const row = new Map<number, number>();
    for (let i = 0; i < gridSize(grid); i++) {
      const at = s * result.matrix.steps + i;
      if (result.matrix.present[at] === 1) {
        row.set(grid.start + i * grid.step, result.matrix.values[at]);
      }
    }
    out.set(labelsKey(labels), row);
  });
  return out;
}
