// Native histograms for the differential test, and the queries over them that Prometheus 2.42
// knows. Sample times are never on a whole second, as for floats. Easy to get wrong: since 3.0 a
// quantile is interpolated exponentially within its bucket and 2.42 did it by a straight line, so
// quantiles are asked of one schema only, whose buckets tell how one follows from the other; bounds
// of fractions are bounds of buckets, where both say the same.
import { encodeHistogram } from '../../src/engine/codec/histogram.ts';
import { makeHistogram } from '../../src/engine/model/histogram.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { NEAR } from './differential-words.ts';
import { listOf } from '../support/random-histograms.ts';
import type { Asked } from './differential-words.ts';
import type { FloatHistogram } from '../../src/engine/model/histogram.ts';
import type { Random } from '../../src/engine/runtime/random.ts';
import type { WriteSeries } from '../support/write-request.ts';

const { steps: STEPS, stepMs: STEP_MS } = NEAR;
/** The schema of what quantiles are asked of. */
const QUANTILE_SCHEMA = 2;
const ZERO_THRESHOLD = 2 ** -10;
const JOBS = ['api', 'web', 'db'];
const INSTANCES = ['a:1', 'b:1'];
const MATCHERS = ['job="api"', 'job!="web"', 'instance="a:1"', 'job=~"a.*|db"'];

type Value = FloatHistogram | 'stale' | undefined;

interface Made {
  readonly labels: Record<string, string>;
  readonly values: readonly Value[];
  readonly integer: boolean;
}

interface Counts {
  zero: number;
  readonly positive: Map<number, number>;
  readonly negative: Map<number, number>;
}

function listFrom(counts: ReadonlyMap<number, number>) {
  const sorted = [...counts].toSorted(([a], [b]) => a - b);
  return listOf(
    sorted.map(([index]) => index),
    sorted.map(([, count]) => count),
  );
}

function histogramFrom(counts: Counts, schema: number, sum: number): FloatHistogram {
  const positive = listFrom(counts.positive);
  const negative = listFrom(counts.negative);
  const all = [counts.zero, ...positive.counts, ...negative.counts];
  const count = all.reduce((a, b) => a + b, 0);
  const figures = { count, sum, zeroCount: counts.zero, zeroThreshold: ZERO_THRESHOLD };
  return makeHistogram({ schema, ...figures, positive, negative });
}

/** Counts that a process has at its start: large, so that no rate is cut off at zero. */
function begin(random: Random, signed: boolean): Counts {
  const counts: Counts = { zero: 5000, positive: new Map(), negative: new Map() };
  for (let i = 0; i < 8; i++) counts.positive.set(i * 2 - 6, 20_000 + Math.floor(random() * 1000));
  if (signed) for (let i = 0; i < 3; i++) counts.negative.set(i * 3, 5000);
  return counts;
}

/** A growing histogram with resets; buckets come, and where it changes its schema, go. */
function counter(random: Random, integer: boolean, signed: boolean): Value[] {
  const out: Value[] = [];
  let counts = begin(random, signed);
  let sum = 1e6;
  let schema = QUANTILE_SCHEMA;
  const grow = (side: Map<number, number>): void => {
    const index = Math.floor(random() * 24) - 10;
    const by = integer ? Math.floor(random() * 30) : random() * 30;
    side.set(index, (side.get(index) ?? 0) + by);
  };
  for (let i = 0; i < STEPS; i++) {
    if (random() < 0.02) {
      counts = begin(random, signed);
      sum = 1e5;
      if (signed) schema = 1 + Math.floor(random() * 3);
    }
    for (let n = 0; n < 4; n++) grow(counts.positive);
    if (signed) grow(counts.negative);
    if (random() < 0.5) counts.zero += 1;
    sum += random() * 100;
    out.push(histogramFrom(counts, schema, sum));
  }
  return out;
}

/** Histograms that go up and down, with gaps and ends. */
function gauge(random: Random): Value[] {
  const out: Value[] = [];
  let gap = 0;
  for (let i = 0; i < STEPS; i++) {
    if (gap-- > 0) {
      out.push(undefined);
      continue;
    }
    if (random() < 0.01) gap = 2 + Math.floor(random() * 50);
    if (random() < 0.01) {
      out.push('stale');
      continue;
    }
    out.push(histogramFrom(begin(random, true), 1, (random() - 0.5) * 1000));
  }
  return out;
}

function madeSeries(random: Random): Made[] {
  return JOBS.flatMap((job) =>
    INSTANCES.flatMap((instance): Made[] => {
      const of = (name: string, values: readonly Value[], integer: boolean): Made => {
        return { labels: { __name__: name, job, instance }, values, integer };
      };
      const whole = instance === 'a:1';
      return [
        of('plain', counter(random, whole, false), whole),
        of('signed', counter(random, whole, true), whole),
        of('level', gauge(random), false),
      ];
    }),
  );
}

/**
 * Where requests begin. A stale marker has one of its own: 2.42 loses the float histograms that
 * stand before it in the same request.
 */
function cutsOf(series: readonly Made[]): number[] {
  const cuts = new Set<number>();
  for (let step = 0; step < STEPS; step += 20) cuts.add(step);
  for (const { values } of series) {
    values.forEach((value, step) => {
      if (value === 'stale') cuts.add(step).add(step + 1);
    });
  }
  return [...cuts, STEPS].toSorted((a, b) => a - b);
}

