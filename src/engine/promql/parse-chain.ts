// Operators by Prometheus' precedence. The editors' grammar lets `offset`, `@` and ranges take all
// that stands before them (`a + b offset 5m * c`) and binds a sign closer than `^`; so its tree of
// operators is laid flat again, in the order of the text, and climbed anew.
import type { SyntaxNode } from '@lezer/common';
import { QUERY_DEPTH_MAX } from '../limits.ts';
import { kidsOf, textOf } from './parse-nodes.ts';
import { nestedTooDeep } from './parse-error.ts';
import type { Expr } from './ast.ts';
import type { Source } from './parse-nodes.ts';

/** One piece of an expression in the order of the text. */
type Item =
  | { readonly kind: 'operand'; readonly node: SyntaxNode; readonly unsigned: boolean }
  | { readonly kind: 'sign'; readonly op: '+' | '-'; readonly at: number }
  | { readonly kind: 'behind'; readonly node: SyntaxNode }
  | { readonly kind: 'between'; readonly op: string; readonly nodes: readonly SyntaxNode[] };

/** How the pieces become expressions. */
export interface ChainReaders {
  readonly operand: (node: SyntaxNode, unsigned: boolean) => Expr;
  /** A range or modifier behind an expression. */
  readonly behind: (inner: Expr, node: SyntaxNode) => Expr;
  readonly between: (
    left: Expr,
    operator: { readonly op: string; readonly nodes: readonly SyntaxNode[] },
    right: Expr,
  ) => Expr;
}

const BEHIND: ReadonlySet<string> = new Set([
  'OffsetExpr',
  'StepInvariantExpr',
  'AnchoredExpr',
  'SmoothedExpr',
  'MatrixSelector',
  'SubqueryExpr',
]);

/** True for a node that takes part in a chain of operators. */
export function isChain({ name }: SyntaxNode): boolean {
  return name === 'BinaryExpr' || name === 'UnaryExpr' || BEHIND.has(name);
}

const LEVELS: readonly (readonly string[])[] = [
  ['or'],
  ['and', 'unless'],
  ['==', '!=', '<', '>', '<=', '>=', '</', '>/'],
  ['+', '-'],
  ['*', '/', '%', 'atan2'],
  ['^'],
];
const LEVEL = new Map(LEVELS.flatMap((ops, level) => ops.map((op) => [op, level] as const)));
const POWER = LEVELS.length - 1;

function flatten(top: SyntaxNode, source: Source): Item[] {
  const out: Item[] = [];
  const stack: (SyntaxNode | Item)[] = [top];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if ('kind' in next) {
      out.push(next);
      continue;
    }
    const kids = kidsOf(next);
    if (next.name === 'BinaryExpr') {
      const op = textOf(kids[1], source).toLowerCase();
      stack.push(kids[kids.length - 1], { kind: 'between', op, nodes: kids.slice(2, -1) }, kids[0]);
    } else if (next.name === 'UnaryExpr') {
      stack.push(kids[1]);
      out.push(signAt(next.from, source));
    } else if (BEHIND.has(next.name)) {
      stack.push({ kind: 'behind', node: next }, kids[0]);
    } else {
      const signed = next.name === 'NumberDurationLiteral' && /[-+]/.test(source.text[next.from]);
      if (signed) out.push(signAt(next.from, source));
      out.push({ kind: 'operand', node: next, unsigned: signed });
    }
  }
  return out;
}

function signAt(at: number, source: Source): Item {
  return { kind: 'sign', op: source.text[at] === '-' ? '-' : '+', at };
}

/** The expression of a node whose pieces are operators and operands. */
export function parseChain(top: SyntaxNode, source: Source, readers: ChainReaders): Expr {
  return new Chain(flatten(top, source), source, readers).parse(0);
}

class Chain {
  readonly #items: readonly Item[];
  readonly #source: Source;
  readonly #readers: ChainReaders;
  readonly #depths = new Map<Expr, number>();
  #at = 0;

  constructor(items: readonly Item[], source: Source, readers: ChainReaders) {
    this.#items = items;
    this.#source = source;
    this.#readers = readers;
  }

  /** An expression of operators at `level` or above. */
  parse(level: number): Expr {
    let left = this.#signed();
    for (;;) {
      const item = this.#items[this.#at];
      if (item?.kind !== 'between') return left;
      const own = LEVEL.get(item.op) ?? 0;
      if (own < level) return left;
      this.#at++;
      this.#source.depth++;
      this.#limit(left, 0);
      const right = this.parse(own === POWER ? own : own + 1);
      this.#source.depth--;
      const joined = this.#readers.between(left, item, right);
      left =
        own === POWER ? this.#deeper(joined, [left, right]) : this.#longer(joined, left, right);
    }
  }

  #signed(): Expr {
    const item = this.#items[this.#at];
    if (item?.kind !== 'sign') return this.#operand();
    this.#at++;
    this.#source.depth++;
    if (this.#source.depth > QUERY_DEPTH_MAX) this.#tooDeep(item.at);
    const inner = this.parse(POWER);
    this.#source.depth--;
    const span = { start: item.at, end: inner.end };
    if (inner.kind === 'number') {
      return { ...inner, ...span, value: item.op === '-' ? -inner.value : inner.value };
    }
    return this.#deeper({ kind: 'unary', op: item.op, inner, ...span }, [inner]);
  }

  #operand(): Expr {
    const item = this.#items[this.#at++];
    if (item?.kind !== 'operand') throw new Error('a chain has an operand between operators');
    let expr = this.#readers.operand(item.node, item.unsigned);
    for (;;) {
      const next = this.#items[this.#at];
      if (next?.kind !== 'behind') return expr;
      this.#at++;
      expr = this.#deeper(this.#readers.behind(expr, next.node), [expr]);
    }
  }

  /** A chain grows without nesting; height() bounds it. */
  #longer(expr: Expr, left: Expr, right: Expr): Expr {
    const [l, r] = [this.#depths.get(left) ?? 0, this.#depths.get(right) ?? 0];
    this.#depths.set(expr, Math.max(1, l, r + 1));
    return expr;
  }

  #deeper(expr: Expr, parts: readonly Expr[]): Expr {
    const depth = 1 + Math.max(...parts.map((part) => this.#depths.get(part) ?? 0));
    this.#depths.set(expr, depth);
    this.#limit(expr, depth);
    return expr;
  }

  #limit(expr: Expr, depth: number): void {
    if (this.#source.depth + depth > QUERY_DEPTH_MAX) this.#tooDeep(expr.start);
  }

  #tooDeep(at: number): never {
    throw nestedTooDeep(this.#source.text, { start: at, end: at + 1 });
  }
}
