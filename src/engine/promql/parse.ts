// Text -> syntax tree, over Prometheus' own grammar for editors (lezer). Stands at the beginning
// of every query and rule. Easy to get wrong: the grammar's precedence is not Prometheus'
// (parse-chain.ts); unknown functions are syntax errors for it; it knows no types, so check.ts
// comes next.
import type { SyntaxNode } from '@lezer/common';
import { UserError } from '../errors.ts';
import { QUERY_BYTES_MAX, QUERY_DEPTH_MAX, QUERY_HEIGHT_MAX } from '../limits.ts';
import { FUNCTIONS } from './functions.ts';
import { grammarTree } from './grammar.ts';
import { StringTrouble, isLabelName, parseString, quote } from './literals.ts';
import { bodyOf, kidsOf, textOf } from './parse-nodes.ts';
import type { Source } from './parse-nodes.ts';
import { maskForGrammar } from './parse-masks.ts';
import { isChain, parseChain } from './parse-chain.ts';
import { SIGNED, badNumber, numberOf, parseDuration } from './parse-duration.ts';
import { parseMatching } from './parse-matching.ts';
import { findRunOn } from './parse-numbers.ts';
import { withAt, withExtend, withOffset } from './parse-modifiers.ts';
import { limitDepth, nestedTooDeep, queryError, syntaxError } from './parse-error.ts';
import { matchesEmpty } from './regexp.ts';
import { tokensOf } from './tokens.ts';
import { childrenOf, isNoOffset } from './ast.ts';
import type { BinaryOp, Expr, VectorSelector } from './ast.ts';
import type { Matcher, MatchOp } from '../model/matcher.ts';

/**
 * The tree of a query; types are not checked yet.
 * @throws UserError with the place, and a hint where a name was nearly right.
 */
export function parse(text: string): Expr {
  if (Buffer.byteLength(text) > QUERY_BYTES_MAX) {
    throw new UserError(`the query is longer than ${QUERY_BYTES_MAX} bytes`);
  }
  // No shorter text can be too deep.
  if (text.length > QUERY_DEPTH_MAX) limitDepth(text);
  refuseStrangeBlanks(text);
  const tree = grammarTree(maskForGrammar(text));
  let broken = -1;
  tree.iterate({
    enter(node) {
      if (broken < 0 && node.type.isError) broken = node.from;
      return broken < 0;
    },
  });
  const runOn = findRunOn(text);
  if (runOn !== undefined && (broken < 0 || runOn.start <= broken)) {
    throw badNumber(text.slice(runOn.start, runOn.end), runOn, { text, depth: 0 });
  }
  if (broken >= 0) throw syntaxError(text, broken);
  const source: Source = { text, depth: 0 };
  const [top] = kidsOf(tree.topNode);
  if (top === undefined) throw syntaxError(text, text.length);
  const expr = parseExpr(top, source);
  limitHeight(expr, text);
  return expr;
}

