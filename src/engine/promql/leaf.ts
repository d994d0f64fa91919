// Runs a leaf fragment where the samples lie: select, range function, partial aggregate, series by
// series over typed arrays that are used again and again. Synchronous; runs in the shard's worker.
// Easy to get wrong: a stale marker ends a series for an instant selector but is simply no sample
// in a window; windows are left-open; limits are checked before memory is taken.
import { assert } from '../errors.ts';
import { LABELS_HELD_MAX } from '../limits.ts';
import { gridSize } from '../model/fragment.ts';
import { labelValue, NAME } from '../model/labels.ts';
import { PlainNotes, perhapsNoCounter } from './notes.ts';
import { bare, withoutName } from './names.ts';
import { GroupedRows } from './leaf-groups.ts';
import { filledRows } from './gather-rows.ts';
import { RowList } from './leaf-rows.ts';
import { isInstant, runInstant, runSmoothed } from './leaf-instants.ts';
import { runRaw } from './leaf-raw.ts';
import { dropStale, makeSampleBuffer } from './leaf-samples.ts';
import { mergeFragments } from './merge.ts';
import { isMixed, runMixed } from './mixed-window.ts';
import { rangeFunction } from './range-functions.ts';
import { makeInput, reachOf, slide } from './windows.ts';
import { onlyFigures } from './histogram-use.ts';
import { tooManySamples, tooManySeries } from './query-failure.ts';
import type { Extension } from './plan-node.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { RowEvaluator } from '../model/row-block.ts';
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
  if (gridSize(fragment.grid) < 1) return emptyResult();
  const { first, last } = reachOfFragment(fragment);
  const ids = reader.match(fragment.matchers, first, last);
  const run = beginFragment(fragment, ids.length);
  run.add(reader, ids);
  return run.result();
}

/** A fragment on its way: series are added reader by reader, or slice by slice of a reader. */
export interface FragmentRun {
  /** No series may be added twice, nor be in two readers. */
  add(reader: SeriesReader, ids: Uint32Array): void;
  /** The answer; nothing can be added any more. */
  result(): FragmentResult;
}

/**
 * Begins a fragment over so many series in all, of one reader or several; one answer comes out,
 * with nothing left to merge. `add` fails as runFragment does.
 * @throws MonError MON_QUERY_LIMIT for too many series.
 */
export function beginFragment(fragment: Fragment, series: number): FragmentRun {
  if (series > fragment.maxSeries) throw tooManySeries(fragment.maxSeries);
  if (gridSize(fragment.grid) < 1) return { add: () => undefined, result: emptyResult };
  return fragment.fn === 'raw' ? new RawRun(fragment) : new LeafRun(fragment, series);
}

class RawRun implements FragmentRun {
  readonly #fragment: Fragment;
  readonly #results: FragmentResult[] = [];
  #samples = 0;

  constructor(fragment: Fragment) {
    this.#fragment = fragment;
  }

