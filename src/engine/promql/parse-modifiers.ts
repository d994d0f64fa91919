// `offset`, `@`, `anchored` and `smoothed` behind an expression: put where they belong, refused
// elsewhere.
import type { SyntaxNode } from '@lezer/common';
import { SIGNED, numberOf, parseDuration } from './parse-duration.ts';
import { kidsOf, textOf } from './parse-nodes.ts';
import { queryError } from './parse-error.ts';
import { isNoOffset } from './ast.ts';
import type { AtTime, Expr, Modifiers } from './ast.ts';
import type { Source } from './parse-nodes.ts';

const WHERE =
  'must be preceded by an instant vector selector or range vector selector or a subquery';

function modifiersOf(expr: Expr): Modifiers | undefined {
  if (expr.kind === 'range') return expr.selector.modifiers;
  if (expr.kind === 'selector' || expr.kind === 'subquery') return expr.modifiers;
  return undefined;
}

function put(expr: Expr, more: Modifiers, node: SyntaxNode): Expr {
  if (expr.kind === 'range') {
    const modifiers = { ...expr.selector.modifiers, ...more };
    return { ...expr, selector: { ...expr.selector, modifiers }, end: node.to };
  }
  if (expr.kind !== 'selector' && expr.kind !== 'subquery') return expr;
  return { ...expr, modifiers: { ...expr.modifiers, ...more }, end: node.to };
}

export function withOffset(expr: Expr, by: SyntaxNode, node: SyntaxNode, source: Source): Expr {
  const now = modifiersOf(expr);
  if (now === undefined) throw queryError(source.text, expr, `offset modifier ${WHERE}`);
  if (now.offset !== undefined && !isNoOffset(now.offset)) {
    throw queryError(source.text, expr, 'offset may not be set multiple times');
  }
  return put(expr, { offset: parseDuration(by, source) }, node);
}

export function withAt(expr: Expr, time: SyntaxNode, node: SyntaxNode, source: Source): Expr {
  const now = modifiersOf(expr);
  if (now === undefined) throw queryError(source.text, expr, `@ modifier ${WHERE}`);
  if (now.at !== undefined) {
    throw queryError(source.text, expr, '@ <timestamp> may not be set multiple times');
  }
  return put(expr, { at: atTime(expr, time, source) }, node);
}

function atTime(expr: Expr, time: SyntaxNode, source: Source): AtTime {
  if (time.name === 'AtModifierPreprocessors') {
    return { at: kidsOf(time)[0].name === 'AtStart' ? 'start' : 'end' };
  }
  const text = textOf(time, source);
  const [, sign, digits] = SIGNED.exec(text) as RegExpExecArray;
  const span = { start: time.to - digits.length, end: time.to };
  const { value } = numberOf(digits, span, source);
  const seconds = sign === '-' ? -value : value;
  if (!Number.isFinite(seconds) || Math.abs(seconds) >= 2 ** 63) {
    const shown = Number.isNaN(seconds) ? 'NaN' : seconds > 0 ? '+Inf' : '-Inf';
    const told = Number.isFinite(seconds) ? `${BigInt(seconds)}.000000` : shown;
    throw queryError(source.text, expr, `timestamp out of bounds for @ modifier: ${told}`);
  }
  return { at: 'time', ms: Math.round(seconds * 1000) };
}

export function withExtend(expr: Expr, node: SyntaxNode, source: Source): Expr {
  const extend = node.name === 'AnchoredExpr' ? 'anchored' : 'smoothed';
  const now = modifiersOf(expr);
  if (expr.kind === 'subquery') {
    throw queryError(source.text, expr, `${extend} modifier is not supported for subqueries`);
  }
  if (now === undefined) throw queryError(source.text, expr, `${extend} modifier not implemented`);
  if (now.extend !== undefined && now.extend !== extend) {
    const words = 'anchored and smoothed modifiers cannot be used together';
    throw queryError(source.text, expr, words);
  }
  return put(expr, { extend }, node);
}