/** Blanks that the grammar takes for such and Prometheus does not, outside strings and comments. */
function refuseStrangeBlanks(text: string): void {
  if (!/[^\S \t\n\r]/.test(text)) return;
  let at = 0;
  for (const { start, end } of [...tokensOf(text), { start: text.length, end: text.length }]) {
    const blanks = text.slice(at, start).replaceAll(/#[^\n]*/g, (all) => ' '.repeat(all.length));
    const found = blanks.search(/[^\S \t\n\r]/);
    if (found >= 0) {
      const code = blanks.charCodeAt(found).toString(16).padStart(4, '0');
      const span = { start: at + found, end: at + found + 1 };
      throw queryError(text, span, `unexpected character: '\\u${code}'`);
    }
    at = end;
  }
}

/** Everything that walks a tree calls itself for each level of it. */
function limitHeight(top: Expr, text: string): void {
  let level: readonly Expr[] = [top];
  for (let height = 1; level.length > 0; height++) {
    if (height > QUERY_HEIGHT_MAX) throw nestedTooDeep(text, level[0], QUERY_HEIGHT_MAX);
    level = level.flatMap(childrenOf);
  }
}

function parseExpr(node: SyntaxNode, source: Source): Expr {
  if (++source.depth > QUERY_DEPTH_MAX) {
    throw nestedTooDeep(source.text, { start: node.from, end: node.to });
  }
  const readers = {
    operand: (operand: SyntaxNode, unsigned: boolean) =>
      unsigned ? parseLiteral(operand, source, true) : parseExpr(operand, source),
    behind: (inner: Expr, modifier: SyntaxNode) => parseBehind(inner, modifier, source),
    between: (left: Expr, operator: Operator, right: Expr) =>
      joinBinary({ left, right, ...operator }, source),
  };
  const expr = isChain(node) ? parseChain(node, source, readers) : parseNode(node, source);
  source.depth--;
  return expr;
}

function parseNode(node: SyntaxNode, source: Source): Expr {
  const span = { start: node.from, end: node.to };
  switch (node.name) {
    case 'NumberDurationLiteral':
      return parseLiteral(node, source);
    case 'StringLiteral':
      return { kind: 'string', value: stringOf(node, source), ...span };
    case 'VectorSelector':
      return parseSelector(node, source);
    case 'FunctionCall':
      return parseCall(node, source);
    case 'AggregateExpr':
      return parseAggregate(node, source);
    case 'ParenExpr':
      return { kind: 'paren', inner: parseExpr(kidsOf(node)[0], source), ...span };
    default:
      throw syntaxError(source.text, node.from);
  }
}

/** A range, an offset, an @ or an extension behind what stands directly before it. */
function parseBehind(inner: Expr, node: SyntaxNode, source: Source): Expr {
  const kids = kidsOf(node);
  if (node.name === 'OffsetExpr') return withOffset(inner, kids[2], node, source);
  if (node.name === 'StepInvariantExpr') return withAt(inner, kids[2], node, source);
  if (node.name === 'MatrixSelector') return parseRange(inner, kids[1], node, source);
  if (node.name !== 'SubqueryExpr') return withExtend(inner, node, source);
  const range = parseDuration(kids[1], source, true);
  const every = kids[2] === undefined ? {} : { step: parseDuration(kids[2], source, true) };
  const span = { start: inner.start, end: node.to };
  return { kind: 'subquery', inner, range, ...every, modifiers: {}, ...span };
}

/** A number; `unsigned` leaves its sign to the operators around it. */
function parseLiteral(node: SyntaxNode, source: Source, unsigned = false): Expr {
  const text = textOf(node, source);
  const [, sign, digits] = SIGNED.exec(text) as RegExpExecArray;
  const start = node.to - digits.length;
  const number = numberOf(digits, { start, end: node.to }, source);
  const value = sign === '-' && !unsigned ? -number.value : number.value;
  const span = { start: unsigned ? start : node.from, end: node.to };
  return { kind: 'number', value, duration: number.duration, ...span };
}

/** The value of a StringLiteral node. */
function stringOf(node: SyntaxNode, source: Source): string {
  try {
    return parseString(textOf(node, source));
  } catch (error) {
    if (!(error instanceof StringTrouble)) throw error;
    const span = { start: node.from + error.at, end: node.to };
    throw queryError(source.text, span, error.message);
  }
}

function parseSelector(node: SyntaxNode, source: Source): VectorSelector {
  const span = { start: node.from, end: node.to };
  const matchers: Matcher[] = [];
  let name = '';
  for (const kid of kidsOf(node)) {
    if (kid.name === 'Identifier') name = textOf(kid, source);
    else for (const one of kidsOf(kid)) matchers.push(parseMatcher(one, source));
  }
  // Alone among the words of the language it never is a name.
  if (/^atan2$/i.test(name)) throw syntaxError(source.text, node.from);
  if (name !== '') {
    const twice = matchers.find((m) => m.name === '__name__');
    if (twice !== undefined) {
      const both = `${quote(name)} or ${quote(twice.value)}`;
      throw queryError(source.text, span, `metric name must not be set twice: ${both}`);
    }
    matchers.push({ name: '__name__', op: '=', value: name });
  }
  return { kind: 'selector', name, matchers, modifiers: {}, ...span };
}

function parseMatcher(node: SyntaxNode, source: Source): Matcher {
  const span = { start: node.from, end: node.to };
  if (node.name === 'QuotedLabelName') {
    return { name: '__name__', op: '=', value: stringOf(kidsOf(node)[0], source) };
  }
  const [label, operator, value] = kidsOf(node);
  const quoted = label.name === 'QuotedLabelName';
  const name = quoted ? stringOf(kidsOf(label)[0], source) : textOf(label, source);
  const op = textOf(operator, source) as MatchOp;
  const matcher = { name, op, value: stringOf(value, source) };
  try {
    matchesEmpty(matcher);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'bad regular expression';
    throw queryError(source.text, { start: value.from, end: value.to }, reason);
  }
  if (!isLabelName(name)) {
    throw queryError(source.text, span, `invalid label name for matching: ${quote(name)}`);
  }
  return matcher;
}

function parseRange(selector: Expr, range: SyntaxNode, node: SyntaxNode, source: Source): Expr {
  const brackets = { start: source.text.lastIndexOf('[', range.from), end: node.to };
  const complain = (why: string): never => {
    throw queryError(source.text, brackets, why);
  };
  if (selector.kind !== 'selector') return complain('ranges only allowed for vector selectors');
  const { offset, at } = selector.modifiers;
  if (offset !== undefined && !isNoOffset(offset)) {
    return complain('no offset modifiers allowed before range');
  }
  if (at !== undefined) return complain('no @ modifiers allowed before range');
  const length = parseDuration(range, source, true);
  return { kind: 'range', selector, range: length, start: selector.start, end: node.to };
}

function parseCall(node: SyntaxNode, source: Source): Expr {
  const [name, body] = kidsOf(node);
  const fn = textOf(name, source);
  const span = { start: node.from, end: node.to };
  if (!FUNCTIONS.has(fn)) throw syntaxError(source.text, node.from);
  return { kind: 'call', fn, args: kidsOf(body).map((arg) => parseExpr(arg, source)), ...span };
}

function parseAggregate(node: SyntaxNode, source: Source): Expr {
  const span = { start: node.from, end: node.to };
  const kids = kidsOf(node);
  const op = textOf(kids[0], source).toLowerCase();
  const modifier = kids.find((kid) => kid.name === 'AggregateModifier');
  const args = kidsOf(bodyOf(kids)).map((arg) => parseExpr(arg, source));
  const takesParam = ['topk', 'bottomk', 'quantile', 'limitk', 'limit_ratio', 'count_values'];
  const wanted = takesParam.includes(op) ? 2 : 1;
  if (args.length === 0) {
    throw queryError(source.text, span, 'no arguments for aggregate expression provided');
  }
  if (args.length !== wanted) {
    const counts = `expected ${wanted}, got ${args.length}`;
    const words = `wrong number of arguments for aggregate expression provided, ${counts}`;
    throw queryError(source.text, span, words);
  }
  const grouping = modifier === undefined ? undefined : kidsOf(modifier);
  const names = grouping === undefined ? [] : groupingNames(grouping[1], source);
  const without = grouping !== undefined && grouping[0].name === 'Without';
  const param = wanted === 2 ? { param: args[0] } : {};
  const grouped = grouping !== undefined;
  return {
    kind: 'aggregate',
    op,
    without,
    grouped,
    names,
    ...param,
    inner: args[wanted - 1],
    ...span,
  };
}

/** The names in a GroupingLabels node. */
function groupingNames(node: SyntaxNode, source: Source): string[] {
  return kidsOf(node).map((label) => {
    const quoted = label.name === 'QuotedLabelName';
    const name = quoted ? stringOf(kidsOf(label)[0], source) : textOf(label, source);
    // As a bare word it is a number.
    if (!quoted && /^(?:nan|inf)$/i.test(name)) throw syntaxError(source.text, label.from);
    if (isLabelName(name)) return name;
    const span = { start: label.from, end: label.to };
    throw queryError(source.text, span, `invalid label name for grouping: ${quote(name)}`);
  });
}

interface Operator {
  readonly op: string;
  readonly nodes: readonly SyntaxNode[];
}

function joinBinary({ left, right, op, nodes }: Operator & Sides, source: Source): Expr {
  const operator = op as BinaryOp;
  const { bool, matching } = parseMatching(nodes, operator, {
    names: (labels) => groupingNames(labels, source),
    number: (literal) => (parseLiteral(literal, source) as { value: number }).value,
  });
  const span = { start: left.start, end: right.end };
  return { kind: 'binary', op: operator, bool, matching, left, right, ...span };
}

interface Sides {
  readonly left: Expr;
  readonly right: Expr;
}
