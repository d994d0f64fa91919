// What is stored and not shown any more: samples that somebody deleted, and those of metrics with
// a shorter retention. Stands between blocks and their readers, and in compaction, which drops
// what is hidden for good. Easy to get wrong: a tombstone concerns only blocks that were there
// before it.
import { MonError } from '../errors.ts';
import { valueTest } from '../head/value-test.ts';
import { labelValue, type Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';
import type { BlockEntry, Tombstone } from './checkpoint-file.ts';

/** Samples of matching series in [minMs, maxMs]. */
export interface Hidden {
  readonly matchers: readonly Matcher[];
  readonly minMs: number;
  readonly maxMs: number;
}

/** First and last ms that are hidden. */
export type HiddenRange = readonly [minMs: number, maxMs: number];

export function matchesLabels(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((one) => valueTest(one).test(labelValue(labels, one.name)));
}

/** Those that concern a block: deleted after it was made, or past their retention. */
export function hiddenIn(
  entry: BlockEntry,
  tombstones: readonly Tombstone[],
  past: readonly Hidden[],
): Hidden[] {
  const touches = (one: Hidden): boolean => one.minMs <= entry.maxMs && one.maxMs >= entry.minMs;
  const deleted = tombstones.filter((one) => one.sequence > entry.sequence && touches(one));
  return [...deleted, ...past.filter(touches)];
}

/** The same, with all that lies before a time. */
export function hiddenBefore(
  floorMs: number,
  entry: BlockEntry,
  tombstones: readonly Tombstone[],
  past: readonly Hidden[],
): Hidden[] {
  const floor = { matchers: [], minMs: -Infinity, maxMs: floorMs - 1 };
  return hiddenIn(entry, tombstones, [...past, floor]);
}

/** True when a block holds series that the tombstone hides, or when it cannot say. */
export function buries(
  tombstone: Tombstone,
  { entry, reader }: { readonly entry: BlockEntry; readonly reader: SeriesReader },
): boolean {
  if (hiddenIn(entry, [tombstone], []).length === 0) return false;
  const { matchers, minMs, maxMs } = tombstone;
  try {
    return reader.match(matchers, minMs, maxMs).length > 0;
  } catch (thrown) {
    if (thrown instanceof MonError && thrown.code === 'MON_BLOCK_CORRUPT') return true;
    throw thrown;
  }
}

export function rangesFor(hidden: readonly Hidden[], labels: Labels): HiddenRange[] {
  return hidden
    .filter((one) => matchesLabels(one.matchers, labels))
    .map(({ minMs, maxMs }) => [minMs, maxMs]);
}

/** True when nothing of [minMs, maxMs] is shown. */
export function coversAll(ranges: readonly HiddenRange[], minMs: number, maxMs: number): boolean {
  return ranges.some(([from, to]) => from <= minMs && to >= maxMs);
}

/** Takes hidden samples out of the first `count` of a buffer; answers how many are left. */
export function withoutHidden(
  into: SampleBuffer,
  count: number,
  ranges: readonly HiddenRange[],
): number {
  if (ranges.length === 0) return count;
  const { timestamps, words, histograms, bodies, starts } = into;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const time = timestamps[i];
    if (ranges.some(([from, to]) => time >= from && time <= to)) continue;
    timestamps[kept] = time;
    words[kept * 2] = words[i * 2];
    words[kept * 2 + 1] = words[i * 2 + 1];
    if (histograms !== undefined) histograms[kept] = histograms[i];
    if (bodies !== undefined) bodies[kept] = bodies[i];
    if (starts !== undefined) starts[kept] = starts[i];
    kept++;
  }
  return kept;
}
