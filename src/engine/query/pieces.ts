// Cutting and joining the columns of a range: pieces out of the cache and pieces computed anew
// become one matrix. Between the result cache and the answer. Easy to get wrong: a piece has only
// the series that had a value in it, so rows are joined by labels, and a row may be left without
// any value.
import { compareLabels, labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { HistogramColumn, Matrix } from '../model/fragment.ts';

/** Columns of the steps `from` to `to`, numbered on the grid of a cached query. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly labels: readonly Labels[];
  readonly values: Float64Array;
  readonly present: Uint8Array;
  /** Undefined when there are only floats. */
  readonly histograms?: HistogramColumn | undefined;
}

/** The pieces as one, sorted by labels, for the steps asked; what no piece has is absent. */
export function joinPieces(pieces: readonly Piece[], from: number, to: number): Piece {
  const steps = to - from + 1;
  const used = pieces.filter((piece) => piece.from <= to && piece.to >= from);
  const rows = rowsOf(used, from, to);
  const values = new Float64Array(rows.labels.length * steps);
  const present = new Uint8Array(rows.labels.length * steps);
  const histograms = used.some((piece) => piece.histograms !== undefined)
    ? Array.from(present, (): FloatHistogram | undefined => undefined)
    : undefined;
  for (const piece of used) {
    const width = piece.to - piece.from + 1;
    const first = Math.max(from, piece.from);
    const count = Math.min(to, piece.to) - first + 1;
    for (let row = 0; row < piece.labels.length; row++) {
      const into = rows.places.get(labelsKey(piece.labels[row]));
      if (into === undefined) continue;
      const at = row * width + (first - piece.from);
      const target = into * steps + (first - from);
      values.set(piece.values.subarray(at, at + count), target);
      present.set(piece.present.subarray(at, at + count), target);
      if (histograms === undefined) continue;
      // A float that stands over a histogram takes its place.
      for (let i = 0; i < count; i++) histograms[target + i] = piece.histograms?.[at + i];
    }
  }
  // Histograms may all lie outside of the steps asked.
  const any = histograms?.some((one, at) => one !== undefined && present[at] !== 0) === true;
  return { from, to, labels: rows.labels, values, present, ...(any ? { histograms } : {}) };
}

/** The label sets that have a value in the range, sorted, and the place of each. */
function rowsOf(
  pieces: readonly Piece[],
  from: number,
  to: number,
): { labels: readonly Labels[]; places: ReadonlyMap<string, number> } {
  const found = new Map<string, Labels>();
  for (const piece of pieces) {
    const width = piece.to - piece.from + 1;
    const low = Math.max(from, piece.from) - piece.from;
    const high = Math.min(to, piece.to) - piece.from + 1;
    for (let row = 0; row < piece.labels.length; row++) {
      const at = piece.present.indexOf(1, row * width + low);
      if (at < 0 || at >= row * width + high) continue;
      found.set(labelsKey(piece.labels[row]), piece.labels[row]);
    }
  }
  const labels = [...found.values()].toSorted(compareLabels);
  return { labels, places: new Map(labels.map((set, i) => [labelsKey(set), i])) };
}

/** A matrix as a piece that begins at step `from`. */
export function pieceOf(matrix: Matrix, from: number): Piece {
  const { labels, steps, values, present, histograms } = matrix;
  return { from, to: from + steps - 1, labels, values, present, histograms };
}

/** Runs of steps within [from, to] that no piece has; pieces must not overlap. */
export function gapsOf(
  pieces: readonly { readonly from: number; readonly to: number }[],
  from: number,
  to: number,
): [number, number][] {
  const gaps: [number, number][] = [];
  let next = from;
  for (const piece of pieces.toSorted((a, b) => a.from - b.from)) {
    if (piece.to < next || piece.from > to) continue;
    if (piece.from > next) gaps.push([next, piece.from - 1]);
    next = piece.to + 1;
  }
  if (next <= to) gaps.push([next, to]);
  return gaps;
}
