// A large fragment cut into slices of series, so that the thread that owns the samples serves
// others in between and hears when nobody wants the answer any more. Under the store's source. Easy
// to get wrong: between two slices the head may drop series, and a number may then mean another
// one; the whole is begun anew in that case.
import { FRAGMENT_TURN_MS } from '../limits.ts';
import { gridSize } from '../model/fragment.ts';
import { beginFragment, reachOfFragment } from '../promql/leaf.ts';
import type { FragmentRun } from '../promql/leaf.ts';
import { Pace } from './pace.ts';
import type { Turns } from './turns.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { Pause } from '../model/sliced-match.ts';
import type { SeriesReader } from '../ports.ts';

/** So many series are run before anybody looks at the clock. */
const SLICE_FIRST = 64;
/** A slice grows at most this much at a time: one series may be a hundred times another. */
const SLICE_GROWTH = 4;

export interface SlicedRun {
  readonly fragment: Fragment;
  /** A function makes them anew for every attempt: samples may have moved to a block. */
  readonly readers: readonly SeriesReader[] | (() => readonly SeriesReader[]);
  /** Without a clock nobody else gets a turn in between. */
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** The lane it goes in: of large fragments one at a time goes past its first turn. */
  readonly turns?: Turns;
  /** Runs more than the fragment over its series; without it beginFragment() does. */
  readonly begin?: (series: number) => FragmentRun;
  /** Changes when series may have been dropped. */
  readonly generation: () => number;
}

/** First and last time that a fragment looks at; ms. */
export function timesOf({ grid, windowMs }: Fragment): readonly [first: number, last: number] {
  const steps = Math.max(0, gridSize(grid));
  return [grid.start - windowMs + 1, grid.start + (steps - 1) * grid.step];
}

/** Runs a fragment over readers that have no series in common; one answer, sorted or not. */
export async function runSliced(run: SlicedRun): Promise<FragmentResult> {
  let leave: (() => void) | undefined;
  const queue = async (): Promise<void> => void (leave ??= await run.turns?.take());
  const ended = run.turns?.enter(run.clock);
  try {
    for (;;) {
      const result = await attempt(run, queue);
      if (result !== undefined) return result;
    }
  } finally {
    leave?.();
    ended?.();
  }
}

/** Undefined when series may have been dropped meanwhile. @throws MON_ABORTED by the signal. */
async function attempt(
  run: SlicedRun,
  queue: () => Promise<void>,
): Promise<FragmentResult | undefined> {
  const { fragment, clock, signal, generation } = run;
  const readers = typeof run.readers === 'function' ? run.readers() : run.readers;
  const { first, last } = reachOfFragment(fragment);
  const begun = generation();
  const pace = new Pace(clock, signal, run.turns);
  const found: Uint32Array[] = [];
  const steady = (): boolean => generation() === begun;
  const pause = { rest: () => pace.breathe(), steady };
  for (const reader of readers) {
    const matched = matchIn(reader, [fragment.matchers, first, last], pause);
    // Small ones are answered without a turn for anybody.
    const ids = matched instanceof Promise ? await matched : matched;
    if (pace.due()) await pace.rest();
    if (ids === undefined || !steady()) return undefined;
    found.push(ids);
  }
  const series = found.reduce((sum, ids) => sum + ids.length, 0);
  const leaf = run.begin?.(series) ?? beginFragment(fragment, series);
  let left = series;
  let size = SLICE_FIRST;
  for (const [i, ids] of found.entries()) {
    for (let at = 0; at < ids.length;) {
      const slice = ids.subarray(at, at + size);
      leaf.add(readers[i], slice);
      at += slice.length;
      left -= slice.length;
      if (clock === undefined || left === 0) continue;
      const begin = pace.now;
      const due = pace.due();
      if (slice.length === size) size = nextSize(size, pace.now - begin);
      if (!due) continue;
      await queue();
      await pace.rest();
      if (!steady()) return undefined;
    }
  }
  return leaf.result();
}

/** What a reader matches; undefined when series have gone. Look again after an await. */
export function matchIn(
  reader: SeriesReader,
  asked: Parameters<SeriesReader['match']>,
  pause: Pause,
): Promise<Uint32Array | undefined> | Uint32Array {
  return reader.matchSliced?.(...asked, pause) ?? reader.match(...asked);
}

/** As many series as fill a turn, judged by the last slice. */
function nextSize(size: number, tookMs: number): number {
  const fitting = tookMs > 0 ? Math.floor((size * FRAGMENT_TURN_MS) / tookMs) : Infinity;
  return Math.max(SLICE_FIRST / 4, Math.min(fitting, size * SLICE_GROWTH));
}
