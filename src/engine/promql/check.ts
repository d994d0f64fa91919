// The type check of a query: every expression has one of Prometheus' four types and every operator
// and function takes only some. Runs once between parse and plan; after it nothing else needs to
// ask. The sentences are Prometheus' own, since users search for them.
import { FUNCTIONS, AGGREGATIONS } from './functions.ts';
import { isComparison, isSetOp, unparen } from './ast.ts';
import { quote } from './literals.ts';
import { queryError } from './parse-error.ts';
import { matchesEmpty } from './regexp.ts';
import type { Aggregate, Binary, Call, Expr, Span, ValueType, VectorSelector } from './ast.ts';

const WORDS: Record<ValueType, string> = {
  scalar: 'scalar',
  string: 'string',
  vector: 'instant vector',
  matrix: 'range vector',
};

/** Longer texts are not said again in a hint. */
const HINT_UNITS_MAX = 60;

/** A type as messages name it. */
export function typeWords(type: ValueType): string {
  return WORDS[type];
}

/** The type of an expression by its form alone. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
    case 'aggregate':
      return 'vector';
    case 'range':
    case 'subquery':
      return 'matrix';
    case 'call':
      return FUNCTIONS.get(expr.fn)?.returns ?? 'vector';
    case 'binary': {
      const both = typeOf(expr.left) === 'scalar' && typeOf(expr.right) === 'scalar';
      return both ? 'scalar' : 'vector';
    }
    case 'unary':
    case 'paren':
      return typeOf(expr.inner);
  }
}

/** Checks a whole tree and answers its type. @throws UserError at the first mistake. */
export function check(expr: Expr, source: string): ValueType {
  return new Check(source).visit(expr);
}

class Check {
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  visit(expr: Expr): ValueType {
    switch (expr.kind) {
      case 'number':
        return 'scalar';
      case 'string':
        return 'string';
      case 'selector':
        return this.#selector(expr);
      case 'range':
        this.#selector(expr.selector);
        return 'matrix';
      case 'subquery': {
        const type = this.visit(expr.inner);
        if (type !== 'vector') {
          this.#fail(expr, `subquery is only allowed on instant vector, got ${type} instead`);
        }
        return 'matrix';
      }
      case 'call':
        return this.#call(expr);
      case 'aggregate':
        return this.#aggregate(expr);
      case 'binary':
        return this.#binary(expr);
      case 'unary': {
        const type = this.visit(expr.inner);
        if (type === 'scalar' || type === 'vector') return type;
        const allowed = 'unary expression only allowed on expressions of type scalar or instant';
        return this.#fail(expr, `${allowed} vector, got ${quote(WORDS[type])}`);
      }
      case 'paren':
        return this.visit(expr.inner);
    }
  }

  #fail(span: Span, message: string): never {
    throw queryError(this.#source, span, message);
  }

  #expect(expr: Expr, want: ValueType, where: string): void {
    const got = this.visit(expr);
    if (got === want) return;
    const words = `expected type ${WORDS[want]} in ${where}, got ${WORDS[got]}`;
    throw queryError(this.#source, expr, words, this.#otherType(expr, want, got));
  }

