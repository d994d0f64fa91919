// Joins raw samples of several sources: series by labels, and where two sources hold the same
// series, its samples by time, the first source's winning at equal times. Values move as words.
import { compareLabels, labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { RawSamples } from '../model/fragment.ts';

interface Piece {
  readonly raw: RawSamples;
  readonly row: number;
}

/** The series in the order of their labels. */
export function sortedRaw(raw: RawSamples): RawSamples {
  return mergeRaw([raw]);
}

/** All series in the order of their labels. */
export function mergeRaw(raws: readonly RawSamples[]): RawSamples {
  const found = new Map<string, { readonly labels: Labels; readonly pieces: Piece[] }>();
  let total = 0;
  for (const raw of raws) {
    raw.labels.forEach((labels, row) => {
      const key = labelsKey(labels);
      const known = found.get(key);
      if (known === undefined) found.set(key, { labels, pieces: [{ raw, row }] });
      else known.pieces.push({ raw, row });
      total += raw.from[row + 1] - raw.from[row];
    });
  }
  const series = [...found.values()].toSorted((a, b) => compareLabels(a.labels, b.labels));
  const timestamps = new Float64Array(total);
  const values = new Float64Array(total);
  const from = new Uint32Array(series.length + 1);
  let at = 0;
  series.forEach(({ pieces }, i) => {
    at =
      pieces.length === 1
        ? copy(pieces[0], timestamps, values, at)
        : weave(pieces, timestamps, values, at);
    from[i + 1] = at;
  });
  const labels = series.map((one) => one.labels);
  return { labels, from, timestamps: timestamps.slice(0, at), values: values.slice(0, at) };
}

function copy({ raw, row }: Piece, times: Float64Array, values: Float64Array, at: number): number {
  const from = raw.from[row];
  const to = raw.from[row + 1];
  times.set(raw.timestamps.subarray(from, to), at);
  values.set(raw.values.subarray(from, to), at);
  return at + to - from;
}

function weave(
  pieces: readonly Piece[],
  times: Float64Array,
  values: Float64Array,
  at: number,
): number {
  const next = pieces.map(({ raw, row }) => raw.from[row]);
  for (;;) {
    let best = -1;
    let time = Infinity;
    pieces.forEach(({ raw, row }, p) => {
      if (next[p] >= raw.from[row + 1] || raw.timestamps[next[p]] >= time) return;
      best = p;
      time = raw.timestamps[next[p]];
    });
    if (best < 0) return at;
    const { raw } = pieces[best];
    times[at] = time;
    values.set(raw.values.subarray(next[best], next[best] + 1), at);
    at++;
    pieces.forEach((piece, p) => {
      const end = piece.raw.from[piece.row + 1];
      if (next[p] < end && piece.raw.timestamps[next[p]] === time) next[p]++;
    });
  }
}
