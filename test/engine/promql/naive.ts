// The slow and obvious evaluator that the real one is compared with: one instant at a time, one
// series at a time, straight from the documentation. Knows selectors, rate, increase, *_over_time,
// sum by, arithmetic between equal label sets.
import { labelsKey, keepLabels, dropLabels, labelValue } from '../../../src/engine/model/labels.ts';
import { parse } from '../../../src/engine/promql/parse.ts';
import type { Expr, VectorSelector } from '../../../src/engine/promql/ast.ts';
import type { Labels } from '../../../src/engine/model/labels.ts';
import type { MemorySample } from '../../support/memory-series.ts';

export interface NaiveSeries {
  readonly labels: Labels;
  readonly samples: readonly MemorySample[];
}

/** Labels' key -> labels and value. */
export type NaiveVector = Map<string, { readonly labels: Labels; readonly value: number }>;

const NAMES = new Set(['__name__']);

export class Naive {
  readonly #series: readonly NaiveSeries[];

  constructor(series: readonly NaiveSeries[]) {
    this.#series = series;
  }

  at(query: string, timeMs: number): NaiveVector {
    return this.#eval(parse(query), timeMs) as NaiveVector;
  }

  #eval(expr: Expr, t: number): NaiveVector | number {
    switch (expr.kind) {
      case 'number':
        return expr.value;
      case 'paren':
        return this.#eval(expr.inner, t);
      case 'selector':
        return this.#instant(expr, t);
      case 'call':
        return this.#range(expr.fn, expr.args[0], t);
      case 'aggregate':
        return this.#sum(this.#eval(expr.inner, t) as NaiveVector, expr.names);
      case 'binary':
        return this.#binary(expr.op, this.#eval(expr.left, t), this.#eval(expr.right, t));
      default:
        throw new Error(`the oracle does not know ${expr.kind}`);
    }
  }

  #select(selector: VectorSelector): readonly NaiveSeries[] {
    return this.#series.filter(({ labels }) =>
      selector.matchers.every(({ name, op, value }) => {
        const has = labelValue(labels, name);
        if (op === '=') return has === value;
        if (op === '!=') return has !== value;
        const found = new RegExp(`^(?:${value})$`).test(has);
        return op === '=~' ? found : !found;
      }),
    );
  }

  #instant(selector: VectorSelector, t: number): NaiveVector {
    const offset = selector.modifiers.offset;
    const shift = offset?.kind === 'seconds' ? offset.seconds * 1000 : 0;
    const out: NaiveVector = new Map();
    for (const { labels, samples } of this.#select(selector)) {
      const seen = samples.filter((s) => s.t <= t - shift && s.t > t - shift - 300_000);
      const last = seen.at(-1);
      if (last === undefined || last.stale === true) continue;
      out.set(labelsKey(labels), { labels, value: last.v });
    }
    return out;
  }

  #range(fn: string, arg: Expr, t: number): NaiveVector {
    if (arg.kind !== 'range' || arg.range.kind !== 'seconds') throw new Error('a range is needed');
    const offset = arg.selector.modifiers.offset;
    const end = t - (offset?.kind === 'seconds' ? offset.seconds * 1000 : 0);
    const start = end - arg.range.seconds * 1000;
    const out: NaiveVector = new Map();
    for (const { labels, samples } of this.#select(arg.selector)) {
      const window = samples.filter((s) => s.t > start && s.t <= end && s.stale !== true);
      const value = overWindow(fn, window, start, end);
      if (value === undefined) continue;
      const bare = fn === 'last_over_time' ? labels : dropLabels(labels, NAMES);
      out.set(labelsKey(bare), { labels: bare, value });
    }
    return out;
  }

  #sum(vector: NaiveVector, names: readonly string[]): NaiveVector {
    const out: NaiveVector = new Map();
    for (const { labels, value } of vector.values()) {
      const group = keepLabels(labels, new Set(names));
      const before = out.get(labelsKey(group))?.value ?? 0;
      out.set(labelsKey(group), { labels: group, value: before + value });
    }
    return out;
  }

  #binary(
    op: string,
    left: NaiveVector | number,
    right: NaiveVector | number,
  ): NaiveVector | number {
    const apply = (a: number, b: number): number =>
      op === '+' ? a + b : op === '-' ? a - b : op === '*' ? a * b : a / b;
    if (typeof left === 'number' && typeof right === 'number') return apply(left, right);
    const vector = (typeof left === 'number' ? right : left) as NaiveVector;
    const out: NaiveVector = new Map();
    for (const { labels, value } of vector.values()) {
      const bare = dropLabels(labels, NAMES);
      const key = labelsKey(bare);
      if (typeof left === 'number') out.set(key, { labels: bare, value: apply(left, value) });
      else if (typeof right === 'number')
        out.set(key, { labels: bare, value: apply(value, right) });
      else {
        const other = [...right.values()].find(
          (r) => labelsKey(dropLabels(r.labels, NAMES)) === key,
        );
        if (other !== undefined) out.set(key, { labels: bare, value: apply(value, other.value) });
      }
    }
    return out;
  }
}

function overWindow(
  fn: string,
  window: readonly MemorySample[],
  start: number,
  end: number,
): number | undefined {
  if (window.length === 0) return undefined;
  const values = window.map((s) => s.v);
  switch (fn) {
    case 'sum_over_time':
      return values.reduce((a, b) => a + b, 0);
    case 'avg_over_time':
      return values.reduce((a, b) => a + b, 0) / values.length;
    case 'count_over_time':
      return values.length;
    case 'min_over_time':
      return Math.min(...values);
    case 'max_over_time':
      return Math.max(...values);
    case 'last_over_time':
      return values.at(-1);
    case 'changes':
      return values.filter((v, i) => i > 0 && v !== values[i - 1]).length;
    case 'resets':
      return values.filter((v, i) => i > 0 && v < values[i - 1]).length;
    case 'rate':
      return extrapolated(window, start, end) === undefined
        ? undefined
        : (extrapolated(window, start, end) as number) / ((end - start) / 1000);
    case 'increase':
      return extrapolated(window, start, end);
    default:
      throw new Error(`the oracle does not know ${fn}`);
  }
}

function extrapolated(
  window: readonly MemorySample[],
  start: number,
  end: number,
): number | undefined {
  if (window.length < 2) return undefined;
  const first = window[0];
  const last = window[window.length - 1];
  let grown = last.v - first.v;
  window.forEach((s, i) => {
    if (i > 0 && s.v < window[i - 1].v) grown += window[i - 1].v;
  });
  const covered = (last.t - first.t) / 1000;
  const average = covered / (window.length - 1);
  let before = (first.t - start) / 1000;
  let after = (end - last.t) / 1000;
  if (before >= average * 1.1) before = average / 2;
  if (after >= average * 1.1) after = average / 2;
  if (grown > 0 && first.v >= 0) before = Math.min(before, covered * (first.v / grown));
  return (grown * (covered + before + after)) / covered;
}
