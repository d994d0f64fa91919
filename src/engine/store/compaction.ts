// Which blocks are joined into one, and their series as one stream. Under partition.ts, which
// writes and publishes. Easy to get wrong: blocks that overlap have an order, the first in log
// order wins, so nothing that lies between two sources in the list may overlap what they become.
import type { BlockSeries } from '../codec/block.ts';
import { piecesOf } from '../codec/mixed-rows.ts';
import type { BlockReader } from '../codec/block-reader.ts';
import { BLOCK_SPANS_MS } from '../limits.ts';
import { compareLabels } from '../model/labels.ts';
import type { BlockPlan } from './block-files.ts';
import type { BlockEntry } from './checkpoint-file.ts';
import { rangesFor, withoutHidden, type Hidden } from './hidden.ts';
import { makeBuffer, mergeRuns, type SampleRun } from './merge-samples.ts';

/** A window is written anew when what joins its largest block is at least this part of it. */
const JOIN_PART = 1 / 4;
/** Or when so many files lie in it. */
const JOIN_FILES = 5;

export interface CompactionLimits {
  /** Windows that end after this time are not complete yet. */
  readonly boundaryMs: number;
  /** No block spans more than this: retention by time drops whole blocks. */
  readonly spanMsMax: number;
}

/** The blocks to join next, in their order in the list; undefined when all is well. */
export function planCompaction(
  blocks: readonly BlockEntry[],
  { boundaryMs, spanMsMax }: CompactionLimits,
): readonly BlockEntry[] | undefined {
  for (const span of BLOCK_SPANS_MS) {
    if (span > spanMsMax) break;
    const windows = new Map<number, BlockEntry[]>();
    for (const block of blocks) {
      const window = Math.floor(block.minMs / span);
      if (Math.floor(block.maxMs / span) !== window || (window + 1) * span > boundaryMs) continue;
      const group = windows.get(window);
      if (group === undefined) windows.set(window, [block]);
      else group.push(block);
    }
    for (const window of [...windows.keys()].sort((a, b) => a - b)) {
      const group = windows.get(window) as BlockEntry[];
      if (worthwhile(group) && inOrder(blocks, group)) return group;
    }
  }
  return undefined;
}

function worthwhile(group: readonly BlockEntry[]): boolean {
  if (group.length < 2) return false;
  const largest = Math.max(...group.map(({ bytes }) => bytes));
  const rest = group.reduce((sum, { bytes }) => sum + bytes, 0) - largest;
  return rest >= largest * JOIN_PART || group.length >= JOIN_FILES;
}

/** True when no other block between the first and the last of the group overlaps it. */
function inOrder(blocks: readonly BlockEntry[], group: readonly BlockEntry[]): boolean {
  const minMs = Math.min(...group.map((block) => block.minMs));
  const maxMs = Math.max(...group.map((block) => block.maxMs));
  const first = blocks.indexOf(group[0]);
  const last = blocks.indexOf(group[group.length - 1]);
  return blocks.slice(first, last).every((block) => {
    return group.includes(block) || block.maxMs < minMs || block.minMs > maxMs;
  });
}

/** Where a block stands among those that begin at the same record of the log. */
export function placeOf({ place, sequence }: BlockEntry): number {
  return place ?? sequence;
}

/** What the block is that takes the place of these, which are in the order of the list. */
export function joinPlan(
  entries: readonly BlockEntry[],
  generation: number,
  sequence: number,
): BlockPlan {
  const origin = {
    generation,
    from: Math.min(...entries.map(({ from }) => from)),
    to: Math.max(...entries.map(({ to }) => to)),
  };
  const level = Math.max(...entries.map((one) => one.level)) + 1;
  const place = placeOf(entries[0]);
  return { level, origin, sequence, place, replaces: entries.map(({ name }) => name) };
}

/** The oldest blocks, as many as there are beyond so many bytes of all. */
export function oldestBeyond(blocks: readonly BlockEntry[], bytesMax: number): BlockEntry[] {
  const out: BlockEntry[] = [];
  let left = blocks.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const block of blocks.toSorted((a, b) => a.maxMs - b.maxMs)) {
    if (left <= bytesMax) break;
    left -= block.bytes;
    out.push(block);
  }
  return out;
}

/** A block that is read to be joined, and what of it goes. */
export interface CompactionSource {
  readonly reader: BlockReader;
  readonly hidden: readonly Hidden[];
}

/** Series of all sources in the order of labels; of those with the same labels one. */
export function* joinedSeries(sources: readonly CompactionSource[]): Iterable<BlockSeries> {
  const places = sources.map(() => 0);
  const buffers = sources.map(makeBuffer);
  const out = makeBuffer();
  const current = sources.map(({ reader }) => (reader.series > 0 ? reader.labels(0) : undefined));
  for (;;) {
    let labels = undefined as (typeof current)[number];
    for (const one of current) {
      if (one !== undefined && (labels === undefined || compareLabels(one, labels) < 0)) {
        labels = one;
      }
    }
    if (labels === undefined) return;
    const runs: SampleRun[] = [];
    for (const [s, { reader, hidden }] of sources.entries()) {
      const own = current[s];
      if (own === undefined || compareLabels(own, labels) !== 0) continue;
      const buffer = buffers[s];
      const found = reader.read(places[s], -Infinity, Infinity, buffer);
      const ranges = hidden.length === 0 ? [] : rangesFor(hidden, labels);
      const count = withoutHidden(buffer, found, ranges);
      if (count > 0) runs.push({ buffer, count });
      places[s]++;
      current[s] = places[s] < reader.series ? reader.labels(places[s]) : undefined;
    }
    if (runs.length === 0) continue;
    const merged = runs.length === 1 ? runs[0].buffer : out;
    const count = runs.length === 1 ? runs[0].count : mergeRuns(runs, out);
    yield { labels, pieces: piecesOf(merged, count) };
  }
}
