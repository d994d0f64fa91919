// A seeded generator of the queries at the edges of the language: what stands still, comes and
// goes, matches twice, nests, overflows or is refused. Each range query may be asked again moved
// on, as dashboards do, so that kept answers are held against the other side too. Texts that are
// odd as texts are in differential-edge-texts.ts.
import { oddLiteral, oddSelector, oddScalar, wrong } from './differential-edge-texts.ts';
import { Dice, NEAR, whenAsked } from './differential-words.ts';
import type { Asked, Layout } from './differential-words.ts';

const GAUGES = ['level', 'flappy', 'flappy_twin', 'plateau', 'mixed', 'tiny', 'worker'];
const OVER_TIME = (
  'avg_over_time count_over_time last_over_time max_over_time min_over_time present_over_time ' +
  'stddev_over_time stdvar_over_time sum_over_time changes resets deriv idelta delta'
).split(' ');
const AGGREGATIONS = 'sum avg count min max group stddev stdvar'.split(' ');
const COMPARISONS = ['==', '!=', '<', '>', '<=', '>='];
const ARITHMETIC = ['+', '-', '*', '/', '^', 'atan2'];
const MATCHES = [
  ...['', ' on (job)', ' on (job, instance)', ' ignoring (unit)', ' ignoring (slot, team)'],
  ' on ()',
  ...[' on (nosuch)', ' ignoring (instance)', ' ignoring (job, instance, unit, slot)'],
];
const MATCHERS = [
  ...['', '{job="api"}', '{job!="web"}', '{job=~"a.*|db"}', '{instance=~"[ab]:1", job!~"w.b"}'],
  ...['{nosuch=""}', '{nosuch!=""}', '{job=~"api|"}', '{instance!~".+"}', '{job="none"}'],
];
const ODD_NUMBERS = ['NaN', 'Inf', '-Inf', '0', '-0', '1', '-1.5', '1e300', '5e-324', '0.1'];

export class EdgeGenerator {
  readonly #dice: Dice;
  readonly #baseMs: number;
  readonly #layout: Layout;
  #turn = 0;
  #last: Asked | undefined;

  constructor(seed: number, baseMs: number, layout: Layout = NEAR) {
    this.#dice = new Dice(seed);
    this.#baseMs = baseMs;
    this.#layout = layout;
  }

