// The series that a Prometheus 3 is compared over: those at the edges, every other one with its
// samples on whole seconds where windows and steps begin and end, and native histograms of all
// kinds: counters with resets, gauges, custom buckets, series that are floats for a while.
import { encodeHistogram } from '../../src/engine/codec/histogram.ts';
import { CUSTOM_SCHEMA, makeHistogram } from '../../src/engine/model/histogram.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { edgeSeries } from './differential-edge-data.ts';
import { STALE_BITS, requestsOf } from './differential-data.ts';
import { NEAR } from './differential-words.ts';
import { below, listOf, randomHistogram } from '../support/random-histograms.ts';
import type { FloatHistogram } from '../../src/engine/model/histogram.ts';
import type { Layout } from './differential-words.ts';
import type { Random } from '../../src/engine/runtime/random.ts';
import type { WriteSample, WriteSeries } from '../support/write-request.ts';

/** Steps in a request; a series is either floats or histograms in one. */
const TOGETHER = 20;

type Value = FloatHistogram | number | 'stale' | undefined;

interface Made {
  readonly labels: Record<string, string>;
  readonly values: readonly Value[];
  readonly lateMs: number;
}

/** Buckets that only grow until a reset, with other bounds behind one. */
function counter(random: Random, steps: number, custom: boolean): Value[] {
  const out: Value[] = [];
  let counts = new Map<number, number>();
  let [zero, sum] = [0, 0];
  let [schema, bounds] = [1, 6];
  for (let i = 0; i < steps; i++) {
    if (random() < 0.03) {
      [counts, zero, sum] = [new Map(), 0, 0];
      schema = below(random, 4);
      if (random() < 0.3) bounds = 4 + below(random, 4);
    }
    if (random() < 0.02) {
      out.push(random() < 0.5 ? 'stale' : undefined);
      continue;
    }
    for (let n = 0; n < 3; n++) {
      const index = custom ? below(random, bounds + 1) : below(random, 30) - 12;
      counts.set(index, (counts.get(index) ?? 0) + below(random, 9));
    }
    if (!custom) zero += below(random, 2);
    sum += random() * 50;
    const rising = [...counts].toSorted(([a], [b]) => a - b);
    const positive = listOf(
      rising.map(([index]) => index),
      rising.map(([, many]) => many),
    );
    const count = rising.reduce((all, [, many]) => all + many, zero);
    const figures = { count, sum, positive };
    out.push(
      custom
        ? makeHistogram({
            ...{ ...figures, schema: CUSTOM_SCHEMA },
            custom: Float64Array.from({ length: bounds }, (_, b) => b * 2 - 3),
          })
        : makeHistogram({ ...figures, schema, zeroCount: zero, zeroThreshold: 2 ** -20 }),
    );
  }
  return out;
}

/** Anything of a kind, or of both, some steps each. */
function anything(random: Random, steps: number, kind: 'exponential' | 'custom' | 'both'): Value[] {
  const out: Value[] = [];
  while (out.length < steps) {
    const one = randomHistogram(random, false);
    if (kind !== 'both' && (kind === 'custom') !== (one.schema === CUSTOM_SCHEMA)) continue;
    const { zeroCount, positive, negative, sum } = one;
    const inside = [zeroCount, ...positive.counts, ...negative.counts].reduce((a, b) => a + b, 0);
    // Observations of NaN are in no bucket.
    const count = Number.isNaN(sum) ? inside + 5 : inside;
    for (let i = 1 + below(random, 4); i > 0; i--) out.push({ ...one, count, hint: 3 });
    if (random() < 0.1) out.push(random() < 0.5 ? 'stale' : undefined);
  }
  return out.slice(0, steps);
}

/** Floats for a while, then histograms for a while. */
function inTurns(random: Random, steps: number): Value[] {
  const histograms = counter(random, steps, false);
  let total = 1000;
  return histograms.map((one, step) => {
    total += random() * 9;
    return Math.floor(step / TOGETHER) % 3 === 0 ? total : one;
  });
}

function madeHistograms(random: Random, steps: number): Made[] {
  return ['api', 'web'].flatMap((job) =>
    ['a:1', 'b:1'].flatMap((instance, i): Made[] => {
      const lateMs = i === 0 ? 0 : 2345;
      const of = (name: string, values: readonly Value[]): Made => {
        return { labels: { __name__: name, job, instance }, values, lateMs };
      };
      return [
        ...[of('h', counter(random, steps, false)), of('hc', counter(random, steps, true))],
        ...[
          of('hg', anything(random, steps, 'exponential')),
          of('hgc', anything(random, steps, 'custom')),
        ],
        ...[of('hx', anything(random, steps, 'both')), of('hm', inTurns(random, steps))],
      ];
    }),
  );
}

function seriesOf(
  { labels, values, lateMs }: Made,
  from: number,
  baseMs: number,
  { steps, stepMs }: Layout,
): WriteSeries[] {
  const samples: WriteSample[] = [];
  const histograms: Uint8Array[] = [];
  for (let step = from; step < Math.min(steps, from + TOGETHER); step++) {
    const value = values[step];
    const timestamp = baseMs + step * stepMs + lateMs;
    const form = { timestampMs: timestamp, integer: false, stale: value === 'stale' };
    if (value === undefined) continue;
    if (typeof value === 'number') samples.push({ timestamp, value });
    else if (value !== 'stale') histograms.push(encodeHistogram(value, form));
    else if (samples.length > 0) samples.push({ timestamp, value: NaN, bits: STALE_BITS });
    else histograms.push(encodeHistogram(makeHistogram({}), form));
  }
  return samples.length + histograms.length === 0 ? [] : [{ labels, samples, histograms }];
}

/** Requests in the order of time, from `baseMs` on; the same seed makes the same samples. */
export function modernData(seed: number, baseMs: number, layout: Layout = NEAR): WriteSeries[][] {
  const random = seededRandom(seed);
  const made = edgeSeries(random, layout.steps).map((one, i) => ({ ...one, onTime: i % 2 === 0 }));
  const histograms = madeHistograms(random, layout.steps);
  return requestsOf(random, baseMs, layout, made).map((series, i) => [
    ...series,
    ...histograms.flatMap((one) => seriesOf(one, i * TOGETHER, baseMs, layout)),
  ]);
}
