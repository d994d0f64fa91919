// Which samples of a series lie in which window. Windows are left-open, (t - w, t], and move
// forward only, so two indices that never go back find all of them in one pass over the samples.
// An extended window (anchored, smoothed) also has the samples around it up to the lookback.
import type { HistogramColumn } from '../model/fragment.ts';
import type { Notes } from './notes.ts';
import type { Extension, WindowGrid } from './plan-node.ts';

/** One series under a range function, for all steps at once. Buffers are reused between series. */
export interface RangeInput {
  timestamps: Float64Array;
  values: Float64Array;
  /** Beside the values; undefined when the series has only floats. */
  histograms: HistogramColumn | undefined;
  /** Start timestamps in ms; undefined when they do not count. */
  starts: Float64Array | undefined;
  count: number;
  /** The metric's name, for notes. */
  name: string;
  readonly windows: WindowGrid;
  readonly windowMs: number;
  readonly extension: Extension | undefined;
  /** The samples of window i are lo[i] to hi[i], end excluded. */
  readonly lo: Uint32Array;
  readonly hi: Uint32Array;
  /** Further arguments; each is one value for all steps, or one a step. */
  readonly args: readonly Float64Array[];
  readonly notes: Notes;
}

/** Writes the value of each step at `at + step` and marks it present; the marks are 0 before. */
export type RangeFunction = (
  input: RangeInput,
  values: Float64Array,
  present: Uint8Array,
  at: number,
) => void;

export interface WindowSizes {
  readonly windowMs: number;
  readonly extension?: Extension | undefined;
}

/** A fresh input for series after series over the same windows. */
export function makeInput(
  windows: WindowGrid,
  { windowMs, extension }: WindowSizes,
  args: readonly Float64Array[],
  notes: Notes,
): RangeInput {
  return {
    timestamps: new Float64Array(0),
    values: new Float64Array(0),
    histograms: undefined,
    starts: undefined,
    count: 0,
    name: '',
    windows,
    windowMs,
    extension,
    args,
    notes,
    lo: new Uint32Array(windows.count),
    hi: new Uint32Array(windows.count),
  };
}

/** How far an extended window reaches to both sides, in ms. */
export function reachOf(extension: Extension | undefined): { before: number; after: number } {
  if (extension === undefined) return { before: 0, after: 0 };
  const { kind, lookbackMs } = extension;
  return { before: lookbackMs, after: kind === 'smoothed' ? lookbackMs : 0 };
}

/** Fills lo and hi for the samples that the input holds now. */
export function slide(input: RangeInput): void {
  const { timestamps, count, windows, windowMs, lo, hi } = input;
  const { first, step } = windows;
  const { before, after } = reachOf(input.extension);
  let low = 0;
  let high = 0;
  for (let i = 0; i < windows.count; i++) {
    const end = first + i * step + after;
    const start = first + i * step - windowMs - before;
    while (low < count && timestamps[low] <= start) low++;
    if (high < low) high = low;
    while (high < count && timestamps[high] <= end) high++;
    lo[i] = low;
    hi[i] = high;
  }
}

/** Argument `index` at a step. */
export function argAt(input: RangeInput, index: number, step: number): number {
  const values = input.args[index];
  return values.length === 1 ? values[0] : values[step];
}
