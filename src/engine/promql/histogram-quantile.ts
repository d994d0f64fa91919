// histogram_quantile, histogram_quantiles and histogram_fraction: native histograms one by one,
// and classic buckets, where series that are equal but for `le` form a histogram; each step of it
// is one calculation in buckets.ts.
import { dropLabels, labelValue, labelsKey, NAME } from '../model/labels.ts';
import { bucketFraction, bucketQuantile, makeBuckets } from './buckets.ts';
import { nativeFraction, nativeQuantile } from './histogram-quantile-native.ts';
import { nativeRows, noted } from './histogram-native.ts';
import { formatShort, parseFloatText, quote } from './literals.ts';
import { Repairs } from './histogram-repairs.ts';
import { badQuantile } from './notes.ts';
import { withoutName } from './names.ts';
import { RowBuilder, floatsOf } from './vector.ts';
import { withLabel } from './with-label.ts';
import { anyMarked } from './gather-rows.ts';
import type { Buckets, Repair } from './buckets.ts';
import type { EvalContext } from './context.ts';
import type { Grid } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { NativeRow } from './histogram-native.ts';
import type { Notes } from './notes.ts';
import type { Span } from './ast.ts';
import type { Vector } from './vector.ts';

interface Histogram {
  readonly labels: Labels;
  readonly rows: number[];
  readonly bounds: number[];
  /** Steps at which a native histogram of the same labels stands too. */
  blocked: Uint8Array | undefined;
}

export interface QuantileCall {
  readonly vector: Vector;
  readonly grid: Grid;
  /** The place of the vector, for notes about its series. */
  readonly span: Span;
}

/** One series a histogram. `q` has one value a step. */
export function histogramQuantile(
  call: QuantileCall,
  q: Float64Array,
  qSpan: Span,
  context: EvalContext,
): Vector {
  warnOf(q, context.notes.at(qSpan));
  const histograms = histogramsOf(call, context);
  const natives = nativeRows(call, histograms, context);
  const builder = builderFor(call, histograms.length + natives.length, context);
  const repairs = new Repairs();
  const run = { q, builder, context, name: (labels: Labels) => labels, repairs };
  nativeInto(call, natives, run);
  quantileInto(call, histograms, run);
  repairs.tell(context.notes.at(call.span));
  return builder.vector();
}

export interface ManyQuantiles {
  readonly label: string;
  readonly qs: readonly Float64Array[];
  readonly spans: readonly Span[];
}

/** One series a histogram and quantile, told apart by a label. */
export function histogramQuantiles(
  call: QuantileCall,
  { label, qs, spans }: ManyQuantiles,
  context: EvalContext,
): Vector {
  qs.forEach((q, i) => warnOf(q, context.notes.at(spans[i])));
  const histograms = histogramsOf(call, context);
  const natives = nativeRows(call, histograms, context);
  const rows = histograms.length + natives.length;
  const builder = builderFor(call, rows * qs.length, context);
  const repairs = new Repairs();
  for (const q of qs) {
    const name = (labels: Labels, step: number): Labels =>
      withLabel(labels, label, openMetricsFloat(q[step]));
    nativeInto(call, natives, { q, builder, context, name, repairs });
    quantileInto(call, histograms, { q, builder, context, name, repairs });
  }
  repairs.tell(context.notes.at(call.span));
  return builder.vector();
}

export function histogramFraction(
  call: QuantileCall,
  lower: Float64Array,
  upper: Float64Array,
  context: EvalContext,
): Vector {
  const histograms = histogramsOf(call, context);
  const natives = nativeRows(call, histograms, context);
  const builder = builderFor(call, histograms.length + natives.length, context);
  for (const native of natives) {
    const { labels } = native;
    const out = builder.row(context.delayed ? labels : withoutName(labels), true);
    native.histograms.forEach((one, i) => {
      if (one === undefined) return;
      const answer = nativeFraction(lower[i], upper[i], one);
      builder.set(out, i, noted(answer, labels, call.span, context));
    });
  }
  const buckets = scratchFor(histograms);
  for (const histogram of histograms) {
    const out = builder.row(resultLabels(histogram, context), true);
    for (let i = 0; i < call.vector.steps; i++) {
      if (!load(call, histogram, i, buckets)) continue;
      builder.set(out, i, bucketFraction(lower[i], upper[i], buckets));
    }
  }
  return builder.vector();
}

