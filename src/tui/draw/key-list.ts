// The keys of a view with what they do, in a box over the whole body, for all screens alike. Easy
// to get wrong: the list is as long as the view is able, so a low terminal shows a part of it and
// has to say so.
import type { CellGrid } from './cells.ts';
import { drawFrame, drawGoesOn } from './frame.ts';
import type { Area } from './plot.ts';
import { STYLE } from './styles.ts';
import { fit } from './text.ts';

export interface KeyList {
  readonly keys: readonly { readonly shown: string; readonly help: string }[];
  /** Lines scrolled past; more than there are count as all. */
  readonly scroll: number;
}

const KEY_CELLS = 12;
const COLUMN_CELLS = 56;
const COLUMNS_MAX = 3;

/** Lines that a box of so many cells has room for, and how they are laid out. */
function layoutOf(count: number, inner: Pick<Area, 'width' | 'height'>) {
  const columns = Math.floor(inner.width / COLUMN_CELLS);
  const across = Math.max(1, Math.min(COLUMNS_MAX, columns));
  const lines = Math.ceil(count / across);
  return { across, lines, rows: Math.max(1, Math.min(inner.height, lines)) };
}

/** How far the list of so many keys can be scrolled in a box of this size, its frame included. */
export function keyListScrollMax(count: number, box: Pick<Area, 'width' | 'height'>): number {
  const { lines, rows } = layoutOf(count, { width: box.width - 2, height: box.height - 2 });
  return Math.max(0, lines - rows);
}

/** Draws the box: as many columns as fit, and marks where the list goes on. */
export function drawKeyList(cells: CellGrid, area: Area, { keys, scroll }: KeyList): void {
  const bottom = [{ text: 'Esc back', style: STYLE.dim }];
  const inner = drawFrame(cells, area, { title: 'keys', bottom, selected: true });
  const { across, lines, rows } = layoutOf(keys.length, inner);
  const each = Math.floor(inner.width / across);
  const from = Math.max(0, Math.min(scroll, lines - rows));
  keys.forEach(({ shown, help }, i) => {
    const row = (i % lines) - from;
    if (row < 0 || row >= rows) return;
    const x = inner.x + 2 + Math.floor(i / lines) * each;
    cells.put(x, inner.y + row, fit(shown, KEY_CELLS - 1), { style: STYLE.accent });
    cells.put(x + KEY_CELLS, inner.y + row, fit(help, each - KEY_CELLS - 3));
  });
  drawGoesOn(cells, inner, { above: from > 0, below: from + rows < lines });
}
