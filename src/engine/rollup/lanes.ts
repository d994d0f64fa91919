// Rows as the pieces of a block and back (docs/format/rollup.md). A block knows one run of samples
// a series, so each column lies in a lane of time of its own: its rows stand at the ends of their
// windows plus the lane's number times LANE_MS. So rollup blocks are written and read by the code
// of sealed ones. Easy to get wrong: a column that follows from others is left out.
import type { BlockSeries, BytesPiece, Piece } from '../codec/block.ts';
import type { BlockReader } from '../codec/block-reader.ts';
import { decodeHistogram, encodeHistogram } from '../codec/histogram.ts';
import { assert, MonError } from '../errors.ts';
import type { Labels } from '../model/labels.ts';
import { RESOLUTIONS } from '../model/rollup.ts';
import type { SampleBuffer } from '../ports.ts';
import { COLUMN, COLUMNS, LANE_HISTOGRAM, LANE_SKETCH, LANES, type Rows } from './rows.ts';
import { decodeSketch, encodeSketch } from './sketch.ts';

/** Later than any time that a window can end at: the year 4199. */
export const LANE_MS = 2 ** 46;

/** A series of a block to be: its rows of one resolution, by its place in RESOLUTIONS. */
export function rowsSeries(labels: Labels, index: number, rows: Rows): BlockSeries {
  return { labels, pieces: piecesOfRows(index * LANES, rows) };
}

function* piecesOfRows(firstLane: number, rows: Rows): Iterable<Piece> {
  const { count, columns } = rows;
  if (count === 0) return;
  assert(rows.ends[0] >= 0 && rows.ends[count - 1] < LANE_MS, 'a window ends within a lane');
  const missing = followers(rows);
  for (let c = 0; c < COLUMNS; c++) {
    if (missing[c]) continue;
    const values = columns[c].slice(0, count);
    const words = new Uint32Array(values.buffer);
    yield { kind: 'float', count, timestamps: shifted(rows, firstLane + c), words };
  }
  const { ends, histograms = [], sketches = [] } = rows;
  const at = (i: number, lane: number): number => ends[i] + (firstLane + lane) * LANE_MS;
  const found = bodiesOf(histograms, (i) => at(i, LANE_HISTOGRAM), encodeHistogram);
  if (found.timestamps.length > 0) yield { kind: 'floatHistogram', ...found };
  const kept = bodiesOf(sketches, (i) => at(i, LANE_SKETCH), encodeSketch);
  if (kept.timestamps.length > 0) yield { kind: 'histogram', ...kept };
}

function bodiesOf<T>(
  list: readonly (T | undefined)[],
  timeOf: (row: number) => number,
  encode: (one: T) => Uint8Array,
): Pick<BytesPiece, 'timestamps' | 'bodies'> {
  const times: number[] = [];
  const bodies: Uint8Array[] = [];
  list.forEach((one, i) => {
    if (one === undefined) return;
    times.push(timeOf(i));
    bodies.push(encode(one));
  });
  return { timestamps: Float64Array.from(times), bodies };
}

function shifted({ ends, count }: Rows, lane: number): Float64Array {
  const out = ends.slice(0, count);
  for (let i = 0; i < count; i++) out[i] += lane * LANE_MS;
  return out;
}

/** Columns that say nothing new: what a reader puts into their place is equal. */
function followers({ columns, count }: Rows): boolean[] {
  const [counts, sums, mins, maxs, firsts, lasts, , , resets, ended] = columns;
  const out = Array.from({ length: COLUMNS }, () => true);
  for (let i = 0; i < count; i++) {
    const [first, last] = [firsts[i], lasts[i]];
    if (!Object.is(first, last)) out[COLUMN.first] = false;
    if (!Object.is(mins[i], first)) out[COLUMN.min] = false;
    if (!Object.is(maxs[i], last)) out[COLUMN.max] = false;
    if (!Object.is(sums[i], last * counts[i])) out[COLUMN.sum] = false;
    if (resets[i] !== 0) out[COLUMN.resets] = false;
    if (ended[i] !== 0) out[COLUMN.ended] = false;
  }
  for (const kept of [COLUMN.count, COLUMN.last, COLUMN.from, COLUMN.to]) out[kept] = false;
  return out;
}