  /** The mistake of every beginner: a range where an instant is wanted, or the other way. */
  #otherType(expr: Expr, want: ValueType, got: ValueType): string | undefined {
    if (want === 'matrix' && got === 'vector') {
      const text = this.#source.slice(expr.start, expr.end);
      const odd = text.length > HINT_UNITS_MAX || /\boffset\b|@|\n/.test(text);
      const shown = odd ? '…' : text;
      const brackets = unparen(expr).kind === 'selector' ? '[5m]' : '[5m:]';
      return `a range has its length in brackets, as in ${shown}${brackets}`;
    }
    if (want === 'vector' && got === 'matrix') {
      return 'leave the brackets out, or put a function such as rate() around the range';
    }
    return undefined;
  }

  #selector(expr: VectorSelector): ValueType {
    if (expr.name === '' && expr.matchers.every(matchesEmpty)) {
      this.#fail(expr, 'vector selector must contain at least one non-empty matcher');
    }
    return 'vector';
  }

  #call(expr: Call): ValueType {
    const { args, variadic, returns } = FUNCTIONS.get(expr.fn) as NonNullable<
      ReturnType<typeof FUNCTIONS.get>
    >;
    const name = quote(expr.fn);
    const got = expr.args.length;
    const wrong = (count: string): never =>
      this.#fail(expr, `expected ${count} argument(s) in call to ${name}, got ${got}`);
    const least = args.length - 1;
    if (variadic === 0) {
      if (got !== args.length) wrong(`${args.length}`);
    } else if (got < least) {
      wrong(`at least ${least}`);
    } else if (variadic > 0 && got > least + variadic) {
      wrong(`at most ${least + variadic}`);
    }
    expr.args.forEach((arg, i) => {
      if (expr.fn === 'info' && i === 1) return this.#infoSelector(arg);
      const want = args[Math.min(i, args.length - 1)];
      this.#expect(arg, want, `call to function ${name}`);
    });
    return returns;
  }

  /** The second argument of info() is a bare set of matchers, which may match everything. */
  #infoSelector(arg: Expr): void {
    if (arg.kind !== 'selector') this.#fail(arg, 'expected label selectors only');
    if (arg.name !== '') {
      this.#fail(arg, 'expected label selectors only, got vector selector instead');
    }
  }

  #aggregate(expr: Aggregate): ValueType {
    this.#expect(expr.inner, 'vector', 'aggregation expression');
    const param = AGGREGATIONS.get(expr.op);
    if (param !== undefined && param !== '' && expr.param !== undefined) {
      this.#expect(expr.param, param, 'aggregation parameter');
    }
    return 'vector';
  }

  #binary(expr: Binary): ValueType {
    const left = this.visit(expr.left);
    const right = this.visit(expr.right);
    const { op, matching } = expr;
    const operator = this.#operatorSpan(expr);
    if (expr.bool && !isComparison(op)) {
      this.#fail(operator, 'bool modifier can only be used on comparison operators');
    }
    if (isComparison(op) && !expr.bool && left === 'scalar' && right === 'scalar') {
      this.#fail(operator, 'comparisons between scalars must use BOOL modifier');
    }
    const twice = matching.on && matching.labels.find((name) => matching.include.includes(name));
    if (typeof twice === 'string') {
      const words = `label ${quote(twice)} must not occur in ON and GROUP clause at once`;
      this.#fail(operator, words);
    }
    for (const [side, type] of [
      [expr.left, left],
      [expr.right, right],
    ] as const) {
      if (type === 'scalar' || type === 'vector') continue;
      this.#fail(side, 'binary expression must contain only scalar and instant vector types');
    }
    if (left === 'scalar' || right === 'scalar') this.#scalarSide(expr);
    else if (isSetOp(op)) this.#setOp(expr);
    return left === 'scalar' && right === 'scalar' ? 'scalar' : 'vector';
  }

  #scalarSide(expr: Binary): void {
    const { matching, op } = expr;
    if (matching.labels.length > 0) {
      this.#fail(expr, 'vector matching only allowed between instant vectors');
    }
    if (matching.fillLeft !== undefined || matching.fillRight !== undefined) {
      this.#fail(expr, 'filling in missing series only allowed between instant vectors');
    }
    if (isSetOp(op)) {
      this.#fail(expr, `set operator ${quote(op)} not allowed in binary scalar expression`);
    }
  }

  #setOp(expr: Binary): void {
    const { matching, op } = expr;
    if (matching.card !== 'many-to-many') {
      this.#fail(expr, `no grouping allowed for ${quote(op)} operation`);
    }
    if (matching.fillLeft !== undefined || matching.fillRight !== undefined) {
      this.#fail(expr, 'filling in missing series not allowed for set operators');
    }
  }

  /** The operator with its modifiers, for the caret. */
  #operatorSpan(expr: Binary): Span {
    let { end: start } = expr.left;
    let { start: end } = expr.right;
    while (start < end && /\s/.test(this.#source[start])) start++;
    while (end > start && /\s/.test(this.#source[end - 1])) end--;
    return { start, end };
  }
}
