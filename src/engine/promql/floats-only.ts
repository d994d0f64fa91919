// Aggregations that rank or spread values take floats only; histograms beside them are left out
// with an info.
import { floatsOf } from './vector.ts';
import { ignoredInAggregation } from './notes.ts';
import type { Notes } from './notes.ts';
import type { Vector } from './vector.ts';

/** The floats; an info when there were histograms too. */
export function floatsOnly(vector: Vector, op: string, notes: Notes): Vector {
  const { histograms, present } = vector;
  if (histograms === undefined) return vector;
  const any = histograms.some((one, at) => one !== undefined && present[at] !== 0);
  if (any) notes.info(ignoredInAggregation(op));
  return floatsOf(vector);
}
