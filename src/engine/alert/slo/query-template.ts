// A query with {{.window}} in it, rendered for a window, or rewritten to count events. Stands
// between the files' queries and what the server is asked. Easy to get wrong: a rate is events a
// second, extrapolated to the ends of its window; the count is the increase from sample to sample,
// so rates become `increase(x[w] anchored)`, which adds up differences and resets and guesses
// nothing.
import { UserError } from '../../errors.ts';
import { SHAPES_MAX } from '../../limits-slo.ts';
import { formatDuration } from '../../model/duration.ts';
import type {
  Duration,
  Expr,
  Modifiers,
  RangeSelector,
  ValueType,
  VectorSelector,
} from '../../promql/ast.ts';
import { unparen } from '../../promql/ast.ts';
import { check } from '../../promql/check.ts';
import { format } from '../../promql/format.ts';
import { formatDuration as printed } from '../../promql/literals.ts';
import { parse } from '../../promql/parse.ts';
import { hasMarks, lift } from './lifted-query.ts';
import type { LiftedQuery } from './lifted-query.ts';
import { shapeOfTemplate, withValues } from './template-shape.ts';

const WINDOW = /(?:\s*\{\{-\s+|\{\{\s*)\.window(?:\s+-\}\}\s*|\s*\}\})/g;
/** Stands for the window in the tree: a length that nobody writes. */
const MARK_MS = 2_870_810_237_019;
/** As the printer of queries writes it: it has to be found again in what is printed. */
const MARK = printed(MARK_MS);
const NO_PLACE = { start: 0, end: 0 };

export type CountMode = 'anchored' | 'extrapolated';

/** How a query is turned into counts. */
export interface CountStyle {
  readonly mode: CountMode;
  /** Selectors without a range, and ranges of fixed length, count over the window too. */
  readonly counters: boolean;
}

/** The text in pieces, to be joined by the window. @throws UserError for other templates. */
function pieces(template: string): string[] {
  const parts = template.split(WINDOW);
  const stray = parts.find((part) => part.includes('{{'));
  if (stray === undefined) return parts;
  throw new UserError('only {{.window}} is known as a template', {
    hint: 'write the query with {{.window}} in place of its range',
  });
}

export function hasWindow(template: string): boolean {
  return pieces(template).length > 1;
}

/** The query as written, for this window. */
export function rendered(template: string, windowMs: number): string {
  return pieces(template).join(formatDuration(windowMs));
}

/** @throws UserError when the template is no query of numbers for each series. */
export function checkTemplate(template: string): void {
  const { type } = checkedTree(template);
  if (type === 'vector' || type === 'scalar') return;
  throw new UserError('the query must answer numbers: an instant vector or a scalar', {
    hint: 'put {{.window}} into the range of a function, as in rate(x[{{.window}}])',
  });
}

/** A query that answers one number for any window. */
export interface CountQuery {
  /** Pieces to be joined by the window. */
  readonly pieces: readonly string[];
  /** True when the numbers are counts of events. */
  readonly counts: boolean;
  /** The same, open to be asked together with others; absent where it stands alone. */
  readonly lifted?: LiftedQuery;
}

/** The text of a lifted query or of its shape for a window. */
export function shapeFor(shape: string, windowMs: number): string {
  return shape.replaceAll(MARK, formatDuration(windowMs));
}

export function queryFor({ pieces: parts }: CountQuery, windowMs: number): string {
  return parts.join(formatDuration(windowMs));
}

/** What has been made of shapes, by style and shape. */
const counted = new Map<string, CountQuery>();

/** The sum of a template's series, rates turned into counts. */
export function countQuery(template: string, style: CountStyle): CountQuery {
  const { shape, values } = shapeOfTemplate(template);
  const key = `${style.mode} ${style.counters} ${shape}`;
  let found = counted.get(key);
  if (found === undefined) {
    found = countsOf(shape, style);
    if (counted.size >= SHAPES_MAX) counted.clear();
    counted.set(key, found);
  }
  const { pieces: parts, counts, lifted } = found;
  const own = { pieces: parts.map((one) => withValues(one, values)), counts };
  if (lifted === undefined || hasMarks(template)) return own;
  const labels = lifted.labels.map(([name, value]) => [name, withValues(value, values)] as const);
  return { ...own, lifted: { text: withValues(lifted.text, values), labels } };
}

function countsOf(template: string, style: CountStyle): CountQuery {
  const { tree, type } = treeOf(template);
  const facts = { counts: true, ranges: 0 };
  const rewritten = rewrite(tree, style, facts);
  const vector = type === 'scalar' ? call('vector', [rewritten]) : rewritten;
  const counts = facts.counts && facts.ranges > 0;
  const total: Expr = isTotal(vector) ? vector : { ...SUM, names: [], inner: vector };
  const lifted = lift(total);
  return { pieces: split(format(total)), counts, ...(lifted === undefined ? {} : { lifted }) };
}

const SUM = { kind: 'aggregate', op: 'sum', without: false, grouped: false, ...NO_PLACE } as const;

function isTotal(expr: Expr): boolean {
  return expr.kind === 'aggregate' && expr.op === 'sum' && !expr.grouped;
}

