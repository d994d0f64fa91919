// Native histograms in a vector: their count, sum, mean and spread as values, and which of them
// stand beside classic buckets of the same name and labels. Such a pair is ambiguous at that step
// and neither is answered.
import { NAME, labelValue, labelsKey } from '../model/labels.ts';
import { mixedClassicNative, nanObservations } from './notes.ts';
import { nativeVariance } from './histogram-quantile-native.ts';
import { dropNames, withoutEmptyRows } from './vector.ts';
import type { EvalContext } from './context.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { NativeAnswer } from './histogram-quantile-native.ts';
import type { Span } from './ast.ts';
import type { Vector } from './vector.ts';

type Figure = (histogram: FloatHistogram) => number;

const FIGURES: ReadonlyMap<string, Figure> = new Map<string, Figure>([
  ['histogram_avg', ({ sum, count }) => sum / count],
  ['histogram_count', ({ count }) => count],
  ['histogram_stddev', (histogram) => Math.sqrt(nativeVariance(histogram))],
  ['histogram_stdvar', nativeVariance],
  ['histogram_sum', ({ sum }) => sum],
]);

/** The code of a function of single histograms, or undefined for other names. */
export function histogramFigure(name: string): Figure | undefined {
  return FIGURES.get(name);
}

/** One figure of each histogram; floats are left out. */
export function applyFigure(vector: Vector, figure: Figure, context: EvalContext): Vector {
  const { histograms, steps } = vector;
  const present = new Uint8Array(vector.present.length);
  const values = new Float64Array(vector.values.length);
  histograms?.forEach((histogram, at) => {
    if (histogram === undefined || vector.present[at] === 0) return;
    present[at] = 1;
    values[at] = figure(histogram);
  });
  const { labels, drops } = vector;
  return dropNames(withoutEmptyRows({ labels, drops, steps, values, present }), context.delayed);
}

/** The histograms of a row by step. */
export interface NativeRow {
  readonly labels: Labels;
  readonly histograms: readonly (FloatHistogram | undefined)[];
}

/** A classic histogram of which some steps cannot be answered. */
export interface Blockable {
  readonly labels: Labels;
  readonly rows: readonly number[];
  blocked: Uint8Array | undefined;
}

/** The rows with native histograms, without those that collide with classic ones. */
export function nativeRows(
  { vector, span }: { readonly vector: Vector; readonly span: Span },
  classics: readonly Blockable[],
  context: EvalContext,
): NativeRow[] {
  const { histograms, steps, labels, present } = vector;
  if (histograms === undefined) return [];
  const known = new Map(classics.map((one) => [labelsKey(one.labels), one]));
  const out: NativeRow[] = [];
  labels.forEach((set, row) => {
    const base = row * steps;
    const classic = known.get(labelsKey(set));
    const isFloat = (at: number): boolean => present[at] !== 0 && histograms[at] === undefined;
    const cells = Array.from({ length: steps }, (_, i) => {
      const histogram = present[base + i] === 0 ? undefined : histograms[base + i];
      if (histogram === undefined || classic === undefined) return histogram;
      if (!classic.rows.some((bucket) => isFloat(bucket * steps + i))) return histogram;
      classic.blocked ??= new Uint8Array(steps);
      classic.blocked[i] = 1;
      const name = context.delayed ? labelValue(set, NAME) : '';
      context.notes.at(span).warn(mixedClassicNative(name));
      return undefined;
    });
    if (cells.some((cell) => cell !== undefined)) out.push({ labels: set, histograms: cells });
  });
  return out;
}

/** The value of an answer; says what NaN observations did to it. */
export function noted(
  { value, nan }: NativeAnswer,
  labels: Labels,
  span: Span,
  context: EvalContext,
): number {
  if (nan !== 'none') {
    const name = context.delayed ? labelValue(labels, NAME) : '';
    context.notes.at(span).info(nanObservations(nan, name));
  }
  return value;
}
