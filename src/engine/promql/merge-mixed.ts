// Joins partial sums and means that met histograms: the sums of a group from two sources become
// one, means by their weights. What each has met is joined bit by bit; what it means is said by
// the root.
import { MIX } from '../model/fragment.ts';
import { freshMix } from './accumulate.ts';
import { combine, compacted, divided, multiplied } from './histogram-math.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { GroupRow, PartialOp } from './accumulate.ts';
import type { HistogramColumn, Matrix } from '../model/fragment.ts';

/** Adds the histogram side of one cell to its group. */
export function addMix(
  op: PartialOp,
  { group, i }: { readonly group: GroupRow; readonly i: number },
  matrix: Matrix,
  from: number,
): void {
  group.mix ??= freshMix(group.seen.length);
  const { bits, merged } = group.mix;
  bits[i] |= matrix.mixes?.[from] ?? 0;
  const histogram = matrix.histograms?.[from];
  if (histogram === undefined || (bits[i] & MIX.incompatible) !== 0) return;
  const before = merged[i];
  const count = matrix.counts?.[from] ?? 1;
  const counted = group.counts[i] ?? 0;
  if (group.counts.length > 0 && (bits[i] & MIX.float) === 0) group.counts[i] = counted + count;
  if (before === undefined) {
    merged[i] = histogram;
    return;
  }
  const total = counted + count;
  const sum =
    op === 'avg'
      ? combine(multiplied(before, counted / total), divided(histogram, total / count), 1)
      : combine(before, histogram, 1);
  if (sum === undefined) bits[i] |= MIX.incompatible;
  merged[i] = sum && compacted(sum.histogram);
}

/** The columns of merged groups that met histograms, or nothing when none did. */
export function mixedCells(
  groups: readonly GroupRow[],
  present: Uint8Array,
): { mixes?: Uint8Array; histograms?: HistogramColumn } {
  if (groups.every((group) => group.mix === undefined)) return {};
  const mixes = new Uint8Array(present.length);
  const histograms: (FloatHistogram | undefined)[] = Array.from(present, () => undefined);
  groups.forEach((group, g) => {
    const at = g * group.seen.length;
    group.mix?.bits.forEach((bits, i) => {
      if (bits === 0) return;
      // A source without histograms had floats there.
      mixes[at + i] = bits | (group.seen[i] === 0 ? 0 : MIX.float);
      present[at + i] = 1;
      histograms[at + i] = group.mix?.merged[i];
    });
  });
  return { mixes, histograms };
}
