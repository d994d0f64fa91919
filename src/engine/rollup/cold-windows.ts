// Windows that came back from the cold tier as a file of rows, so that a reader of rollups takes
// them like any other. Made for one query. Easy to get wrong: a file of rows has its columns in
// lanes of time, so a question for a lane is one for a column here.
import { PIECE_KINDS, type BytesPiece } from '../codec/block.ts';
import { firstAt } from '../codec/cold-samples.ts';
import { matchesLabels } from '../head/match-labels.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { RESOLUTIONS } from '../model/rollup.ts';
import type { SampleBuffer } from '../ports.ts';
import type { ColdBodies, ColdPart, ColdReach } from '../ports-cold.ts';
import { LANE_MS, type RowsReader } from './lanes.ts';
import type { ReadableRollup } from './rollup-files.ts';
import { COLUMNS, LANE_HISTOGRAM, LANE_SKETCH, LANES } from './rows.ts';

class ColdWindows implements RowsReader {
  readonly #part: ColdPart;

  constructor(part: ColdPart) {
    this.#part = part;
  }

  get series(): number {
    return this.#part.labels.length;
  }

  labels(id: number): Labels {
    return this.#part.labels[id];
  }

  match(matchers: readonly Matcher[]): Uint32Array {
    const found: number[] = [];
    this.#part.labels.forEach((labels, id) => {
      if (matchesLabels(matchers, labels)) found.push(id);
    });
    return Uint32Array.from(found);
  }

  read(id: number, minMs: number, maxMs: number, into: SampleBuffer): number {
    const lane = Math.floor(minMs / LANE_MS);
    const column = lane % LANES;
    const [from, to] = this.#rows(id, minMs - lane * LANE_MS, maxMs - lane * LANE_MS);
    if (column >= COLUMNS || to <= from) return 0;
    const size = to - from;
    if (into.timestamps.length < size) {
      into.timestamps = new Float64Array(size);
      into.values = new Float64Array(size);
      into.words = new Uint32Array(into.values.buffer);
    }
    const { timestamps, columns } = this.#part;
    for (let i = 0; i < size; i++) into.timestamps[i] = timestamps[from + i] + lane * LANE_MS;
    const { buffer, byteOffset } = columns[column];
    const words = new Uint32Array(buffer, byteOffset + from * 8, size * 2);
    into.words.set(words);
    return size;
  }

  readRows(id: number, minMs: number, maxMs: number): BytesPiece[] {
    const lane = Math.floor(minMs / LANE_MS);
    const { histograms, sketches, timestamps } = this.#part;
    const bodies = (
      { [LANE_HISTOGRAM]: histograms, [LANE_SKETCH]: sketches } as Record<
        number,
        ColdBodies | undefined
      >
    )[lane % LANES];
    const [from, to] = this.#rows(id, minMs - lane * LANE_MS, maxMs - lane * LANE_MS);
    const times: number[] = [];
    const found: Uint8Array[] = [];
    bodies?.rows.forEach((row, i) => {
      if (row < from || row >= to) return;
      times.push(timestamps[row] + lane * LANE_MS);
      found.push(bodies.bodies[i]);
    });
    if (found.length === 0) return [];
    const [, kind] = Object.keys(PIECE_KINDS) as ['float', 'histogram'];
    return [{ kind, timestamps: Float64Array.from(times), bodies: found }];
  }

  /** Rows of a series that end in [minMs, maxMs]. */
  #rows(id: number, minMs: number, maxMs: number): readonly [from: number, to: number] {
    const { from, timestamps } = this.#part;
    const first = firstAt(timestamps, from[id], from[id + 1], minMs);
    return [first, firstAt(timestamps, first, from[id + 1], maxMs + 1)];
  }
}

/** The windows of one object; `index` is the place of its resolution. */
export function coldRollup(part: ColdPart, index: number): ReadableRollup {
  return {
    entry: { sequence: part.version, tiers: [index], afterMs: part.afterMs, toMs: part.toMs },
    reader: new ColdWindows(part),
    file: { name: part.name },
  };
}

const NO_ROWS = {
  ...{ sequence: 0, version: 0, labels: [], from: Uint32Array.of(0), columns: [] },
  timestamps: new Float64Array(0),
};

/** Stands for all objects of a resolution, so that they count where none of them was asked. */
export function coldCover({ minMs, maxMs }: ColdReach, index: number): ReadableRollup {
  const cover = { name: '', afterMs: minMs - RESOLUTIONS[index].ms, toMs: maxMs };
  return coldRollup({ ...NO_ROWS, ...cover }, index);
}
