// From a head to the series of a block: which windows of time a seal writes, and the samples of
// each in the order of labels. Under partition.ts, which owns the head and publishes. Easy to get
// wrong: the head goes on while a block is written, so a series may be gone when its turn comes,
// and what arrives late for a window is somebody else's matter.
import type { BlockSeries } from '../codec/block.ts';
import { piecesOf } from '../codec/mixed-rows.ts';
import type { Head } from '../head/head.ts';
import { BLOCK_SPANS_MS, SEAL_SLICE_MS } from '../limits.ts';
import { compareLabels, type Labels } from '../model/labels.ts';
import { makeBuffer } from './merge-samples.ts';
import type { Pace } from './pace.ts';

/** Samples before this time leave the head now: whole slices, and the newest stay. */
export function sealBoundary(nowMs: number, keepMs: number): number {
  return Math.floor((nowMs - keepMs) / SEAL_SLICE_MS) * SEAL_SLICE_MS;
}

/**
 * The window in which `ms` lies: the widest one that ends before the boundary and is at most a day,
 * so that an import of weeks does not become hundreds of files.
 */
export function windowAt(ms: number, boundaryMs: number): { from: number; end: number } {
  for (const span of [...BLOCK_SPANS_MS.slice(0, 3)].reverse()) {
    const from = Math.floor(ms / span) * span;
    if (from + span <= boundaryMs) return { from, end: from + span };
  }
  const from = Math.floor(ms / SEAL_SLICE_MS) * SEAL_SLICE_MS;
  return { from, end: Math.min(boundaryMs, from + SEAL_SLICE_MS) };
}

interface Named {
  readonly id: number;
  readonly labels: Labels;
}

/** Labels that are looked up, or sorted, before somebody else has a turn. */
const SORT_STEP = 4096;

/** Series of a head with samples in [minMs, maxMs], sorted by labels. */
export async function sortedSeries(
  head: Head,
  minMs: number,
  maxMs: number,
  pace: Pace,
): Promise<Named[]> {
  const ids = head.match([], minMs, maxMs);
  const lots: Named[][] = [];
  for (let at = 0; at < ids.length; at += SORT_STEP) {
    const lot = Array.from(ids.subarray(at, at + SORT_STEP), (id) => ({
      id,
      labels: head.labels(id),
    }));
    lots.push(lot.sort((a, b) => compareLabels(a.labels, b.labels)));
    await pace.breathe();
  }
  // Two by two, so that each step stays short until the last few.
  while (lots.length > 1) {
    const pair = lots.splice(0, 2);
    lots.push(joinSorted(pair[0], pair[1]));
    await pace.breathe();
  }
  return lots[0] ?? [];
}

function joinSorted(a: readonly Named[], b: readonly Named[]): Named[] {
  const out: Named[] = [];
  let j = 0;
  for (const one of a) {
    while (j < b.length && compareLabels(b[j].labels, one.labels) < 0) out.push(b[j++]);
    out.push(one);
  }
  while (j < b.length) out.push(b[j++]);
  return out;
}

/** What a block holds of the head: samples with minMs <= t <= maxMs. */
export function* headSeries(
  head: Head,
  series: readonly Named[],
  minMs: number,
  maxMs: number,
): Iterable<BlockSeries> {
  const buffer = makeBuffer();
  for (const { id, labels } of series) {
    const count = head.read(id, minMs, maxMs, buffer);
    if (count === 0) continue;
    yield { labels, pieces: piecesOf(buffer, count) };
  }
}
