// Numbers three rows high, from half blocks: what one reads from across a room. Only what numbers
// are made of has a large form; the unit stands beside it in ordinary letters. Easy to get wrong:
// a value that is one cell too wide must become small, not cut.
import type { CellGrid } from './cells.ts';
import { STYLE } from './styles.ts';
import { cellWidth, fit } from './text.ts';

/** Five rows of dots, the lowest bit to the left. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  '0': [7, 5, 5, 5, 7],
  '1': [2, 3, 2, 2, 7],
  '2': [7, 4, 7, 1, 7],
  '3': [7, 4, 6, 4, 7],
  '4': [5, 5, 7, 4, 4],
  '5': [7, 1, 7, 4, 7],
  '6': [7, 1, 7, 5, 7],
  '7': [7, 4, 4, 2, 2],
  '8': [7, 5, 7, 5, 7],
  '9': [7, 5, 7, 4, 7],
  '-': [0, 0, 7, 0, 0],
  '+': [0, 2, 7, 2, 0],
  '.': [0, 0, 0, 0, 1],
  ':': [0, 1, 0, 1, 0],
};
const NARROW = new Set(['.', ':']);
const DOT_ROWS = 5;

/** Rows of a large number. */
export const BIG_ROWS = 3;

/** A value cut into numbers, which are large, and what stands between them. */
function partsOf(text: string): { readonly text: string; readonly big: boolean }[] {
  return [...text.matchAll(/([+-]?[\d.:]+)|([^\d.:+-]+|[+-](?!\d))/g)].map((found) => ({
    text: found[0],
    big: found[1] !== undefined,
  }));
}

function glyphWidth(char: string): number {
  return NARROW.has(char) ? 1 : 3;
}

/** Cells that the large form of a value takes; undefined when it has none. */
export function bigWidth(text: string): number | undefined {
  const parts = partsOf(text);
  if (!parts.some(({ big }) => big)) return undefined;
  let width = 0;
  for (const part of parts) {
    if (part.big) for (const char of part.text) width += glyphWidth(char) + 1;
    else width += cellWidth(part.text.trim()) + 1;
  }
  return width - 1;
}

/** Draws a value in the middle of a width, large where it fits; answers the rows that it took. */
export function drawBig(
  cells: CellGrid,
  at: { readonly x: number; readonly y: number; readonly width: number; readonly rows: number },
  value: { readonly text: string; readonly style: number; readonly small?: boolean },
): number {
  const wide = bigWidth(value.text);
  if (wide === undefined || wide > at.width || at.rows < BIG_ROWS || value.small === true) {
    const style = value.style === STYLE.plain ? STYLE.bold : value.style;
    cells.put(at.x, at.y, fit(value.text, at.width, 'center'), { style, room: at.width });
    return 1;
  }
  let x = at.x + ((at.width - wide) >> 1);
  for (const part of partsOf(value.text)) {
    if (!part.big) {
      x += cells.put(x, at.y + BIG_ROWS - 1, part.text.trim(), { style: value.style }) + 1;
      continue;
    }
    for (const char of part.text) {
      drawGlyph(cells, { x, y: at.y }, { char, style: value.style });
      x += glyphWidth(char) + 1;
    }
  }
  return BIG_ROWS;
}

function drawGlyph(
  cells: CellGrid,
  at: { readonly x: number; readonly y: number },
  glyph: { readonly char: string; readonly style: number },
): void {
  const rows = GLYPHS[glyph.char] ?? [];
  for (let dot = 0; dot < DOT_ROWS; dot += 2) {
    for (let x = 0; x < glyphWidth(glyph.char); x++) {
      const upper = ((rows[dot] ?? 0) >> x) & 1;
      const lower = ((rows[dot + 1] ?? 0) >> x) & 1;
      const char = upper === 1 ? (lower === 1 ? '█' : '▀') : lower === 1 ? '▄' : '';
      if (char !== '') cells.set(at.x + x, at.y + (dot >> 1), char, glyph.style);
    }
  }
}
