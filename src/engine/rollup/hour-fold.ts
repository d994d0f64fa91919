// Folds whole hours of a partition from what the store holds: rows of one minute, five minutes and
// one hour, series by series, as the contents of one file. Nothing is kept between hours. Easy to
// get wrong: ids of the store mean something only while its generation stands.
import type { BlockSeries } from '../codec/block.ts';
import { MonError } from '../errors.ts';
import { compareLabels, type Labels } from '../model/labels.ts';
import { RESOLUTIONS, type RollupKeep } from '../model/rollup.ts';
import type { Offset, SampleBuffer, SeriesReader } from '../ports.ts';
import { foldRows, foldSamples } from './fold.ts';
import { rowsSeries } from './lanes.ts';
import { matchesLabels } from './row-merge.ts';
import { Rows } from './rows.ts';

export const HOUR_MS = RESOLUTIONS[2].ms;
export const DAY_MS = RESOLUTIONS[3].ms;
/** Series that are looked up before somebody else has a turn. */
const LOOK_STEP = 4096;

/** The samples that the store holds for one partition. */
export interface RawData {
  /** The next offset of the log that the samples lack. */
  next(): Offset;
  /** Samples before this time may be gone. */
  floorMs(): number;
  /** Time of the oldest sample, or a little before; Infinity when there is none. */
  oldestMs(): number;
  reader(minMs: number, maxMs: number): SeriesReader;
  /** Changes when readers that were made before are of no use any more. */
  generation(): number;
}

export interface HourFold {
  readonly raw: RawData;
  readonly keep: RollupKeep;
  /** Windows end in (from, to], both whole hours. */
  readonly from: number;
  readonly to: number;
  readonly breathe: () => Promise<void>;
  /** Rows are counted into it. */
  readonly counted: { rows: number };
}

interface Named {
  readonly id: number;
  readonly labels: Labels;
}

/**
 * The series of the hours with their rows, sorted.
 * @throws MonError MON_LOG_BUSY, perhaps in the midst, when the store changed: begin anew.
 */
export async function foldHours(fold: HourFold): Promise<Iterable<BlockSeries>> {
  const { raw, from, to, breathe } = fold;
  const begun = raw.generation();
  const reader = raw.reader(from + 1, to);
  const ids = reader.match([], from + 1, to);
  const series: Named[] = [];
  for (let at = 0; at < ids.length; at += LOOK_STEP) {
    for (const id of ids.subarray(at, at + LOOK_STEP)) {
      series.push({ id, labels: reader.labels(id) });
    }
    await breathe();
    steady(raw, begun);
  }
  series.sort((a, b) => compareLabels(a.labels, b.labels));
  return foldedSeries(fold, reader, series, begun);
}

function steady(raw: RawData, begun: number): void {
  if (raw.generation() === begun) return;
  throw new MonError('MON_LOG_BUSY', 'the store changed while an hour was rolled up');
}

function* foldedSeries(
  { raw, keep, from, to, counted }: HourFold,
  reader: SeriesReader,
  series: readonly Named[],
  begun: number,
): Iterable<BlockSeries> {
  const buffer = makeBuffer();
  const tiers = [0, 1, 2].map((index) => ({ index, rows: new Rows() }));
  for (const { id, labels } of series) {
    steady(raw, begun);
    const count = reader.read(id, from + 1, to, buffer);
    if (count === 0) continue;
    const sketched = keep.sketches.some((matchers) => matchesLabels(matchers, labels));
    for (const { rows } of tiers) rows.clear();
    foldSamples(buffer, count, tiers[0].rows, RESOLUTIONS[0].ms, sketched);
    for (const index of [1, 2]) {
      const narrow = tiers[index - 1].rows;
      foldRows(narrow, [0, narrow.count], tiers[index].rows, RESOLUTIONS[index].ms);
    }
    for (const { rows } of tiers) counted.rows += rows.count;
    yield rowsSeries(labels, tiers);
  }
}

export function makeBuffer(): SampleBuffer {
  const values = new Float64Array(0);
  return { timestamps: new Float64Array(0), values, words: new Uint32Array(values.buffer) };
}
