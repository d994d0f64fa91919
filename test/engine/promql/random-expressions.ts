// Random expressions that the type check accepts, over most functions and operators. For tests that
// compare the engine with itself.
import type { Random } from '../../../src/engine/runtime/random.ts';

const OVER_RANGE = (
  'rate increase delta irate idelta deriv changes resets sum_over_time avg_over_time ' +
  'count_over_time min_over_time max_over_time last_over_time first_over_time ' +
  'stddev_over_time stdvar_over_time present_over_time absent_over_time mad_over_time ' +
  'ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time'
).split(' ');
const OVER_VECTOR = (
  'abs ceil floor sqrt ln exp sgn sin cos atan absent sort sort_desc timestamp hour year ' +
  'day_of_week days_in_month scalar_vector'
).split(' ');
const AGGREGATIONS = 'sum avg count min max group stddev stdvar'.split(' ');

/** Makes expressions of the three types that queries are built from. */
export class RandomExpressions {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  vector(depth: number): string {
    if (depth <= 0) return this.#selector() + this.#modifiers();
    const inner = (): string => this.vector(depth - 1 - Math.floor(this.#random() * 2));
    switch (Math.floor(this.#random() * 9)) {
      case 0:
        return this.#selector() + this.#modifiers();
      case 1:
      case 2:
        return this.#overRange(depth);
      case 3: {
        const fn = this.#pick(OVER_VECTOR);
        return fn === 'scalar_vector' ? `vector(scalar(${inner()}))` : `${fn}(${inner()})`;
      }
      case 4:
      case 5:
        return this.#aggregation(inner());
      case 6:
        return this.#withScalar(inner(), this.scalar(depth - 1));
      case 7:
        return this.#matched(inner(), inner());
      default:
        return this.#special(inner(), depth);
    }
  }

  scalar(depth: number): string {
    const number = this.#pick(['0', '1', '2.5', '-3', '0.5', '1e9', 'NaN', 'Inf']);
    if (depth <= 0 || this.#random() < 0.5) return number;
    const one = this.scalar(depth - 1);
    return this.#pick([`scalar(${this.vector(depth - 1)})`, 'time()', `(${one} + ${number})`]);
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)];
  }

  #selector(): string {
    const matchers = ['', '{job="a"}', '{job=~"a|b"}', '{host!="1"}', '{job="none"}'];
    return this.#pick(['m', 'n']) + this.#pick(matchers);
  }

  #modifiers(): string {
    if (this.#random() < 0.6) return '';
    return this.#pick([' offset 1m', ' offset -30s', ' @ 400', ' @ 350 offset 10s']);
  }

  #matrix(depth: number): string {
    const range = this.#pick(['20s', '1m', '4m']);
    if (depth <= 0 || this.#random() < 0.7) {
      return `${this.#selector()}[${range}]${this.#modifiers()}`;
    }
    const step = this.#pick(['', '10s', '45s']);
    return `(${this.vector(depth - 1)})[${range}:${step}]${this.#modifiers()}`;
  }

  #overRange(depth: number): string {
    const matrix = this.#matrix(depth - 1);
    const scalar = this.scalar(depth - 1);
    if (this.#random() < 0.1) return `quantile_over_time(${scalar}, ${matrix})`;
    if (this.#random() < 0.1) return `predict_linear(${matrix}, ${scalar})`;
    return `${this.#pick(OVER_RANGE)}(${matrix})`;
  }

  #aggregation(inner: string): string {
    const grouping = this.#pick(['', 'by (job) ', 'by (host, job) ', 'without (host) ', 'by () ']);
    if (this.#random() < 0.2) {
      // An instant query sorts, and then others are the first.
      const first = inner.includes('sort') ? 'topk' : 'limitk';
      const k = this.#pick(['topk', 'bottomk', first, 'quantile']);
      return `${k} ${grouping}(${this.#pick(['2', '0.5', '1'])}, ${inner})`;
    }
    return `${this.#pick(AGGREGATIONS)} ${grouping}(${inner})`;
  }

  #withScalar(vector: string, scalar: string): string {
    const op = this.#pick(['+', '-', '*', '/', '%', '^', '>', '<=', '!=', '> bool', 'atan2']);
    return this.#random() < 0.5 ? `(${vector} ${op} ${scalar})` : `(${scalar} ${op} ${vector})`;
  }

  #matched(left: string, right: string): string {
    const op = this.#pick(['+', '*', '/', '>', '== bool', 'and', 'or', 'unless']);
    const set = /^[a-z]/.test(op);
    const on = this.#pick(['', ' on (job, host)', ' ignoring (host)', ' on (job)']);
    const group = !set && on !== '' ? this.#pick(['', ' group_left ()', ' group_right ()']) : '';
    return `(${left} ${op}${on}${group} ${right})`;
  }

  #special(inner: string, depth: number): string {
    return this.#pick([
      `-${inner}`,
      `clamp(${inner}, ${this.scalar(depth - 1)}, ${this.scalar(depth - 1)})`,
      `round(${inner}, ${this.scalar(0)})`,
      `label_replace(${inner}, "job", "$1-x", "host", "(.*)")`,
      `label_join(${inner}, "new", "-", "job", "host")`,
      `histogram_quantile(0.5, label_replace(${inner}, "le", "$1", "host", "(.*)"))`,
      `count_values("v", ${inner})`,
    ]);
  }
}
