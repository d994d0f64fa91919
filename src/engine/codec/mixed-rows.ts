// Histograms between the floats of a series: a decoded run of samples as the pieces of a block, and
// the rows of a block back among the floats that were read. Between head, blocks and joined blocks.
// Easy to get wrong: a hint speaks of the sample before, which may be another one after a join or a
// deletion, so readers believe only that of a gauge and find the others anew.
import { HINT, type FloatHistogram } from '../model/histogram.ts';
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import type { SampleBuffer } from '../ports.ts';
import { HintStamper } from '../promql/histogram-hints.ts';
import type { BytesPiece, Piece } from './block.ts';
import { decodeHistogram, encodeHistogram } from './histogram.ts';

function isStale(words: Uint32Array, i: number): boolean {
  return words[i * 2] === STALE_LOW && words[i * 2 + 1] === STALE_HIGH;
}

/** A histogram as its sender wrote it, or written anew where nobody kept that. */
function rowOf({ histograms, bodies, timestamps, words }: SampleBuffer, i: number): Row {
  const body = bodies?.[i];
  if (body !== undefined) return { body, integer: decodeHistogram(body).integer };
  const histogram = histograms?.[i] as FloatHistogram;
  const hint = histogram.hint === HINT.gauge ? HINT.gauge : HINT.unknown;
  const form = { timestampMs: timestamps[i], stale: isStale(words, i) };
  return { body: encodeHistogram({ ...histogram, hint }, form), integer: false };
}

interface Row {
  readonly body: Uint8Array;
  readonly integer: boolean;
}

/** The first `count` samples as pieces of floats and of histograms, in order of time. */
export function* piecesOf(from: SampleBuffer, count: number): Iterable<Piece> {
  const { histograms } = from;
  for (let first = 0, end = 0; first < count; first = end) {
    const isFloat = histograms?.[first] === undefined;
    end = histograms === undefined ? count : first + 1;
    while (end < count && (histograms?.[end] === undefined) === isFloat) end++;
    if (!isFloat) {
      yield* rowPieces(from, first, end);
      continue;
    }
    const timestamps = from.timestamps.subarray(first, end);
    const words = from.words.subarray(first * 2, end * 2);
    yield { kind: 'float', count: end - first, timestamps, words };
  }
}

/** Histograms that follow one another, those of whole numbers apart from the others. */
function* rowPieces(from: SampleBuffer, first: number, end: number): Iterable<Piece> {
  const rows = Array.from({ length: end - first }, (_, i) => rowOf(from, first + i));
  for (let at = 0, next = 0; at < rows.length; at = next) {
    const { integer } = rows[at];
    while (next < rows.length && rows[next].integer === integer) next++;
    yield {
      kind: integer ? 'histogram' : 'floatHistogram',
      timestamps: from.timestamps.subarray(first + at, first + next),
      bodies: rows.slice(at, next).map(({ body }) => body),
    };
  }
}

/** Puts rows among the first `count` floats of a buffer; answers how many samples it then has. */
export function withRows(into: SampleBuffer, count: number, pieces: readonly BytesPiece[]): number {
  const times = pieces.flatMap((piece) => [...piece.timestamps]);
  const bodies = pieces.flatMap((piece) => piece.bodies);
  const floats = { times: into.timestamps, words: into.words };
  const size = count + times.length;
  into.timestamps = new Float64Array(size);
  into.values = new Float64Array(size);
  into.words = new Uint32Array(into.values.buffer);
  const histograms: (FloatHistogram | undefined)[] = [];
  into.bodies = [];
  const stamper = new HintStamper();
  for (let at = 0, f = 0, r = 0; at < size; at++) {
    if (r === times.length || (f < count && floats.times[f] < times[r])) {
      stamper.interrupt();
      into.timestamps[at] = floats.times[f];
      into.words.set(floats.words.subarray(f * 2, f * 2 + 2), at * 2);
      histograms.push(undefined);
      into.bodies.push(undefined);
      f++;
      continue;
    }
    const { histogram, stale, startMs } = decodeHistogram(bodies[r]);
    into.bodies.push(bodies[r]);
    if (startMs !== 0) {
      into.starts ??= new Float64Array(size);
      into.starts[at] = startMs;
    }
    into.timestamps[at] = times[r++];
    if (stale) into.words.set([STALE_LOW, STALE_HIGH], at * 2);
    else into.values[at] = histogram.sum;
    if (stale) stamper.interrupt();
    histograms.push(stale ? histogram : stamper.stamp(histogram));
  }
  into.histograms = histograms;
  return size;
}
