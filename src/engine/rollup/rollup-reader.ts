// One partition's rollups and samples as one reader, made for one fragment: rows where the samples
// are gone or too many, samples behind them, with no seam between. It hands range functions whole
// rows where they can use them, and the last sample of each row where they cannot. Easy to get
// wrong: where the samples begin is the same for all series, and every window lies on one side.
import { labelsKey, type Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { JOINED_AT_ONCE, matchedAtOnce, matchedInTurns } from '../model/sliced-match.ts';
import type { Matching, Pause } from '../model/sliced-match.ts';
import { RESOLUTIONS, ROLLUP_LABEL, type FragmentRollup } from '../model/rollup.ts';
import type { RowBlock, RowEvaluator, RowWork } from '../model/row-block.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';
import { foldRows, foldSamples } from './fold.ts';
import { HOUR_MS, makeBuffer } from './hour-fold.ts';
import { LANE_MS } from './lanes.ts';
import { evaluateRows, rowsAnswer } from './row-functions.ts';
import { matchesLabels, newestFirst, RowMerger, type RowSource } from './row-merge.ts';
import { columnSamples, lastSamples, type SampleRange } from './row-samples.ts';
import { LANE_HISTOGRAM, LANES, Rows } from './rows.ts';
import type { ReadableRollup } from './rollup-files.ts';
import { segmentsOf, type Segment } from './segments.ts';
import type { RollupTombstone } from './rollup-state.ts';

export interface RollupReaderOptions {
  readonly live: readonly ReadableRollup[];
  readonly tombstones: readonly RollupTombstone[];
  readonly foldedTo: number;
  readonly openDays: readonly number[];
  readonly raw: SeriesReader;
  /** Samples before this time may be gone. */
  readonly floorMs: number;
  readonly rollup: FragmentRollup;
}

/** A series of the answer: its labels, its id in the samples (-1: none), its places in files. */
interface Member {
  readonly labels: Labels;
  raw: number;
  readonly sources: RowSource[];
}

const ROWS_MAX = 256;
const CELLS_MAX = 65_536;
const PROBE_MS = 3_600_000;

export class RollupReader implements SeriesReader {
  /** True when rows went into the answer whose windows are not those that were asked for. */
  estimated = false;
  /** Rows that were read. */
  rowsRead = 0;
  readonly #options: RollupReaderOptions;
  readonly #segments: readonly Segment[];
  readonly #files: readonly ReadableRollup[];
  /** Samples at or before this time are taken from rows. */
  readonly #seamMs: number;
  readonly #merger = new RowMerger();
  readonly #rows = new Rows();
  readonly #wide = new Rows();
  readonly #buffer = makeBuffer();
  #members: Member[] = [];

  constructor(options: RollupReaderOptions) {
    const { segments, seamMs } = segmentsOf(options);
    this.#options = options;
    this.#segments = segments;
    this.#seamMs = seamMs;
    const tiers = new Set(segments.map(({ index }) => index));
    const wanted = options.live.filter(({ entry }) => entry.tiers.some((one) => tiers.has(one)));
    this.#files = newestFirst(wanted);
  }

  match(matchers: readonly Matcher[], minMs: number, maxMs: number): Uint32Array {
    return matchedAtOnce(this.#matched(matchers, minMs, maxMs));
  }

  matchSliced(
    ...[matchers, minMs, maxMs, pause]: [...Parameters<SeriesReader['match']>, Pause]
  ): Promise<Uint32Array | undefined> {
    return matchedInTurns(this.#matched(matchers, minMs, maxMs), pause);
  }

  /** What match() answers; yields where others may have their turn. */
  *#matched(matchers: readonly Matcher[], minMs: number, maxMs: number): Matching {
    const { raw, rollup } = this.#options;
    const known = new Map<string, Member>();
    const member = (labels: Labels): Member => {
      const key = labelsKey(labels);
      let found = known.get(key);
      if (found === undefined) known.set(key, (found = { labels, raw: -1, sources: [] }));
      return found;
    };
    const widest = RESOLUTIONS[RESOLUTIONS.length - 1].ms;
    let met = 0;
    for (const live of this.#files) {
      const { afterMs, toMs } = live.entry;
      if (toMs < minMs || afterMs > Math.min(maxMs + widest, this.#seamMs)) continue;
      for (const id of live.reader.match(matchers, -Infinity, Infinity)) {
        member(live.reader.labels(id)).sources.push({ live, id });
        if (++met % JOINED_AT_ONCE === 0) yield;
      }
    }
    // A window that ends within the range begins before it.
    const from = rollup.column === undefined ? minMs : minMs - 2 * rollup.resolutionMs;
    const behind = Math.max(from, this.#seamMs + 1);
    const ids = behind > maxMs ? [] : raw.match(matchers, behind, maxMs);
    for (const id of ids) {
      member(raw.labels(id)).raw = id;
      if (++met % JOINED_AT_ONCE === 0) yield;
    }
    this.#members = [...known.values()];
    return Uint32Array.from(this.#members, (_, i) => i);
  }

  labels(id: number): Labels {
    const { labels } = this.#members[id];
    const { column, resolutionMs } = this.#options.rollup;
    if (column === undefined) return labels;
    const name = RESOLUTIONS.find(({ ms }) => ms === resolutionMs)?.name ?? '';
    const pairs: [string, string][] = [[ROLLUP_LABEL, `${name}:${column}`]];
    for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i], labels[i + 1]]);
    return pairs.sort(([a], [b]) => (a < b ? -1 : 1)).flat();
  }

  /** Columns as samples, or the last sample of each window and the samples behind the seam. */
  read(id: number, minMs: number, maxMs: number, into: SampleBuffer): number {
    const { rollup, raw } = this.#options;
    const range: SampleRange = { minMs, maxMs };
    into.histograms = undefined;
    into.starts = undefined;
    if (rollup.column !== undefined) {
      const rows = this.#rowsOf(id, range, rollup.resolutionMs, isQuantile(rollup.column));
      return columnSamples(rows, rollup.column, range, into);
    }
    const rows = this.#storedRows(id, range);
    if (rows.count > 0) this.estimated = true;
    const member = this.#members[id];
    const from = Math.max(minMs, this.#seamMs + 1);
    const found = member.raw < 0 ? 0 : raw.read(member.raw, from, maxMs, this.#buffer);
    return lastSamples(rows, range, { buffer: this.#buffer, count: found }, into);
  }

  room(id: number, minMs: number, maxMs: number): number {
    const { raw, rollup } = this.#options;
    const member = this.#members[id];
    const span = Math.max(0, Math.min(maxMs, this.#seamMs) - minMs);
    const rows = member.sources.length === 0 ? 0 : Math.ceil(span / rollup.resolutionMs) + 1;
    const from = Math.max(minMs, this.#seamMs + 1);
    const samples = member.raw < 0 || from > maxMs ? 0 : (raw.room?.(member.raw, from, maxMs) ?? 1);
    return rows + samples;
  }

  rows(work: RowWork): RowEvaluator | undefined {
    const { column, aligned, resolutionMs } = this.#options.rollup;
    if (column !== undefined || !rowsAnswer(work)) return undefined;
    const rowsMax = Math.max(1, Math.min(ROWS_MAX, Math.floor(CELLS_MAX / work.steps)));
    const values = new Float64Array(rowsMax * work.steps);
    const present = new Uint8Array(values.length);
    const samples = new Uint32Array(rowsMax);
    const maxMs = work.first + (work.steps - 1) * work.step;
    const minMs = work.first - work.windowMs + 1;
    const width = aligned ? resolutionMs : 0;
    const sketched = work.fn === 'quantile_over_time';
    const block = (ids: Uint32Array): RowBlock => {
      present.fill(0);
      ids.forEach((id, i) => {
        const range = { minMs, maxMs };
        const rows = this.#rowsOf(id, range, width, sketched);
        samples[i] = rows.count;
        evaluateRows(rows, work, { values, present }, i * work.steps);
      });
      return { values, present, samples };
    };
    return { rowsMax, block, takes: (id) => this.#isFloat(id, minMs, maxMs) };
  }

  /** False for a series that seems to have histograms in the range. */
  #isFloat(id: number, minMs: number, maxMs: number): boolean {
    const { raw, sources } = this.#members[id];
    for (const { live, id: own } of sources) {
      for (const { index } of this.#segments) {
        const lane = (index * LANES + LANE_HISTOGRAM) * LANE_MS;
        if (live.reader.readRows(own, lane, lane + LANE_MS - 1).length > 0) return false;
      }
    }
    const from = Math.max(minMs, this.#seamMs + 1);
    if (raw < 0 || from > maxMs) return true;
    const probes = [from, Math.max(from, maxMs - PROBE_MS)];
    return probes.every((at) => {
      this.#options.raw.read(raw, at, Math.min(maxMs, at + PROBE_MS), this.#buffer);
      return this.#buffer.histograms === undefined;
    });
  }

  /** Rows of the whole range: stored ones, and behind the seam such as the samples make. */
  #rowsOf(id: number, range: SampleRange, width: number, sketched: boolean): Rows {
    const rows = this.#storedRows(id, range);
    const { raw } = this.#members[id];
    // The window in which the range begins belongs to it as a whole.
    const whole = Math.floor((range.minMs - 1) / width) * width + 1;
    // A column of increases looks at the window before its first.
    const before = this.#options.rollup.column === undefined ? 0 : width;
    const begin = width === 0 ? range.minMs : whole - before;
    const from = Math.max(begin, this.#seamMs + 1);
    if (raw < 0 || from > range.maxMs) return this.#whole(rows, width);
    const count = this.#options.raw.read(raw, from, range.maxMs, this.#buffer);
    foldSamples(this.#buffer, count, rows, {
      resolutionMs: Math.min(width, HOUR_MS),
      sketches: sketched,
    });
    return this.#whole(rows, width);
  }

  /** Days of their hours, where some are not rows of their own yet. */
  #whole(rows: Rows, width: number): Rows {
    if (width <= HOUR_MS) return rows;
    this.#wide.clear();
    foldRows(rows, [0, rows.count], this.#wide, width);
    return this.#wide;
  }

  #storedRows(id: number, { minMs, maxMs }: SampleRange): Rows {
    const { labels, sources } = this.#members[id];
    const { tombstones, rollup } = this.#options;
    const rows = this.#rows;
    rows.clear();
    if (sources.length === 0) return rows;
    const deleted = tombstones.filter(({ matchers }) => matchesLabels(matchers, labels));
    for (const { index, after, to } of this.#segments) {
      // A window that ends before the range may be the newest that is known where it begins.
      const begin = minMs - 1 - Math.max(RESOLUTIONS[index].ms, rollup.resolutionMs);
      const span = { index, after: Math.max(after, begin), to: Math.min(to, maxMs) };
      const those = sources.filter(({ live }) => live.entry.tiers.includes(index));
      const count = this.#merger.read(those, span, deleted, rows);
      this.rowsRead += count;
      const asked = RESOLUTIONS[index].ms <= rollup.resolutionMs && rollup.aligned;
      if (count > 0 && !asked) this.estimated = true;
    }
    return rows;
  }

  labelNames(matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    const ids = this.match(matchers, minMs, maxMs);
    const names = new Set<string>();
    for (const id of ids) this.#members[id].labels.forEach((text, i) => i % 2 || names.add(text));
    return [...names].sort();
  }

  labelValues(name: string, matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    const values = new Set<string>();
    for (const id of this.match(matchers, minMs, maxMs)) {
      const { labels } = this.#members[id];
      const at = labels.findIndex((text, i) => i % 2 === 0 && text === name);
      if (at >= 0) values.add(labels[at + 1]);
    }
    return [...values].sort();
  }
}

function isQuantile(column: string): boolean {
  return column.startsWith('p');
}
