// The legend of a chart as rows of figures: the letter and colour of each line, its name, and what
// it was last, at least and at most. In several columns where there is room, and what does not fit
// is counted. Easy to get wrong: the figures of all rows stand under one another, so their width is
// that of the widest.
import type { CellGrid } from './cells.ts';
import { seriesStats } from './graph.ts';
import { seriesLetter, seriesStyle, type Area, type GraphSeries } from './plot.ts';
import { STYLE } from './styles.ts';
import { cellWidth, fit, safeText } from './text.ts';
import { formatValue, type Unit } from './units.ts';

export interface LegendOptions {
  readonly series: readonly GraphSeries[];
  readonly hidden: number;
  readonly unit: Unit;
  readonly stale: boolean;
  readonly ascii: boolean;
}

const FIGURES = ['last', 'min', 'max'] as const;
const NAME_MIN = 8;
const COLUMN_GAP = 3;

/** A chart so wide has its legend beside it: height is dearer than width. */
const BESIDE_FROM = 84;
const BESIDE_MIN = 32;
const BESIDE_MAX = 56;

/** Where the legend of a chart stands: cells to its right, rows below it, or only on its edge. */
export interface LegendPlace {
  readonly columns: number;
  readonly rows: number;
}

/** The place for a legend of `series` lines in a chart of this size. */
export function legendPlace(
  size: { readonly width: number; readonly height: number },
  series: readonly GraphSeries[],
): LegendPlace {
  const nowhere = { columns: 0, rows: 0 };
  const { width, height } = size;
  const count = series.length;
  if (count === 0) return nowhere;
  if (count === 1) return { columns: 0, rows: height >= 16 ? 2 : 0 };
  if (width >= BESIDE_FROM && height >= 5) {
    const longest = Math.max(NAME_MIN, ...series.map(({ name }) => cellWidth(safeText(name))));
    const wanted = Math.min(BESIDE_MAX, Math.max(BESIDE_MIN, longest + 4 + 3 * 9));
    return { columns: Math.min(wanted, Math.floor(width * 0.42)), rows: 0 };
  }
  const rows = Math.min(count + 1, Math.floor((height - 5) / 3));
  // A header and one line of three say less than the words on the edge.
  return rows >= Math.min(count + 1, 4) ? { columns: 0, rows } : nowhere;
}

/** Draws the legend with its header. */
export function drawFigures(cells: CellGrid, area: Area, options: LegendOptions): void {
  const { series, unit } = options;
  const stats = series.map(seriesStats);
  const texts = stats.map((one) =>
    FIGURES.map((figure) => (one === undefined ? '–' : formatValue(one[figure], unit))),
  );
  const wide = Math.max(5, ...texts.flat().map((text) => text.length)) + 1;
  const rows = area.height - 1;
  const names = series.map(({ name }) => safeText(name));
  const longest = Math.max(NAME_MIN, ...names.map(cellWidth));
  const figures = figuresFor(area.width, wide);
  const each = Math.min(longest, 40) + 4 + figures * wide + COLUMN_GAP;
  const most = Math.max(1, Math.floor((area.width + COLUMN_GAP) / each));
  const columns = Math.min(most, Math.max(1, Math.ceil(series.length / Math.max(1, rows))));
  const width = Math.floor((area.width + COLUMN_GAP) / columns) - COLUMN_GAP;
  // In one column the figures stand near the names, not at the far edge.
  const wideName = Math.max(4, Math.min(longest, width - 4 - figures * wide));
  const fitting = rows * columns;
  const total = series.length + options.hidden;
  const shown = total > fitting ? Math.min(series.length, fitting - 1) : series.length;
  for (let c = 0; c < columns; c++) {
    if (c * rows >= shown && c > 0) break;
    const x = area.x + c * (width + COLUMN_GAP) + 4 + wideName;
    const header = FIGURES.slice(0, figures).map((figure) => figure.padStart(wide));
    cells.put(x, area.y, header.join(''), { style: STYLE.dim });
  }
  const place = (i: number): { x: number; y: number } => ({
    x: area.x + Math.floor(i / rows) * (width + COLUMN_GAP),
    y: area.y + 1 + (i % rows),
  });
  for (let i = 0; i < shown; i++) {
    const { x, y } = place(i);
    const style = options.stale ? STYLE.dim : seriesStyle(i);
    const mark = options.ascii ? '*+ox#@%&'[i % 8] : '━';
    const letter = series.length > 1 ? `${seriesLetter(i)} ${mark}` : ` ${mark}━`;
    cells.put(x, y, letter, { style });
    cells.put(x + 4, y, fit(names[i], wideName), { room: wideName });
    texts[i].slice(0, figures).forEach((text, f) => {
      const own = f === 0 ? STYLE.bold : STYLE.dim;
      cells.put(x + 4 + wideName + f * wide, y, text.padStart(wide), { style: own });
    });
  }
  if (shown < total && shown < fitting) {
    const { x, y } = place(shown);
    cells.put(x + 4, y, `${total - shown} more`, { style: STYLE.dim });
  }
}

function figuresFor(width: number, wide: number): number {
  const room = Math.floor((width - 4 - NAME_MIN) / wide);
  return Math.max(1, Math.min(FIGURES.length, room));
}