  /** The next query, or the last one again some steps on. */
  next(): Asked {
    const last = this.#last;
    if (last !== undefined && last.endMs > last.startMs && this.#dice.chance(0.5)) {
      this.#last = undefined;
      const by = last.stepMs * (1 + this.#dice.below(3));
      return { ...last, startMs: last.startMs + by, endMs: last.endMs + by };
    }
    const kinds = this.#kinds();
    const query = kinds[this.#turn++ % kinds.length]();
    const other = query.replaceAll('double_exponential_smoothing(', 'holt_winters(');
    const asked = { query, other, ...whenAsked(this.#dice, this.#layout, this.#baseMs) };
    this.#last = asked;
    return asked;
  }

  #one<T>(of: readonly T[]): T {
    return this.#dice.one(of);
  }

  #chance(p: number): boolean {
    return this.#dice.chance(p);
  }

  #kinds(): (() => string)[] {
    return [
      ...OVER_TIME.map((fn) => () => `${fn}(${this.#range()})`),
      ...AGGREGATIONS.map((op) => () => this.#aggregate(op)),
      ...COMPARISONS.map((op) => () => this.#comparison(op)),
      ...ARITHMETIC.map((op) => () => this.#matched(op)),
      ...this.#matchings(),
      ...this.#nests(),
      ...this.#parameters(),
      ...this.#labels(),
      ...this.#others(),
    ];
  }

  #matchings(): (() => string)[] {
    return [
      () => this.#sets(),
      () => this.#sets(),
      () => this.#sets(),
      () => this.#groups(),
      () => this.#groups(),
      () => this.#groups(),
      () => `twice * on (job) ${this.#one(['', 'group_left ', 'group_right () '])}level`,
      () => `level * on (job) ${this.#one(['', 'group_left ', 'group_left (replica) '])}twice`,
    ];
  }

  #nests(): (() => string)[] {
    const functions = ['max', 'min', 'avg', 'sum', 'count', 'last', 'stdvar', 'quantile'];
    const call = (fn: string, of: string): string =>
      fn === 'quantile' ? `quantile_over_time(0.7, ${of})` : `${fn}_over_time(${of})`;
    return functions.map((fn) => () => call(fn, this.#subquery(2)));
  }

  #parameters(): (() => string)[] {
    const q = (): string => this.#one(['-1', '-0', '0', '0.5', '1', '1.5', 'NaN', 'Inf', SAW]);
    const k = (): string => this.#one(['0', '-1', '1', '2.9', '3', '1e9', '1e30', 'NaN', SAW]);
    const odd = (): string => this.#one(ODD_NUMBERS);
    return [
      () => `quantile${this.#by()} (${q()}, ${this.#vector(1)})`,
      () => `quantile_over_time(${q()}, ${this.#range()})`,
      () => `topk${this.#by()} (${k()}, ${this.#one(['level', 'worker', '-level'])})`,
      () => `bottomk${this.#by()} (${k()}, level${this.#one(MATCHERS)})`,
      () => `count_values${this.#by()} (${this.#one(['"v"', '"job"', '"slot"'])}, ${this.#flat()})`,
      () => `clamp(${this.#vector(0)}, ${odd()}, ${odd()})`,
      () => `clamp_min(${this.#vector(0)}, ${this.#one([odd(), SAW])})`,
      () => `clamp_max(${this.#vector(0)}, ${this.#one([odd(), SAW])})`,
      () => `round(${this.#vector(0)}, ${this.#one(['0', '-2', '0.3', '1e300', 'NaN', SAW])})`,
      () => `predict_linear(${this.#range()}, ${this.#one(['0', '-60', '1e4', 'NaN'])})`,
      () => `double_exponential_smoothing(${this.#range()}, ${this.#factor()}, ${this.#factor()})`,
      () => `histogram_quantile(${q()}, ${this.#one(['rough_bucket', RATED, SUMMED])})`,
      () => `histogram_quantile(${q()}, ${this.#vector(0)})`,
    ];
  }

  #factor(): string {
    return this.#one(['0.1', '0.5', '0.99', '0', '1', '1.5', 'NaN']);
  }

  #labels(): (() => string)[] {
    return [
      () => this.#replaced(),
      () => this.#replaced(),
      () => this.#replaced(),
      () => this.#joined(),
      () => this.#joined(),
      () => `sum by (${this.#one(['by, on', 'bool, offset,', 'sum', 'nan, group_left'])}) (words)`,
      () => `words{${this.#one(['by', 'on', 'bool', 'offset', 'sum'])}=~"[1-4]"}`,
      () => `absent(${this.#absentee()})`,
      () => `absent_over_time(${this.#absentee()}[${this.#length()}]${this.#modifiers()})`,
      () => `absent(${this.#vector(1)})`,
    ];
  }

  #others(): (() => string)[] {
    const calendar = 'minute hour day_of_month day_of_week day_of_year days_in_month month year';
    return [
      () => `sort(${this.#vector(0)})`,
      () => `sort_desc(${this.#vector(0)})`,
      () => `timestamp(${this.#vector(this.#dice.below(2))})`,
      () => `timestamp((timestamp(${this.#selector()})))`,
      () => `${this.#one(calendar.split(' '))}(moment)`,
      () =>
        `${this.#one(calendar.split(' '))}(${this.#one(['', 'timestamp(level)', 'vector(-1)'])})`,
      () =>
        `${this.#one(['abs', 'ceil', 'floor', 'sgn', 'sqrt', 'exp', 'ln'])}(${this.#extreme()})`,
      () => `${this.#one(['log2', 'log10', 'deg', 'rad', 'acosh', 'atanh'])}(${this.#extreme()})`,
      () => `scalar(${this.#one(['level', 'flappy{job="api",instance="a:1"}', 'nosuch'])})`,
      () => `${this.#one(['rate', 'increase', 'irate'])}(${this.#ticks()})`,
      () => `sum${this.#by()} (${this.#one(['rate', 'increase', 'irate'])}(${this.#ticks()}))`,
      () => `${this.#one(['min', 'max', 'count', 'group'])}${this.#by()} (huge)`,
      () => `${this.#one(['min', 'max', 'last', 'count'])}_over_time(huge[${this.#length()}])`,
      () =>
        `-${this.#one(['', '-', '+'])}${this.#vector(1)} ^ ${this.#one(['2', '-1', '2 ^ 0.5'])}`,
      () => oddLiteral(this.#dice),
      () => oddSelector(this.#dice),
      () => oddSelector(this.#dice),
      () => oddScalar(this.#dice, 3),
      () => oddScalar(this.#dice, 3),
      () => `vector(${oddScalar(this.#dice, 2)})`,
      () => wrong(this.#dice),
      () => wrong(this.#dice),
    ];
  }

  #length(): string {
    return this.#one(this.#layout.lengths);
  }

  #modifiers(): string {
    const { offsets, warmMs, phaseMs } = this.#layout;
    const offset = this.#chance(0.25) ? ` offset ${this.#one(offsets)}` : '';
    if (!this.#chance(0.2)) return offset;
    const seconds = (this.#baseMs + warmMs + 10 * 60_000 + phaseMs) / 1000;
    const at = ` @ ${this.#one([String(seconds), `${seconds}.000`, 'start()', 'end()'])}`;
    return this.#chance(0.5) ? at + offset : offset + at;
  }

  #selector(): string {
    return `${this.#one(GAUGES)}${this.#one(MATCHERS)}${this.#modifiers()}`;
  }

  #range(): string {
    if (this.#chance(0.3)) return this.#subquery(1);
    const length = this.#chance(0.05) ? '1s' : this.#length();
    return `${this.#one(GAUGES)}${this.#one(MATCHERS)}[${length}]${this.#modifiers()}`;
  }

  #ticks(): string {
    return `ticks_total${this.#one(MATCHERS)}[${this.#length()}]${this.#modifiers()}`;
  }

  /** A subquery over expressions that may have subqueries of their own. */
  #subquery(depth: number, inside = false): string {
    const { spans, innerSpans, resolutions } = this.#layout;
    const span = this.#one(inside ? innerSpans : spans);
    const fn = this.#one(OVER_TIME.filter((one) => !/std|deriv|delta/.test(one)));
    const inner =
      depth > 0 && this.#chance(0.6)
        ? `${fn}(${this.#subquery(depth - 1, true)})`
        : this.#one([
            () => this.#vector(0),
            () => `(${this.#vector(0)} ${this.#one(COMPARISONS)} bool ${this.#vector(0)})`,
            () => `(flappy or flappy_twin)`,
            () => `max${this.#by()} (${this.#vector(0)})`,
            () => `rate(${this.#ticks()})`,
            () => `vector(time())`,
          ])();
    return `${inner}[${span}:${this.#one(resolutions)}]${this.#modifiers()}`;
  }

  #by(): string {
    const names = ['', 'job', 'instance', 'job, instance,', 'nosuch', 'slot, unit', '__name__'];
    return this.#chance(0.2) ? '' : ` ${this.#one(['by', 'without'])} (${this.#one(names)})`;
  }

  #aggregate(op: string): string {
    const inner = this.#vector(1);
    return this.#chance(0.3) ? `${op}(${inner})${this.#by()}` : `${op}${this.#by()} (${inner})`;
  }