  add(reader: SeriesReader, ids: Uint32Array): void {
    const result = runRaw(this.#fragment, reader, ids);
    this.#samples += result.samplesRead;
    if (this.#samples > this.#fragment.maxSamples) throw tooManySamples();
    this.#results.push(result);
  }

  result(): FragmentResult {
    if (this.#results.length === 1) return this.#results[0];
    return mergeFragments(this.#fragment, this.#results);
  }
}

function emptyResult(): FragmentResult {
  const values = new Float64Array(0);
  const matrix = { labels: [], steps: 0, values, present: new Uint8Array(0) };
  return { matrix, seriesRead: 0, samplesRead: 0, warnings: [], infos: [] };
}

type Rows = RowList | GroupedRows;

class LeafRun implements FragmentRun {
  readonly #fragment: Fragment;
  readonly #first: number;
  readonly #last: number;
  readonly #steps: number;
  readonly #expected: number;
  /** So many series that their labels are not kept. */
  readonly #once: boolean;
  /** Of so many series the labels that the answer needs. */
  readonly #only: ReadonlySet<string> | undefined;
  readonly #rows: Rows;
  readonly #buffer = makeSampleBuffer(0);
  readonly #notes = new PlainNotes();
  readonly #aggregateNotes = new PlainNotes();
  readonly #plain: RangeFunction | undefined;
  #samples = 0;
  #series = 0;
  /** The name that was judged last: most fragments have one. */
  #doubted: string | undefined;

  constructor(fragment: Fragment, series: number) {
    const { aggregate, maxSamples: cellsMax } = fragment;
    const { first, last } = reachOfFragment(fragment);
    const steps = gridSize(fragment.grid);
    this.#fragment = fragment;
    this.#first = first;
    this.#last = last;
    this.#steps = steps;
    this.#expected = series;
    this.#once = series > LABELS_HELD_MAX;
    const only = this.#once && aggregate?.by === true;
    this.#only = only ? new Set([...aggregate.names, NAME]) : undefined;
    this.#rows =
      aggregate === undefined
        ? new RowList(steps, series, cellsMax)
        : new GroupedRows(aggregate, {
            ...{ steps, cellsMax, once: this.#once, notes: this.#aggregateNotes },
          });
    this.#plain = rangeFunction(fragment.fn);
    const known = this.#plain !== undefined || isInstant(fragment.fn) || fragment.fn === 'smoothed';
    assert(known, `a leaf knows the function ${fragment.fn}`);
  }

  add(reader: SeriesReader, ids: Uint32Array): void {
    if (ids.length === 0) return;
    const { fn, args, grid, windowMs, extend, starts } = this.#fragment;
    const { start: first, step } = grid;
    const work = { fn, args, first, step, steps: this.#steps, windowMs, series: this.#expected };
    const plain = extend === undefined && starts !== true;
    const evaluator = plain ? reader.rows?.(work) : undefined;
    if (evaluator === undefined) this.#eachSeries(reader, ids);
    else if (evaluator.takes === undefined) this.#blocks(evaluator, reader, ids);
    else this.#runs(evaluator, reader, ids);
  }

  /** Series that the evaluator takes and others, in runs: their order is that of the answer. */
  #runs(evaluator: RowEvaluator, reader: SeriesReader, ids: Uint32Array): void {
    const takes = (i: number): boolean => evaluator.takes?.(ids[i]) ?? true;
    for (let from = 0, to = 0; from < ids.length; from = to) {
      const fast = takes(from);
      do to++;
      while (to < ids.length && takes(to) === fast);
      const run = ids.subarray(from, to);
      if (fast) this.#blocks(evaluator, reader, run);
      else this.#eachSeries(reader, run);
    }
  }

  result(): FragmentResult {
    this.#notes.close();
    return {
      matrix: this.#rows.matrix(),
      seriesRead: this.#series,
      samplesRead: this.#samples,
      warnings: [...this.#notes.warnings],
      infos: [...this.#notes.infos],
      ...this.#aggregateSaid(),
    };
  }

  /** Rows that the reader evaluates itself. */
  #blocks(evaluator: RowEvaluator, reader: SeriesReader, ids: Uint32Array): void {
    const { rowsMax } = evaluator;
    const steps = this.#steps;
    for (let from = 0; from < ids.length; from += rowsMax) {
      const some = ids.subarray(from, from + rowsMax);
      const { values, present, samples } = evaluator.block(some);
      // Rows with values that lie side by side go on together.
      let run: Labels[] = [];
      const isFilled = filledRows(present, steps);
      for (let row = 0; row < some.length; row++) {
        if (samples[row] > 0) this.#count(samples[row]);
        if (samples[row] > 0 && isFilled(row)) {
          run.push(this.#labels(this.#labelsOf(reader, some[row]), true));
        } else if (run.length > 0) {
          this.#rows.add(run, values, present, (row - run.length) * steps);
          run = [];
        }
      }
      this.#rows.add(run, values, present, (some.length - run.length) * steps);
    }
  }

  /** The labels of a series, or as many of them as anybody looks at. */
  #labelsOf(reader: SeriesReader, id: number): Labels {
    const only = this.#only;
    return (only && reader.labelsOnly?.(id, only)) ?? reader.labels(id, this.#once);
  }

  /** Rows from decoded samples, series by series. */
  #eachSeries(reader: SeriesReader, ids: Uint32Array): void {
    const fragment = this.#fragment;
    const windows = { first: fragment.grid.start, step: fragment.grid.step, count: this.#steps };
    const args = fragment.args.map((arg) => Float64Array.of(arg));
    const sizes = { windowMs: fragment.windowMs, extension: extensionOf(fragment) };
    const input = makeInput(windows, sizes, args, this.#notes);
    const rows = this.#rows;
    for (const id of ids) {
      if (!this.#read(reader, id, input)) continue;
      slide(input);
      rows.open();
      this.#compute(input, rows);
      if (rows.any()) rows.keep(this.#labels(reader.labels(id, this.#once), rows.anyFloat()));
    }
  }

  #count(samples: number): void {
    this.#series++;
    this.#samples += samples;
    if (this.#samples > this.#fragment.maxSamples) throw tooManySamples();
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
  #read(reader: SeriesReader, id: number, input: RangeInput): boolean {
    const buffer = this.#buffer;
    const { fn, starts, figures } = this.#fragment;
    buffer.clean = false;
    const found = reader.read(id, this.#first, this.#last, buffer);
    if (found === 0) return false;
    this.#count(found);
    if (figures === true) onlyFigures(buffer, found);
    input.count = isInstant(fn) || buffer.clean ? found : dropStale(buffer, found);
    input.timestamps = buffer.timestamps;
    input.values = buffer.values;
    input.histograms = buffer.histograms;
    input.starts = starts === true ? buffer.starts : undefined;
    const special = input.histograms ?? input.starts ?? input.extension;
    if (special !== undefined) input.name = labelValue(reader.labels(id, this.#once), NAME);
    return input.count > 0;
  }

  #doubt(name: string): void {
    if (name === this.#doubted) return;
    this.#doubted = name;
    const doubt = perhapsNoCounter(name);
    if (doubt !== undefined) this.#notes.info(doubt);
  }

  /** The labels that a series has in the answer; its name may be worth a note. */
  #labels(labels: Labels, anyFloat: boolean): Labels {
    const { fn, keepName } = this.#fragment;
    if ((fn === 'rate' || fn === 'increase') && anyFloat) this.#doubt(labelValue(labels, NAME));
    if (keepName) return labels;
    return this.#once ? bare(labels) : withoutName(labels);
  }
}
