// Rows that came back from the cold tier as a reader of series, so that they stand beside blocks
// and head in one query. Made for one answer, in the thread that runs the fragment. Easy to get
// wrong: bits move as words, and rows with histograms are put among the floats as a block does it.
import type { BytesPiece } from './block.ts';
import { withRows } from './mixed-rows.ts';
import { compareText, type Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';
import type { ColdPart } from '../ports-cold.ts';
import { matchesLabels } from '../head/match-labels.ts';

/** Index of the first time that is not below `ms`, in [from, to). */
export function firstAt(times: Float64Array, from: number, to: number, ms: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle] < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Raw samples of one object. */
export class ColdSamples implements SeriesReader {
  readonly #part: ColdPart;
  readonly #words: Uint32Array;

  constructor(part: ColdPart) {
    this.#part = part;
    const [{ buffer, byteOffset, length }] = part.columns;
    this.#words = new Uint32Array(buffer, byteOffset, length * 2);
  }

  match(matchers: readonly Matcher[], minMs: number, maxMs: number): Uint32Array {
    const { labels } = this.#part;
    const found: number[] = [];
    for (let id = 0; id < labels.length; id++) {
      const [from, to] = this.#range(id, minMs, maxMs);
      if (to > from && matchesLabels(matchers, labels[id])) found.push(id);
    }
    return Uint32Array.from(found);
  }

  labels(id: number): Labels {
    return this.#part.labels[id];
  }

  #range(id: number, minMs: number, maxMs: number): readonly [from: number, to: number] {
    const { from, timestamps } = this.#part;
    const first = firstAt(timestamps, from[id], from[id + 1], minMs);
    // Times are whole ms.
    return [first, firstAt(timestamps, first, from[id + 1], Math.floor(maxMs) + 1)];
  }

  read(id: number, minMs: number, maxMs: number, into: SampleBuffer): number {
    const [from, to] = this.#range(id, minMs, maxMs);
    into.histograms = undefined;
    into.bodies = undefined;
    into.starts = undefined;
    const size = to - from;
    if (into.timestamps.length < size) {
      into.timestamps = new Float64Array(size);
      into.values = new Float64Array(size);
      into.words = new Uint32Array(into.values.buffer);
    }
    const pieces = this.#bodies(from, to);
    if (pieces.length === 0) {
      into.timestamps.set(this.#part.timestamps.subarray(from, to));
      into.words.set(this.#words.subarray(from * 2, to * 2));
      return size;
    }
    // A row with a histogram also has its sum among the floats: only the others are.
    const { timestamps, histograms } = this.#part;
    const others = new Set(histograms?.rows);
    let count = 0;
    for (let i = from; i < to; i++) {
      if (others.has(i)) continue;
      into.timestamps[count] = timestamps[i];
      into.words.set(this.#words.subarray(i * 2, i * 2 + 2), count++ * 2);
    }
    return withRows(into, count, pieces);
  }

  #bodies(from: number, to: number): BytesPiece[] {
    const { histograms, timestamps } = this.#part;
    if (histograms === undefined) return [];
    const times: number[] = [];
    const bodies: Uint8Array[] = [];
    histograms.rows.forEach((row, i) => {
      if (row < from || row >= to) return;
      times.push(timestamps[row]);
      bodies.push(histograms.bodies[i]);
    });
    if (bodies.length === 0) return [];
    return [{ kind: 'floatHistogram', timestamps: Float64Array.from(times), bodies }];
  }

  room(id: number, minMs: number, maxMs: number): number {
    const [from, to] = this.#range(id, minMs, maxMs);
    return to - from;
  }

  labelNames(matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    const names = new Set<string>();
    for (const id of this.match(matchers, minMs, maxMs)) {
      this.labels(id).forEach((text, i) => i % 2 === 0 && names.add(text));
    }
    return [...names].sort(compareText);
  }

  labelValues(name: string, matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    const values = new Set<string>();
    for (const id of this.match(matchers, minMs, maxMs)) {
      const labels = this.labels(id);
      const at = labels.findIndex((text, i) => i % 2 === 0 && text === name);
      if (at >= 0) values.add(labels[at + 1]);
    }
    return [...values].sort(compareText);
  }
}
