// A seeded generator of what Prometheus 3 has and 2.42 has not: native histograms as values of
// every operator and function, extended ranges, durations that are computed, filled matchings, new
// functions. Asked of a Prometheus of the same language, so nothing may differ, notes included.
// Easy to get wrong: limitk and ties of topk choose by the order of storage, which no language
// says.
import { EdgeGenerator } from './differential-edges.ts';
import { durationMs } from '../../src/engine/promql/literals.ts';
import { modernData } from './differential-modern-data.ts';
import { OF_BOTH, everyDifference } from './differential-explained.ts';
import { difference, failed, notesDifference } from './differential-outcome.ts';
import { Dice, NEAR, whenAsked } from './differential-words.ts';
import type { Outcome } from './differential-outcome.ts';
import type { Asked, Layout } from './differential-words.ts';
import type { Subject } from './differential.ts';

/** Instants stand where samples stand. */
const ON_TIME: Layout = {
  ...NEAR,
  ...{ phaseMs: 0, unitMs: 10_000 },
  lengths: ['10s', '30s', '1m', '2m', '90s', '5m', '10m'],
  innerSpans: ['1m', '2m', '65s', '305s'],
};
const HISTOGRAMS = ['h', 'hc', 'hg', 'hgc', 'hm'];
/** Sums over what mixes kinds of buckets depend on the order of storage, so hx is never summed. */
const IN_RANGES = [...HISTOGRAMS, 'hx'];
const FLOATS = ['level', 'flappy', 'plateau', 'mixed', 'ticks_total'];
const OVER_TIME = (
  'avg_over_time sum_over_time count_over_time last_over_time first_over_time present_over_time ' +
  'absent_over_time min_over_time max_over_time stddev_over_time stdvar_over_time mad_over_time ' +
  'changes resets rate increase delta irate idelta deriv ts_of_first_over_time ' +
  'ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time'
).split(' ');
const FIGURES = (
  'histogram_count histogram_sum histogram_avg histogram_stddev histogram_stdvar abs ceil sgn ' +
  'timestamp sort absent exp minute'
).split(' ');
const AGGREGATIONS = 'sum avg count group min max stddev stdvar'.split(' ');
const EXTENDED = ['rate', 'increase', 'delta', 'resets', 'changes'];
const DURATIONS = [
  ...['2m + 30s', '(1m + 1m) * 2', '600 / 2', '1m', '90', 'step()', 'max_of(step(), 1m)', '5m % 7'],
  ...['min_of(2m, 1h)', 'range()', '2 ^ 7', '-(-1m)', '1h - 50m', 'step() + 1m'],
];

/** A colon behind a call is more than Prometheus 3.14 reads. */
const PLAIN_DURATIONS = DURATIONS.filter((text) => !text.includes('()'));

export class ModernGenerator {
  readonly #dice: Dice;
  readonly #baseMs: number;
  readonly #layout: Layout;
  readonly #edges: EdgeGenerator;
  #turn = 0;

  constructor(seed: number, baseMs: number, layout: Layout = ON_TIME) {
    this.#dice = new Dice(seed);
    this.#baseMs = baseMs;
    this.#layout = layout;
    this.#edges = new EdgeGenerator(seed + 1, baseMs, layout);
  }

  /** The next query; every third is one at the edges of the language. */
  next(): Asked {
    if (this.#turn++ % 3 === 0) {
      const asked = this.#edges.next();
      return { ...asked, other: asked.query };
    }
    const kinds = this.#kinds();
    const query = kinds[this.#dice.below(kinds.length)]();
    return { query, other: query, ...whenAsked(this.#dice, this.#layout, this.#baseMs) };
  }

  #one<T>(of: readonly T[]): T {
    return this.#dice.one(of);
  }

  #kinds(): (() => string)[] {
    return [
      ...OVER_TIME.map((fn) => () => `${fn}(${this.#range()})`),
      ...FIGURES.map((fn) => () => `${fn}(${this.#histograms(1)})`),
      ...AGGREGATIONS.map((op) => () => `${op}${this.#by()} (${this.#histograms(1)})`),
      ...EXTENDED.map((fn) => () => `${fn}(${this.#extended()})`),
      ...this.#quantiles(),
      ...this.#operators(),
      ...this.#others(),
    ];
  }

  #quantiles(): (() => string)[] {
    const q = (): string => this.#one(['0', '0.1', '0.5', '0.99', '1', '-1', '2', 'NaN']);
    const bound = (): string => this.#one(['-Inf', '-1', '0', '0.3', '1', '7', 'Inf', 'NaN']);
    return [
      () => `histogram_quantile(${q()}, ${this.#histograms(1)})`,
      () => `histogram_quantile(${q()}, rate(${this.#one(['h', 'hc', 'hm'])}[${this.#length()}]))`,
      () => `histogram_quantiles(${this.#histograms(0)}, "q", ${q()}, ${q()})`,
      () => `histogram_quantiles(rough_bucket, "q", ${q()})`,
      () => `histogram_fraction(${bound()}, ${bound()}, ${this.#histograms(1)})`,
      () => `histogram_fraction(${bound()}, ${bound()}, rough_bucket)`,
      () => `quantile_over_time(${q()}, ${this.#range()})`,
      () => `quantile${this.#by()} (${q()}, ${this.#histograms(0)})`,
    ];
  }

