// A block as plain arrays, what every block must agree with; and generators of what goes into one.
// Slow and obvious.
import {
  compareLabels,
  labelsKey,
  labelValue,
  type Labels,
} from '../../../src/engine/model/labels.ts';
import type {
  BlockSeries,
  BlockTitle,
  Piece,
  RandomAccess,
} from '../../../src/engine/codec/block.ts';
import { writeBlock } from '../../../src/engine/codec/block-writer.ts';
import type { BlockSummary } from '../../../src/engine/codec/block.ts';
import type { Kernels } from '../../../src/engine/kernels/kernels.ts';
import type { Matcher } from '../../../src/engine/model/matcher.ts';
import type { SampleBuffer, SeriesReader } from '../../../src/engine/ports.ts';
import type { Random } from '../../../src/engine/runtime/random.ts';
import { matcherTest } from '../../../src/engine/promql/regexp.ts';
import { randomTimes, randomWords } from '../../support/random-columns.ts';
import { below, pick, randomBytes, randomLabels } from '../../support/random-labels.ts';

export const START = 1_700_000_000_000;

/** One row: time, kind, and bits or bytes as hex. */
export type Row = readonly [number, string, string];

export interface NaiveSeries {
  readonly labels: Labels;
  readonly pieces: readonly Piece[];
}

export function titleOf(id: number): BlockTitle {
  return {
    id: new Uint8Array(16).fill(id),
    partition: 3,
    level: 1,
    origin: { generation: 2, from: 100, to: 2 ** 40 },
    note: '{"parents":["ü"]}',
  };
}

/** The bytes of a block and what its writer says of it. */
export function blockOf(
  kernels: Kernels,
  series: Iterable<BlockSeries>,
  options: { id?: number; pageBytes?: number; level?: number } = {},
): { file: Uint8Array; summary: BlockSummary } {
  const { id = 1, ...rest } = options;
  const writing = writeBlock({ kernels, title: titleOf(id), ...rest }, series);
  const parts: Uint8Array[] = [];
  for (;;) {
    const step = writing.next();
    if (step.done === true)
      return { file: new Uint8Array(Buffer.concat(parts)), summary: step.value };
    parts.push(step.value);
  }
}

/** A file in memory. */
export function sourceOf(file: Uint8Array, name = 'test.block'): RandomAccess {
  const read = (from: number, length: number): Uint8Array => file.slice(from, from + length);
  return { name, size: file.length, read };
}

export function newBuffer(): SampleBuffer {
  const values = new Float64Array(0);
  return { timestamps: new Float64Array(0), values, words: new Uint32Array(values.buffer) };
}

const hex = (words: Uint32Array, i: number): string =>
  [words[i * 2 + 1], words[i * 2]].map((word) => word.toString(16).padStart(8, '0')).join('');

/** The float rows of a reader. */
export function floatRows(reader: SeriesReader, id: number, minMs: number, maxMs: number): Row[] {
  const into = newBuffer();
  const count = reader.read(id, minMs, maxMs, into);
  return Array.from({ length: count }, (_, i) => [into.timestamps[i], 'float', hex(into.words, i)]);
}

/** The rows of pieces. */
export function rowsOf(pieces: readonly Piece[]): Row[] {
  const out: Row[] = [];
  for (const piece of pieces) {
    const count = piece.kind === 'float' ? piece.count : piece.bodies.length;
    for (let i = 0; i < count; i++) {
      const what =
        piece.kind === 'float' ? hex(piece.words, i) : Buffer.from(piece.bodies[i]).toString('hex');
      out.push([piece.timestamps[i], piece.kind, what]);
    }
  }
  return out;
}

export class NaiveBlock {
  readonly series: readonly NaiveSeries[];

  constructor(series: readonly NaiveSeries[]) {
    this.series = series;
  }

  rows(id: number, minMs: number, maxMs: number): Row[] {
    return rowsOf(this.series[id].pieces).filter(([t]) => t >= minMs && t <= maxMs);
  }

  /**
   * Ids that pass. By `strict` with a sample in the range; else by the first and last time of their
   * pieces, as a block may answer, which does not look inside.
   */
  match(matchers: readonly Matcher[], range: readonly [number, number], strict: boolean): number[] {
    const [minMs, maxMs] = range;
    const tests = matchers.map((m) => [m.name, matcherTest(m)] as const);
    return this.series.flatMap(({ labels, pieces }, id) => {
      if (!tests.every(([name, passes]) => passes(labelValue(labels, name)))) return [];
      const within = pieces.some(({ timestamps }) =>
        strict
          ? timestamps.some((t) => t >= minMs && t <= maxMs)
          : timestamps[0] <= maxMs && timestamps[timestamps.length - 1] >= minMs,
      );
      return within ? [id] : [];
    });
  }

  names(ids: readonly number[]): string[] {
    return [
      ...new Set(ids.flatMap((id) => this.series[id].labels.filter((_, i) => i % 2 === 0))),
    ].sort();
  }

  values(name: string, ids: readonly number[]): string[] {
    const all = new Set(ids.map((id) => labelValue(this.series[id].labels, name)));
    all.delete('');
    return [...all].sort();
  }
}

/** Times that series of one target share; each takes them whole or with changes. */
function someTimes(random: Random, shared: readonly Float64Array[]): Float64Array {
  const base = pick(random, shared);
  const kind = below(random, 6);
  if (kind < 3) return base;
  if (kind === 3) return base.filter(() => random() > 0.02);
  if (kind === 4) return base.subarray(below(random, base.length - 1));
  const more = new Set(base);
  for (let i = below(random, 4); i >= 0; i--) more.add(base[0] + below(random, 1_000_000));
  return Float64Array.from([...more].sort((a, b) => a - b));
}

function randomPieces(random: Random, times: Float64Array): Piece[] {
  const cut = random() < 0.2 ? below(random, times.length) : times.length;
  const out: Piece[] = [];
  for (const timestamps of [times.subarray(0, cut), times.subarray(cut)]) {
    const count = timestamps.length;
    if (count === 0) continue;
    if (random() < 0.85) {
      out.push({ kind: 'float', count, timestamps, words: randomWords(random, count) });
    } else {
      const bodies = Array.from({ length: count }, () => randomBytes(random, below(random, 30)));
      const kind = random() < 0.5 ? 'histogram' : 'floatHistogram';
      out.push({ kind, timestamps, bodies });
    }
  }
  return out;
}

/** Series with random labels, sorted, each once. */
export function randomSeries(random: Random, count: number, rowsMax = 200): NaiveSeries[] {
  const shared = Array.from({ length: 3 }, () =>
    randomTimes(random, 2 + below(random, rowsMax), START + below(random, 60_000)),
  );
  const byKey = new Map<string, NaiveSeries>();
  for (let i = 0; i < count; i++) {
    const labels = randomLabels(random);
    const times = someTimes(random, shared);
    if (times.length === 0) continue;
    byKey.set(labelsKey(labels), { labels, pieces: randomPieces(random, times) });
  }
  return [...byKey.values()].sort((a, b) => compareLabels(a.labels, b.labels));
}