function makeBuffer(): SampleBuffer {
  const values = new Float64Array(64);
  return { timestamps: new Float64Array(64), values, words: new Uint32Array(values.buffer) };
}

const buffer = makeBuffer();

/** What rows are read from: a block, or what came back from the cold tier. */
export type RowsReader = Pick<BlockReader, 'series' | 'labels' | 'match' | 'read' | 'readRows'>;

/** A block, and the file that a failure names. */
export interface RowFile {
  readonly reader: RowsReader;
  readonly file: { readonly name: string };
}

/** What of a block is read: the series, the place of the resolution, and (after, to]. */
export interface RowRange {
  readonly id: number;
  readonly index: number;
  readonly after: number;
  readonly to: number;
}

/**
 * Reads the rows of a series that end in (after, to]; what the target held is gone. Answers how
 * many there are. @throws MonError MON_BLOCK_CORRUPT.
 */
export function readRows(from: RowFile, range: RowRange, into: Rows): number {
  const { reader } = from;
  into.clear();
  const { id, index, after, to } = range;
  if (to <= after) return 0;
  const lane = (c: number): number => (index * LANES + c) * LANE_MS;
  const min = Math.max(0, after + 1);
  const max = Math.min(LANE_MS - 1, to);
  const read = (c: number): number => reader.read(id, lane(c) + min, lane(c) + max, buffer);
  const count = read(COLUMN.count);
  if (count === 0) return 0;
  into.room(count);
  into.count = count;
  for (let i = 0; i < count; i++) into.ends[i] = buffer.timestamps[i] - lane(COLUMN.count);
  into.widths.fill(RESOLUTIONS[index].ms, 0, count);
  const { columns } = into;
  columns[COLUMN.count].set(buffer.values.subarray(0, count));
  for (const c of READ_ORDER) {
    const found = read(c);
    if (found === count) columns[c].set(buffer.values.subarray(0, count));
    else if (found === 0) follow(c, into);
    else throw broken(from, 'a column lacks rows');
  }
  others(from, { id, index, after: min - 1, to: max }, into);
  return count;
}

/** A column that follows from others is read after them. */
const READ_ORDER = [
  COLUMN.last,
  COLUMN.first,
  COLUMN.min,
  COLUMN.max,
  COLUMN.sum,
  COLUMN.from,
  COLUMN.to,
  COLUMN.resets,
  COLUMN.ended,
];

function follow(c: number, { columns, count }: Rows): void {
  const [counts, , , , firsts, lasts] = columns;
  const out = columns[c];
  if (c === COLUMN.first || c === COLUMN.max) out.set(lasts.subarray(0, count));
  else if (c === COLUMN.min) out.set(firsts.subarray(0, count));
  else if (c === COLUMN.sum) for (let i = 0; i < count; i++) out[i] = lasts[i] * counts[i];
  else out.fill(0, 0, count);
}

function others(from: RowFile, { id, index, after, to }: RowRange, into: Rows): void {
  for (const lane of [LANE_HISTOGRAM, LANE_SKETCH]) {
    const shift = (index * LANES + lane) * LANE_MS;
    let row = 0;
    for (const piece of from.reader.readRows(id, shift + after + 1, shift + to)) {
      for (const [i, time] of piece.timestamps.entries()) {
        while (row < into.count && into.ends[row] < time - shift) row++;
        if (into.ends[row] !== time - shift) throw broken(from, 'a body has no row');
        const body = piece.bodies[i];
        if (lane === LANE_HISTOGRAM) into.keep(row, decodeHistogram(body).histogram, undefined);
        else
          into.keep(
            row,
            undefined,
            decodeSketch(body, (what) => broken(from, what)),
          );
      }
    }
  }
}

function broken({ file }: RowFile, what: string): MonError {
  const fields = { file: file.name };
  return new MonError('MON_BLOCK_CORRUPT', `rollup ${file.name}: ${what}`, { fields });
}
