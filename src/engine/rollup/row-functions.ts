// Range functions and instant selectors over rows instead of samples: the reading side of rollups.
// Where steps and windows end with rollup windows, the answers are those of the samples (sums to
// rounding). Arithmetic as in promql/functions-rate.ts. Easy to get wrong: a window narrower than
// the rows is widened, and what adds up is then scaled back: an estimate, which the caller tells.
import type { RowBlock, RowWork } from '../model/row-block.ts';
import { COLUMN, type Rows } from './rows.ts';
import { mergeSketches, quantileOfSketch, binOf, type Sketch } from './sketch.ts';

/** The rows [lo, hi) of one step, and the window that they stand for. */
interface Step {
  lo: number;
  hi: number;
  /** Time of the step. */
  time: number;
  /** The window asked for, or wider. */
  windowMs: number;
  /** By how much what adds up is scaled. */
  scale: number;
}

type RowFunction = (rows: Rows, step: Step, args: readonly number[]) => number;

/** Set by a function that has no value for its step. */
let absent = false;
function none(): number {
  absent = true;
  return 0;
}

const FUNCTIONS: ReadonlyMap<string, RowFunction> = new Map<string, RowFunction>([
  ['rate', (rows, step) => extrapolated(rows, step, true, true)],
  ['increase', (rows, step) => extrapolated(rows, step, true, false)],
  ['delta', (rows, step) => extrapolated(rows, step, false, false)],
  ['count_over_time', (rows, step) => countOf(rows, step) * step.scale],
  ['present_over_time', (rows, step) => (countOf(rows, step) > 0 ? 1 : none())],
  ['sum_over_time', (rows, step) => sumOf(rows, step) * step.scale],
  ['avg_over_time', (rows, step) => sumOf(rows, step) / countOf(rows, step)],
  ['min_over_time', (rows, step) => extreme(rows, step, COLUMN.min, -1)],
  ['max_over_time', (rows, step) => extreme(rows, step, COLUMN.max, 1)],
  ['first_over_time', (rows, step) => at(rows, firstOf(rows, step), COLUMN.first)],
  ['last_over_time', (rows, step) => at(rows, lastOf(rows, step), COLUMN.last)],
  ['ts_of_first_over_time', (rows, step) => timeAt(rows, firstOf(rows, step), COLUMN.from)],
  ['ts_of_last_over_time', (rows, step) => timeAt(rows, lastOf(rows, step), COLUMN.to)],
  ['quantile_over_time', (rows, step, args) => quantileOf(rows, step, args[0])],
]);
const INSTANTS: ReadonlySet<string> = new Set(['last', 'timestamp']);
/** What is scaled where a window is widened. */
const ADDITIVE: ReadonlySet<string> = new Set([
  'increase',
  'delta',
  'count_over_time',
  'sum_over_time',
]);

/** True when rows can answer the function. Bad arguments are left to those who warn of them. */
export function rowsAnswer({ fn, args }: Pick<RowWork, 'fn' | 'args'>): boolean {
  if (INSTANTS.has(fn)) return true;
  if (!FUNCTIONS.has(fn)) return false;
  return fn !== 'quantile_over_time' || (args[0] >= 0 && args[0] <= 1);
}

/** Evaluates the steps of a work over the rows of one series, into row `at` of a block. */
export function evaluateRows(
  rows: Rows,
  work: RowWork,
  { values, present }: Pick<RowBlock, 'values' | 'present'>,
  at: number,
): void {
  const { fn, args, first, step, steps, windowMs } = work;
  const instant = INSTANTS.has(fn);
  const compute = instant ? undefined : FUNCTIONS.get(fn);
  const one: Step = { lo: 0, hi: 0, time: 0, windowMs, scale: 1 };
  for (let i = 0; i < steps; i++) {
    const time = first + i * step;
    one.time = time;
    while (one.hi < rows.count && rows.ends[one.hi] <= time) one.hi++;
    absent = one.hi === 0;
    if (absent) continue;
    let value: number;
    if (compute === undefined) value = instantOf(rows, one.hi - 1, time, work);
    else {
      const width = rows.widths[one.hi - 1];
      one.windowMs = Math.max(windowMs, width);
      one.scale = ADDITIVE.has(fn) ? windowMs / one.windowMs : 1;
      one.lo = Math.min(one.lo, one.hi);
      while (one.lo > 0 && rows.ends[one.lo - 1] > time - one.windowMs) one.lo--;
      while (one.lo < one.hi && rows.ends[one.lo] <= time - one.windowMs) one.lo++;
      value = countOf(rows, one) === 0 ? none() : compute(rows, one, args);
    }
    if (absent) continue;
    values[at + i] = value;
    present[at + i] = 1;
  }
}

