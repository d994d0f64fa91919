// A histogram over time as rows of a heatmap. Classic buckets come as series with `le`, each
// holding all that lies below it, so that what fell into a bucket is a difference; native ones come
// as lists of buckets, which become series of the same form here. Easy to get wrong: buckets are
// not sorted by name, and a difference of two rates may fall below zero by a rounding.
import type { Grid, Matrix } from '../../engine/model/fragment.ts';
import { shownOf, type ShownHistogram } from '../../engine/model/histogram.ts';
import { labelValue, makeLabels, type Labels } from '../../engine/model/labels.ts';
import type { QueryAnswer } from '../../engine/model/query-result.ts';
import type { HeatRow, HeatRows } from './dash-snapshot.ts';
import type { FeedSeries } from './snapshot.ts';

/** The label that marks a series made of native buckets: its value is the lower bound. */
const LOWER = '__lower__';

/** The answer's native histograms as series by bucket; the matrix itself where it has none. */
export function heatMatrix(answer: QueryAnswer): { grid: Grid; matrix: Matrix } | undefined {
  const { result, shown } = answer;
  if (result.type !== 'matrix') return undefined;
  const { grid, matrix } = result;
  const own = matrix.histograms?.map((one) => (one === undefined ? undefined : shownOf(one)));
  const histograms = shown ?? own;
  if (histograms === undefined || histograms.every((one) => one === undefined)) {
    return { grid, matrix };
  }
  return { grid, matrix: bucketMatrix(histograms, matrix) };
}

function bucketMatrix(
  histograms: readonly (ShownHistogram | undefined)[],
  { steps }: Matrix,
): Matrix {
  const rows = new Map<string, { labels: Labels; values: Float64Array }>();
  const known = new Uint8Array(steps);
  histograms.forEach((histogram, cell) => {
    if (histogram === undefined) return;
    const at = cell % steps;
    known[at] = 1;
    for (const { lower, upper, count } of histogram.buckets) {
      const key = `${lower} ${upper}`;
      let row = rows.get(key);
      if (row === undefined) {
        const labels = makeLabels([
          ['le', String(upper)],
          [LOWER, String(lower)],
        ]);
        row = { labels, values: new Float64Array(steps) };
        rows.set(key, row);
      }
      row.values[at] += count;
    }
  });
  const list = [...rows.values()];
  const values = new Float64Array(list.length * steps);
  const present = new Uint8Array(list.length * steps);
  list.forEach((row, r) => {
    values.set(row.values, r * steps);
    present.set(known, r * steps);
  });
  return { labels: list.map((row) => row.labels), steps, values, present };
}

/** Rows from the lowest bucket up. Series without `le` are rows of their own, in their order. */
export function heatRows(series: readonly FeedSeries[]): HeatRows | undefined {
  const [first] = series;
  if (first === undefined) return undefined;
  const { timestamps } = first;
  const native = series.filter(({ labels }) => labelValue(labels, LOWER) !== '');
  if (native.length > 0) {
    const rows = native
      .map(({ labels, values, present }) => ({
        lower: bound(labelValue(labels, LOWER)),
        upper: bound(labelValue(labels, 'le')),
        values,
        present,
      }))
      .toSorted((a, b) => a.upper - b.upper);
    return { timestamps, rows };
  }
  const sorted = series
    .map((one) => ({ ...one, upper: bound(labelValue(one.labels, 'le')) }))
    .filter(({ upper }) => !Number.isNaN(upper))
    .toSorted((a, b) => a.upper - b.upper);
  if (sorted.length === 0) return undefined;
  return { timestamps, rows: summed(sorted).map(differenceRow) };
}

interface Summed {
  readonly upper: number;
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

/** Series of the same bound (of several instances) added up: one row a bucket. */
function summed(sorted: readonly Summed[]): Summed[] {
  const out: Summed[] = [];
  for (const one of sorted) {
    const last = out.at(-1);
    if (last === undefined || last.upper !== one.upper) {
      out.push({ ...one, values: one.values.slice(), present: one.present.slice() });
      continue;
    }
    for (let i = 0; i < one.values.length; i++) {
      if (one.present[i] === 0) continue;
      last.values[i] = last.present[i] === 1 ? last.values[i] + one.values[i] : one.values[i];
      last.present[i] = 1;
    }
  }
  return out;
}

function differenceRow(row: Summed, at: number, all: readonly Summed[]): HeatRow {
  const below = all[at - 1];
  const lower = below?.upper ?? Math.min(0, row.upper);
  if (below === undefined) return { lower, ...pick(row) };
  const values = row.values.map((value, i) => {
    return below.present[i] === 1 ? Math.max(0, value - below.values[i]) : value;
  });
  return { lower, upper: row.upper, values, present: row.present };
}

function pick({ upper, values, present }: Summed): Omit<HeatRow, 'lower'> {
  return { upper, values, present };
}

function bound(text: string): number {
  if (/^\+?Inf$/i.test(text) || text === 'Infinity') return Infinity;
  if (/^-Inf/i.test(text)) return -Infinity;
  return text === '' ? NaN : Number(text);
}
