// Where a panel of Grafana's stands: its gridPos, brought within the grid. Easy to get wrong: a
// file edited by hand may place a panel outside the grid or give it no size.
import { DASH_GRID_ROWS_MAX, DASH_PANEL_ROWS_MAX } from '../limits-dash.ts';
import { GRID_COLUMNS, type GridPlace } from './dashboard.ts';
import { mapOf, numberOf, textOf, type Json } from './grafana-json.ts';

function whole(value: number | undefined, usual: number, max: number): number {
  return Math.min(max, Math.max(0, Math.round(value ?? usual)));
}

/** The place on the grid of 24 columns. */
export function gridPlace(panel: Json): GridPlace {
  const grid = mapOf(panel, 'gridPos');
  const row = textOf(panel, 'type') === 'row';
  const x = row ? 0 : whole(numberOf(grid, 'x'), 0, GRID_COLUMNS - 1);
  const w = row ? GRID_COLUMNS : Math.max(1, whole(numberOf(grid, 'w'), 12, GRID_COLUMNS - x));
  const h = row ? 1 : Math.max(1, whole(numberOf(grid, 'h'), 8, DASH_PANEL_ROWS_MAX));
  return { x, y: whole(numberOf(grid, 'y'), 0, DASH_GRID_ROWS_MAX), w, h };
}
