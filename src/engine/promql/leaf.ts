// Runs a leaf fragment where the samples lie: select, range function, partial aggregate, series by
// series over typed arrays that are used again and again. Synchronous; runs in the shard's worker.
// Easy to get wrong: a stale marker ends a series for an instant selector but is simply no sample
// in a window; windows are left-open; limits are checked before memory is taken.
import { assert } from '../errors.ts';
import { gridSize } from '../model/fragment.ts';
import { labelValue, NAME } from '../model/labels.ts';
import { PlainNotes, perhapsNoCounter } from './notes.ts';
import { withoutName } from './names.ts';
import { GroupedRows } from './leaf-groups.ts';
import { RowList } from './leaf-rows.ts';
import { isInstant, runInstant, runSmoothed } from './leaf-instants.ts';
import { runRaw } from './leaf-raw.ts';
import { dropStale, makeSampleBuffer } from './leaf-samples.ts';
import { isMixed, runMixed } from './mixed-window.ts';
import { rangeFunction } from './range-functions.ts';
import { makeInput, reachOf, slide } from './windows.ts';
import { tooManySamples, tooManySeries } from './query-failure.ts';
import type { Extension } from './plan-node.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { RangeFunction, RangeInput } from './windows.ts';
import type { SeriesReader } from '../ports.ts';

/** The first and last ms that a fragment looks at. */
export function reachOfFragment(fragment: Fragment): { first: number; last: number } {
  const { grid, windowMs } = fragment;
  const steps = Math.max(0, gridSize(grid));
  const { before, after } = reachOf(extensionOf(fragment));
  return {
    first: grid.start - windowMs - before + 1,
    last: grid.start + (steps - 1) * grid.step + after,
  };
}

function extensionOf({ extend, lookbackMs = 0 }: Fragment): Extension | undefined {
  return extend === undefined ? undefined : { kind: extend, lookbackMs };
}

/**
 * Answers a fragment from the series of one reader.
 * @throws MonError MON_QUERY_LIMIT past the fragment's limits; MON_QUERY_FAILED for bad arguments.
 */
export function runFragment(fragment: Fragment, reader: SeriesReader): FragmentResult {
  const steps = Math.max(0, gridSize(fragment.grid));
  if (steps === 0) return emptyResult();
  const { first, last } = reachOfFragment(fragment);
  const ids = reader.match(fragment.matchers, first, last);
  if (ids.length > fragment.maxSeries) throw tooManySeries(fragment.maxSeries);
  if (fragment.fn === 'raw') return runRaw(fragment, reader, ids);
  return new LeafRun(fragment, reader).run(ids, { first, last, steps });
}

function emptyResult(): FragmentResult {
  const values = new Float64Array(0);
  const matrix = { labels: [], steps: 0, values, present: new Uint8Array(0) };
  return { matrix, seriesRead: 0, samplesRead: 0, warnings: [], infos: [] };
}

interface Reach {
  readonly first: number;
  readonly last: number;
  readonly steps: number;
}

type Rows = RowList | GroupedRows;

class LeafRun {
  readonly #fragment: Fragment;
  readonly #reader: SeriesReader;
  readonly #buffer = makeSampleBuffer();
  readonly #notes = new PlainNotes();
  readonly #aggregateNotes = new PlainNotes();
  readonly #plain: RangeFunction | undefined;
  #samples = 0;
  #series = 0;

  constructor(fragment: Fragment, reader: SeriesReader) {
    this.#fragment = fragment;
    this.#reader = reader;
    this.#plain = rangeFunction(fragment.fn);
    const known = this.#plain !== undefined || isInstant(fragment.fn) || fragment.fn === 'smoothed';
    assert(known, `a leaf knows the function ${fragment.fn}`);
  }

  run(ids: Uint32Array, reach: Reach): FragmentResult {
    const fragment = this.#fragment;
    const { steps } = reach;
    const { windowMs, grid, maxSamples: cellsMax } = fragment;
    const windows = { first: grid.start, step: grid.step, count: steps };
    const args = fragment.args.map((arg) => Float64Array.of(arg));
    const sizes = { windowMs, extension: extensionOf(fragment) };
    const input = makeInput(windows, sizes, args, this.#notes);
    const { aggregate } = fragment;
    const rows =
      aggregate === undefined
        ? new RowList(steps, ids.length, cellsMax)
        : new GroupedRows(aggregate, { steps, cellsMax, notes: this.#aggregateNotes });
    for (const id of ids) {
      if (!this.#read(id, reach, input)) continue;
      slide(input);
      rows.open();
      this.#compute(input, rows);
      if (rows.any()) this.#keep(id, rows);
    }
    this.#notes.close();
    return {
      matrix: rows.matrix(),
      seriesRead: this.#series,
      samplesRead: this.#samples,
      warnings: [...this.#notes.warnings],
      infos: [...this.#notes.infos],
      ...this.#aggregateSaid(),
    };
  }

  #aggregateSaid(): Pick<FragmentResult, 'aggregateWarnings' | 'aggregateInfos'> {
    const { warnings, infos } = this.#aggregateNotes;
    if (warnings.size + infos.size === 0) return {};
    return { aggregateWarnings: [...warnings], aggregateInfos: [...infos] };
  }

  #compute(input: RangeInput, rows: Rows): void {
    const { fn } = this.#fragment;
    if (isInstant(fn)) return runInstant(fn, this.#buffer, input, rows);
    if (fn === 'smoothed') return runSmoothed(input, rows);
    if (isMixed(fn, input)) return runMixed(fn, this.#plain, input, rows);
    this.#plain?.(input, rows.values, rows.present, rows.at);
  }

  /** Loads the samples of a series into the input; false when there are none. */
  #read(id: number, { first, last }: Reach, input: RangeInput): boolean {
    const buffer = this.#buffer;
    const { fn, starts, maxSamples } = this.#fragment;
    const found = this.#reader.read(id, first, last, buffer);
    if (found === 0) return false;
    this.#series++;
    this.#samples += found;
    if (this.#samples > maxSamples) throw tooManySamples();
    input.count = isInstant(fn) ? found : dropStale(buffer, found);
    input.timestamps = buffer.timestamps;
    input.values = buffer.values;
    input.histograms = buffer.histograms;
    input.starts = starts === true ? buffer.starts : undefined;
    const special = input.histograms ?? input.starts ?? input.extension;
    if (special !== undefined) input.name = labelValue(this.#reader.labels(id), NAME);
    return input.count > 0;
  }

  #keep(id: number, rows: Rows): void {
    const { fn, keepName } = this.#fragment;
    const labels = this.#reader.labels(id);
    if ((fn === 'rate' || fn === 'increase') && rows.anyFloat()) {
      const doubt = perhapsNoCounter(labelValue(labels, NAME));
      if (doubt !== undefined) this.#notes.info(doubt);
    }
    rows.keep(keepName ? labels : withoutName(labels));
  }
}
