// Boxes with words on their edges: the title and the newest value on top, the legend or what is
// wrong below. A box costs no rows for them. The chosen box has heavy lines, not only another
// colour.
import type { CellGrid } from './cells.ts';
import type { Area } from './plot.ts';
import { STYLE } from './styles.ts';
import { cellWidth, safeText, shorten } from './text.ts';

/** A piece of text on an edge. */
export interface Word {
  readonly text: string;
  readonly style: number;
}

export interface FrameOptions {
  readonly title: string;
  /** On the top edge, to the right. */
  readonly right?: readonly Word[];
  /** On the bottom edge, to the left; what does not fit is left out from the end. */
  readonly bottom?: readonly Word[];
  readonly selected?: boolean;
  readonly style?: number;
}

const THIN = ['╭', '╮', '╰', '╯', '─', '│'];
const HEAVY = ['┏', '┓', '┗', '┛', '━', '┃'];

/** Draws the box and answers the area inside. */
export function drawFrame(cells: CellGrid, area: Area, options: FrameOptions): Area {
  const { x, y, width, height } = area;
  const inner = { x: x + 1, y: y + 1, width: width - 2, height: height - 2 };
  if (width < 4 || height < 2) return inner;
  const [topLeft, topRight, bottomLeft, bottomRight, flat, side] = options.selected ? HEAVY : THIN;
  const style = options.style ?? (options.selected ? STYLE.accent : STYLE.border);
  const bottom = y + height - 1;
  for (let i = 1; i < width - 1; i++) {
    cells.set(x + i, y, flat, style);
    cells.set(x + i, bottom, flat, style);
  }
  for (let i = 1; i < height - 1; i++) {
    cells.set(x, y + i, side, style);
    cells.set(x + width - 1, y + i, side, style);
  }
  cells.set(x, y, topLeft, style);
  cells.set(x + width - 1, y, topRight, style);
  cells.set(x, bottom, bottomLeft, style);
  cells.set(x + width - 1, bottom, bottomRight, style);
  const titleStyle = options.selected ? STYLE.selected : STYLE.bold;
  const title = { text: options.title, style: titleStyle };
  const used = putWords(cells, { x: x + 2, y, room: width - 4 }, [title]);
  putRight(cells, { x: x + 2 + used, y, room: width - 4 - used }, options.right ?? []);
  putWords(cells, { x: x + 2, y: bottom, room: width - 4 }, options.bottom ?? []);
  return inner;
}

/** Marks at the right edge of what is shown in part: that it goes on above, or below. */
export function drawGoesOn(
  cells: CellGrid,
  inner: Area,
  { above, below }: { readonly above: boolean; readonly below: boolean },
  style = STYLE.accent,
): void {
  const edge = inner.x + inner.width - 1;
  if (below) cells.set(edge, inner.y + inner.height - 1, '▼', style);
  if (above) cells.set(edge, inner.y, '▲', style);
}

interface Edge {
  readonly x: number;
  readonly y: number;
  readonly room: number;
}

/**
 * Words with a blank on each side; the first is cut where needed, later ones are left out whole.
 */
function putWords(cells: CellGrid, edge: Edge, words: readonly Word[]): number {
  let used = 0;
  for (const [i, word] of words.entries()) {
    const safe = safeText(word.text);
    const room = edge.room - used - 2;
    if (safe === '' || room < 1 || (i > 0 && cellWidth(safe) > room)) continue;
    const text = i > 0 || used > 0 ? safe : shorten(safe, room);
    const at = edge.x + used;
    cells.put(at, edge.y, ` ${text} `, { style: word.style, room: room + 2 });
    used += cellWidth(text) + (i < words.length - 1 ? 1 : 2);
  }
  return used === 0 ? 0 : used + 1;
}

function putRight(cells: CellGrid, edge: Edge, words: readonly Word[]): void {
  const texts = words.map((word) => safeText(word.text)).filter((text) => text !== '');
  const wide = texts.reduce((sum, text) => sum + cellWidth(text) + 1, 1);
  if (texts.length === 0 || wide > edge.room) return;
  let x = edge.x + edge.room - wide;
  cells.put(x, edge.y, ' ');
  x++;
  for (const [i, text] of texts.entries()) {
    cells.put(x, edge.y, `${text} `, { style: words[i].style });
    x += cellWidth(text) + 1;
  }
}
