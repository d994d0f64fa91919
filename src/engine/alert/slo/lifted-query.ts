// Queries that differ in the values of one or two labels alone, asked as one: for many jobs
// `sum(increase(x{job="a"}[w]))` is `sum by (job) (increase(x{job=~"a|b|…"}[w]))`. Stands between
// the gate's counts and what the server is asked. Easy to get wrong: the label must be fixed in
// every selector of the query, or a group would count what the query alone does not.
import type { Aggregate, Expr, VectorSelector } from '../../promql/ast.ts';
import { format } from '../../promql/format.ts';
import { quote, quoteName } from '../../promql/literals.ts';

/** Stand for values and for grouping labels in the printed query: words that nobody writes. */
const VALUE = 'mon_slo_value_';
const OPEN = 'mon_slo_open_';
const BY = 'mon_slo_by';
/** Functions of one series' samples: what they answer has the labels of the series. */
const OF_SERIES = new Set([
  ...['increase', 'rate', 'irate', 'delta', 'sum_over_time', 'count_over_time', 'last_over_time'],
]);
const ARITHMETIC = new Set(['+', '-', '*', '/']);
const AGGREGATES = new Set(['sum', 'count', 'min', 'max', 'avg', 'group']);
const SPECIAL = /[\\.+*?()[\]{}^$|]/g;

/** A query of one number, open in the labels that all its selectors fix. */
export interface LiftedQuery {
  /** Printed, with marks for the values of `labels` and for the grouping label. */
  readonly text: string;
  readonly labels: readonly (readonly [name: string, value: string])[];
}

/** How series of a part of the query are told apart; parts of two kinds do not meet in groups. */
type Level = 'number' | 'one' | 'series';

/** Opens a query; undefined where its groups would not be the query itself. */
export function lift(tree: Expr): LiftedQuery | undefined {
  const selectors: VectorSelector[] = [];
  if (levelOf(tree, selectors) !== 'one' || selectors.length === 0) return undefined;
  const labels = fixedLabels(selectors);
  if (labels.length === 0) return undefined;
  const marks = new Map(labels.map(([name], i) => [name, `${VALUE}${i}_`]));
  return { text: format(opened(tree, marks)), labels };
}

function levelOf(expr: Expr, selectors: VectorSelector[]): Level | undefined {
  switch (expr.kind) {
    case 'number':
      return 'number';
    case 'paren':
    case 'unary':
      return levelOf(expr.inner, selectors);
    case 'selector':
      selectors.push(expr);
      return 'series';
    case 'call': {
      const [range] = expr.args;
      if (!OF_SERIES.has(expr.fn) || expr.args.length !== 1) return undefined;
      if (range.kind !== 'range') return undefined;
      selectors.push(range.selector);
      return 'series';
    }
    case 'aggregate':
      if (expr.grouped || expr.param !== undefined || !AGGREGATES.has(expr.op)) return undefined;
      return levelOf(expr.inner, selectors) === undefined ? undefined : 'one';
    case 'binary': {
      const { matching, op } = expr;
      const plain = !matching.on && matching.labels.length === 0 && matching.card === 'one-to-one';
      if (!ARITHMETIC.has(op) || !plain) return undefined;
      const left = levelOf(expr.left, selectors);
      const right = levelOf(expr.right, selectors);
      if (left === 'number') return right;
      return right === 'number' || left === right ? left : undefined;
    }
    default:
      return undefined;
  }
}

/** Labels that every selector fixes to the same value, the name of the metric apart. */
function fixedLabels(selectors: readonly VectorSelector[]): [string, string][] {
  const [first, ...rest] = selectors;
  const value = ({ matchers }: VectorSelector, label: string): string | undefined => {
    const own = matchers.filter(({ name }) => name === label);
    const [one] = own;
    if (own.length !== 1 || one.op !== '=' || one.value === '') return undefined;
    return one.value.isWellFormed() ? one.value : undefined;
  };
  return first.matchers.flatMap(({ name }): [string, string][] => {
    const fixed = name === '__name__' ? undefined : value(first, name);
    const all = fixed !== undefined && rest.every((one) => value(one, name) === fixed);
    return all ? [[name, fixed]] : [];
  });
}

function opened(expr: Expr, marks: ReadonlyMap<string, string>): Expr {
  switch (expr.kind) {
    case 'selector':
      return openedSelector(expr, marks);
    case 'range':
      return { ...expr, selector: openedSelector(expr.selector, marks) };
    case 'call':
      return { ...expr, args: expr.args.map((arg) => opened(arg, marks)) };
    case 'aggregate': {
      const by: Aggregate = { ...expr, grouped: true, without: false, names: [BY] };
      return { ...by, inner: opened(expr.inner, marks) };
    }
    case 'binary':
      return { ...expr, left: opened(expr.left, marks), right: opened(expr.right, marks) };
    case 'paren':
    case 'unary':
      return { ...expr, inner: opened(expr.inner, marks) };
    default:
      return expr;
  }
}

function openedSelector(
  selector: VectorSelector,
  marks: ReadonlyMap<string, string>,
): VectorSelector {
  const matchers = selector.matchers.map((one) => {
    const mark = one.op === '=' ? marks.get(one.name) : undefined;
    return mark === undefined ? one : { ...one, value: mark };
  });
  return { ...selector, matchers };
}

/** The query with all but these labels closed again: equal ones differ in their values alone. */
export function shapeOf({ text, labels }: LiftedQuery, open: readonly number[]): string {
  const names = open.map((i) => quoteName(labels[i][0])).join(', ');
  let shape = text.replaceAll(BY, () => names);
  for (const [i, [, value]] of labels.entries()) {
    const at = open.indexOf(i);
    const by = at < 0 ? quote(value) : `"${OPEN}${at}_"`;
    shape = shape.replaceAll(`"${VALUE}${i}_"`, () => by);
  }
  return shape;
}

/** The query of a shape for all these values together, a list for each open label. */
export function joinedQuery(shape: string, values: readonly (readonly string[])[]): string {
  let query = shape;
  for (const [i, list] of values.entries()) {
    const any = list.map((value) => value.replaceAll(SPECIAL, '\\$&')).join('|');
    query = query.replaceAll(`="${OPEN}${i}_"`, () => `=~${quote(any)}`);
  }
  return query;
}

/** Whether a text has a word that is kept for marks. */
export function hasMarks(text: string): boolean {
  return text.includes('mon_slo_');
}
