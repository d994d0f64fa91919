// Which samples of a series lie in which window. Windows are left-open, (t - w, t], and move
// forward only, so two indices that never go back find all of them in one pass over the samples.
import type { Notes } from './notes.ts';
import type { WindowGrid } from './plan-node.ts';

/** One series under a range function, for all steps at once. Buffers are reused between series. */
export interface RangeInput {
  timestamps: Float64Array;
  values: Float64Array;
  count: number;
  readonly windows: WindowGrid;
  readonly windowMs: number;
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

/** A fresh input for series after series over the same windows. */
export function makeInput(
  windows: WindowGrid,
  windowMs: number,
  args: readonly Float64Array[],
  notes: Notes,
): RangeInput {
  return {
    timestamps: new Float64Array(0),
    values: new Float64Array(0),
    count: 0,
    windows,
    windowMs,
    args,
    notes,
    lo: new Uint32Array(windows.count),
    hi: new Uint32Array(windows.count),
  };
}

/** Fills lo and hi for the samples that the input holds now. */
export function slide(input: RangeInput): void {
  const { timestamps, count, windows, windowMs, lo, hi } = input;
  const { first, step } = windows;
  let low = 0;
  let high = 0;
  for (let i = 0; i < windows.count; i++) {
    const end = first + i * step;
    const start = end - windowMs;
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
