// Aggregation of rows that hold histograms: sum and avg add them up beside the floats, count and
// group take them as they are, the others leave them out and say so. Easy to get wrong: a group
// with floats and histograms at a step has no sum there; that is known only when all sources are
// merged, so what was met travels as bits.
import { MIX } from '../model/fragment.ts';
import { HistogramSum } from './histogram-sum.ts';
import { foldRow, freshMix } from './accumulate.ts';
import {
  MIXED_IN_AGGREGATION,
  collision,
  ignoredInAggregation,
  mixedSchemas,
  reconciled,
} from './notes.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { GroupRow, MixState, PartialOp } from './accumulate.ts';
import type { HistogramColumn, Matrix } from '../model/fragment.ts';
import type { Notes } from './notes.ts';

/** One row of a vector or matrix: its cells begin at `at`. */
export interface RowCells {
  readonly values: Float64Array;
  readonly present: Uint8Array;
  readonly histograms: HistogramColumn | undefined;
  readonly at: number;
}

/** Adds a row that may hold histograms. `name` is the metric's, for notes. */
export function foldCells(
  op: PartialOp,
  row: GroupRow,
  cells: RowCells,
  said: { readonly notes: Notes; readonly name: string },
): void {
  const { values, present, histograms, at } = cells;
  const fold = foldRow(op);
  const steps = row.seen.length;
  const mixed = row.mix !== undefined || (histograms !== undefined && anyAt(cells, steps));
  if (!mixed || op === 'count' || op === 'group') return fold(row, values, present, at);
  const adds = op === 'sum' || op === 'avg';
  if (adds) row.mix ??= freshMix(steps);
  const floats = present.slice(at, at + steps);
  for (let i = 0; i < steps; i++) {
    const histogram = histograms?.[at + i];
    const { mix } = row;
    if (histogram !== undefined && floats[i] !== 0) {
      floats[i] = 0;
      if (mix === undefined) said.notes.info(ignoredInAggregation(op));
      else addHistogram(row, { mix, i, mean: op === 'avg' }, histogram, said);
    } else if (mix !== undefined && (mix.bits[i] & MIX.incompatible) !== 0) {
      floats[i] = 0;
    }
  }
  fold(row, values.subarray(at, at + steps), floats, 0);
}

function anyAt({ histograms, at }: RowCells, steps: number): boolean {
  for (let i = at; i < at + steps; i++) if (histograms?.[i] !== undefined) return true;
  return false;
}

function addHistogram(
  row: GroupRow,
  { mix, i, mean }: { readonly mix: MixState; readonly i: number; readonly mean: boolean },
  histogram: FloatHistogram,
  { notes, name }: { readonly notes: Notes; readonly name: string },
): void {
  const { bits, sums } = mix;
  if ((bits[i] & MIX.incompatible) !== 0) return;
  bits[i] |= MIX.histogram;
  const sum = sums[i];
  if (sum === undefined) {
    // After a float there is no sum any more, whatever follows.
    if (row.seen[i] === 0) sums[i] = new HistogramSum(histogram, mean);
    return;
  }
  if (!sum.add(histogram)) {
    bits[i] |= MIX.incompatible | (row.seen[i] === 0 ? 0 : MIX.float);
    notes.warn(mixedSchemas(name));
  }
  if (sum.reconciled) notes.info(reconciled('aggregation'));
}

/** Completes the bits of a group when all its rows are in; counts of means include histograms. */
export function closeMix(row: GroupRow): void {
  const { mix, seen, counts } = row;
  if (mix === undefined) return;
  for (let i = 0; i < seen.length; i++) {
    if (mix.bits[i] === 0) continue;
    if (seen[i] !== 0 && (mix.bits[i] & MIX.incompatible) === 0) mix.bits[i] |= MIX.float;
    const sum = mix.sums[i];
    if (sum === undefined) continue;
    if (sum.sawReset) mix.bits[i] |= MIX.reset;
    if (sum.sawNoReset) mix.bits[i] |= MIX.noReset;
    if (counts.length > 0 && seen[i] === 0) counts[i] = sum.count;
  }
}

/** The columns of groups that met histograms, or nothing when none did. */
export function mixColumns(
  rows: readonly GroupRow[],
  present: Uint8Array,
): { mixes?: Uint8Array; histograms?: HistogramColumn } {
  if (rows.every((row) => row.mix === undefined)) return {};
  const mixes = new Uint8Array(present.length);
  const histograms: (FloatHistogram | undefined)[] = Array.from(present, () => undefined);
  rows.forEach(({ mix, seen }, r) => {
    if (mix === undefined) return;
    const at = r * seen.length;
    mixes.set(mix.bits, at);
    mix.sums.forEach((sum, i) => {
      if (sum !== undefined && !sum.incompatible) histograms[at + i] = sum.result();
    });
    mix.bits.forEach((bits, i) => {
      if (bits !== 0) present[at + i] = 1;
    });
  });
  return { mixes, histograms };
}

/** A sum or mean with what it met made final: cells without a sum are gone, and it is said why. */
export function finishMixes(matrix: Matrix, notes: Notes): Matrix {
  const { mixes } = matrix;
  if (mixes === undefined) return matrix;
  const present = matrix.present.slice();
  mixes.forEach((bits, at) => {
    if (bits === 0) return;
    if ((bits & MIX.float) !== 0 && (bits & MIX.histogram) !== 0) {
      notes.warn(MIXED_IN_AGGREGATION);
      present[at] = 0;
    } else if ((bits & MIX.incompatible) !== 0) {
      present[at] = 0;
    } else if ((bits & MIX.reset) !== 0 && (bits & MIX.noReset) !== 0) {
      notes.warn(collision('aggregation'));
    }
  });
  const { mixes: _, ...rest } = matrix;
  return { ...rest, present };
}
