// Words broken into lines of a width, for texts and messages that must be read whole. Takes any
// text and makes it safe. Easy to get wrong: a word longer than the line is cut into pieces, and
// line breaks of the text stay.
import { cellWidth, safeText } from './text.ts';

/** Lines of at most `width` cells. */
export function wrapText(text: string, width: number): string[] {
  if (width <= 0) return [];
  return text.split('\n').flatMap((line) => wrapLine(safeText(line.trimEnd()), width));
}

/** A text in rows of at most `width` cells, cut anywhere: put together again they are whole. */
export function cutText(text: string, width: number): string[] {
  const room = Math.max(1, width);
  return text.split('\n').flatMap((line) => {
    const rows: string[] = [];
    let rest = safeText(line);
    while (/[^ -~]/.test(rest) ? cellWidth(rest) > room : rest.length > room) {
      const row = headOf(rest, room);
      rows.push(row);
      rest = rest.slice(row.length);
    }
    return [...rows, rest];
  });
}

function wrapLine(line: string, width: number): string[] {
  if (cellWidth(line) <= width) return [line];
  const out: string[] = [];
  let now = /^ */.exec(line)?.[0].slice(0, width - 1) ?? '';
  for (const word of line.trimStart().split(/ +/)) {
    const space = now.trim() === '' ? '' : ' ';
    if (cellWidth(now + space + word) <= width) {
      now += space + word;
      continue;
    }
    if (now.trim() !== '') out.push(now);
    let rest = word;
    while (cellWidth(rest) > width) {
      const piece = headOf(rest, width);
      out.push(piece);
      rest = rest.slice(piece.length);
    }
    now = rest;
  }
  out.push(now);
  return out;
}

/** As many characters as fit, at least one. */
function headOf(text: string, width: number): string {
  const first = text.slice(0, width);
  if (/^[ -~]+$/.test(first)) return first;
  let out = '';
  for (const character of text) {
    if (out !== '' && cellWidth(out + character) > width) break;
    out += character;
  }
  return out;
}
