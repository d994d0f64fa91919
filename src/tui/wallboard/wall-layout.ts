// Where everything stands on a wall: a line on top, a line below, the panels on pages, and what
// fires to the right of a wide screen or below the panels of a narrow one. Pure. Easy to get wrong:
// a wall is looked at from afar, so that a panel that gets too small goes to another page instead.
import type { DashPanel, PanelKind } from '../../engine/dash/dashboard.ts';
import { gridPages, type GridItem, type GridPage } from '../draw/panel-grid.ts';
import type { Area } from '../draw/plot.ts';

export interface WallLayout {
  readonly columns: number;
  readonly rows: number;
  readonly pages: readonly GridPage[];
  /** The number of what fires; where there is room. */
  readonly count: Area | undefined;
  /** The list of what fires. */
  readonly alerts: Area | undefined;
}

export const WALL_COLUMNS_MIN = 60;
export const WALL_ROWS_MIN = 16;
const WIDE_FROM = 150;
const SIDE_COLUMNS = 46;
const COUNT_ROWS = 11;
const ALERT_ROWS = 7;

const LEAST: Readonly<Record<PanelKind, readonly [columns: number, rows: number]>> = {
  timeseries: [26, 6],
  stat: [13, 5],
  gauge: [18, 6],
  table: [26, 6],
  heatmap: [30, 7],
  bar: [24, 5],
  text: [20, 4],
  row: [20, 1],
  unknown: [20, 4],
};
/** Rows beyond which a panel of the kind says nothing more. */
const MOST: Partial<Record<PanelKind, number>> = { stat: 9, gauge: 14, text: 10 };

/** Lays panels out for a terminal; titles of rows are left out. */
export function wallLayout(
  panels: readonly DashPanel[],
  size: { readonly columns: number; readonly rows: number },
): WallLayout {
  const { columns, rows } = size;
  const body = rows - 2;
  const side = columns >= WIDE_FROM;
  const room = side
    ? { columns: columns - SIDE_COLUMNS, rows: body }
    : { columns, rows: body - ALERT_ROWS };
  const shown = panels.filter(({ kind }) => kind !== 'row');
  const pages = gridPages(shown.map(itemOf), room).map((page) =>
    page.map((one) => ({ ...one, y: one.y + 1 })),
  );
  if (!side) {
    const y = 1 + room.rows;
    return { ...size, pages, count: undefined, alerts: { x: 0, y, width: columns, height: 7 } };
  }
  const x = room.columns;
  const count = { x, y: 1, width: SIDE_COLUMNS, height: COUNT_ROWS };
  const below = { x, y: 1 + COUNT_ROWS, width: SIDE_COLUMNS, height: body - COUNT_ROWS };
  return { ...size, pages, count, alerts: below };
}

function itemOf({ id, place, kind }: DashPanel): GridItem {
  const [columns, rows] = LEAST[kind];
  return { id, ...place, least: { columns, rows }, heading: false, most: MOST[kind] };
}
