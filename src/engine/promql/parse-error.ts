// From the place where the grammar stumbled to one sentence that a user understands: an unknown
// function with the nearest name, an unclosed bracket, an unexpected word. Prometheus' words where
// they are known. The message of a UserError is bare; parseErrorText adds line and column.
import { UserError } from '../errors.ts';
import { QUERY_DEPTH_MAX, QUERY_HEIGHT_MAX } from '../limits.ts';
import { AGGREGATIONS, FUNCTIONS } from './functions.ts';
import { meant } from './suggest.ts';
import { describeToken, eachToken, tokensOf, unbalanced } from './tokens.ts';
import type { Span } from './ast.ts';
import type { Token } from './tokens.ts';

/** A mistake in a query at a place in it. */
export function queryError(source: string, span: Span, message: string, hint?: string): UserError {
  const more = hint === undefined ? {} : { hint };
  return new UserError(message, { source, start: span.start, end: span.end, ...more });
}

/** `1:6`: line and column of an offset, counted from 1 as Prometheus does. */
export function lineColumn(source: string, offset: number): string {
  const before = source.slice(0, offset);
  const line = before.split('\n').length;
  return `${line}:${offset - before.lastIndexOf('\n')}`;
}

/** A query's mistake as Prometheus' API words it: `1:6: parse error: …`. */
export function parseErrorText(error: UserError): string {
  if (error.source === undefined) return error.message;
  return `${lineColumn(error.source, error.start)}: parse error: ${error.message}`;
}

const CALLABLE: ReadonlySet<string> = new Set([...FUNCTIONS.keys(), ...AGGREGATIONS.keys()]);
/** Words that may stand before a bracket without being a function. */
const BEFORE_BRACKET: ReadonlySet<string> = new Set(
  (
    'by without on ignoring group_left group_right bool and or unless atan2 offset start end ' +
    'step range fill fill_left fill_right min_of max_of'
  ).split(' '),
);

/** The error of a query whose tree has an error node at `from`. */
export function syntaxError(source: string, from: number): UserError {
  const tokens = tokensOf(source);
  if (tokens.length === 0) {
    return queryError(source, { start: 0, end: 0 }, 'no expression found in input');
  }
  return unknownCall(source, tokens) ?? brokenToken(source, tokens, from);
}

/**
 * Refuses brackets and chains of operators that the grammar would make too high a tree of.
 * @throws UserError at the one too many.
 */
export function limitDepth(source: string): void {
  const operators = [0];
  for (const token of eachToken(source)) {
    if (token.kind === 'open') operators.push(0);
    if (token.kind === 'close' && operators.length > 1) operators.pop();
    const level = operators.length - 1;
    if (token.text === ',') operators[level] = 0;
    else if (token.kind === 'sign' || isWordOperator(token)) operators[level]++;
    if (level > QUERY_DEPTH_MAX || operators[level] > QUERY_HEIGHT_MAX) {
      const most = level > QUERY_DEPTH_MAX ? QUERY_DEPTH_MAX : QUERY_HEIGHT_MAX;
      throw nestedTooDeep(source, token, most);
    }
  }
}

function isWordOperator({ kind, text }: Token): boolean {
  return kind === 'word' && /^(?:or|and|unless|atan2)$/i.test(text);
}

/** A query whose evaluation could exhaust the stack. */
export function nestedTooDeep(source: string, span: Span, levels = QUERY_DEPTH_MAX): UserError {
  return queryError(source, span, `the query is nested deeper than ${levels} levels`);
}

function unknownCall(source: string, tokens: readonly Token[]): UserError | undefined {
  for (let i = 0; i + 1 < tokens.length; i++) {
    const token = tokens[i];
    const next = tokens[i + 1];
    if (token.kind !== 'word') continue;
    const lower = token.text.toLowerCase();
    if (next.text === '(' && !BEFORE_BRACKET.has(lower)) {
      if (AGGREGATIONS.has(lower) || FUNCTIONS.has(token.text)) continue;
      const message = `unknown function with name ${JSON.stringify(token.text)}`;
      return queryError(source, token, message, meant(token.text, CALLABLE));
    }
    const grouping = next.kind === 'word' && /^(by|without)$/i.test(next.text);
    if (grouping && !AGGREGATIONS.has(lower) && tokens[i + 2]?.text === '(') {
      const hint = meant(token.text, AGGREGATIONS.keys());
      const message = `unexpected ${describeToken(next, AGGREGATIONS)}`;
      return queryError(source, hint === undefined ? next : token, message, hint);
    }
  }
  return undefined;
}

function brokenToken(source: string, tokens: readonly Token[], from: number): UserError {
  for (const token of tokens) {
    const open = token.kind === 'string' && (token.text.length < 2 || !closes(token.text));
    if (open) return queryError(source, token, 'unterminated quoted string');
  }
  const { open, stray } = unbalanced(tokens);
  if (stray !== undefined) {
    const name = { ')': 'parenthesis', ']': 'bracket', '}': 'brace' }[stray.text] as string;
    return queryError(source, stray, `unexpected right ${name} '${stray.text}'`);
  }
  const token = tokens.find((t) => t.end > from);
  if (token !== undefined && (open === undefined || token.start < source.length)) {
    return queryError(source, token, `unexpected ${describeToken(token, AGGREGATIONS)}`);
  }
  const end = { start: source.length, end: source.length };
  if (open !== undefined) {
    if (open.text === '{') {
      return queryError(source, end, 'unexpected end of input inside braces');
    }
    const name = open.text === '(' ? 'parenthesis' : 'bracket';
    return queryError(source, open, `unclosed left ${name}`);
  }
  return queryError(source, end, 'unexpected end of input');
}

function closes(text: string): boolean {
  if (text.at(-1) !== text[0]) return false;
  if (text[0] === '`') return true;
  const slashes = /\\*$/.exec(text.slice(1, -1)) as RegExpExecArray;
  return slashes[0].length % 2 === 0;
}
