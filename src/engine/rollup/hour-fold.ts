// Folds whole hours of a partition from what the store holds: rows of all resolutions that fit,
// series by series, each handed to the file of its resolution. Nothing is kept between runs. Easy
// to get wrong: ids of the store mean something only while its generation stands.
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
  /** Samples before this time may be somewhere else, and are not read to be folded. */
  goneMs(): number;
  /** Time of the oldest sample, or a little before; Infinity when there is none. */
  oldestMs(): number;
  /** `cold` came from the cold tier for one question. */
  reader(minMs: number, maxMs: number, cold?: readonly SeriesReader[]): SeriesReader;
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
  /** Takes the series of each resolution, in the order of RESOLUTIONS; as many are folded. */
  readonly files: readonly { add(series: BlockSeries): Promise<void> }[];
}

interface Named {
  readonly id: number;
  readonly labels: Labels;
}

/**
 * Folds all series of the hours, in the order of labels; answers how many rows that made.
 * @throws MonError MON_LOG_BUSY, perhaps in the midst, when the store changed: begin anew.
 */
export async function foldHours(fold: HourFold): Promise<number> {
  const { raw, from, to, breathe, keep, files } = fold;
  const begun = raw.generation();
  const reader = raw.reader(from + 1, to);
  const buffer = makeBuffer();
  const tiers = files.map(() => new Rows());
  let made = 0;
  for (const { id, labels } of await seriesOf(fold, reader, begun)) {
    steady(raw, begun);
    const count = reader.read(id, from + 1, to, buffer);
    if (count === 0) continue;
    const sketches = keep.sketches.some((matchers) => matchesLabels(matchers, labels));
    for (const [index, rows] of tiers.entries()) {
      rows.clear();
      const { ms } = RESOLUTIONS[index];
      if (index === 0) foldSamples(buffer, count, rows, { resolutionMs: ms, sketches });
      else foldRows(tiers[index - 1], [0, tiers[index - 1].count], rows, ms);
      made += rows.count;
      await files[index].add(rowsSeries(labels, index, rows));
    }
    await breathe();
  }
  return made;
}

/** The series of the hours, sorted. */
async function seriesOf(
  { raw, from, to, breathe }: HourFold,
  reader: SeriesReader,
  begun: number,
): Promise<Named[]> {
  const ids = reader.match([], from + 1, to);
  const series: Named[] = [];
  for (let at = 0; at < ids.length; at += LOOK_STEP) {
    for (const id of ids.subarray(at, at + LOOK_STEP)) {
      series.push({ id, labels: reader.labels(id) });
    }
    await breathe();
    steady(raw, begun);
  }
  return series.sort((a, b) => compareLabels(a.labels, b.labels));
}

function steady(raw: RawData, begun: number): void {
  if (raw.generation() === begun) return;
  throw new MonError('MON_LOG_BUSY', 'the store changed while an hour was rolled up');
}

export function makeBuffer(): SampleBuffer {
  const values = new Float64Array(0);
  return { timestamps: new Float64Array(0), values, words: new Uint32Array(values.buffer) };
}
