// Joins raw samples of several sources: series by labels, and where two sources hold the same
// series, its samples by time, the first source's winning at equal times. Values move as words.
import { compareLabels, labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { FloatHistogram } from '../model/histogram.ts';
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
  const out: Columns = {
    timestamps: new Float64Array(total),
    values: new Float64Array(total),
    histograms: raws.some((raw) => raw.histograms !== undefined) ? [] : undefined,
    starts: raws.some((raw) => raw.starts !== undefined) ? new Float64Array(total) : undefined,
  };
  const from = new Uint32Array(series.length + 1);
  let at = 0;
  series.forEach(({ pieces }, i) => {
    at = pieces.length === 1 ? copy(pieces[0], out, at) : weave(pieces, out, at);
    from[i + 1] = at;
  });
  const { timestamps, values, histograms, starts } = out;
  return {
    labels: series.map((one) => one.labels),
    from,
    timestamps: timestamps.slice(0, at),
    values: values.slice(0, at),
    ...(histograms === undefined ? {} : { histograms }),
    ...(starts === undefined ? {} : { starts: starts.slice(0, at) }),
  };
}

interface Columns {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly histograms: (FloatHistogram | undefined)[] | undefined;
  readonly starts: Float64Array | undefined;
}

function copy({ raw, row }: Piece, out: Columns, at: number): number {
  const from = raw.from[row];
  const to = raw.from[row + 1];
  out.timestamps.set(raw.timestamps.subarray(from, to), at);
  out.values.set(raw.values.subarray(from, to), at);
  if (raw.starts !== undefined) out.starts?.set(raw.starts.subarray(from, to), at);
  for (let i = from; out.histograms !== undefined && i < to; i++) {
    out.histograms[at + i - from] = raw.histograms?.[i];
  }
  return at + to - from;
}

/** One sample of a piece. */
function put(raw: RawSamples, from: number, out: Columns, at: number): void {
  out.timestamps[at] = raw.timestamps[from];
  out.values.set(raw.values.subarray(from, from + 1), at);
  if (out.histograms !== undefined) out.histograms[at] = raw.histograms?.[from];
  if (out.starts !== undefined) out.starts[at] = raw.starts?.[from] ?? 0;
}

function weave(pieces: readonly Piece[], out: Columns, begin: number): number {
  const next = pieces.map(({ raw, row }) => raw.from[row]);
  for (let at = begin; ; at++) {
    let best = -1;
    let time = Infinity;
    pieces.forEach(({ raw, row }, p) => {
      if (next[p] >= raw.from[row + 1] || raw.timestamps[next[p]] >= time) return;
      best = p;
      time = raw.timestamps[next[p]];
    });
    if (best < 0) return at;
    put(pieces[best].raw, next[best], out, at);
    pieces.forEach((piece, p) => {
      const end = piece.raw.from[piece.row + 1];
      if (next[p] < end && piece.raw.timestamps[next[p]] === time) next[p]++;
    });
  }
}