/** The last sample of the newest row, unless the series ended there or it is too old. */
function instantOf(rows: Rows, row: number, time: number, { fn, windowMs }: RowWork): number {
  const { columns } = rows;
  if (columns[COLUMN.ended][row] !== 0 || columns[COLUMN.count][row] === 0) return none();
  const end = rows.ends[row];
  const stood = end - columns[COLUMN.to][row];
  // A row that does not end with the step says nothing of the time behind it.
  const since = end === time || rows.widths[row] < windowMs ? stood : end;
  const wide = end === time ? windowMs : Math.max(windowMs, rows.widths[row]);
  if (since <= time - wide) return none();
  return fn === 'last' ? columns[COLUMN.last][row] : stood / 1000;
}

function countOf({ columns }: Rows, { lo, hi }: Step): number {
  const counts = columns[COLUMN.count];
  let count = 0;
  for (let i = lo; i < hi; i++) count += counts[i];
  return count;
}

function sumOf({ columns }: Rows, { lo, hi }: Step): number {
  const sums = columns[COLUMN.sum];
  let sum = 0;
  let lost = 0;
  for (let i = lo; i < hi; i++) {
    const value = sums[i];
    const sofar = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - sofar + value : value - sofar + sum;
    sum = sofar;
  }
  return Number.isFinite(sum) ? sum + lost : sum;
}

function extreme({ columns }: Rows, { lo, hi }: Step, column: number, sign: number): number {
  const list = columns[column];
  let best = NaN;
  for (let i = lo; i < hi; i++) {
    if (list[i] * sign > best * sign || best !== best) best = list[i];
  }
  return best;
}

function firstOf({ columns }: Rows, { lo, hi }: Step): number {
  const counts = columns[COLUMN.count];
  let row = lo;
  while (row < hi - 1 && counts[row] === 0) row++;
  return row;
}

function lastOf({ columns }: Rows, { lo, hi }: Step): number {
  const counts = columns[COLUMN.count];
  let row = hi - 1;
  while (row > lo && counts[row] === 0) row--;
  return row;
}

function at({ columns }: Rows, row: number, column: number): number {
  return columns[column][row];
}

function msAt(rows: Rows, row: number, column: number): number {
  return rows.ends[row] - rows.columns[column][row];
}

function timeAt(rows: Rows, row: number, column: number): number {
  return msAt(rows, row, column) / 1000;
}

function extrapolated(rows: Rows, step: Step, isCounter: boolean, isRate: boolean): number {
  const { columns } = rows;
  const [begin, end] = [firstOf(rows, step), lastOf(rows, step)];
  const count = countOf(rows, step);
  if (count < 2) return none();
  const first = columns[COLUMN.first][begin];
  let result = columns[COLUMN.last][end] - first;
  if (isCounter) result += resetsOf(rows, begin, end);
  const [from, to] = [msAt(rows, begin, COLUMN.from), msAt(rows, end, COLUMN.to)];
  const sampled = (to - from) / 1000;
  const average = sampled / (count - 1);
  const toStart = (from - (step.time - step.windowMs)) / 1000;
  const toEnd = (step.time - to) / 1000;
  let left = toStart >= average * 1.1 ? average / 2 : toStart;
  if (isCounter && result > 0 && first >= 0) left = Math.min(left, sampled * (first / result));
  const right = toEnd >= average * 1.1 ? average / 2 : toEnd;
  const factor = sampled === 0 ? 1 : (sampled + left + right) / sampled;
  if (isRate) return (result * factor) / (step.windowMs / 1000);
  return result * factor * step.scale;
}

/** What resets within the rows and at their seams took away. */
function resetsOf({ columns }: Rows, begin: number, end: number): number {
  const [counts, , , , firsts, lasts, , , resets] = columns;
  let sum = 0;
  let last = NaN;
  for (let i = begin; i <= end; i++) {
    if (counts[i] === 0) continue;
    if (firsts[i] < last) sum += last;
    sum += resets[i];
    last = lasts[i];
  }
  return sum;
}

/** By the sketches; a row without one counts as so many of its last value. */
function quantileOf(rows: Rows, { lo, hi }: Step, q: number): number {
  const parts: Sketch[] = [];
  for (let i = lo; i < hi; i++) {
    const count = rows.columns[COLUMN.count][i];
    if (count === 0) continue;
    const last = rows.columns[COLUMN.last][i];
    const own = rows.sketches?.[i];
    if (own !== undefined) parts.push(own);
    else if (last === last) {
      parts.push({ bins: Int32Array.of(binOf(last)), counts: Float64Array.of(count) });
    }
  }
  return parts.length === 0 ? NaN : quantileOfSketch(mergeSketches(parts), q);
}
