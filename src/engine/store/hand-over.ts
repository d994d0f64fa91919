// Blocks that leave the store for the cold tier: which ones are due, what is told of each, and the
// samples of several as one stream of series. Between a partition and whoever archives. Easy to get
// wrong: series come in the order of their canonical bytes here, not of labels; what is hidden of
// a block must not come back by its archive; no block goes before an earlier one that it overlaps.
import { BlockCache } from '../codec/block-cache.ts';
import type { Piece } from '../codec/block.ts';
import { BlockReader } from '../codec/block-reader.ts';
import { membersOf } from '../codec/canonical-members.ts';
import { piecesOf } from '../codec/mixed-rows.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { BLOCK_SPANS_MS, COMPACTION_CACHE_BYTES } from '../limits.ts';
import type { Labels } from '../model/labels.ts';
import type { ColdHidden } from '../ports-cold.ts';
import type { Disk } from '../runtime/disk.ts';
import type { LiveBlock } from './block-files.ts';
import type { BlockEntry } from './checkpoint-file.ts';
import { rangesFor, withoutHidden, type Hidden } from './hidden.ts';
import { makeBuffer, mergeRuns, type SampleRun } from './merge-samples.ts';

/** A block as it is told to who takes it over. */
export interface GivenBlock {
  readonly path: string;
  /** Its name in its folder. */
  readonly file: string;
  /** No other file of the partition ever has this text. */
  readonly name: string;
  readonly bytes: number;
  readonly rows: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly hidden: readonly Hidden[];
}

export interface HandOver {
  readonly choose: (blocks: readonly BlockEntry[]) => readonly BlockEntry[];
  /**
   * Resolves when the samples are durable elsewhere and readable there (`gone`), or the files lie
   * somewhere else under the same names (`moved`).
   */
  readonly keep: (blocks: readonly GivenBlock[]) => Promise<'gone' | 'moved'>;
}

export function givenBlock({ entry, file }: LiveBlock, hidden: readonly Hidden[]): GivenBlock {
  const { name, id, bytes, samples: rows, minMs, maxMs } = entry;
  return { path: file.name, file: name, name: `${name}:${id}`, bytes, rows, minMs, maxMs, hidden };
}

/** The widest window that one object covers when blocks go at this age. */
export function coldSpan(ageMs: number): number {
  return [...BLOCK_SPANS_MS].reverse().find((span) => span <= ageMs) ?? BLOCK_SPANS_MS[0];
}

/**
 * Blocks of the oldest window of which all is older than the boundary; none when nothing is due.
 * What is archived counts before all that stays, so a block waits as long as one that overlaps it
 * and stands before it stays. `blocks` and the answer are in order of the log.
 */
export function dueBlocks(
  blocks: readonly BlockEntry[],
  boundaryMs: number,
  spanMs: number,
): readonly BlockEntry[] {
  const windows = new Map<number, BlockEntry[]>();
  for (const block of blocks) {
    const window = Math.floor(block.minMs / spanMs);
    if (block.maxMs >= boundaryMs || (window + 1) * spanMs > boundaryMs) continue;
    const group = windows.get(window);
    if (group === undefined) windows.set(window, [block]);
    else group.push(block);
  }
  for (const window of [...windows.keys()].sort((a, b) => a - b)) {
    const going = freeToGo(blocks, windows.get(window) as BlockEntry[]);
    if (going.length > 0) return going;
  }
  return [];
}

/** Those of a group that overlap nothing before them in the list but what goes with them. */
function freeToGo(
  blocks: readonly BlockEntry[],
  group: readonly BlockEntry[],
): readonly BlockEntry[] {
  const going: BlockEntry[] = [];
  for (const block of group) {
    const waits = blocks.slice(0, blocks.indexOf(block)).some((before) => {
      const apart = before.maxMs < block.minMs || before.minMs > block.maxMs;
      return !apart && !going.includes(before);
    });
    if (!waits) going.push(block);
  }
  return going;
}

/** A series of several blocks. */
export interface GivenSeries {
  readonly labels: Labels;
  /** The identity hash. */
  readonly hash: bigint;
  /** Reused by the next series: samples are to be taken at once. */
  pieces(): Iterable<Piece>;
}

export interface OpenedBlocks {
  readonly series: readonly GivenSeries[];
  close(): void;
}

export interface BlockFile {
  readonly path: string;
  readonly hidden: readonly ColdHidden[];
}

/** Opens block files, the first of which wins. @throws MON_BLOCK_CORRUPT naming the file. */
export function openBlocks(
  files: readonly BlockFile[],
  disk: Disk,
  kernels: Kernels,
): OpenedBlocks {
  const cache = new BlockCache(COMPACTION_CACHE_BYTES);
  const opened: { file: ReturnType<Disk['randomAccess']>; reader: BlockReader }[] = [];
  const close = (): void => {
    for (const { file, reader } of opened) {
      reader.close();
      file.close();
    }
  };
  try {
    for (const { path } of files) {
      const file = disk.randomAccess(path);
      opened.push({ file, reader: new BlockReader(file, { kernels, cache, histograms: true }) });
    }
    const readers = opened.map(({ reader }) => reader);
    const members = membersOf(readers, kernels);
    const buffers = files.map(makeBuffer);
    const out = makeBuffer();
    const series = members.map(({ labels, hash, ids }): GivenSeries => {
      const pieces = function* (): Iterable<Piece> {
        const runs: SampleRun[] = [];
        for (const [b, reader] of readers.entries()) {
          if (ids[b] < 0) continue;
          const buffer = buffers[b];
          const found = reader.read(ids[b], -Infinity, Infinity, buffer);
          const { hidden } = files[b];
          const ranges = hidden.length === 0 ? [] : rangesFor(hidden, labels);
          const count = withoutHidden(buffer, found, ranges);
          if (count > 0) runs.push({ buffer, count });
        }
        if (runs.length === 0) return;
        const merged = runs.length === 1 ? runs[0].buffer : out;
        yield* piecesOf(merged, runs.length === 1 ? runs[0].count : mergeRuns(runs, out));
      };
      return { labels, hash, pieces };
    });
    return { series, close };
  } catch (thrown) {
    close();
    throw thrown;
  }
}