  #operators(): (() => string)[] {
    const signs = ['+', '-', '*', '/', '==', '!=', '>', '== bool', '^', '%', 'atan2', '>= bool'];
    const scalars = ['2', '0', '-1', 'NaN', '0.5', 'Inf'];
    return [
      () => `${this.#histograms(0)} ${this.#one(signs)} ${this.#match()} ${this.#histograms(0)}`,
      () => `${this.#histograms(0)} ${this.#one(signs)} ${this.#match()} ${this.#histograms(0)}`,
      () => `${this.#histograms(1)} ${this.#one(signs)} ${this.#one(scalars)}`,
      () => `${this.#one(scalars)} ${this.#one(signs)} ${this.#histograms(1)}`,
      () => `${this.#histograms(1)} ${this.#one(['</', '>/'])} ${this.#one(scalars)}`,
      () => `-${this.#histograms(1)}`,
      () => `${this.#histograms(0)} ${this.#one(['and', 'or', 'unless'])} ${this.#histograms(0)}`,
      // Infinitely many of none in a bucket: 3.14 tells empty buckets then.
      () => `plateau ${this.#one(['*', '+', '/'])} ${this.#match()} hm`,
      () => `flappy ${this.#filled()} flappy_twin`,
      () => `flappy ${this.#filled()} hm`,
      () => `worker ${this.#filledMany()} owner`,
    ];
  }

  #filled(): string {
    const op = this.#one(['+', '-', '/', '>', '== bool', '!=', '^']);
    const on = this.#one([' ignoring (unit)', ' on (job, instance)', ' on (job, instance)']);
    const value = (): string => this.#one(['0', '1', '-2.5', 'NaN', 'Inf']);
    const fill = this.#one([
      ...[`fill (${value()})`, `fill_left (${value()})`, `fill_right (${value()})`],
      `fill_left (${value()}) fill_right (${value()})`,
    ]);
    return `${op}${on} ${fill}`;
  }

  #filledMany(): string {
    const fill = this.#one(['fill (0)', 'fill_left (1)', 'fill_right (2)']);
    return `${this.#one(['+', '*', '<'])} on (job, instance) group_left (team) ${fill}`;
  }

  #others(): (() => string)[] {
    return [
      () => `count(limitk${this.#by()} (${this.#one(['2', '0', '1e3'])}, ${this.#histograms(0)}))`,
      () => `limit_ratio(${this.#one(['0.5', '-0.5', '0.1', '1', '0', '2'])}, ${this.#any()})`,
      () => `sort_by_label(${this.#any()}, ${this.#one(['"job"', '"slot"', '"instance", "job"'])})`,
      () => `sort_by_label_desc(${this.#any()}, ${this.#one(['"slot"', '"le"', '"nosuch"'])})`,
      () => `topk${this.#by()} (2, hm)`,
      () => `count_values${this.#by()} ("v", ${this.#histograms(0)})`,
      () => `label_replace(${this.#histograms(0)}, "x", "$1", "job", "(.).*")`,
      () => `scalar(${this.#histograms(0)})`,
      () => `clamp(${this.#histograms(0)}, 0, 10)`,
      () => `${this.#one(OVER_TIME)}(${this.#histograms(0)}[${this.#one(['2m', '5m'])}:30s])`,
      () => `sum(${this.#one(FLOATS)}[${this.#one(DURATIONS)}])`,
      () => `max_over_time(${this.#one(FLOATS)}[${this.#one(DURATIONS)}])`,
      () => `last_over_time(level[2m] offset (${this.#one(DURATIONS)}))`,
      () =>
        `sum_over_time(plateau[${this.#one(PLAIN_DURATIONS)}:${this.#one(['20s', 'step()', ''])}])`,
      () => `{"level", job="api"} + {"plateau", "job"="api"}`,
      () => `max_of(${this.#one(['1', 'NaN', 'time()'])}, min_of(2, ${this.#one(['3', 'NaN'])}))`,
      () => `vector(${this.#one(['start()', 'end()', 'step()', 'range()', 'time() - start()'])})`,
      () =>
        `${this.#one(['level', 'flappy', 'ticks_total'])} ${this.#one(['smoothed', 'anchored'])}`,
    ];
  }

  #length(): string {
    return this.#one(this.#layout.lengths);
  }

  #match(): string {
    return this.#one(['', '', 'on (job, instance)', 'ignoring (unit)', 'on (job) group_left ()']);
  }

  #by(): string {
    return this.#one(['', ' by (job)', ' without (instance)', ' by (job, instance)', ' by ()']);
  }

  #modifiers(): string {
    return this.#one(['', '', '', '', ' offset 1m', ' offset -30s', ' @ end()', ' @ start()']);
  }

  #any(): string {
    return this.#one([...HISTOGRAMS, ...FLOATS, 'worker', 'tagged']);
  }

  #range(): string {
    const name = this.#one([...IN_RANGES, ...IN_RANGES, ...FLOATS]);
    return `${name}[${this.#length()}]${this.#modifiers()}`;
  }

  #extended(): string {
    const name = this.#one([...FLOATS, ...FLOATS, 'hm']);
    const extend = this.#one(['anchored', 'smoothed']);
    return `${name}[${this.#length()}] ${extend}${this.#modifiers()}`;
  }

  #histograms(depth: number): string {
    if (depth <= 0) return `${this.#one(HISTOGRAMS)}${this.#modifiers()}`;
    const fn = this.#one(['rate', 'increase', 'avg_over_time', 'sum_over_time', 'last_over_time']);
    return this.#one([
      () => `${this.#one(HISTOGRAMS)}${this.#modifiers()}`,
      () => `${fn}(${this.#one(HISTOGRAMS)}[${this.#length()}]${this.#modifiers()})`,
      () => `${this.#one(['sum', 'avg'])}${this.#by()} (${this.#one(HISTOGRAMS)})`,
      () => `(${this.#one(HISTOGRAMS)} * ${this.#one(['2', '-1', '0.5'])})`,
    ])();
  }
}

