// An SQL text that is being typed: its pieces with their colours, whether it goes on, and what
// stands before the cursor. Pure and linear; never throws, because a text that is typed is nearly
// always wrong. Easy to get wrong: a quote inside a comment opens nothing, and the other way round.
import { STYLE } from './styles.ts';

export interface SqlPiece {
  readonly kind: 'word' | 'string' | 'name' | 'number' | 'comment' | 'mark';
  readonly start: number;
  readonly end: number;
  /** A string, a name or a comment whose end is there. */
  readonly closed: boolean;
}

const KEYWORDS =
  'SELECT FROM WHERE GROUP BY ORDER HAVING LIMIT OFFSET JOIN LEFT RIGHT FULL INNER CROSS ASOF ON ' +
  'USING AS AND OR NOT IN IS NULL LIKE ILIKE BETWEEN CASE WHEN THEN ELSE END UNION ALL DISTINCT ' +
  'WITH INTERVAL TIMESTAMP TIMESTAMPTZ DATE DESC ASC OVER PARTITION QUALIFY DESCRIBE SUMMARIZE ' +
  'FILTER EXISTS CAST TRUE FALSE VALUES PIVOT UNPIVOT EXCLUDE REPLACE WINDOW ROWS RANGE';
export const SQL_KEYWORDS: readonly string[] = KEYWORDS.split(' ');
const KNOWN = new Set(SQL_KEYWORDS);

const PIECES = new RegExp(
  [
    String.raw`--[^\n]*`,
    String.raw`\/\*[\s\S]*?(?:\*\/|$)`,
    String.raw`'(?:[^']|'')*(?:'|$)`,
    String.raw`"(?:[^"]|"")*(?:"|$)`,
    String.raw`[\p{L}_][\p{L}\p{N}_]*`,
    String.raw`\d+(?:\.\d+)?(?:[eE][-+]?\d+)?`,
    String.raw`[^\s]`,
  ].join('|'),
  'gu',
);

/** The pieces of a text; blanks are none. */
export function sqlPieces(text: string): SqlPiece[] {
  return Array.from(text.matchAll(PIECES), (match) => {
    const [piece] = match;
    const { index: start } = match;
    return { kind: kindOf(piece), start, end: start + piece.length, closed: isClosed(piece) };
  });
}

function kindOf(piece: string): SqlPiece['kind'] {
  if (piece.startsWith('--') || piece.startsWith('/*')) return 'comment';
  if (piece.startsWith("'")) return 'string';
  if (piece.startsWith('"')) return 'name';
  if (/^\d/.test(piece)) return 'number';
  return /^[\p{L}_]/u.test(piece) ? 'word' : 'mark';
}

function isClosed(piece: string): boolean {
  if (piece.startsWith('--')) return false;
  if (piece.startsWith('/*')) return piece.endsWith('*/') && piece.length > 3;
  const quote = piece[0];
  if (quote !== "'" && quote !== '"') return true;
  return piece.length > 1 && piece.endsWith(quote) && (piece.split(quote).length - 1) % 2 === 0;
}

/** Whether an Enter at the end goes on in a new line: something is open. */
export function goesOn(text: string): boolean {
  let depth = 0;
  for (const { kind, start, closed } of sqlPieces(text)) {
    if ((kind === 'string' || kind === 'name') && !closed) return true;
    if (kind === 'comment' && !closed && text.startsWith('/*', start)) return true;
    if (kind !== 'mark') continue;
    if ('([{'.includes(text[start])) depth++;
    if (')]}'.includes(text[start])) depth--;
  }
  return depth > 0;
}

/** Styles by place. */
export function sqlStyles(text: string): Map<number, number> {
  const styles = new Map<number, number>();
  for (const piece of sqlPieces(text)) {
    const style = styleOf(text, piece);
    for (let at = piece.start; at < piece.end; at++) styles.set(at, style);
  }
  return styles;
}

function styleOf(text: string, { kind, start, end, closed }: SqlPiece): number {
  switch (kind) {
    case 'comment':
      return STYLE.dim;
    case 'string':
      return closed ? STYLE.series2 : STYLE.bad;
    case 'number':
      return STYLE.series1;
    case 'name':
      return STYLE.bold;
    case 'word':
      if (KNOWN.has(text.slice(start, end).toUpperCase())) return STYLE.series3;
      return /^\s*\(/.test(text.slice(end)) ? STYLE.series0 : STYLE.bold;
    case 'mark':
      return STYLE.plain;
  }
}
