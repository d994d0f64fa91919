// What each piece of a query's text is, for colours and for completion while it is still being
// typed. Beside the parser, which knows only whole queries: half-typed text is nearly always wrong,
// and a scanner with a stack of brackets is right on it where a repaired tree jumps about. Easy to
// get wrong: the same word is a label inside braces and behind `by (`, and a metric elsewhere.
import { AGGREGATIONS, FUNCTIONS } from './functions.ts';
import { tokensOf } from './tokens.ts';
import type { Token } from './tokens.ts';

export type PieceKind =
  | 'function'
  | 'aggregation'
  | 'keyword'
  | 'metric'
  | 'label'
  | 'string'
  | 'number'
  | 'operator'
  | 'bracket'
  | 'comment'
  | 'odd';

/** A piece of the text; `end` is excluded, both count UTF-16 units. */
export interface Piece {
  readonly kind: PieceKind;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Words that group or match: a list of labels may follow them. */
const LABEL_LISTS: ReadonlySet<string> = new Set(
  'by without on ignoring group_left group_right'.split(' '),
);
const WORDS: ReadonlySet<string> = new Set([
  ...LABEL_LISTS,
  ...'and or unless atan2 bool offset anchored smoothed fill fill_left fill_right'.split(' '),
]);
const CONSTANTS: ReadonlySet<string> = new Set(['inf', 'nan']);

/** What encloses a place: braces of a selector, a list of labels, arguments of a call. */
export interface Enclosure {
  readonly open: Token;
  readonly kind: 'matchers' | 'labels' | 'arguments' | 'group' | 'range';
  /** Name of the function, or of the metric before the braces; '' for neither. */
  readonly name: string;
  /** Commas since it was opened. */
  commas: number;
}

/** The pieces of a text in order. Linear, and never throws. */
export function piecesOf(text: string): Piece[] {
  const tokens = tokensOf(text);
  const out: Piece[] = [];
  walk(tokens, text.length, (token, i, stack) => {
    out.push(pieceOf(tokens, i, stack.at(-1)?.kind));
    return token;
  });
  for (const match of text.matchAll(/#[^\n]*/g)) {
    const start = match.index;
    const inside = out.some((p) => p.kind === 'string' && p.start < start && p.end > start);
    if (inside) continue;
    out.push({ kind: 'comment', start, end: start + match[0].length, text: match[0] });
  }
  return out.toSorted((a, b) => a.start - b.start);
}

/** The enclosures open at a place, the outermost first. */
export function enclosuresAt(tokens: readonly Token[], offset: number): Enclosure[] {
  return walk(tokens, offset, (token) => token);
}

function walk(
  tokens: readonly Token[],
  offset: number,
  visit: (token: Token, i: number, stack: readonly Enclosure[]) => unknown,
): Enclosure[] {
  const stack: Enclosure[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token.end > offset) break;
    if (token.kind === 'close') stack.pop();
    visit(token, i, stack);
    const inner = stack.at(-1);
    if (token.text === ',' && inner !== undefined) inner.commas++;
    if (token.kind === 'open') stack.push(enclosure(tokens, i));
  }
  return stack;
}

function enclosure(tokens: readonly Token[], i: number): Enclosure {
  const open = tokens[i];
  const before = tokens[i - 1]?.kind === 'word' ? tokens[i - 1].text : '';
  const touching = before !== '' && tokens[i - 1].end === open.start;
  if (open.text === '{') return { open, kind: 'matchers', name: before, commas: 0 };
  if (open.text === '[') return { open, kind: 'range', name: '', commas: 0 };
  if (LABEL_LISTS.has(before.toLowerCase())) return { open, kind: 'labels', name: '', commas: 0 };
  const lower = before.toLowerCase();
  if (FUNCTIONS.has(before)) return { open, kind: 'arguments', name: before, commas: 0 };
  if (AGGREGATIONS.has(lower)) return { open, kind: 'arguments', name: lower, commas: 0 };
  const grouped = aggregationBefore(tokens, i);
  if (grouped !== '') return { open, kind: 'arguments', name: grouped, commas: 0 };
  return { open, kind: touching ? 'arguments' : 'group', name: '', commas: 0 };
}

/** The aggregation of `sum by (a, b) (`, found from its last bracket. */
function aggregationBefore(tokens: readonly Token[], i: number): string {
  if (tokens[i - 1]?.text !== ')') return '';
  let at = i - 2;
  while (at > 0 && tokens[at].text !== '(') at--;
  if (!LABEL_LISTS.has(tokens[at - 1]?.text.toLowerCase() ?? '')) return '';
  const name = tokens[at - 2]?.text.toLowerCase() ?? '';
  return AGGREGATIONS.has(name) ? name : '';
}

function pieceOf(
  tokens: readonly Token[],
  i: number,
  inside: Enclosure['kind'] | undefined,
): Piece {
  const { kind, text, start, end } = tokens[i];
  const piece = (what: PieceKind): Piece => ({ kind: what, start, end, text });
  if (kind === 'open' || kind === 'close') return piece('bracket');
  if (kind === 'sign') return piece('operator');
  if (kind !== 'word') return piece(kind);
  if (inside === 'labels') return piece('label');
  if (inside === 'matchers') return piece('label');
  const lower = text.toLowerCase();
  if (CONSTANTS.has(lower)) return piece('number');
  const called = tokens[i + 1]?.text === '(';
  if (AGGREGATIONS.has(lower)) {
    const grouped = LABEL_LISTS.has(tokens[i + 1]?.text.toLowerCase() ?? '');
    if (called || grouped) return piece('aggregation');
  }
  if (called && FUNCTIONS.has(text)) return piece('function');
  if (WORDS.has(lower)) return piece('keyword');
  return piece('metric');
}

const PARTNER: Readonly<Record<string, string>> = {
  '(': ')',
  '[': ']',
  '{': '}',
  ')': '(',
  ']': '[',
  '}': '{',
};

/** The places of the bracket at or before the cursor and of its partner; empty for none. */
export function bracketPair(text: string, cursor: number): readonly number[] {
  const brackets = tokensOf(text).filter(({ kind }) => kind === 'open' || kind === 'close');
  const i = [cursor, cursor - 1]
    .map((at) => brackets.findIndex(({ start }) => start === at))
    .find((at) => at >= 0);
  if (i === undefined) return [];
  const own = brackets[i];
  const step = own.kind === 'open' ? 1 : -1;
  let depth = 0;
  for (let at = i; at >= 0 && at < brackets.length; at += step) {
    depth += brackets[at].kind === own.kind ? 1 : -1;
    if (depth > 0) continue;
    const fits = PARTNER[own.text] === brackets[at].text;
    return fits ? [own.start, brackets[at].start] : [own.start];
  }
  return [own.start];
}

/** True when a line break is meant to go on: an open bracket, or an operator at the end. */
export function isUnfinished(text: string): boolean {
  const tokens = tokensOf(text);
  const last = tokens.at(-1);
  if (last === undefined) return false;
  if (enclosuresAt(tokens, text.length).length > 0) return true;
  if (last.kind === 'sign' && last.text !== ',') return true;
  return last.kind === 'word' && /^(?:and|or|unless|by|without|on|offset|bool)$/i.test(last.text);
}
