// The aggregations that can be done in part: sum, count, min, max, avg, group, stddev, stdvar. One
// accumulator takes rows of one group, all steps at once; the same code runs beside the samples
// and at the root. Easy to get wrong: a partial stddev is not a value yet: mean, count and squares
// travel.
import { isInfinite, lostBy } from './sum.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { FragmentAggregate } from '../model/fragment.ts';
import type { HistogramSum } from './histogram-sum.ts';
import type { Slab } from './slab.ts';

export type PartialOp = FragmentAggregate['op'];

/** The histograms of a group: bits of MIX and a running sum for each step. */
export interface MixState {
  readonly bits: Uint8Array;
  readonly sums: (HistogramSum | undefined)[];
  /** Sums that came closed from several sources. */
  readonly merged: (FloatHistogram | undefined)[];
}

export function freshMix(steps: number): MixState {
  return { bits: new Uint8Array(steps), sums: [], merged: [] };
}

const NONE = new Float64Array(0);

/** The state of one group over all steps. */
export class GroupRow {
  readonly values: Float64Array;
  readonly seen: Uint8Array;
  /** What the sums lost in rounding (sum, avg). */
  readonly lost: Float64Array;
  /** Values seen (avg, stddev, stdvar). */
  readonly counts: Float64Array;
  /** Sums of squared differences (stddev, stdvar). */
  readonly squares: Float64Array;
  /** Histograms beside the floats and what each step met; undefined until one comes. */
  mix: MixState | undefined;

  /** `room` is that of all groups of an aggregation. */
  constructor(op: PartialOp, steps: number, room: Slab) {
    this.values = room.floats(steps);
    this.seen = room.bytes(steps);
    this.lost = op === 'sum' || op === 'avg' ? room.floats(steps) : NONE;
    this.counts = carriesCounts(op) ? room.floats(steps) : NONE;
    this.squares = isDeviation(op) ? room.floats(steps) : NONE;
  }
}

export function isDeviation(op: PartialOp): boolean {
  return op === 'stddev' || op === 'stdvar';
}

export function carriesCounts(op: PartialOp): boolean {
  return op === 'avg' || isDeviation(op);
}

type Fold = (row: GroupRow, values: Float64Array, present: Uint8Array, at: number) => void;

/** `seen` of a mean that has left the sum behind because the sum would be infinite. */
const MOVING = 2;

const FOLDS: Record<PartialOp, Fold> = {
  sum(row, values, present, at) {
    const { values: sums, lost, seen } = row;
    for (let i = 0; i < seen.length; i++) {
      if (present[at + i] === 0) continue;
      const value = values[at + i];
      if (seen[i] === 0) {
        seen[i] = 1;
        sums[i] = value;
        continue;
      }
      const next = sums[i] + value;
      lost[i] = isInfinite(next) ? 0 : lost[i] + lostBy(sums[i], value, next);
      sums[i] = next;
    }
  },
  avg(row, values, present, at) {
    const { values: sums, lost, seen, counts } = row;
    for (let i = 0; i < seen.length; i++) {
      if (present[at + i] === 0) continue;
      const value = values[at + i];
      const count = ++counts[i];
      if (seen[i] === 0) {
        seen[i] = 1;
        sums[i] = value;
        continue;
      }
      const sum = sums[i] + value;
      if (seen[i] !== MOVING && !isInfinite(sum)) {
        lost[i] += lostBy(sums[i], value, sum);
        sums[i] = sum;
        continue;
      }
      const starts = seen[i] !== MOVING;
      seen[i] = MOVING;
      const share = (count - 1) / count;
      const before = share * (starts ? sums[i] / (count - 1) : sums[i]);
      const lostBefore = share * (starts ? lost[i] / (count - 1) : lost[i]);
      const mean = before + value / count;
      lost[i] = isInfinite(mean) ? 0 : lostBefore + lostBy(before, value / count, mean);
      sums[i] = mean;
    }
  },
  count(row, _, present, at) {
    const { values: counts, seen } = row;
    for (let i = 0; i < seen.length; i++) {
      if (present[at + i] === 0) continue;
      seen[i] = 1;
      counts[i]++;
    }
  },
  group(row, _, present, at) {
    for (let i = 0; i < row.seen.length; i++) {
      if (present[at + i] === 0) continue;
      row.seen[i] = 1;
      row.values[i] = 1;
    }
  },
  min(row, values, present, at) {
    const { values: least, seen } = row;
    for (let i = 0; i < seen.length; i++) {
      if (present[at + i] === 0) continue;
      const value = values[at + i];
      if (seen[i] === 0 || value < least[i] || Number.isNaN(least[i])) least[i] = value;
      seen[i] = 1;
    }
  },
  max(row, values, present, at) {
    const { values: most, seen } = row;
    for (let i = 0; i < seen.length; i++) {
      if (present[at + i] === 0) continue;
      const value = values[at + i];
      if (seen[i] === 0 || value > most[i] || Number.isNaN(most[i])) most[i] = value;
      seen[i] = 1;
    }
  },
  stddev: welford,
  stdvar: welford,
};

/** Welford's method: values hold the mean. Source: Technometrics 4 (3), 1962. */
function welford(row: GroupRow, values: Float64Array, present: Uint8Array, at: number): void {
  const { values: means, squares, counts, seen } = row;
  for (let i = 0; i < seen.length; i++) {
    if (present[at + i] === 0) continue;
    const value = values[at + i];
    const count = ++counts[i];
    if (seen[i] === 0) {
      seen[i] = 1;
      means[i] = value;
      squares[i] = Number.isFinite(value) ? 0 : NaN;
      continue;
    }
    const difference = value - means[i];
    means[i] += difference / count;
    squares[i] += difference * (value - means[i]);
  }
}

/** Adds one row to its group. */
export function foldRow(op: PartialOp): Fold {
  return FOLDS[op];
}

/**
 * Turns the state into what travels: the best value, and for a sum what even that lost. Afterwards
 * no row can be added any more.
 */
export function closeRow(op: PartialOp, row: GroupRow): void {
  const { values, lost, counts, seen } = row;
  if (op !== 'sum' && op !== 'avg') return;
  for (let i = 0; i < seen.length; i++) {
    if (seen[i] === 0) continue;
    if (op === 'avg') {
      const moving = seen[i] === MOVING;
      const { [i]: count } = counts;
      values[i] = moving ? values[i] + lost[i] : values[i] / count + lost[i] / count;
      seen[i] = 1;
    } else {
      const best = values[i] + lost[i];
      lost[i] = Number.isFinite(best) ? lost[i] - (best - values[i]) : 0;
      values[i] = best;
    }
  }
}

/** Turns closed values into final ones: only deviations differ. */
export function finishRow(
  op: PartialOp,
  row: Pick<GroupRow, 'values' | 'counts' | 'squares'>,
): void {
  if (!isDeviation(op)) return;
  const { values, counts, squares } = row;
  for (let i = 0; i < values.length; i++) {
    const variance = squares[i] / counts[i];
    values[i] = op === 'stddev' ? Math.sqrt(variance) : variance;
  }
}
