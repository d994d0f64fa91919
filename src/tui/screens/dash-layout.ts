// Where the panels of a dashboard stand in a terminal: what each kind needs to be of use, on the
// pages that the grid makes of them. Pure. Easy to get wrong: a panel that is alone needs no place
// on the grid, and a terminal too small for any panel is told so before.
import type { DashPanel, PanelKind } from '../../engine/dash/dashboard.ts';
import { gridPages, type GridItem, type GridPage } from '../draw/panel-grid.ts';
import { wrapText } from '../draw/wrap.ts';

export const DASH_COLUMNS_MIN = 40;
export const DASH_ROWS_MIN = 12;

const LEAST: Readonly<Record<PanelKind, { readonly columns: number; readonly rows: number }>> = {
  timeseries: { columns: 36, rows: 7 },
  stat: { columns: 13, rows: 4 },
  gauge: { columns: 16, rows: 6 },
  table: { columns: 36, rows: 6 },
  heatmap: { columns: 36, rows: 8 },
  bar: { columns: 26, rows: 5 },
  text: { columns: 20, rows: 3 },
  row: { columns: 10, rows: 1 },
  unknown: { columns: 20, rows: 3 },
};
/** Rows beyond which a kind of panel says nothing more. */
const MOST: Partial<Record<PanelKind, number>> = { stat: 10, gauge: 16, row: 1, unknown: 6 };
/** Cells of a large terminal: there charts may be higher before a page is full. */
const LARGE_ROWS = 40;

export interface BoardSize {
  readonly columns: number;
  /** Of the panels alone, without the rows around them. */
  readonly rows: number;
}

/** The pages of a dashboard. */
export function boardPages(panels: readonly DashPanel[], size: BoardSize): GridPage[] {
  return gridPages(
    panels.map((panel) => itemOf(panel, size)),
    size,
  );
}

function itemOf(panel: DashPanel, size: BoardSize): GridItem {
  const { id, kind, place } = panel;
  const least = LEAST[kind];
  const chart = kind === 'timeseries' || kind === 'heatmap';
  const rows = chart && size.rows >= LARGE_ROWS ? Math.max(least.rows, 9) : least.rows;
  const width = Math.max(10, Math.floor((place.w / 24) * size.columns) - 4);
  const text = kind === 'text' ? wrapText(panel.text, width).length + 2 : undefined;
  return {
    id,
    ...place,
    least: {
      columns: Math.min(least.columns, size.columns),
      rows: Math.min(rows, size.rows),
    },
    heading: kind === 'row',
    most: text === undefined ? MOST[kind] : Math.max(3, text),
  };
}