/** The worst of a template's series, as written. */
export function worstQuery(template: string): CountQuery {
  const { tree, type } = treeOf(template);
  const vector = type === 'scalar' ? call('vector', [tree]) : tree;
  return { pieces: split(`max(${format(vector)})`), counts: false };
}

/** The parts of a ratio: `bad / total`, or `1 - good / total`. Undefined for anything else. */
export function ratioParts(template: string): RatioParts | undefined {
  const { tree } = treeOf(template);
  const whole = unparen(tree);
  if (whole.kind !== 'binary') return undefined;
  if (whole.op === '/') return partsOf(whole.left, whole.right, 'bad');
  const one = unparen(whole.left);
  const share = unparen(whole.right);
  const rest = whole.op === '-' && one.kind === 'number' && one.value === 1;
  if (!rest || share.kind !== 'binary' || share.op !== '/') return undefined;
  return partsOf(share.left, share.right, 'good');
}

export interface RatioParts {
  readonly part: 'bad' | 'good';
  readonly over: string;
  readonly total: string;
}

function partsOf(over: Expr, total: Expr, part: 'bad' | 'good'): RatioParts {
  const text = (expr: Expr): string => split(format(unparen(expr))).join('{{.window}}');
  return { part, over: text(over), total: text(total) };
}

interface Parsed {
  readonly tree: Expr;
  readonly text: string;
  readonly type: ValueType;
}

/** The tree of a template: it is checked when its file is read, and rewritten when it is asked. */
const parsed = new Map<string, Parsed>();

/** The tree of a template or of its shape: only their values differ. @throws UserError. */
function checkedTree(template: string): Parsed {
  const { shape } = shapeOfTemplate(template);
  if (shape === template) return treeOf(template);
  try {
    return treeOf(shape);
  } catch {
    // The words of a mistake tell of the template as it is written.
    return treeOf(template);
  }
}

function treeOf(template: string): Parsed {
  const known = parsed.get(template);
  if (known !== undefined) return known;
  const text = pieces(template).join(MARK);
  const tree = parse(text);
  const found = { tree, text, type: check(tree, text) };
  if (parsed.size >= SHAPES_MAX) parsed.clear();
  parsed.set(template, found);
  return found;
}

function split(text: string): string[] {
  return text.split(MARK);
}

interface Facts {
  counts: boolean;
  ranges: number;
}

const RATES = new Set(['rate', 'irate', 'increase']);
const SUMS = new Set(['sum_over_time', 'count_over_time']);
const SCALING = new Set(['*', '/', '%', '^', 'atan2']);

function rewrite(expr: Expr, style: CountStyle, facts: Facts): Expr {
  switch (expr.kind) {
    case 'call':
      return rewriteCall(expr, style, facts);
    case 'aggregate':
      if (expr.op !== 'sum' && expr.op !== 'group') facts.counts = facts.counts && isKept(expr.op);
      return { ...expr, inner: rewrite(expr.inner, style, facts) };
    case 'binary': {
      if (SCALING.has(expr.op)) facts.counts = false;
      const left = rewrite(expr.left, style, facts);
      return { ...expr, left, right: rewrite(expr.right, style, facts) };
    }
    case 'unary':
    case 'paren':
      return { ...expr, inner: rewrite(expr.inner, style, facts) };
    case 'selector':
      return style.counters ? increase(expr, style, facts) : expr;
    default:
      return expr;
  }
}

// The largest of some counts is a count; a mean or a rank is none.
function isKept(op: string): boolean {
  return ['max', 'min', 'topk', 'bottomk', 'limitk'].includes(op);
}

function rewriteCall(expr: Extract<Expr, { kind: 'call' }>, style: CountStyle, facts: Facts): Expr {
  const [first] = expr.args;
  const range = first === undefined ? undefined : unparen(first);
  if (RATES.has(expr.fn) && range?.kind === 'range') {
    facts.ranges++;
    if (range.selector.modifiers.extend !== undefined) return { ...expr, fn: 'increase' };
    const length = style.counters ? MARK_DURATION : range.range;
    const selector = anchored(range.selector, style.mode);
    return { ...expr, fn: 'increase', args: [{ ...range, selector, range: length }] };
  }
  if (range?.kind === 'range' || range?.kind === 'subquery') {
    facts.ranges++;
    if (!SUMS.has(expr.fn)) facts.counts = false;
    return expr;
  }
  return { ...expr, args: expr.args.map((arg) => rewrite(arg, style, facts)) };
}

const MARK_DURATION: Duration = {
  kind: 'seconds',
  seconds: MARK_MS / 1000,
  text: MARK,
  ...NO_PLACE,
};

function increase(selector: VectorSelector, { mode }: CountStyle, facts: Facts): Expr {
  facts.ranges++;
  const range: RangeSelector = {
    kind: 'range',
    selector: anchored(selector, mode),
    range: MARK_DURATION,
    ...NO_PLACE,
  };
  return call('increase', [range]);
}

function anchored(selector: VectorSelector, mode: CountMode): VectorSelector {
  if (mode === 'extrapolated') return selector;
  const modifiers: Modifiers = { ...selector.modifiers, extend: 'anchored' };
  return { ...selector, modifiers };
}

function call(fn: string, args: readonly Expr[]): Expr {
  return { kind: 'call', fn, args, ...NO_PLACE };
}