/** Requests in the order of time; the same seed makes the same samples. */
export function histogramData(seed: number, baseMs: number): WriteSeries[][] {
  const random = seededRandom(seed);
  const made = madeSeries(random);
  const series = made.map((one) => ({
    ...one,
    lateMs: 1000 * Math.floor(random() * 5) + 100 + Math.floor(random() * 800),
  }));
  const cuts = cutsOf(made);
  return cuts.slice(0, -1).map((from, i) =>
    series.flatMap(({ labels, values, lateMs, integer }) => {
      const histograms: Uint8Array[] = [];
      for (let step = from; step < cuts[i + 1]; step++) {
        const value = values[step];
        if (value === undefined) continue;
        const timestampMs = baseMs + step * STEP_MS + lateMs;
        const stale = value === 'stale';
        const form = { timestampMs, integer, stale };
        histograms.push(encodeHistogram(stale ? makeHistogram({}) : value, form));
      }
      return histograms.length === 0 ? [] : [{ labels, samples: [], histograms }];
    }),
  );
}

export class HistogramGenerator {
  readonly #random: Random;
  readonly #baseMs: number;
  #turn = 0;

  constructor(seed: number, baseMs: number) {
    this.#random = seededRandom(seed);
    this.#baseMs = baseMs;
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#below(of.length)];
  }

  /** The next query; kinds take turns. */
  next(): Asked {
    const kinds = this.#kinds();
    const query = kinds[this.#turn++ % kinds.length]();
    const minute = 15 + this.#below(Math.floor((STEPS * STEP_MS) / 60_000) - 16);
    const startMs = this.#baseMs + minute * 60_000 + 7000;
    const stepMs = 1000 * this.#one([10, 30, 60, 300]);
    const range = this.#random() < 0.5;
    const endMs = range ? startMs + stepMs * (1 + this.#below(12)) : startMs;
    return { query, other: query, startMs, endMs, stepMs };
  }

  #kinds(): (() => string)[] {
    const any = ['plain', 'signed', 'level'];
    const counters = ['plain', 'signed'];
    return [
      () => this.#selector(any),
      () => this.#growth(counters),
      () => `sum${this.#by()} (${this.#growth(counters)})`,
      () => `sum${this.#by()} (${this.#selector(any)})`,
      () => `histogram_count(${this.#vector(any)})`,
      () => `histogram_sum(${this.#vector(any)})`,
      () => `histogram_fraction(${this.#bounds()}, ${this.#vector(any)})`,
      () => `histogram_quantile(${this.#q()}, ${this.#vector(['plain'])})`,
      () => `${this.#selector(any)} + ${this.#selector(any)}`,
      () => `${this.#selector(any)} - ${this.#selector(any)}`,
      () => `${this.#selector(any)} + ignoring (nosuch) ${this.#selector(any)} offset 1m`,
      () => `sum${this.#by()} (histogram_count(${this.#growth(counters)}))`,
      () => `histogram_sum(${this.#vector(any)}) / histogram_count(${this.#vector(any)})`,
    ];
  }

  #selector(names: readonly string[]): string {
    const chosen = this.#random() < 0.4 ? `{${this.#one(MATCHERS)}}` : '';
    const offset = this.#random() < 0.2 ? ` offset ${this.#one(['10s', '1m', '5m'])}` : '';
    return `${this.#one(names)}${chosen}${offset}`;
  }

  #growth(names: readonly string[]): string {
    const chosen = this.#random() < 0.4 ? `{${this.#one(MATCHERS)}}` : '';
    const length = this.#one(['1m', '2m', '90s', '5m', '10m']);
    const steps = this.#random() < 0.2 ? `:${this.#one(['10s', '30s'])}` : '';
    return `${this.#one(['rate', 'increase'])}(${this.#one(names)}${chosen}[${length}${steps}])`;
  }

  #vector(names: readonly string[]): string {
    const counters = names.filter((name) => name !== 'level');
    const kinds = [
      () => this.#selector(names),
      () => this.#growth(counters),
      () => `sum${this.#by()} (${this.#growth(counters)})`,
      () => `sum${this.#by()} (${this.#selector(names)})`,
    ];
    return this.#one(kinds)();
  }

  #by(): string {
    return this.#one(['', ' by (job)', ' by (instance)', ' without (job)', ' by (job, instance)']);
  }

  #q(): string {
    return this.#one(['0', '0.1', '0.37', '0.9', '0.99', '1', '-1', '2', 'NaN']);
  }

  #bounds(): string {
    const [low, high] = [this.#below(6), this.#below(6)];
    const bounds = ['-Inf', '-1', '0.25', '1', '4', '+Inf'];
    return `${bounds[low]}, ${bounds[high]}`;
  }
}

/** The quantile of 3.0 that stands where 2.42 had this one. */
export function exponentialQuantile(straight: number): number {
  const size = Math.abs(straight);
  if (!Number.isFinite(straight) || size <= ZERO_THRESHOLD) return straight;
  const index = Math.ceil(Math.log2(size) * 2 ** QUANTILE_SCHEMA - 1e-9);
  const upper = 2 ** (index / 2 ** QUANTILE_SCHEMA);
  const lower = 2 ** ((index - 1) / 2 ** QUANTILE_SCHEMA);
  const part = (size - lower) / (upper - lower);
  return Math.sign(straight) * lower * (upper / lower) ** part;
}