  #vector(depth: number): string {
    if (depth <= 0) return this.#selector();
    const kinds = [
      () => this.#selector(),
      () => `${this.#one(['last', 'max', 'count'])}_over_time(${this.#range()})`,
      () => `${this.#one(['min', 'max', 'count'])}${this.#by()} (${this.#vector(depth - 1)})`,
      () => `(${this.#vector(depth - 1)} ${this.#one(COMPARISONS)} ${this.#one(ODD_NUMBERS)})`,
      () => `(${this.#vector(depth - 1)} ${this.#one(['*', '/', '+'])} ${this.#one(ODD_NUMBERS)})`,
      () => `increase(${this.#ticks()})`,
    ];
    return this.#one(kinds)();
  }

  /** Whole values, which have one spelling each. */
  #flat(): string {
    return this.#one(['plateau', 'mixed', 'tiny', 'changes(plateau[5m])', 'worker > bool 0']);
  }

  #extreme(): string {
    return this.#one(['mixed', 'huge', 'tiny', '-huge', 'plateau', 'mixed / 0', 'huge * 10']);
  }

  #comparison(op: string): string {
    const bool = this.#chance(0.5) ? ' bool' : '';
    const [left, right] = [this.#vector(0), this.#vector(0)];
    const number = this.#one([...ODD_NUMBERS, SAW]);
    const match = this.#one(MATCHES);
    return this.#one([
      `${left} ${op}${bool}${match} ${right}`,
      `${left} ${op}${bool}${match} ${right}`,
      `${left} ${op}${bool} ${number}`,
      `${number} ${op}${bool} ${left}`,
      `${number} ${op} bool ${this.#one(ODD_NUMBERS)}`,
    ]);
  }

  #matched(op: string): string {
    return `${this.#vector(0)} ${op}${this.#one(MATCHES)} ${this.#vector(0)}`;
  }

  #sets(): string {
    const side = (): string => this.#one(['flappy', 'flappy_twin', 'twice', this.#vector(1)]);
    const part = (): string => ` ${this.#one(['and', 'or', 'unless'])}${this.#one(MATCHES)} `;
    let out = side();
    for (let i = 1 + this.#dice.below(3); i > 0; i--) out += part() + side();
    return out;
  }

  #groups(): string {
    const op = this.#one(['*', '+', '/', '==', '> bool', '!=', '<', 'atan2']);
    const on = this.#one([
      ...['on (job, instance)', 'on (job)', 'ignoring (slot, team)', 'ignoring (slot)'],
      ...['on (instance)', 'ignoring (team)'],
    ]);
    const include = this.#one(['', '()', '(team)', '(team, slot)', '(nosuch)', '(slot,)']);
    const [many, one] = [`worker${this.#one(MATCHERS)}`, `owner${this.#modifiers()}`];
    return this.#chance(0.5)
      ? `${many} ${op} ${on} group_left ${include} ${one}`
      : `${one} ${op} ${on} group_right ${include} ${many}`;
  }

  #replaced(): string {
    const [from, pattern] = this.#one([
      ...[
        ['instance', '(.*):(.*)'],
        ['instance', '(?P<who>[a-z]):.*'],
        ['job', 'a(p)?i|web'],
      ],
      ...[
        ['nosuch', ''],
        ['nosuch', '(.*)'],
        ['job', ''],
        ['tag', '(.)(.*)'],
        ['tag', '(?i)UP'],
      ],
      ...[
        ['__name__', '(.+)_.*'],
        ['job', '(a|w)'],
        ['job', '(['],
        ['tag', '\\\\$.*'],
      ],
    ] as const);
    const to = this.#one(['x', 'job', 'instance', '__name__', 'a-b', '', 'tag']);
    const value = this.#one([
      ...['$1', '$2', '${1}_$2', '$1x', '${1}x', '$$1', '$who', '${who}', '${', '$', '$0', ''],
      ...['$9', '$01', 'é$1', '${1', '$_', '\\\\$1'],
    ]);
    const of = from === 'tag' ? 'tagged' : this.#vector(0);
    return `label_replace(${of}, "${to}", "${value}", "${from}", "${pattern}")`;
  }

  #joined(): string {
    const to = this.#one(['x', 'job', '__name__', 'a-b', '']);
    const between = this.#one(['-', '', ',', '::', 'é']);
    const from = this.#one([
      '',
      ', "job"',
      ', "nosuch"',
      ', "job", "nosuch", "instance"',
      ', "a-b"',
    ]);
    return `label_join(${this.#vector(0)}, "${to}", "${between}"${from})`;
  }

  #absentee(): string {
    return this.#one([
      ...['nosuch', 'nosuch{job="a"}', 'nosuch{job="a",job="b"}', 'nosuch{job="a",job=~"a|b"}'],
      ...['nosuch{job=~"x"}', 'nosuch{job!="x",instance="y"}', 'flappy{job="api"}', 'nosuch{a=""}'],
      ...['flappy{job="db",instance="a:1"}', '{__name__="nosuch",b="c"}', 'level{job="none"}'],
      ...['twice{replica="x"}', 'nosuch{job="a",job!="b"}', '{job="nobody"}'],
    ]);
  }
}

/** A number that is another one at each step. */
const SAW = '(time() / 60 % 3 - 1)';
const RATED = 'rate(rough_bucket[5m])';
const SUMMED = 'sum by (le) (rough_bucket)';
