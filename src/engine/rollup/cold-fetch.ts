// What a question to rollups needs of the cold tier, fetched before it runs: windows of the
// resolutions that answer it, and samples behind the seam. Between the source of rollups and the
// tier. Easy to get wrong: rows and samples must be cut at the same seam as the reader cuts them,
// so both ask segmentsOf.
import { ColdSamples } from '../codec/cold-samples.ts';
import { COLD_SAMPLES_MAX } from '../limits-cold.ts';
import type { Fragment } from '../model/fragment.ts';
import { RESOLUTIONS, type FragmentRollup } from '../model/rollup.ts';
import type { SeriesReader } from '../ports.ts';
import type { ColdKind, ColdTier } from '../ports-cold.ts';
import { coldCover, coldRollup } from './cold-windows.ts';
import type { ReadableRollup } from './rollup-files.ts';
import { COLUMNS } from './rows.ts';
import { segmentsOf, type SegmentsFrom } from './segments.ts';

/** What came for one partition. */
export interface ColdRows {
  readonly files: readonly ReadableRollup[];
  readonly samples: readonly SeriesReader[];
  readonly warnings: readonly string[];
}

export interface ColdRowsAsk extends SegmentsFrom {
  readonly cold: ColdTier;
  readonly partition: number;
  readonly fragment: Pick<Fragment, 'matchers' | 'maxSamples'>;
  readonly minMs: number;
  readonly maxMs: number;
}

const KINDS = RESOLUTIONS.map(({ name }) => name as ColdKind);

/** Stand-ins for what the tier has of each resolution. */
function coverOf(cold: ColdTier, partition: number): ReadableRollup[] {
  return KINDS.flatMap((kind, index) => {
    const reach = cold.reach(partition, kind);
    // A tier that cannot be asked reaches to an unknown time back.
    if (reach.minMs > reach.maxMs || reach.minMs === -Infinity) return [];
    return [coldCover(reach, index)];
  });
}

/** Rows and samples for a question; undefined when none of them lies in the cold tier. */
export async function fetchRows(ask: ColdRowsAsk): Promise<ColdRows | undefined> {
  const { cold, partition, fragment, minMs, maxMs, rollup } = ask;
  const { matchers, maxSamples } = fragment;
  const cover = coverOf(cold, partition);
  const { segments, seamMs } = segmentsOf({ ...ask, live: [...ask.live, ...cover] });
  const files: ReadableRollup[] = [];
  const samples: SeriesReader[] = [];
  const warnings: string[] = [];
  let left = Math.min(COLD_SAMPLES_MAX, maxSamples);
  for (const { index, after, to } of segments) {
    const kind = KINDS[index];
    const reach = cold.reach(partition, kind);
    const wide = Math.max(RESOLUTIONS[index].ms, rollup.resolutionMs);
    const range = {
      minMs: Math.max(after + 1, minMs - 2 * wide),
      maxMs: Math.min(to, maxMs + wide),
    };
    if (range.minMs > Math.min(range.maxMs, reach.maxMs) || range.maxMs < reach.minMs) continue;
    const rowsMax = Math.floor(left / COLUMNS);
    const answer = await cold.read({ partition, kind, matchers, rowsMax, ...range });
    for (const part of answer.parts) {
      left -= part.timestamps.length * COLUMNS;
      files.push(coldRollup(part, index));
    }
    warnings.push(...answer.warnings);
  }
  const behind = samplesRange(ask, seamMs);
  const reach = cold.reach(partition, 'raw');
  if (behind.minMs <= Math.min(maxMs, reach.maxMs) && maxMs >= reach.minMs) {
    const answer = await cold.read({ partition, kind: 'raw', matchers, rowsMax: left, ...behind });
    for (const part of answer.parts) samples.push(new ColdSamples(part));
    warnings.push(...answer.warnings);
  }
  if (cover.length + samples.length + warnings.length === 0) return undefined;
  return { files: [...files, ...cover], samples, warnings };
}

/** Samples that the reader may look at: those behind the seam, and of the windows before. */
function samplesRange(
  { rollup, minMs, maxMs, floorMs }: ColdRowsAsk,
  seamMs: number,
): { minMs: number; maxMs: number } {
  const from = minMs - 2 * (rollup as FragmentRollup).resolutionMs;
  return { minMs: Math.max(from, seamMs + 1, floorMs), maxMs };
}
