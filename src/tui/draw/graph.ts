// A whole chart as lines of text: title, plot with both axes, and a legend with last, least,
// greatest and mean. Used by `mon query --graph`, by zoomed panels and by walls. Pure: the same
// input is the same picture, and no line is wider than asked for.
import { CellGrid } from './cells.ts';
import {
  drawPlot,
  lastPresent,
  seriesLetter,
  seriesStyle,
  type Area,
  type GraphSeries,
} from './plot.ts';
import { STYLE, palette, type ColorDepth, type ThemeName } from './styles.ts';
import { cellWidth, fit, safeText } from './text.ts';
import { formatValue, type Unit } from './units.ts';

export interface GraphOptions {
  readonly series: readonly GraphSeries[];
  /** In cells; below 20 by 4 only a plain list of last values is drawn. */
  readonly width: number;
  readonly height: number;
  readonly color: ColorDepth;
  readonly theme?: ThemeName;
  /** Only ASCII characters: TERM=dumb, or a locale that is not UTF-8. */
  readonly ascii?: boolean;
  readonly unit?: Unit;
  readonly title?: string;
  /** IANA time zone of the labels; the machine's when undefined. */
  readonly tz?: string;
  /** Where the time axis begins and ends; otherwise at the first and last sample, or at `nowMs`. */
  readonly startMs?: number;
  readonly endMs?: number;
  readonly nowMs?: number;
  readonly floor?: number;
  readonly ceiling?: number;
  readonly fill?: boolean;
  readonly heat?: boolean;
  readonly stale?: boolean;
}

/** The instants of a grid as an array, for series that come without timestamps of their own. */
export function gridTimes(grid: { start: number; end: number; step: number }): Float64Array {
  const n = Math.max(0, Math.floor((grid.end - grid.start) / grid.step) + 1);
  return Float64Array.from({ length: n }, (_, i) => grid.start + i * grid.step);
}

/** Last, least, greatest and mean of what is present; undefined when nothing is. */
export function seriesStats(
  series: GraphSeries,
): { last: number; min: number; max: number; avg: number } | undefined {
  const last = lastPresent(series);
  if (last === undefined) return undefined;
  let [min, max, sum, count] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < series.values.length; i++) {
    const value = series.values[i];
    if (series.present[i] === 0 || Number.isNaN(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    count++;
  }
  return { last, min, max, avg: sum / count };
}

/** The chart, one string a row, at most `height` rows. */
export function renderGraph(options: GraphOptions): string[] {
  const cells = new CellGrid(options.width, options.height);
  drawGraph(cells, { x: 0, y: 0, width: cells.width, height: cells.height }, options);
  return cells.lines(palette(options.color, options.theme), options.ascii);
}

/** Draws a whole chart into a part of a grid. */
export function drawGraph(
  cells: CellGrid,
  area: Area,
  options: Omit<GraphOptions, 'width' | 'height' | 'color'>,
): void {
  const small = area.width < 20 || area.height < 4;
  const legend = small ? area.height : legendRows(area.height, options.series.length);
  let y = area.y;
  if (!small && options.title !== undefined && area.height >= 8) {
    cells.put(area.x, y, fit(safeText(options.title), area.width), { style: STYLE.bold });
    y++;
  }
  const plotRows = area.y + area.height - y - legend;
  const span = spanOf(options);
  if (!small && span) {
    drawPlot(
      cells,
      { x: area.x, y, width: area.width, height: plotRows },
      {
        ...options,
        ...span,
        unit: options.unit ?? 'short',
        zone: options.tz,
        axisRows: plotRows >= 6 ? 2 : plotRows >= 3 ? 1 : 0,
      },
    );
  } else if (!small) {
    const text = options.series.length > 0 ? 'no values in this range' : 'no series';
    const at = y + (plotRows >> 1);
    cells.put(area.x, at, fit(text, area.width, 'center'), { style: STYLE.dim });
  }
  const top = small ? area.y : y + plotRows;
  drawLegend(cells, { ...area, y: top, height: legend }, options);
}

function legendRows(height: number, series: number): number {
  if (height < 7 || series === 0) return 0;
  // The header row is worth having from here on.
  const header = height >= 10 ? 1 : 0;
  return Math.min(series, Math.max(1, Math.floor((height - 5) / 3))) + header;
}

function spanOf(
  options: Omit<GraphOptions, 'width' | 'height' | 'color'>,
): { startMs: number; endMs: number } | undefined {
  let [first, last] = [Infinity, -Infinity];
  for (const { timestamps, present } of options.series) {
    for (let i = 0; i < present.length; i++) {
      if (present[i] === 0) continue;
      if (timestamps[i] < first) first = timestamps[i];
      if (timestamps[i] > last) last = timestamps[i];
    }
  }
  if (first > last) return undefined;
  const startMs = options.startMs ?? first;
  const endMs = options.endMs ?? Math.max(last, options.nowMs ?? last);
  return { startMs, endMs: Math.max(endMs, startMs + 1) };
}

const FIGURE_CELLS = 10;
const FIGURES = ['last', 'min', 'max', 'avg'] as const;

function drawLegend(
  cells: CellGrid,
  area: Area,
  options: Pick<GraphOptions, 'series' | 'unit' | 'stale' | 'ascii'>,
): void {
  if (area.height <= 0) return;
  const { series } = options;
  const figures = FIGURES.slice(0, Math.max(1, Math.floor((area.width - 18) / FIGURE_CELLS)));
  const longest = Math.max(8, ...series.map((s) => cellWidth(safeText(s.name))));
  const names = Math.min(longest, area.width - 5 - figures.length * FIGURE_CELLS);
  const header = area.height > 1 && area.height > Math.min(series.length, area.height - 1);
  let y = area.y;
  if (header) {
    const words = figures.map((f) => f.padStart(FIGURE_CELLS)).join('');
    cells.put(area.x + 5 + names, y++, words, { style: STYLE.dim });
  }
  const rows = area.y + area.height - y;
  const shown = series.length > rows ? rows - 1 : series.length;
  for (let i = 0; i < shown; i++, y++) {
    const style = options.stale ? STYLE.dim : seriesStyle(i);
    const mark = options.ascii ? '*+ox#@%&'[i % 8] : '━';
    cells.put(area.x, y, series.length > 1 ? `${seriesLetter(i)} ${mark}` : ` ${mark}━`, { style });
    cells.put(area.x + 4, y, fit(safeText(series[i].name), names));
    const stats = seriesStats(series[i]);
    figures.forEach((figure, f) => {
      const text = stats ? formatValue(stats[figure], options.unit) : '–';
      const x = area.x + 5 + names + f * FIGURE_CELLS;
      const own = figure === 'last' ? STYLE.bold : STYLE.plain;
      cells.put(x, y, text.padStart(FIGURE_CELLS), { style: own });
    });
  }
  if (shown < series.length) {
    cells.put(area.x + 4, y, `${series.length - shown} more`, { style: STYLE.dim });
  }
}
