// The samples of series that stand apart: those a policy decides about. The split kernel has put
// them behind all others, so that samples of other series cost nothing more than before; here they
// are dropped or thinned, and what stays is put into the order that batches want, where it lies.
// Easy to get wrong: nothing may grow the kernel memory between the split and the append.
import type { Kernels } from '../kernels/kernels.ts';
import type { SeriesBook } from '../kernels/series-book.ts';
import type { Batch } from '../model/batch.ts';
import { isStaleAt } from '../model/sample.ts';
import type { Lateness } from '../model/sample.ts';
import type { BatchForm } from './door-batches.ts';

/** Live, late, backfill, held: assembly/split.ts. */
const CLASSES = 4;

/** Says whether a sample stays. */
export interface ApartRule {
  keeps(ref: number, timestampMs: number, stale: boolean): boolean;
}

/** What became of the samples of one request that stand apart. */
export interface ApartSamples {
  readonly dropped: number;
  readonly batches: readonly Batch[];
}

const NOTHING: ApartSamples = { dropped: 0, batches: [] };

/** The split columns where the samples lie that stand apart: first to last, last excluded. */
interface Columns {
  readonly refs: Uint32Array;
  readonly times: Float64Array;
  /** Two a value. */
  readonly words: Uint32Array;
}

/** Decides about the samples behind the last partition's; all of one request at once. */
export function takeApart(
  book: SeriesBook,
  rule: ApartRule | undefined,
  form: BatchForm,
): ApartSamples {
  if (rule === undefined) return NOTHING;
  const { kernels, partitions } = book;
  const x = kernels.exports;
  const endsAt = x.splitEnds() >>> 2;
  const ends = kernels.u32.subarray(endsAt, endsAt + (partitions + 1) * CLASSES);
  const first = ends[partitions * CLASSES - 1];
  const all = ends[ends.length - 1] - first;
  if (all === 0) return NOTHING;
  const columns = columnsOf(kernels, first, all);
  const index = new Uint32Array(all);
  const groups = new Uint16Array(all);
  let kept = 0;
  for (let i = 0; i < all; i++) {
    const ref = columns.refs[i];
    if (!rule.keeps(ref, columns.times[i], isStaleAt(columns.words, i))) continue;
    let lateness = 0;
    while (first + i >= ends[partitions * CLASSES + lateness]) lateness++;
    index[kept] = i;
    groups[kept++] = book.partition(ref) * CLASSES + lateness;
  }
  const groupEnds = sortInto(columns, index.subarray(0, kept), groups, partitions * CLASSES);
  return { dropped: all - kept, batches: batchesOf(kernels, first, groupEnds, form) };
}

/**
 * Moves the samples of these indexes to the front, by group and within one in the order they came;
 * answers where each group ends.
 */
function sortInto(
  { refs, times, words }: Columns,
  index: Uint32Array,
  groups: Uint16Array,
  groupCount: number,
): Uint32Array {
  const ends = new Uint32Array(groupCount);
  for (let i = 0; i < index.length; i++) ends[groups[i]]++;
  for (let group = 0, sum = 0; group < groupCount; group++) {
    const count = ends[group];
    ends[group] = sum;
    sum += count;
  }
  const sorted = {
    refs: new Uint32Array(index.length),
    times: new Float64Array(index.length),
    words: new Uint32Array(index.length * 2),
  };
  for (let i = 0; i < index.length; i++) {
    const to = ends[groups[i]]++;
    const from = index[i];
    sorted.refs[to] = refs[from];
    sorted.times[to] = times[from];
    sorted.words[to * 2] = words[from * 2];
    sorted.words[to * 2 + 1] = words[from * 2 + 1];
  }
  refs.set(sorted.refs);
  times.set(sorted.times);
  words.set(sorted.words);
  return ends;
}

function batchesOf(
  kernels: Kernels,
  first: number,
  ends: Uint32Array,
  { receivedMs, recordBytes }: BatchForm,
): Batch[] {
  const batches: Batch[] = [];
  let from = 0;
  for (let group = 0; group < ends.length; group++) {
    while (from < ends[group]) {
      const count = kernels.exports.splitCut(first + from, ends[group] - from, recordBytes);
      const { refs, times, words } = columnsOf(kernels, first + from, count);
      const values = new Float64Array(words.buffer, words.byteOffset, count);
      batches.push({
        partition: Math.floor(group / CLASSES),
        receivedMs,
        lateness: (group % CLASSES) as Lateness,
        floats: { refs, timestamps: times, values },
      });
      from += count;
    }
  }
  return batches;
}

function columnsOf({ exports: x, memory }: Kernels, first: number, count: number): Columns {
  const { buffer } = memory;
  return {
    refs: new Uint32Array(buffer, (x.splitRefs() >>> 0) + first * 4, count),
    times: new Float64Array(buffer, (x.splitTimes() >>> 0) + first * 8, count),
    words: new Uint32Array(buffer, (x.splitValues() >>> 0) + first * 8, count * 2),
  };
}