function builderFor({ vector }: QuantileCall, rows: number, context: EvalContext): RowBuilder {
  return new RowBuilder(vector.steps, context.cellsMax, rows);
}

function scratchFor(histograms: readonly Histogram[]): Buckets {
  return makeBuckets(histograms.reduce((most, h) => Math.max(most, h.rows.length), 0));
}

function warnOf(q: Float64Array, notes: Notes): void {
  for (const value of q) if (!(value >= 0 && value <= 1)) notes.warn(badQuantile(value));
}

/** 1 as "1.0", like OpenMetrics writes it. */
function openMetricsFloat(value: number): string {
  const text = formatShort(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function histogramsOf(call: QuantileCall, context: EvalContext): Histogram[] {
  const { span } = call;
  const vector = floatsOf(call.vector);
  const le = new Set(['le']);
  const found = new Map<string, Histogram>();
  vector.labels.forEach((labels, row) => {
    const text = labelValue(labels, 'le');
    const bound = parseFloatText(text);
    if (!anyMarked(vector.present, row * vector.steps, vector.steps)) return;
    if (bound === undefined) {
      const name = context.delayed ? labelValue(labels, NAME) : '';
      const whose = name === '' ? '' : ` for metric name ${quote(name)}`;
      const words = `bucket label "le" is missing or has a malformed value of ${quote(text)}`;
      context.notes.at(span).warn(words + whose);
      return;
    }
    const rest = dropLabels(labels, le);
    const key = labelsKey(rest);
    let histogram = found.get(key);
    if (histogram === undefined) {
      histogram = { labels: rest, rows: [], bounds: [], blocked: undefined };
      found.set(key, histogram);
    }
    histogram.rows.push(row);
    histogram.bounds.push(bound);
  });
  return [...found.values()];
}

function resultLabels({ labels }: Histogram, context: EvalContext): Labels {
  return context.delayed ? labels : withoutName(labels);
}

/** Takes the buckets of one step; false when there are none. */
function load(
  { vector }: QuantileCall,
  histogram: Histogram,
  step: number,
  into: Buckets,
): boolean {
  into.count = 0;
  if (histogram.blocked !== undefined && histogram.blocked[step] !== 0) return false;
  histogram.rows.forEach((row, b) => {
    const at = row * vector.steps + step;
    if (vector.present[at] === 0 || vector.histograms?.[at] !== undefined) return;
    into.bounds[into.count] = histogram.bounds[b];
    into.counts[into.count++] = vector.values[at];
  });
  return into.count > 0;
}

interface QuantileRun {
  readonly q: Float64Array;
  readonly builder: RowBuilder;
  readonly context: EvalContext;
  readonly name: (labels: Labels, step: number) => Labels;
  readonly repairs: Repairs;
}

function nativeInto({ span }: QuantileCall, natives: readonly NativeRow[], run: QuantileRun): void {
  const { q, builder, context, name } = run;
  for (const { labels, histograms } of natives) {
    const out = context.delayed ? labels : withoutName(labels);
    histograms.forEach((one, i) => {
      if (one === undefined) return;
      const value = noted(nativeQuantile(q[i], one), labels, span, context);
      builder.set(builder.row(name(out, i), true), i, value);
    });
  }
}

function quantileInto(call: QuantileCall, histograms: Histogram[], run: QuantileRun): void {
  const { vector, grid } = call;
  const buckets = scratchFor(histograms);
  const repair: Repair = { lifted: false, from: 0, to: 0, most: 0 };
  for (const histogram of histograms) {
    const labels = resultLabels(histogram, run.context);
    const name = run.context.delayed ? labelValue(histogram.labels, NAME) : '';
    for (let i = 0; i < vector.steps; i++) {
      if (!load(call, histogram, i, buckets)) continue;
      const value = bucketQuantile(run.q[i], buckets, repair);
      run.builder.set(run.builder.row(run.name(labels, i), true), i, value);
      if (repair.lifted) run.repairs.add(name, repair, grid.start + i * grid.step);
    }
  }
}
