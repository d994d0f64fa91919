// A large fragment cut into slices of series, so that the thread that owns the samples serves
// others in between and hears when nobody wants the answer any more. Under the store's source.
// Easy to get wrong: between two slices the head may drop series, and a number may then mean
// another one; the whole is begun anew in that case.
import { MonError } from '../errors.ts';
import { FRAGMENT_TURN_MS } from '../limits.ts';
import { gridSize } from '../model/fragment.ts';
import { runFragment } from '../promql/leaf.ts';
import { mergeFragments } from '../promql/merge.ts';
import { tooManySamples, tooManySeries } from '../promql/query-failure.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';

/** So many series are run before anybody looks at the clock. */
const SLICE_FIRST = 64;
/** A slice grows at most this much at a time: one series may be a hundred times another. */
const SLICE_GROWTH = 4;

export interface SlicedRun {
  readonly fragment: Fragment;
  /** Made anew for every attempt: what it reads may have moved from the head to a block. */
  readonly reader: () => SeriesReader;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Changes when series may have been dropped. */
  readonly generation: () => number;
}

/** First and last time that a fragment looks at; ms. */
export function timesOf({ grid, windowMs }: Fragment): readonly [first: number, last: number] {
  const steps = Math.max(0, gridSize(grid));
  return [grid.start - windowMs + 1, grid.start + (steps - 1) * grid.step];
}

/** Runs a fragment over one reader. @throws what runFragment throws; MON_ABORTED by the signal. */
export async function runSliced(run: SlicedRun): Promise<FragmentResult> {
  for (;;) {
    const result = await attempt(run);
    if (result !== undefined) return result;
  }
}

async function attempt(run: SlicedRun): Promise<FragmentResult | undefined> {
  const { fragment, clock, signal, generation } = run;
  const reader = run.reader();
  const [first, last] = timesOf(fragment);
  const ids = last < first ? new Uint32Array(0) : reader.match(fragment.matchers, first, last);
  if (ids.length > fragment.maxSeries) throw tooManySeries(fragment.maxSeries);
  const slice = new SliceReader(reader);
  const begun = generation();
  const results: FragmentResult[] = [];
  let samples = 0;
  let size = SLICE_FIRST;
  let turnAt = clock.monotonic() + FRAGMENT_TURN_MS;
  for (let at = 0; at < ids.length || results.length === 0; at += slice.ids.length) {
    slice.ids = ids.subarray(at, at + size);
    const begin = clock.monotonic();
    const result = runFragment(fragment, slice);
    results.push(result);
    samples += result.samplesRead;
    if (samples > fragment.maxSamples) throw tooManySamples();
    const now = clock.monotonic();
    size = nextSize(size, now - begin);
    if (now < turnAt || at + slice.ids.length >= ids.length) continue;
    await clock.sleep(0);
    if (signal?.aborted === true) throw new MonError('MON_ABORTED', 'the query was given up');
    if (generation() !== begun) return undefined;
    turnAt = clock.monotonic() + FRAGMENT_TURN_MS;
  }
  return results.length === 1 ? results[0] : mergeFragments(fragment, results);
}

/** As many series as fill a turn, judged by the last slice. */
function nextSize(size: number, tookMs: number): number {
  const fitting = tookMs > 0 ? Math.floor((size * FRAGMENT_TURN_MS) / tookMs) : Infinity;
  return Math.max(SLICE_FIRST / 4, Math.min(fitting, size * SLICE_GROWTH));
}

/** A reader that has matched already: the slice of what it found. */
class SliceReader implements SeriesReader {
  ids: Uint32Array = new Uint32Array(0);
  readonly #reader: SeriesReader;

  constructor(reader: SeriesReader) {
    this.#reader = reader;
  }

  match(): Uint32Array {
    return this.ids;
  }

  labels(id: number): Labels {
    return this.#reader.labels(id);
  }

  read(id: number, minMs: number, maxMs: number, into: SampleBuffer): number {
    return this.#reader.read(id, minMs, maxMs, into);
  }

  labelNames(): string[] {
    return [];
  }

  labelValues(): string[] {
    return [];
  }
}
