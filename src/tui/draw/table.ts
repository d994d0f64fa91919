// Columns fitted into a width: each gets what it needs, the flexible ones share what is left, and
// when nothing helps the least important leave. Cells are cut with `…`, never wrapped.
import type { CellGrid } from './cells.ts';
import type { Area } from './plot.ts';
import { STYLE } from './styles.ts';
import { cellWidth, fit, safeText, type Align } from './text.ts';

export interface TableColumn {
  readonly title: string;
  readonly align?: Align;
  /** Cells it must have to be of use; narrower, it is left out. */
  readonly min: number;
  /** Cells it never exceeds. */
  readonly max?: number;
  /** Takes what is left when all have what they want. */
  readonly grow?: boolean;
  /** 0 stays longest; the highest number leaves first. */
  readonly rank: number;
}

export interface TableCell {
  readonly text: string;
  readonly style?: number;
}

const GAP = 2;

/**
 * The width of each column, 0 for those left out. Widths and gaps together never exceed `width`.
 */
export function fitColumns(
  columns: readonly TableColumn[],
  rows: readonly (readonly TableCell[])[],
  width: number,
): number[] {
  const wanted = columns.map((column, c) => {
    let most = cellWidth(column.title);
    for (const row of rows) most = Math.max(most, cellWidth(safeText(row[c].text)));
    return Math.max(column.min, Math.min(most, column.max ?? most));
  });
  const shown = columns.map((_, c) => c);
  const least = (): number => shown.reduce((sum, c) => sum + columns[c].min + GAP, -GAP);
  while (shown.length > 1 && least() > width) {
    const worst = shown.reduce((a, b) => (columns[b].rank >= columns[a].rank ? b : a));
    shown.splice(shown.indexOf(worst), 1);
  }
  const widths = columns.map(() => 0);
  for (const c of shown) widths[c] = Math.min(columns[c].min, width);
  let left = width - shown.reduce((sum, c) => sum + widths[c] + GAP, -GAP);
  // The more important a column, the earlier it gets the rest of what it wants.
  for (const c of shown.toSorted((a, b) => columns[a].rank - columns[b].rank)) {
    const more = Math.max(0, Math.min(left, wanted[c] - widths[c]));
    widths[c] += more;
    left -= more;
  }
  const grows = shown.find((c) => columns[c].grow);
  if (grows !== undefined) widths[grows] += Math.max(0, left);
  return widths;
}

export interface TableOptions {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly TableCell[])[];
  /** Index of the first row shown, and of the marked one. */
  readonly top: number;
  readonly selected?: number;
  /** The column by which the rows are sorted, marked in the header. */
  readonly sorted?: { readonly column: number; readonly down: boolean };
}

/** The mark of the chosen row to the left, air to the right. */
const MARGINS = 3;

/** How many columns have no room in an area so wide. */
export function columnsHidden(
  columns: readonly TableColumn[],
  rows: readonly (readonly TableCell[])[],
  width: number,
): number {
  return fitColumns(columns, rows, width - MARGINS).filter((cells) => cells === 0).length;
}

/** Draws the header and as many rows as there is room for. */
export function drawTable(cells: CellGrid, area: Area, options: TableOptions): void {
  const { columns, rows } = options;
  const widths = fitColumns(columns, rows, area.width - MARGINS);
  let x = area.x + 2;
  columns.forEach((column, c) => {
    if (widths[c] === 0) return;
    const mark = options.sorted?.column === c ? (options.sorted.down ? '▼' : '▲') : '';
    const title = fit(column.title + mark, widths[c], column.align);
    cells.put(x, area.y, title, { style: mark ? STYLE.bold : STYLE.dim });
    for (let r = 1; r < area.height; r++) {
      const row = rows[options.top + r - 1];
      if (!row) break;
      const chosen = options.top + r - 1 === options.selected;
      const cell = row[c];
      const style = chosen && cell.style === undefined ? STYLE.bold : cell.style;
      cells.put(x, area.y + r, fit(safeText(cell.text), widths[c], column.align), { style });
      if (chosen) cells.put(area.x, area.y + r, '▸', { style: STYLE.accent });
    }
    x += widths[c] + GAP;
  });
}
