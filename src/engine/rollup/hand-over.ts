// Files of rows that leave for the cold tier: which are due, what is told of them, and their rows
// as one stream of series. Between a partition's rollups and whoever archives. Easy to get wrong:
// of equal windows the highest sequence wins, in an archive too, so the highest of its files goes
// with it; and days are made of hours, so hours stay while a day waits for them.
import { join } from 'node:path';
import { BlockCache } from '../codec/block-cache.ts';
import { BlockReader } from '../codec/block-reader.ts';
import { membersOf } from '../codec/canonical-members.ts';
import { encodeHistogram } from '../codec/histogram.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { COMPACTION_CACHE_BYTES } from '../limits.ts';
import type { Labels } from '../model/labels.ts';
import { RESOLUTIONS } from '../model/rollup.ts';
import type { ColdSource } from '../ports-cold.ts';
import type { Disk } from '../runtime/disk.ts';
import { DAY_MS } from './hour-fold.ts';
import type { LiveRollup, ReadableRollup } from './rollup-files.ts';
import type { RollupTombstone } from './rollup-state.ts';
import { matchesLabels, newestFirst, RowMerger } from './row-merge.ts';
import { columnSamples } from './row-samples.ts';
import { COLUMN, COLUMNS, Rows } from './rows.ts';
import { encodeSketch } from './sketch.ts';

/** Files of one resolution as they are told to who takes them over. */
export interface GivenRows {
  readonly index: number;
  readonly afterMs: number;
  readonly toMs: number;
  /** The highest sequence among the files. */
  readonly version: number;
  readonly sources: readonly ColdSource[];
}

export interface ArchiveRows {
  /** Rows that end here or before go. */
  readonly beforeMs: number;
  /** Resolves when the rows are durable elsewhere and readable there. */
  readonly keep: (given: GivenRows) => Promise<void>;
}

/** Files of the narrowest resolution that has any due; none when nothing is. */
export function dueRows(
  live: readonly LiveRollup[],
  openDays: readonly number[],
  { beforeMs }: ArchiveRows,
): LiveRollup[] {
  const due = live.filter(({ entry }) => {
    const { afterMs, toMs, tiers } = entry;
    if (tiers.length !== 1 || toMs > beforeMs) return false;
    return !openDays.some((day) => day < toMs && day + DAY_MS > afterMs);
  });
  // What overlaps a file that stays would be read from both, in an order that only one knows.
  const alone = due.filter(({ entry: { tiers, afterMs, toMs } }) =>
    live.every(({ entry }) => {
      const apart = entry.tiers[0] !== tiers[0] || entry.afterMs >= toMs || entry.toMs <= afterMs;
      return apart || entry.toMs <= beforeMs;
    }),
  );
  const index = alone.reduce((least, { entry }) => Math.min(least, entry.tiers[0]), Infinity);
  return alone.filter(({ entry }) => entry.tiers[0] === index);
}

export function givenRows(
  files: readonly LiveRollup[],
  folder: string,
  tombstones: readonly RollupTombstone[],
): GivenRows {
  const entries = files.map(({ entry }) => entry);
  return {
    index: entries[0].tiers[0],
    afterMs: Math.min(...entries.map(({ afterMs }) => afterMs)),
    toMs: Math.max(...entries.map(({ toMs }) => toMs)),
    version: Math.max(...entries.map(({ sequence }) => sequence)),
    sources: entries.map(({ name, id, bytes, sequence }) => ({
      ...{ path: join(folder, name), name: `${name}:${id}`, bytes, sequence },
      rows: bytes,
      hidden: tombstones
        .filter((one) => one.sequence > sequence)
        .map(({ matchers, minMs, maxMs }) => ({ matchers, minMs, maxMs })),
    })),
  };
}

/** Rows of a series, ready for columns. */
export interface GivenWindows {
  readonly count: number;
  readonly ends: Float64Array;
  readonly columns: readonly Float64Array[];
  readonly increases: Float64Array;
  readonly histograms: readonly (Uint8Array | undefined)[] | undefined;
  readonly sketches: readonly (Uint8Array | undefined)[] | undefined;
}

export interface GivenWindowSeries {
  readonly labels: Labels;
  readonly hash: bigint;
  /** Reused by the next series: rows are to be taken at once. */
  windows(): GivenWindows;
}

export interface OpenedRows {
  readonly series: readonly GivenWindowSeries[];
  close(): void;
}

/** Opens files of rows of one resolution. @throws MON_BLOCK_CORRUPT naming the file. */
export function openRows(
  sources: readonly ColdSource[],
  index: number,
  disk: Disk,
  kernels: Kernels,
): OpenedRows {
  const cache = new BlockCache(COMPACTION_CACHE_BYTES);
  const opened: (ReadableRollup & { readonly source: ColdSource; close(): void })[] = [];
  const close = (): void => opened.forEach((one) => one.close());
  try {
    for (const source of sources) {
      const file = disk.randomAccess(source.path);
      const reader = new BlockReader(file, { kernels, cache });
      const entry = { sequence: source.sequence ?? 0, tiers: [index], afterMs: 0, toMs: 0 };
      const end = (): void => {
        reader.close();
        file.close();
      };
      opened.push({ entry, reader, file, source, close: end });
    }
  } catch (thrown) {
    close();
    throw thrown;
  }
  const files = newestFirst(opened);
  const members = membersOf(
    files.map(({ reader }) => reader),
    kernels,
  );
  const rows = new Rows();
  const merger = new RowMerger();
  const span = { index, after: -1, to: Number.MAX_SAFE_INTEGER };
  const series = members.map(({ labels, hash, ids }): GivenWindowSeries => {
    const windows = (): GivenWindows => {
      rows.clear();
      const own = files.map((live, f) => ({ live, id: ids[f] })).filter(({ id }) => id >= 0);
      const hidden = files.flatMap(({ source, entry }) =>
        source.hidden
          .filter(({ matchers }) => matchesLabels(matchers, labels))
          .map((one) => ({ ...one, sequence: entry.sequence + 1 })),
      );
      merger.read(own, span, hidden, rows);
      return givenWindows(rows, index);
    };
    return { labels, hash, windows };
  });
  return { series, close };
}

function givenWindows(rows: Rows, index: number): GivenWindows {
  const { count, ends, columns, histograms, sketches } = rows;
  rows.widths.fill(RESOLUTIONS[index].ms, 0, count);
  const values = new Float64Array(0);
  const buffer = {
    ...{ timestamps: new Float64Array(0), values, words: new Uint32Array(values.buffer) },
  };
  const range = { minMs: -Infinity, maxMs: Infinity };
  const found = columnSamples(rows, 'increase', range, buffer);
  // Windows without a float have no increase.
  const increases = new Float64Array(count);
  for (let i = 0, f = 0; i < count; i++) {
    if (columns[COLUMN.count][i] > 0 && f < found) increases[i] = buffer.values[f++];
  }
  return {
    ...{ count, ends, columns: columns.slice(0, COLUMNS), increases },
    histograms: histograms?.map((one) => one && encodeHistogram(one)),
    sketches: sketches?.map((one) => one && encodeSketch(one)),
  };
}
