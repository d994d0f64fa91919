// Where the pieces of `mon top` stand: from the size of the terminal and the number of charts to
// rectangles. Charts share the rows that header, targets and keys leave; what does not fit is on
// the next page, never squeezed below what can be read.

export const TOP_COLUMNS_MIN = 60;
export const TOP_ROWS_MIN = 15;

/** Columns and rows that a chart needs to say anything. */
const CHART_COLUMNS_MIN = 38;
const CHART_ROWS_MIN = 6;

export interface TopLayout {
  readonly columns: number;
  readonly rows: number;
  readonly headerRows: number;
  /** Charts side by side, and the heights of their rows. */
  readonly across: number;
  readonly chartRows: readonly number[];
  readonly chartWidths: readonly number[];
  readonly targetRows: number;
  /** Charts on a page, and the first chart of the page shown. */
  readonly perPage: number;
  readonly firstPanel: number;
}

export interface TopLayoutOptions {
  readonly columns: number;
  readonly rows: number;
  readonly panels: number;
  readonly selected: number;
  readonly targets: number;
}

/** The layout for a terminal of at least the least size. */
export function topLayout(options: TopLayoutOptions): TopLayout {
  const { columns, rows, panels } = options;
  const headerRows = 2;
  const body = rows - headerRows - 1;
  const most = Math.max(1, Math.floor(columns / (columns >= 160 ? 60 : CHART_COLUMNS_MIN)));
  const across = Math.max(1, Math.min(3, most, panels));
  const wanted = options.targets + 3;
  const targetsMax = Math.max(5, Math.floor(body * 0.4));
  let targetRows = panels === 0 ? body : Math.max(5, Math.min(wanted, targetsMax));
  const chartHeightMin = rows >= 40 ? 10 : CHART_ROWS_MIN;
  const room = body - targetRows;
  const down = Math.max(1, Math.min(Math.ceil(panels / across), Math.floor(room / chartHeightMin)));
  const chartRows = panels === 0 ? [] : shares(room, down);
  targetRows = body - chartRows.reduce((sum, n) => sum + n, 0);
  const perPage = Math.max(1, across * down);
  return {
    columns,
    rows,
    headerRows,
    across,
    chartRows,
    chartWidths: shares(columns, across),
    targetRows,
    perPage,
    firstPanel: Math.floor(Math.max(0, options.selected) / perPage) * perPage,
  };
}

/** A length in equal parts, the remainder to the first of them. */
function shares(length: number, parts: number): number[] {
  const each = Math.floor(length / parts);
  return Array.from({ length: parts }, (_, i) => each + (i < length - each * parts ? 1 : 0));
}
