// Durations of ranges, steps and offsets, with Prometheus 3's arithmetic on them. What needs the
// grid (`step()`, `range()`) stays a tree; duration.ts computes it when the query is planned.
import type { SyntaxNode } from '@lezer/common';
import { QUERY_DEPTH_MAX } from '../limits.ts';
import { parseNumber, quote } from './literals.ts';
import { kidsOf, textOf } from './parse-nodes.ts';
import { nestedTooDeep, queryError, syntaxError } from './parse-error.ts';
import type { UserError } from '../errors.ts';
import type { Duration, Span } from './ast.ts';
import type { NumberText } from './literals.ts';
import type { Source } from './parse-nodes.ts';

/** The longest duration: Prometheus counts nanoseconds in 64 bits. */
const SECONDS_MAX = 2 ** 63 / 1e9;

/** A literal's sign, and what is behind it and comments. */
export const SIGNED = /^([-+]?)\s*(?:#[^\n]*\n\s*)*(.*)$/s;

/** The duration at a node. @throws UserError when a plain number is not positive but has to be. */
export function parseDuration(node: SyntaxNode, source: Source, positive = false): Duration {
  const duration = read(node, source);
  if (positive && duration.kind === 'seconds' && duration.seconds <= 0) {
    throw queryError(source.text, duration, 'duration must be greater than 0');
  }
  return duration;
}

function read(node: SyntaxNode, source: Source): Duration {
  if (++source.depth > QUERY_DEPTH_MAX) {
    throw nestedTooDeep(source.text, { start: node.from, end: node.to });
  }
  const duration = readNode(node, source);
  source.depth--;
  return duration;
}

function readNode(node: SyntaxNode, source: Source): Duration {
  const span = { start: node.from, end: node.to };
  if (node.name.startsWith('NumberDurationLiteral')) return readNumber(node, source);
  const kids = kidsOf(node);
  const [first, second, third] = kids;
  if (first === undefined) throw syntaxError(source.text, node.from);
  if (first.name === 'DurationStep') return { kind: 'step', ...span };
  if (first.name === 'DurationRange') return { kind: 'range', ...span };
  if (first.name === 'DurationMinOf' || first.name === 'DurationMaxOf') {
    const op = first.name === 'DurationMinOf' ? 'min_of' : 'max_of';
    return { kind: 'pair', op, left: read(second, source), right: read(third, source), ...span };
  }
  if (kids.length === 1) {
    const inner = read(first, source);
    const wrapped = source.text[node.from] === '(';
    return wrapped && inner.kind !== 'group' ? { kind: 'group', inner, ...span } : inner;
  }
  if (first.name === 'UnaryOp') {
    const op = textOf(first, source) === '-' ? '-' : '+';
    const inner = read(second, source);
    if (inner.kind !== 'seconds') return { kind: 'sign', op, inner, ...span };
    // A number takes its signs into itself.
    const seconds = op === '-' ? -inner.seconds : inner.seconds;
    return { kind: 'seconds', seconds, text: inner.text, ...span };
  }
  const op = textOf(second, source) as '+' | '-' | '*' | '/' | '%' | '^';
  const left = read(first, source);
  const right = read(third, source);
  if ((op === '/' || op === '%') && right.kind === 'seconds' && right.seconds === 0) {
    const at = { start: second.from, end: second.to };
    throw queryError(source.text, at, `${op === '/' ? 'division' : 'modulo'} by zero`);
  }
  return { kind: 'pair', op, left, right, ...span };
}

function readNumber(node: SyntaxNode, source: Source): Duration {
  const text = textOf(node, source);
  const span = { start: node.from, end: node.to };
  const { value } = numberOf(text, span, source);
  if (!Number.isFinite(value) || value > SECONDS_MAX) throw outOfRange(span, source);
  return { kind: 'seconds', seconds: value, text, ...span };
}

/** A number or a duration without a sign. @throws UserError when it is neither, or too long. */
export function numberOf(text: string, span: Span, source: Source): NumberText {
  const number = parseNumber(text);
  if (number === undefined) throw badNumber(text, span, source);
  if (number.value === Infinity && /\d/.test(text)) {
    throw queryError(source.text, span, `error parsing number: ${text} is out of range`);
  }
  if (number.duration && number.value > SECONDS_MAX) throw outOfRange(span, source);
  return number;
}

/** The error about what is neither a number nor a duration. */
export function badNumber(text: string, span: Span, source: Source): UserError {
  return queryError(source.text, span, `bad number or duration syntax: ${quote(text)}`);
}

function outOfRange(span: Span, source: Source): UserError {
  return queryError(source.text, span, 'duration out of range');
}
