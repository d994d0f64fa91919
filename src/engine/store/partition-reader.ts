// One partition as one reader: its blocks and its head, series of both joined by their labels. Made
// for one query; a query that touches no block is given the head itself. Easy to get wrong: ids are
// this reader's own, by its last match(); and a list of blocks that changed makes it useless, which
// the store's generation tells.
import { LABELS_HELD_MAX } from '../limits.ts';
import { compareText, labelsKey, type Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { JOINED_AT_ONCE, matchedAtOnce, matchedInTurns } from '../model/sliced-match.ts';
import type { Matching, Pause } from '../model/sliced-match.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';
import type { Head } from '../head/head.ts';
import type { LiveBlock } from './block-files.ts';
import type { Tombstone } from './checkpoint-file.ts';
import {
  coversAll,
  hiddenIn,
  rangesFor,
  withoutHidden,
  type Hidden,
  type HiddenRange,
} from './hidden.ts';
import { makeBuffer, mergeRuns, swapBuffers, type SampleRun } from './merge-samples.ts';

/** A block or the head, and what of it is not shown. */
export interface Part {
  readonly reader: SeriesReader;
  readonly hidden: readonly Hidden[];
  /** Samples that one of its series has, about: for a reader without room(). */
  readonly samplesOfSeries: number;
}

const NOTHING: readonly HiddenRange[] = [];

/** What a partition holds, for a reader of it. */
export interface ReadFrom {
  readonly head: Head;
  readonly blocks: readonly LiveBlock[];
  readonly tombstones: readonly Tombstone[];
  /** What is not shown of some series: retention by pattern. */
  readonly past: readonly Hidden[];
  /** What came back from the cold tier for this query; it is the oldest. */
  readonly cold: readonly SeriesReader[];
}

/** A reader for one query in this range: the head itself when nothing else has to be asked. */
export function readerOf(what: ReadFrom, minMs: number, maxMs: number): SeriesReader {
  const { head, blocks, tombstones, past, cold } = what;
  const from = Math.max(minMs, head.floorMs);
  const touched = blocks.filter(({ entry }) => entry.minMs <= maxMs && entry.maxMs >= from);
  const hidden = past.filter((one) => one.maxMs >= from);
  if (touched.length + hidden.length + cold.length === 0) return head;
  const parts = touched.map(({ entry, reader }) => ({
    reader,
    hidden: hiddenIn(entry, tombstones, past),
    samplesOfSeries: Math.ceil(entry.samples / entry.series),
  }));
  const old = cold.map((reader) => ({ reader, hidden, samplesOfSeries: 0 }));
  const last = { reader: head, hidden, samplesOfSeries: 0 };
  return new PartitionReader([...old, ...parts, last], head.floorMs);
}

export class PartitionReader implements SeriesReader {
  readonly #parts: readonly Part[];
  readonly #floorMs: number;
  readonly #buffers: SampleBuffer[];
  #labels: Labels[] = [];
  /** Id of each series in each part, series by series; -1 where a part has none. */
  #members: number[] = [];
  /** Hidden ranges by place in `#members`. */
  readonly #ranges = new Map<number, readonly HiddenRange[]>();

  /** `parts` in order of the log, the head last. Nothing before `floorMs` is shown. */
  constructor(parts: readonly Part[], floorMs: number) {
    this.#parts = parts;
    this.#floorMs = floorMs;
    this.#buffers = parts.map(makeBuffer);
  }

  match(matchers: readonly Matcher[], minMs: number, maxMs: number): Uint32Array {
    return matchedAtOnce(this.#matched(matchers, minMs, maxMs));
  }

  matchSliced(
    ...[matchers, minMs, maxMs, pause]: [...Parameters<SeriesReader['match']>, Pause]
  ): Promise<Uint32Array | undefined> {
    return matchedInTurns(this.#matched(matchers, minMs, maxMs), pause);
  }

  *#matched(matchers: readonly Matcher[], minMs: number, maxMs: number): Matching {
    const from = Math.max(minMs, this.#floorMs);
    const width = this.#parts.length;
    const known = new Map<string, number>();
    this.#labels = [];
    this.#members = [];
    this.#ranges.clear();
    let met = 0;
    for (const [p, { reader, hidden }] of this.#parts.entries()) {
      const ids = reader.match(matchers, from, maxMs);
      const once = ids.length > LABELS_HELD_MAX;
      for (const id of ids) {
        if (++met % JOINED_AT_ONCE === 0) yield;
        const labels = reader.labels(id, once);
        const ranges = hidden.length === 0 ? NOTHING : rangesFor(hidden, labels);
        if (coversAll(ranges, from, maxMs)) continue;
        const key = labelsKey(labels);
        let index = known.get(key);
        if (index === undefined) {
          index = this.#labels.push(labels) - 1;
          known.set(key, index);
          for (let i = 0; i < width; i++) this.#members.push(-1);
        }
        const place = index * width + p;
        this.#members[place] = id;
        if (ranges.length > 0) this.#ranges.set(place, ranges);
      }
    }
    return Uint32Array.from(this.#labels, (_, i) => i);
  }

  labels(id: number): Labels {
    return this.#labels[id];
  }

  read(id: number, minMs: number, maxMs: number, into: SampleBuffer): number {
    const from = Math.max(minMs, this.#floorMs);
    const width = this.#parts.length;
    const runs: SampleRun[] = [];
    for (let p = 0; p < width; p++) {
      const place = id * width + p;
      const member = this.#members[place];
      if (member < 0) continue;
      const buffer = this.#buffers[p];
      const found = this.#parts[p].reader.read(member, from, maxMs, buffer);
      const count = withoutHidden(buffer, found, this.#ranges.get(place) ?? NOTHING);
      if (count > 0) runs.push({ buffer, count });
    }
    into.histograms = undefined;
    into.bodies = undefined;
    into.starts = undefined;
    if (runs.length === 0) return 0;
    if (runs.length > 1) return mergeRuns(runs, into);
    swapBuffers(into, runs[0].buffer);
    return runs[0].count;
  }

  room(id: number, minMs: number, maxMs: number): number {
    const width = this.#parts.length;
    let room = 0;
    this.#parts.forEach(({ reader, samplesOfSeries }, p) => {
      const member = this.#members[id * width + p];
      if (member >= 0) room += reader.room?.(member, minMs, maxMs) ?? samplesOfSeries;
    });
    return room;
  }

  labelNames(matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    return this.#texts(
      (reader, from) => reader.labelNames(matchers, from, maxMs),
      minMs,
      () => {
        const ids = this.match(matchers, minMs, maxMs);
        return [...ids].flatMap((id) => this.#labels[id].filter((_, i) => i % 2 === 0));
      },
    );
  }

  labelValues(name: string, matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    return this.#texts(
      (reader, from) => reader.labelValues(name, matchers, from, maxMs),
      minMs,
      () => {
        const ids = this.match(matchers, minMs, maxMs);
        return [...ids].flatMap((id) => {
          const at = this.#labels[id].findIndex((text, i) => i % 2 === 0 && text === name);
          return at < 0 ? [] : [this.#labels[id][at + 1]];
        });
      },
    );
  }

  /** The texts of all parts, or by the series that are shown where something is hidden. */
  #texts(
    ask: (reader: SeriesReader, from: number) => string[],
    minMs: number,
    shown: () => string[],
  ): string[] {
    const from = Math.max(minMs, this.#floorMs);
    const plain = this.#parts.every(({ hidden }) => hidden.length === 0);
    const texts = plain ? this.#parts.flatMap(({ reader }) => ask(reader, from)) : shown();
    return [...new Set(texts)].sort(compareText);
  }
}
