// Range functions over what is no bare selector: a subquery's own results, or raw samples when an
// argument changes from step to step. The same code as at the leaf, row by row.
import { assert } from '../errors.ts';
import { gridSize } from '../model/fragment.ts';
import { KEEPS_NAME } from './functions.ts';
import { labelValue, NAME } from '../model/labels.ts';
import { HINT } from '../model/histogram.ts';
import { anyMarked } from './gather-rows.ts';
import { RowList } from './leaf-rows.ts';
import { isMixed, runMixed } from './mixed-window.ts';
import { dropNames, hasTwins } from './vector.ts';
import { makeInput, slide } from './windows.ts';
import { perhapsNoCounter } from './notes.ts';
import { rangeFunction } from './range-functions.ts';
import { sameLabels } from './query-failure.ts';
import type { EvalContext } from './context.ts';
import type { Grid, RawSamples } from '../model/fragment.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { RangeNode } from './plan-node.ts';
import type { Vector } from './vector.ts';

/** Series with their samples, one after another. */
export interface SampleSeries {
  readonly raw: RawSamples;
  readonly drops: Uint8Array;
}

/** The values of a subquery as samples at the subquery's own instants. */
export function samplesOf(vector: Vector, grid: Grid): SampleSeries {
  const { labels, steps, values, present, drops, histograms } = vector;
  let total = 0;
  for (const mark of present) total += mark;
  const from = new Uint32Array(labels.length + 1);
  const timestamps = new Float64Array(total);
  const out = new Float64Array(total);
  const column: (FloatHistogram | undefined)[] = [];
  let at = 0;
  for (let r = 0; r < labels.length; r++) {
    for (let i = 0; i < steps; i++) {
      if (present[r * steps + i] === 0) continue;
      if (histograms !== undefined) column[at] = hintless(histograms[r * steps + i]);
      timestamps[at] = grid.start + i * grid.step;
      out[at++] = values[r * steps + i];
    }
    from[r + 1] = at;
  }
  const raw = { labels, from, timestamps, values: out };
  return { raw: histograms === undefined ? raw : { ...raw, histograms: column }, drops };
}

/** Hints speak of neighbouring samples, and a subquery leaves some out or repeats them. */
function hintless(histogram: FloatHistogram | undefined): FloatHistogram | undefined {
  const { hint } = histogram ?? {};
  const speaks = hint === HINT.reset || hint === HINT.notReset;
  return histogram !== undefined && speaks ? { ...histogram, hint: HINT.unknown } : histogram;
}

/** Runs a range node over its series. `args` hold one value, or one a step. */
export function evaluateRange(
  node: RangeNode,
  series: SampleSeries,
  args: readonly Float64Array[],
  context: EvalContext,
): Vector {
  const { fn, windows, windowMs, extension, grid } = node;
  const { raw } = series;
  const compute = rangeFunction(fn);
  assert(compute !== undefined, `the root knows the function ${fn}`);
  // As in Prometheus, what is said of a subquery stands at the beginning.
  const subquery = node.source.kind === 'subquery' && fn !== 'quantile_over_time';
  const span = subquery ? { start: 0, end: 0 } : node.span;
  const notes = context.notes.at(span);
  const all = fn === 'predict_linear' ? [...args, distances(node)] : args;
  const input = makeInput(windows, { windowMs, extension }, all, notes);
  const steps = Math.max(0, gridSize(grid));
  const rows = new RowList(Math.max(1, steps), raw.labels.length, context.cellsMax);
  const labels: Labels[] = [];
  const drops: number[] = [];
  for (let r = 0; r < raw.labels.length; r++) {
    input.timestamps = raw.timestamps.subarray(raw.from[r], raw.from[r + 1]);
    input.values = raw.values.subarray(raw.from[r], raw.from[r + 1]);
    input.histograms = raw.histograms?.slice(raw.from[r], raw.from[r + 1]);
    input.starts = raw.starts?.subarray(raw.from[r], raw.from[r + 1]);
    input.name = labelValue(raw.labels[r], NAME);
    input.count = input.values.length;
    slide(input);
    rows.open();
    if (isMixed(fn, input)) runMixed(fn, compute, input, rows);
    else compute(input, rows.values, rows.present, rows.at);
    if (!anyMarked(rows.present, rows.at, steps)) continue;
    labels.push(raw.labels[r]);
    drops.push(series.drops[r]);
    if ((fn === 'rate' || fn === 'increase') && rows.anyFloat()) {
      const doubt = perhapsNoCounter(labelValue(raw.labels[r], NAME));
      if (doubt !== undefined) notes.info(doubt);
    }
    rows.keep(raw.labels[r]);
  }
  const { values, present, histograms } = rows.matrix();
  const marks = Uint8Array.from(drops);
  const vector: Vector = { labels, drops: marks, steps, values, present, histograms };
  if (KEEPS_NAME.has(fn)) return vector;
  return strictly(dropNames, vector, context.delayed);
}

/** Drops names; two series of the same labels are an error even when they never meet at a step. */
export function strictly(
  drop: (vector: Vector, delayed: boolean) => Vector,
  vector: Vector,
  delayed: boolean,
): Vector {
  const out = drop(vector, delayed);
  if (!delayed && (out.labels.length < vector.labels.length || hasTwins(out))) throw sameLabels();
  return out;
}

/** From each window's end to the time of evaluation, in ms. */
function distances({ windows, grid }: RangeNode): Float64Array {
  const out = new Float64Array(windows.count);
  for (let i = 0; i < out.length; i++) {
    out[i] = grid.start + i * grid.step - (windows.first + i * windows.step);
  }
  return out;
}
