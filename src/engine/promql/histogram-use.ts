// Where only count and sum of histograms are wanted, buckets need not travel. Easy to get wrong:
// resets are found by the buckets, so they are looked for first, sample by sample, and what was
// found stays as a hint. A subquery or a function of buckets anywhere around asks for everything.
import { HINT, makeHistogram } from '../model/histogram.ts';
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import { isTrim } from './ast.ts';
import { wasReset } from './histogram-reset.ts';
import type { Expr } from './ast.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { SampleBuffer } from '../ports.ts';

/** Whole samples unless said otherwise; `buckets` once and for all below what needs them. */
export type HistogramUse = 'samples' | 'figures' | 'buckets';

const FIGURES: ReadonlySet<string> = new Set(['histogram_avg', 'histogram_count', 'histogram_sum']);
const BUCKETS: ReadonlySet<string> = new Set([
  'histogram_fraction',
  'histogram_quantile',
  'histogram_quantiles',
]);

/** What is wanted of histograms below an expression. */
export function useWithin(expr: Expr, around: HistogramUse): HistogramUse {
  if (around === 'buckets' || expr.kind === 'subquery') return 'buckets';
  if (expr.kind === 'binary' && isTrim(expr.op)) return 'buckets';
  if (expr.kind !== 'call') return around;
  if (BUCKETS.has(expr.fn)) return 'buckets';
  return FIGURES.has(expr.fn) ? 'figures' : around;
}

/** Replaces the histograms of a buffer by their figures, with hints by the sample before. */
export function onlyFigures(buffer: SampleBuffer, count: number): void {
  const { histograms, words } = buffer;
  if (histograms === undefined) return;
  let before: FloatHistogram | undefined;
  const out: (FloatHistogram | undefined)[] = [];
  for (let i = 0; i < count; i++) {
    const histogram = histograms[i];
    out.push(undefined);
    const stale = words[i * 2] === STALE_LOW && words[i * 2 + 1] === STALE_HIGH;
    if (histogram === undefined || stale) continue;
    let { hint } = histogram;
    if (hint === HINT.unknown && before !== undefined) {
      hint = wasReset(histogram, before) ? HINT.reset : HINT.notReset;
    }
    before = histogram;
    const { schema, sum, count: all } = histogram;
    out[i] = makeHistogram({ hint, schema, sum, count: all });
  }
  buffer.histograms = out;
}
