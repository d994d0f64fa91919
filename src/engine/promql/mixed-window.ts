// The slower way through a range function: for series with native histograms, for extended
// windows and where start timestamps count. Floats and histograms of a series are parted once;
// each step then looks at its window of both. Series of plain floats never come here.
import { FLOATS_ONLY, MIXED_FUNCTIONS } from './mixed-functions.ts';
import { ignoredHistograms } from './notes.ts';
import { slide } from './windows.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { MixedWindow } from './mixed-points.ts';
import type { RangeFunction, RangeInput } from './windows.ts';

/** Where the answers of one series go. */
export interface MixedRow {
  readonly values: Float64Array;
  readonly present: Uint8Array;
  readonly at: number;
  putHistogram(step: number, histogram: FloatHistogram): void;
}

const COUNTS_STARTS: ReadonlySet<string> = new Set(['rate', 'irate', 'increase', 'resets']);

/** Whether a series has to go this way. */
export function isMixed(fn: string, input: RangeInput): boolean {
  if (input.histograms !== undefined || input.extension !== undefined) return true;
  return input.starts !== undefined && COUNTS_STARTS.has(fn);
}

/** Runs a function over one series. `plain` is its code for floats, of which `input` has slid. */
export function runMixed(
  fn: string,
  plain: RangeFunction | undefined,
  input: RangeInput,
  row: MixedRow,
): void {
  if (plain !== undefined && FLOATS_ONLY.has(fn)) return runFloats(plain, input, row);
  const compute = MIXED_FUNCTIONS.get(fn);
  if (compute === undefined) throw new Error(`no mixed code for ${fn}`);
  const window = parted(input);
  const { values, present, at } = row;
  for (let i = 0; i < input.windows.count; i++) {
    const { lo, hi, windows } = input;
    if (lo[i] === hi[i]) continue;
    const { floatsBefore } = window;
    window.floats.from = floatsBefore === undefined ? lo[i] : floatsBefore[lo[i]];
    window.floats.to = floatsBefore === undefined ? hi[i] : floatsBefore[hi[i]];
    window.histograms.from = lo[i] - window.floats.from;
    window.histograms.to = hi[i] - window.floats.to;
    window.end = windows.first + i * windows.step;
    const answer = compute(window);
    if (answer === undefined) continue;
    present[at + i] = 1;
    if (typeof answer === 'number') values[at + i] = answer;
    else row.putHistogram(i, answer);
  }
}

/** Nothing to part: the arrays of the input as they are. */
function asFloats(input: RangeInput): MixedWindow {
  const { timestamps: times, values, starts, windowMs, extension, notes, name } = input;
  const floats = { times, values, starts, from: 0, to: 0 };
  const histograms = { times: NONE, values: [], starts: undefined, from: 0, to: 0 };
  return { floats, histograms, end: 0, windowMs, extension, notes, name };
}

const NONE = new Float64Array(0);

/** The samples by kind; `floatsBefore[i]` floats stand before sample i. */
function parted(input: RangeInput): MixedWindow & { floatsBefore?: Uint32Array } {
  const { count, timestamps, values, histograms, starts, windowMs, extension } = input;
  if (histograms === undefined) return asFloats(input);
  const floatsBefore = new Uint32Array(count + 1);
  const isFloat = (i: number): boolean => histograms?.[i] === undefined;
  for (let i = 0; i < count; i++) floatsBefore[i + 1] = floatsBefore[i] + (isFloat(i) ? 1 : 0);
  const floats = floatsBefore[count];
  const make = (size: number) => ({
    times: new Float64Array(size),
    starts: starts === undefined ? undefined : new Float64Array(size),
    from: 0,
    to: 0,
  });
  const left = { ...make(floats), values: new Float64Array(floats) };
  const right = { ...make(count - floats), values: [] as FloatHistogram[] };
  for (let i = 0; i < count; i++) {
    const side = isFloat(i) ? left : right;
    const to = isFloat(i) ? floatsBefore[i] : i - floatsBefore[i];
    side.times[to] = timestamps[i];
    if (side.starts !== undefined) side.starts[to] = (starts as Float64Array)[i];
    if (isFloat(i)) left.values[to] = values[i];
    else right.values[to] = histograms?.[i] as FloatHistogram;
  }
  const { notes, name } = input;
  return {
    floats: left,
    histograms: right,
    end: 0,
    windowMs,
    extension,
    notes,
    name,
    floatsBefore,
  };
}

/** Functions that look at floats only say so where a window has both. */
function runFloats(plain: RangeFunction, input: RangeInput, row: MixedRow): void {
  const { timestamps, values, histograms, count, lo, hi, windows } = input;
  const keep = (i: number): boolean => histograms?.[i] === undefined;
  const only = Uint32Array.from({ length: count }, (_, i) => i).filter(keep);
  const floats: RangeInput = {
    ...input,
    timestamps: Float64Array.from(only, (i) => timestamps[i]),
    values: Float64Array.from(only, (i) => values[i]),
    histograms: undefined,
    count: only.length,
    lo: new Uint32Array(lo.length),
    hi: new Uint32Array(hi.length),
  };
  slide(floats);
  plain(floats, row.values, row.present, row.at);
  for (let i = 0; i < windows.count; i++) {
    const many = floats.hi[i] - floats.lo[i];
    if (many > 0 && many < hi[i] - lo[i]) input.notes.info(ignoredHistograms(input.name));
  }
}