/** What a chunk of Prometheus spans at most. */
const CHUNK_MS = 2 * 3_600_000;

/** Without buckets of NaN that the other side does not have. */
function withoutForeign(outcome: Outcome, other: Outcome): Outcome {
  if (failed(outcome) || failed(other)) return outcome;
  const rows = [...outcome.rows].map(([key, row]) => {
    const own = other.rows.get(key);
    const foreign = (t: number, v: number): boolean => Number.isNaN(v) && own?.has(t) !== true;
    const isBucket = key.includes('] bucket ');
    return [key, new Map([...row].filter(([t, v]) => !isBucket || !foreign(t, v)))] as const;
  });
  return { rows: new Map(rows.filter(([, row]) => row.size > 0)) };
}

/** Without what is said of resets in sums. */
function withoutResets(outcome: Outcome): Outcome {
  if (failed(outcome)) return outcome;
  const notes = outcome.notes?.filter((note) => !note.includes('conflicting counter resets'));
  return { ...outcome, notes };
}

/** Compared with a Prometheus 3 only. */
export const MODERN: Subject = {
  layout: NEAR,
  data: modernData,
  queries: (seed, baseMs) => new ModernGenerator(seed, baseMs),
  explained: [
    ...OF_BOTH,
    {
      // It looks for the end of the buckets and interpolates in the last one it met.
      why: '3.14 takes the wrong bucket where there are observations of NaN',
      holds: ({ query }, mon, prometheus) =>
        query.includes('histogram_quantile') &&
        !failed(mon) &&
        !failed(prometheus) &&
        (prometheus.notes ?? []).some((note) => note.includes('has NaN observations')) &&
        everyDifference(mon, prometheus, () => true),
    },
    {
      // A chunk gives each of its histograms the buckets of all, which are empty then, so that the
      // same one behind the end of a chunk, 2 hours long at most, is another one to changes().
      why: '3.14 counts a change where a chunk of histograms ends',
      holds: ({ query }, mon, prometheus) => {
        const length = /^changes\((?:hg|hgc|hx)\[(\w+)/.exec(query)?.[1];
        if (length === undefined) return false;
        const bordersMax = 1 + Math.floor((durationMs(length) ?? NaN) / CHUNK_MS);
        return everyDifference(mon, prometheus, (own, other) => {
          return other > own && other - own <= bordersMax;
        });
      },
    },
    {
      // Without buckets, a sample is a reset where the same reading met the one before, which it
      // does not where a window is skipped to; and the first of a window is none within a chunk.
      why: '3.14 warns of resets in sums of figures by how it came to a window',
      holds: ({ query }, mon, prometheus) =>
        /histogram_(?:avg|count|sum)\((?:avg|sum)_over_time\(/.test(query) &&
        difference(mon, prometheus) === undefined &&
        notesDifference(withoutResets(mon), withoutResets(prometheus)) === undefined,
    },
    {
      // None of something times infinity is NaN, also in a bucket that another histogram had.
      why: '3.14 tells empty buckets of a chunk when they become NaN',
      holds: ({ query }, mon, prometheus) =>
        /[*/]/.test(query) &&
        difference(mon, prometheus) !== undefined &&
        difference(mon, withoutForeign(prometheus, mon)) === undefined &&
        notesDifference(mon, prometheus) === undefined,
    },
  ],
  notes: true,
  program: 'prometheus3',
  args: [
    '--enable-feature=promql-experimental-functions,promql-extended-range-selectors,' +
      'promql-binop-fill-modifiers',
  ],
};
