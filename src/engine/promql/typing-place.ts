// Where in a query the cursor stands and what could be typed there: a metric, a label, a value of a
// label, a word of the language. The names themselves come from a server; this says which to ask
// for. Easy to get wrong: inside an open string the closing quote may be far away or missing.
import { parseString } from './literals.ts';
import { enclosuresAt, piecesOf } from './highlight.ts';
import { tokensOf } from './tokens.ts';
import type { Enclosure } from './highlight.ts';
import type { Token } from './tokens.ts';

/** What is waited for at the cursor; `start` to the cursor is what was typed of it. */
export type TypingPlace =
  | { readonly kind: 'expression'; readonly start: number; readonly typed: string }
  /** `metric` is the one whose labels fit, '' when any do; `matchers` stands in braces. */
  | {
      readonly kind: 'label';
      readonly start: number;
      readonly typed: string;
      readonly metric: string;
      readonly matchers: boolean;
    }
  | {
      readonly kind: 'value';
      readonly start: number;
      readonly typed: string;
      readonly metric: string;
      readonly label: string;
      readonly quote: string;
      /** The string is closed behind the cursor. */
      readonly closed: boolean;
    }
  | { readonly kind: 'none'; readonly start: number; readonly typed: '' };

/** The place of the cursor, an offset into the text. */
export function typingPlace(text: string, cursor: number): TypingPlace {
  const tokens = tokensOf(text);
  const at = tokens.findIndex(({ start, end }) => start < cursor && cursor <= end);
  const token = at < 0 ? undefined : tokens[at];
  const typing = token?.kind === 'word' || token?.kind === 'string' ? token.start : cursor;
  const before = tokens.filter(({ end }) => end <= typing);
  const stack = enclosuresAt(before, cursor);
  const inner = stack.at(-1);
  if (token?.kind === 'string' && isInside(token, cursor)) {
    return valuePlace({ token, before, inner, cursor, text });
  }
  const none: TypingPlace = { kind: 'none', start: cursor, typed: '' };
  if (inComment(text, cursor, tokens)) return none;
  if (token !== undefined && (token.kind === 'number' || token.kind === 'string')) return none;
  const word = token?.kind === 'word' ? token : undefined;
  const start = word?.start ?? cursor;
  const typed = text.slice(start, cursor);
  if (inner?.kind === 'range') return none;
  if (inner?.kind === 'matchers' && !/^[,{]$/.test(before.at(-1)?.text ?? '')) return none;
  if (inner?.kind === 'matchers' || inner?.kind === 'labels') {
    const matchers = inner.kind === 'matchers';
    const metric = matchers ? inner.name : metricNear(text, inner.open);
    return { kind: 'label', start, typed, metric, matchers };
  }
  return { kind: 'expression', start, typed };
}

function isInside(token: Token, cursor: number): boolean {
  return cursor < token.end || !isClosed(token);
}

function isClosed({ text }: Token): boolean {
  return text.length > 1 && text.at(-1) === text[0];
}

interface ValueAsk {
  readonly token: Token;
  readonly before: readonly Token[];
  readonly inner: Enclosure | undefined;
  readonly cursor: number;
  readonly text: string;
}

function valuePlace({ token, before, inner, cursor, text }: ValueAsk): TypingPlace {
  const [name, op] = before.slice(-2);
  const matched = /^(?:=|!=|=~|!~)$/.test(op?.text ?? '');
  if (inner?.kind !== 'matchers' || !matched || name === undefined) {
    return { kind: 'none', start: cursor, typed: '' };
  }
  return {
    kind: 'value',
    start: token.start + 1,
    typed: text.slice(token.start + 1, cursor),
    metric: inner.name,
    label: name.kind === 'string' ? unquoted(name.text) : name.text,
    quote: token.text[0],
    closed: isClosed(token),
  };
}

function unquoted(literal: string): string {
  try {
    return parseString(literal);
  } catch {
    return literal;
  }
}

function inComment(text: string, cursor: number, tokens: readonly Token[]): boolean {
  const line = text.lastIndexOf('\n', cursor - 1) + 1;
  const hash = text.slice(line, cursor).indexOf('#');
  if (hash < 0) return false;
  return !tokens.some(({ start, end }) => start <= line + hash && line + hash < end);
}

/** The first metric behind a list of labels, else the last one before it. */
function metricNear(text: string, open: Token): string {
  const metrics = piecesOf(text).filter(({ kind }) => kind === 'metric');
  const behind = metrics.find(({ start }) => start > open.start);
  return (behind ?? metrics.findLast(({ start }) => start < open.start))?.text ?? '';
}

/** The call around the cursor and which of its arguments is typed; undefined outside of any. */
export function callAround(
  text: string,
  cursor: number,
): { readonly name: string; readonly argument: number } | undefined {
  const stack = enclosuresAt(tokensOf(text), cursor);
  const inner = stack.findLast(({ kind, name }) => kind === 'arguments' && name !== '');
  return inner === undefined ? undefined : { name: inner.name, argument: inner.commas };
}
