// The groups of an aggregation at the root: which rows belong together, and under which labels.
// Groups come in the order in which their first rows stand: the order of an instant answer.
import { labelsKey } from '../model/labels.ts';
import { groupingOf } from './names.ts';
import type { Aggregate } from './ast.ts';
import type { Labels } from '../model/labels.ts';
import type { Vector } from './vector.ts';

/** Rows that form a group, in the order in which groups are met. */
export interface RowGroup {
  readonly labels: Labels;
  readonly rows: number[];
}

/** The groups of an aggregation. */
export function rowGroups(expr: Aggregate, vector: Vector): RowGroup[] {
  const grouping = groupingOf(expr.names, !expr.without);
  const groups = new Map<string, RowGroup>();
  vector.labels.forEach((set, row) => {
    const labels = grouping(set);
    const key = labelsKey(labels);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels, rows: [row] });
    else group.rows.push(row);
  });
  return [...groups.values()];
}
