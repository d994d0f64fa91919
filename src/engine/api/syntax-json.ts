// A syntax tree in the shape of Prometheus' /api/v1/parse_query, which its query builder and tree
// view read. Pure. Easy to get wrong: lengths of time are whole ms, numbers are texts without an
// exponent, and a duration that is computed is 0 and told as a tree beside it.
import { durationOf } from '../promql/duration.ts';
import { FUNCTIONS } from '../promql/functions.ts';
import { formatFloat } from '../promql/literals.ts';
import type { Binary, Call, Duration, Expr, Modifiers } from '../promql/ast.ts';
import type { Matcher } from '../model/matcher.ts';

type Json = Readonly<Record<string, unknown>>;

const NO_TIMES = { source: '', grid: { start: 0, end: 0, step: 1 }, instant: true };

/** The tree as plain JSON. */
export function syntaxJson(expr: Expr): Json {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: formatFloat(expr.value) };
    case 'string':
      return { type: 'stringLiteral', val: expr.value };
    case 'paren':
      return { type: 'parenExpr', expr: syntaxJson(expr.inner) };
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: syntaxJson(expr.inner) };
    case 'selector':
      return { type: 'vectorSelector', name: expr.name, ...selectorParts(expr) };
    case 'range': {
      const { selector } = expr;
      const range = { range: ms(expr.range), rangeExpr: arithmetic(expr.range) };
      return { type: 'matrixSelector', name: selector.name, ...range, ...selectorParts(selector) };
    }
    case 'subquery':
      return {
        type: 'subquery',
        expr: syntaxJson(expr.inner),
        range: ms(expr.range),
        rangeExpr: arithmetic(expr.range),
        step: expr.step === undefined ? 0 : ms(expr.step),
        stepExpr: arithmetic(expr.step),
        ...placeParts(expr.modifiers),
      };
    case 'aggregate':
      return {
        type: 'aggregation',
        op: expr.op,
        expr: syntaxJson(expr.inner),
        param: expr.param === undefined ? null : syntaxJson(expr.param),
        grouping: expr.names,
        without: expr.without,
      };
    case 'binary':
      return binaryJson(expr);
    case 'call':
      return callJson(expr);
  }
}

function binaryJson(expr: Binary): Json {
  const { matching, left, right } = expr;
  const { card, labels, on, include, fillLeft, fillRight } = matching;
  const fillValues = { lhs: fillLeft ?? null, rhs: fillRight ?? null };
  const scalar = isScalar(left) || isScalar(right);
  return {
    type: 'binaryExpr',
    op: expr.op,
    lhs: syntaxJson(left),
    rhs: syntaxJson(right),
    matching: scalar ? null : { card, labels, on, include, fillValues },
    bool: expr.bool,
  };
}

/** By its form alone: only vectors are matched. */
function isScalar(expr: Expr): boolean {
  switch (expr.kind) {
    case 'number':
      return true;
    case 'paren':
    case 'unary':
      return isScalar(expr.inner);
    case 'call':
      return FUNCTIONS.get(expr.fn)?.returns === 'scalar';
    case 'binary':
      return isScalar(expr.left) && isScalar(expr.right);
    default:
      return false;
  }
}

function callJson(expr: Call): Json {
  const { args = [], variadic = 0, returns } = FUNCTIONS.get(expr.fn) ?? {};
  return {
    type: 'call',
    func: { name: expr.fn, argTypes: args, variadic, returnType: returns ?? 'vector' },
    args: expr.args.map(syntaxJson),
  };
}

function selectorParts(selector: {
  readonly matchers: readonly Matcher[];
  readonly modifiers: Modifiers;
}): Json {
  const { extend } = selector.modifiers;
  return {
    matchers: selector.matchers.map(({ name, value, op }) => ({ name, value, type: op })),
    ...placeParts(selector.modifiers),
    anchored: extend === 'anchored',
    smoothed: extend === 'smoothed',
  };
}

function placeParts({ at, offset }: Modifiers): Json {
  return {
    offset: offset === undefined ? 0 : ms(offset),
    offsetExpr: arithmetic(offset),
    timestamp: at?.at === 'time' ? at.ms : null,
    startOrEnd: at === undefined || at.at === 'time' ? null : at.at,
  };
}

/** What is written as a plain length; arithmetic is 0 here and told as a tree beside it. */
function ms(duration: Duration): number {
  return duration.kind === 'seconds' ? durationOf(duration, NO_TIMES, false) : 0;
}

/** The arithmetic of a duration, or null for a plain length and for none. */
function arithmetic(duration: Duration | undefined): Json | null {
  return duration === undefined || duration.kind === 'seconds' ? null : termJson(duration);
}

function termJson(duration: Duration): Json {
  const node = (op: string, lhs: Json | null, rhs: Json | null): Json => {
    return { type: 'durationExpr', op, lhs, rhs, wrapped: false };
  };
  switch (duration.kind) {
    case 'seconds': {
      const written = /[a-z]$/i.test(duration.text);
      return { type: 'numberLiteral', val: formatFloat(duration.seconds), duration: written };
    }
    case 'step':
    case 'range':
      return node(duration.kind, null, null);
    case 'group': {
      const inner = termJson(duration.inner);
      const plain = duration.inner.kind === 'seconds';
      return { ...(plain ? node('+', null, inner) : inner), wrapped: true };
    }
    case 'sign': {
      const inner = termJson(duration.inner);
      // Prometheus writes a wrapped number as `+` of it, and so no second one.
      const known = duration.op === '+' && inner.op === '+' && inner.lhs === null;
      return known ? inner : node(duration.op, null, inner);
    }
    case 'pair':
      return node(duration.op, termJson(duration.left), termJson(duration.right));
  }
}
