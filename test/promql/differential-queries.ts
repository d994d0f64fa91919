// A seeded generator of queries that Prometheus 2.42 knows: every function, aggregation and
// operator in turn, with what stands inside by chance. What it avoids, and why, is said where it
// is avoided; each is a change between 2.42 and 3.
import { Dice, NEAR, whenAsked } from './differential-words.ts';
import type { Asked, Layout } from './differential-words.ts';

const MATH = (
  'abs acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin ' +
  'sinh sqrt tan tanh day_of_month day_of_week day_of_year days_in_month hour minute month ' +
  'year timestamp'
).split(' ');
const OVER_TIME = (
  'avg_over_time count_over_time last_over_time max_over_time min_over_time present_over_time ' +
  'stddev_over_time stdvar_over_time sum_over_time changes resets deriv idelta delta'
).split(' ');
// rate and its kin run over counters only. Since 3 a series that begins or pauses in the window is
// extended at most by half an interval even where zero is farther away; counters here never pause.
const RATES = ['rate', 'increase', 'irate'];
const AGGREGATIONS = 'sum avg count min max group stddev stdvar'.split(' ');
const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2'];
const SMOOTH = ARITHMETIC.filter((op) => op !== '%');
const COMPARISONS = ['==', '!=', '<', '>', '<=', '>='];
const SETS = ['and', 'or', 'unless'];

const COUNTERS = ['requests_total', 'latency_seconds_count', 'latency_seconds_sum'];
const GAUGES = ['temperature', 'pressure'];
const MATCHERS = [
  'job="api"',
  'job!="web"',
  'job=~"a.*|db"',
  'job!~".*b"',
  'instance="a:1"',
  'instance=~"[ab]:1"',
];

export class Generator {
  readonly #dice: Dice;
  readonly #baseMs: number;
  readonly #layout: Layout;
  #turn = 0;

  constructor(seed: number, baseMs: number, layout: Layout = NEAR) {
    this.#dice = new Dice(seed);
    this.#baseMs = baseMs;
    this.#layout = layout;
  }

