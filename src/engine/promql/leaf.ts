// Runs a leaf fragment where the samples lie: select, range function, partial aggregate, series by
// series over typed arrays that are used again and again. Synchronous; runs in the shard's worker.
// Easy to get wrong: a stale marker ends a series for an instant selector but is simply no sample
// in a window; windows are left-open; limits are checked before memory is taken.
import { assert } from '../errors.ts';
import { gridSize } from '../model/fragment.ts';
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import { labelValue, NAME } from '../model/labels.ts';
import { PlainNotes, perhapsNoCounter } from './notes.ts';
import { withoutName } from './names.ts';
import { GroupedRows } from './leaf-groups.ts';
import { RowList } from './leaf-rows.ts';
import { runRaw } from './leaf-raw.ts';
import { dropStale, makeSampleBuffer } from './leaf-samples.ts';
import { rangeFunction } from './range-functions.ts';
import { makeInput, slide } from './windows.ts';
import { tooManySamples, tooManySeries } from './query-failure.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { RangeFunction, RangeInput } from './windows.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';

/** The last sample of each window unless it is the stale marker. */
function instant(value: (input: RangeInput, index: number) => number): LeafFunction {
  return (buffer) => (input, out, present, at) => {
    const { lo, hi, windows } = input;
    const { words } = buffer;
    for (let i = 0; i < windows.count; i++) {
      const last = hi[i] - 1;
      if (last < lo[i]) continue;
      if (words[last * 2] === STALE_LOW && words[last * 2 + 1] === STALE_HIGH) continue;
      out[at + i] = value(input, last);
      present[at + i] = 1;
    }
  };
}

type LeafFunction = (buffer: SampleBuffer) => RangeFunction;

const INSTANTS: ReadonlyMap<string, LeafFunction> = new Map([
  ['last', instant(({ values }, index) => values[index])],
  ['timestamp', instant(({ timestamps }, index) => timestamps[index] / 1000)],
]);

/**
 * Answers a fragment from the series of one reader.
 * @throws MonError MON_QUERY_LIMIT past the fragment's limits; MON_QUERY_FAILED for bad arguments.
 */
export function runFragment(fragment: Fragment, reader: SeriesReader): FragmentResult {
  const { grid, windowMs } = fragment;
  const steps = Math.max(0, gridSize(grid));
  const first = grid.start - windowMs + 1;
  const last = grid.start + (steps - 1) * grid.step;
  if (steps === 0) return emptyResult();
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

class LeafRun {
  readonly #fragment: Fragment;
  readonly #reader: SeriesReader;
  readonly #buffer = makeSampleBuffer();
  readonly #notes = new PlainNotes();
  #samples = 0;
  #series = 0;

  constructor(fragment: Fragment, reader: SeriesReader) {
    this.#fragment = fragment;
    this.#reader = reader;
  }

  run(ids: Uint32Array, reach: Reach): FragmentResult {
    const fragment = this.#fragment;
    const { steps } = reach;
    const windows = { first: fragment.grid.start, step: fragment.grid.step, count: steps };
    const args = fragment.args.map((arg) => Float64Array.of(arg));
    const input = makeInput(windows, fragment.windowMs, args, this.#notes);
    const instants = INSTANTS.get(fragment.fn);
    const compute = instants?.(this.#buffer) ?? rangeFunction(fragment.fn);
    assert(compute !== undefined, `a leaf knows the function ${fragment.fn}`);
    const { aggregate } = fragment;
    const rows =
      aggregate === undefined
        ? new RowList(steps, ids.length, fragment.maxSamples)
        : new GroupedRows(aggregate, steps, fragment.maxSamples);
    for (const id of ids) {
      if (!this.#read(id, reach, input, instants === undefined)) continue;
      slide(input);
      rows.open();
      compute(input, rows.values, rows.present, rows.at);
      if (rows.any()) this.#keep(id, rows);
    }
    return {
      matrix: rows.matrix(),
      seriesRead: this.#series,
      samplesRead: this.#samples,
      warnings: [...this.#notes.warnings],
      infos: [...this.#notes.infos],
    };
  }

  /** Loads the samples of a series into the input; false when there are none. */
  #read(id: number, { first, last }: Reach, input: RangeInput, windowed: boolean): boolean {
    const buffer = this.#buffer;
    const found = this.#reader.read(id, first, last, buffer);
    if (found === 0) return false;
    this.#series++;
    this.#samples += found;
    if (this.#samples > this.#fragment.maxSamples) throw tooManySamples();
    input.count = windowed ? dropStale(buffer, found) : found;
    input.timestamps = buffer.timestamps;
    input.values = buffer.values;
    return input.count > 0;
  }

  #keep(id: number, rows: RowList | GroupedRows): void {
    const { fn, keepName } = this.#fragment;
    const labels = this.#reader.labels(id);
    if (fn === 'rate' || fn === 'increase') {
      const doubt = perhapsNoCounter(labelValue(labels, NAME));
      if (doubt !== undefined) this.#notes.info(doubt);
    }
    rows.keep(keepName ? labels : withoutName(labels));
  }
}
