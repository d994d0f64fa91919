// Rows of one series from several files as one run, and the series of several files as one stream.
// Under reading and joining. Easy to get wrong: for a window that stands in several files the file
// with the highest sequence wins, whatever the order of time; a deleted row must not let an older
// one of the same window show.
import type { BlockSeries } from '../codec/block.ts';
import { valueTest } from '../head/value-test.ts';
import { compareLabels, labelValue, type Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { ReadableRollup } from './rollup-files.ts';
import { readRows } from './lanes.ts';
import { Rows } from './rows.ts';
import type { RollupTombstone } from './rollup-state.ts';

/** (after, to] of the ends of windows of one resolution. */
export interface RowSpan {
  readonly index: number;
  readonly after: number;
  readonly to: number;
}

function hides(tombstones: readonly RollupTombstone[], end: number, width: number): boolean {
  return tombstones.some(({ minMs, maxMs }) => end >= minMs && end - width < maxMs);
}

export function matchesLabels(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((one) => valueTest(one).test(labelValue(labels, one.name)));
}

/** A series in one file. */
export interface RowSource {
  readonly live: ReadableRollup;
  readonly id: number;
}

/** Reads rows of a series from files, the newest sequence first; buffers are used again. */
export class RowMerger {
  readonly #parts: Rows[] = [];
  readonly #shown = new Rows();

  /** Appends the rows of the span; answers how many. @throws MonError MON_BLOCK_CORRUPT. */
  read(
    sources: readonly RowSource[],
    span: RowSpan,
    tombstones: readonly RollupTombstone[],
    into: Rows,
  ): number {
    const before = into.count;
    const parts: Rows[] = [];
    for (const { live, id } of sources) {
      const part = (this.#parts[parts.length] ??= new Rows());
      if (readRows(live, { id, ...span }, part) === 0) continue;
      const { sequence } = live.entry;
      this.#hide(
        part,
        tombstones.filter((one) => one.sequence > sequence),
      );
      if (part.count > 0) parts.push(part);
    }
    if (parts.length === 1) into.append(parts[0], 0, parts[0].count);
    else if (parts.length > 1) overlay(parts, into);
    return into.count - before;
  }

  #hide(part: Rows, tombstones: readonly RollupTombstone[]): void {
    if (tombstones.length === 0) return;
    const shown = this.#shown;
    shown.clear();
    for (let i = 0; i < part.count; i++) {
      if (!hides(tombstones, part.ends[i], part.widths[i])) shown.append(part, i, i + 1);
    }
    part.clear();
    part.append(shown, 0, shown.count);
  }
}

/** Always the smallest end next, of equal ones the first part's. */
function overlay(parts: readonly Rows[], into: Rows): void {
  const places = parts.map(() => 0);
  for (;;) {
    let best = -1;
    let end = Infinity;
    for (let p = 0; p < parts.length; p++) {
      if (places[p] < parts[p].count && parts[p].ends[places[p]] < end) {
        best = p;
        end = parts[p].ends[places[p]];
      }
    }
    if (best < 0) return;
    into.append(parts[best], places[best], places[best] + 1);
    for (let p = 0; p < parts.length; p++) {
      if (places[p] < parts[p].count && parts[p].ends[places[p]] === end) places[p]++;
    }
  }
}

/** Files in the order in which their rows win. */
export function newestFirst<T extends ReadableRollup>(files: readonly T[]): T[] {
  return files.toSorted((a, b) => b.entry.sequence - a.entry.sequence);
}

/**
 * The series of files in the order of labels; `make` turns the rows of each into a series of a new
 * file, or undefined when nothing is left of it.
 */
export function* joinedRows(
  files: readonly ReadableRollup[],
  span: RowSpan,
  tombstones: readonly RollupTombstone[],
  make: (labels: Labels, rows: Rows) => BlockSeries | undefined,
): Iterable<BlockSeries> {
  const ordered = newestFirst(files);
  const merger = new RowMerger();
  const rows = new Rows();
  const places = ordered.map(() => 0);
  const current = ordered.map(({ reader }) => (reader.series > 0 ? reader.labels(0) : undefined));
  for (;;) {
    let labels = undefined as (typeof current)[number];
    for (const one of current) {
      if (one === undefined) continue;
      if (labels === undefined || compareLabels(one, labels) < 0) labels = one;
    }
    if (labels === undefined) return;
    const sources: RowSource[] = [];
    for (const [f, live] of ordered.entries()) {
      const own = current[f];
      if (own === undefined || compareLabels(own, labels) !== 0) continue;
      sources.push({ live, id: places[f]++ });
      current[f] = places[f] < live.reader.series ? live.reader.labels(places[f]) : undefined;
    }
    const name = labels;
    const deleted = tombstones.filter(({ matchers }) => matchesLabels(matchers, name));
    rows.clear();
    if (merger.read(sources, span, deleted, rows) === 0) continue;
    const series = make(labels, rows);
    if (series !== undefined) yield series;
  }
}