  #below(n: number): number {
    return this.#dice.below(n);
  }

  #one<T>(of: readonly T[]): T {
    return this.#dice.one(of);
  }

  #chance(p: number): boolean {
    return this.#dice.chance(p);
  }

  /** The next query; kinds take turns, so that each comes as often as the others. */
  next(): Asked {
    const kinds = this.#kinds();
    const query = kinds[this.#turn++ % kinds.length]();
    const when = whenAsked(this.#dice, this.#layout, this.#baseMs);
    const other = query.replaceAll('double_exponential_smoothing(', 'holt_winters(');
    return { query, other, ...when };
  }

  #kinds(): (() => string)[] {
    return [
      ...MATH.map((fn) => () => `${fn}(${this.#vector(1)})`),
      ...OVER_TIME.map((fn) => () => `${fn}(${this.#range(GAUGES)})`),
      ...RATES.map((fn) => () => `${fn}(${this.#range(COUNTERS)})`),
      ...AGGREGATIONS.map((op) => () => this.#aggregate(op, this.#vector(2))),
      ...ARITHMETIC.map((op) => () => this.#binary(op)),
      ...COMPARISONS.map((op) => () => this.#binary(op)),
      ...SETS.map((op) => () => this.#set(op)),
      ...this.#others(),
    ];
  }

  #others(): (() => string)[] {
    return [
      () => this.#selector(this.#one([...COUNTERS, ...GAUGES, 'odd', 'build_info'])),
      () => this.#scalar(2),
      () => `absent(${this.#selector(this.#one(['temperature', 'nosuch']))})`,
      () => `absent_over_time(${this.#range(['pressure', 'nosuch'])})`,
      () => `clamp(${this.#vector(1)}, ${this.#number()}, ${this.#number()})`,
      () => `clamp_max(${this.#vector(1)}, ${this.#scalar(1)})`,
      () => `clamp_min(${this.#vector(1)}, ${this.#scalar(1)})`,
      () => `round(${this.#vector(1)}, ${this.#one(['0.1', '5', '1'])})`,
      () => `quantile_over_time(${this.#q()}, ${this.#range(GAUGES)})`,
      () => `predict_linear(${this.#range(GAUGES)}, ${this.#number()})`,
      () => `double_exponential_smoothing(${this.#range(GAUGES)}, 0.3, 0.6)`,
      () => `quantile${this.#grouping()} (${this.#q()}, ${this.#vector(1)})`,
      () => `topk${this.#grouping()} (${1 + this.#below(4)}, ${this.#selector('temperature')})`,
      () => `bottomk${this.#grouping()} (${1 + this.#below(4)}, ${this.#selector('pressure')})`,
      () => `count_values${this.#grouping()} ("v", round(${this.#selector('temperature')}, 10))`,
      () => `sort(${this.#selector('temperature')})`,
      () => `sort_desc(${this.#selector('pressure')})`,
      () => `scalar(${this.#selector('temperature', 'job="api", instance="a:1"')})`,
      () => `vector(${this.#scalar(2)})`,
      () => this.#labelReplace(),
      () => `label_join(${this.#vector(0)}, "x", "-", "job", "instance")`,
      () => `histogram_quantile(${this.#q()}, ${this.#buckets()})`,
      () => `histogram_quantile(${this.#q()}, sum by (le, job) (${this.#buckets()}))`,
      () => this.#grouped(),
      () => this.#grouped(),
      () => `-${this.#vector(1)}`,
      () => `time() - ${this.#vector(1)}`,
      () => this.#oneOverMany(),
    ];
  }

  #labelReplace(): string {
    const pattern = this.#one(['(.*):1', '(?P<who>a):(.)', 'x', '.*']);
    const target = this.#one(['x', 'job', '__name__']);
    const value = this.#one(['$1', '${1}-y', '', 'z', '$who']);
    return `label_replace(${this.#vector(0)}, "${target}", "${value}", "instance", "${pattern}")`;
  }

  #buckets(): string {
    return `rate(latency_seconds_bucket[${this.#length()}])`;
  }

  #q(): string {
    return this.#one(['0', '0.1', '0.5', '0.9', '0.99', '1', '-1', '2', 'NaN']);
  }

  #number(): string {
    return this.#one(['0', '1', '-3', '2.5', '1e3', '60', '0.01']);
  }

  #length(): string {
    return this.#one(this.#layout.lengths);
  }

  #modifiers(): string {
    const { offsets, warmMs, phaseMs } = this.#layout;
    const offset = this.#chance(0.2) ? ` offset ${this.#one(offsets)}` : '';
    if (!this.#chance(0.15)) return offset;
    const seconds = (this.#baseMs + warmMs + 5 * 60_000 + phaseMs) / 1000;
    return ` @ ${this.#one([String(seconds), 'start()', 'end()'])}${offset}`;
  }

  #selector(name: string, matchers?: string): string {
    const chosen = matchers ?? (this.#chance(0.4) ? this.#one(MATCHERS) : '');
    return `${name}${chosen === '' ? '' : `{${chosen}}`}${this.#modifiers()}`;
  }

  /** A range vector: a selector's, or a subquery's. */
  #range(names: readonly string[]): string {
    const name = this.#one(names);
    const chosen = this.#chance(0.4) ? `{${this.#one(MATCHERS)}}` : '';
    if (this.#chance(0.75)) return `${name}${chosen}[${this.#length()}]${this.#modifiers()}`;
    const inner = this.#chance(0.5)
      ? `${name}${chosen}`
      : `max_over_time(${name}${chosen}[${this.#length()}])`;
    const { spans, resolutions } = this.#layout;
    return `${inner}[${this.#one(spans)}:${this.#one(resolutions)}]${this.#modifiers()}`;
  }

  #grouping(): string {
    const by = this.#one(['by', 'without']);
    const names = this.#one(['job', 'instance', 'job, instance', '', 'code', 'nosuch']);
    return this.#chance(0.2) ? '' : ` ${by} (${names})`;
  }

  #aggregate(op: string, inner: string): string {
    return `${op}${this.#grouping()} (${inner})`;
  }

  #grouped(): string {
    const op = this.#one(['sum', 'avg', 'count', 'max', 'min', 'stddev']);
    return this.#aggregate(op, `${this.#one(RATES)}(${this.#range(COUNTERS)})`);
  }

  #vector(depth: number): string {
    if (depth <= 0) return this.#selector(this.#one([...COUNTERS, ...GAUGES]));
    const kinds = [
      () => this.#selector(this.#one([...COUNTERS, ...GAUGES, 'odd', 'build_info'])),
      () => `${this.#one(OVER_TIME)}(${this.#range(GAUGES)})`,
      () => `${this.#one(RATES)}(${this.#range(COUNTERS)})`,
      () => this.#aggregate(this.#one(AGGREGATIONS), this.#vector(depth - 1)),
      () => `(${this.#vector(depth - 1)} ${this.#one(['+', '*', '-'])} ${this.#number()})`,
      () => `(${this.#vector(depth - 1)} > ${this.#number()})`,
      () => `abs(${this.#vector(depth - 1)})`,
    ];
    return this.#one(kinds)();
  }

  #scalar(depth: number): string {
    if (depth <= 0 || this.#chance(0.3)) return this.#number();
    const kinds = [
      () => `(${this.#scalar(depth - 1)} ${this.#one(SMOOTH)} ${this.#scalar(depth - 1)})`,
      () => `(${this.#scalar(depth - 1)} ${this.#one(COMPARISONS)} bool ${this.#number()})`,
      () => 'time()',
      () => 'pi()',
      () => `scalar(${this.#selector('temperature', 'job="db", instance="b:1"')})`,
      () => `-${this.#scalar(depth - 1)}`,
    ];
    return this.#one(kinds)();
  }

  #bool(op: string): string {
    return COMPARISONS.includes(op) && this.#chance(0.4) ? `${op} bool` : op;
  }

  #binary(op: string): string {
    const sign = this.#bool(op);
    // A remainder makes much of the last digit; so only of values as they were written.
    if (op === '%') return `${this.#selector(this.#one(GAUGES))} % ${this.#number()}`;
    if (this.#chance(0.3)) return `${this.#vector(1)} ${sign} ${this.#scalar(1)}`;
    if (this.#chance(0.2)) return `${this.#scalar(1)} ${sign} ${this.#vector(1)}`;
    const match = this.#one(['', ' on (job, instance)', ' ignoring (unit)']);
    const sides = match === '' ? ['temperature', 'temperature'] : ['temperature', 'pressure'];
    const [left, right] = sides.map((name) => this.#selector(name));
    return `${left} ${sign}${match} ${right}`;
  }

  #oneOverMany(): string {
    const op = this.#one(ARITHMETIC.slice(0, 4));
    const include = this.#one(['', 'version']);
    const many = this.#selector('requests_total');
    return this.#chance(0.5)
      ? `${many} ${op} on (job, instance) group_left (${include}) build_info`
      : `build_info ${op} on (job, instance) group_right (${include}) ${many}`;
  }

  #set(op: string): string {
    const match = this.#one(['', ' on (job)', ' ignoring (unit, code)', ' on ()']);
    return `${this.#vector(1)} ${op}${match} ${this.#vector(1)}`;
  }
}
