// A text with a cursor, and what the keys of a line editor do to it. Pure. Easy to get wrong: the
// cursor must never stand within a surrogate pair, and a paste may hold anything.
import { QUERY_BYTES_MAX } from '../../engine/limits.ts';

export interface Edit {
  readonly text: string;
  /** UTF-16 offset. */
  readonly cursor: number;
}

/** Characters of a text at most; it then fits into a request in any case. */
export const TEXT_UNITS_MAX = QUERY_BYTES_MAX / 4;

const WORD = /[\p{L}\p{N}_:]/u;

/** The text typed or pasted at the cursor; line breaks are `\n`, tabs blanks, controls gone. */
export function insert({ text, cursor }: Edit, typed: string): Edit {
  const clean = typed
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll('\t', ' ')
    // oxlint-disable-next-line no-control-regex -- a paste may hold escape sequences
    .replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f]/g, '');
  const room = Math.max(0, TEXT_UNITS_MAX - text.length);
  const more = clean.slice(0, room).replace(/[\ud800-\udbff]$/, '');
  return { text: text.slice(0, cursor) + more + text.slice(cursor), cursor: cursor + more.length };
}

/** Replaces a stretch before the cursor, as a completion does. */
export function replaceFrom({ text, cursor }: Edit, start: number, word: string): Edit {
  return { text: text.slice(0, start) + word + text.slice(cursor), cursor: start + word.length };
}

function before({ text, cursor }: Edit): number {
  const pair = /[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(0, cursor));
  return Math.max(0, cursor - (pair ? 2 : 1));
}

function after({ text, cursor }: Edit): number {
  const code = text.codePointAt(cursor);
  return Math.min(text.length, cursor + (code !== undefined && code > 0xffff ? 2 : 1));
}

function wordBefore({ text, cursor }: Edit): number {
  let at = cursor;
  while (at > 0 && !WORD.test(text[at - 1])) at--;
  while (at > 0 && WORD.test(text[at - 1])) at--;
  return at;
}

function wordAfter({ text, cursor }: Edit): number {
  let at = cursor;
  while (at < text.length && !WORD.test(text[at])) at++;
  while (at < text.length && WORD.test(text[at])) at++;
  return at;
}

function lineStart({ text, cursor }: Edit): number {
  return text.lastIndexOf('\n', cursor - 1) + 1;
}

function lineEnd({ text, cursor }: Edit): number {
  const end = text.indexOf('\n', cursor);
  return end < 0 ? text.length : end;
}

/** The same column of the line above or below; undefined at the first or last line. */
export function otherLine(edit: Edit, step: 1 | -1): Edit | undefined {
  const { text, cursor } = edit;
  const start = lineStart(edit);
  const column = cursor - start;
  const target = step < 0 ? start - 1 : lineEnd(edit) + 1;
  if (target < 0 || target > text.length) return undefined;
  const line = lineStart({ text, cursor: target });
  return { text, cursor: Math.min(line + column, lineEnd({ text, cursor: target })) };
}

function cut(edit: Edit, from: number, to: number): Edit {
  return { text: edit.text.slice(0, from) + edit.text.slice(to), cursor: from };
}

const MOVES: Readonly<Record<string, (edit: Edit) => Edit>> = {
  left: (e) => ({ ...e, cursor: before(e) }),
  'ctrl-b': (e) => ({ ...e, cursor: before(e) }),
  right: (e) => ({ ...e, cursor: after(e) }),
  'ctrl-f': (e) => ({ ...e, cursor: after(e) }),
  home: (e) => ({ ...e, cursor: lineStart(e) }),
  'ctrl-a': (e) => ({ ...e, cursor: lineStart(e) }),
  end: (e) => ({ ...e, cursor: lineEnd(e) }),
  'ctrl-e': (e) => ({ ...e, cursor: lineEnd(e) }),
  'word-left': (e) => ({ ...e, cursor: wordBefore(e) }),
  'word-right': (e) => ({ ...e, cursor: wordAfter(e) }),
  backspace: (e) => cut(e, before(e), e.cursor),
  'ctrl-h': (e) => cut(e, before(e), e.cursor),
  delete: (e) => cut(e, e.cursor, after(e)),
  'ctrl-w': (e) => cut(e, wordBefore(e), e.cursor),
  'ctrl-u': (e) => cut(e, lineStart(e), e.cursor),
  'ctrl-k': (e) => cut(e, e.cursor, lineEnd(e)),
};

/** What a key does to the text, if it is one of the editor's. */
export function editKey(edit: Edit, name: string): Edit | undefined {
  return Object.hasOwn(MOVES, name) ? MOVES[name](edit) : undefined;
}
