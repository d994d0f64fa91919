// The part of a chart inside its frame: y labels, grid lines, the lines themselves, a letter at the
// end of each line (so that colour is never the only difference) and the time axis. Drawn into a
// part of a CellGrid, so that a panel on a screen and `--graph` on a pipe are the same picture.
import { Raster, columnSpans } from './braille.ts';
import type { CellGrid } from './cells.ts';
import { rowOf, timeTicks, yScale, type YScale } from './scale.ts';
import { HEAT_STYLES, SERIES_STYLES, STYLE } from './styles.ts';
import type { Unit } from './units.ts';

/** One line of a chart. `present` 0 marks instants without a value. */
export interface GraphSeries {
  readonly name: string;
  readonly timestamps: ArrayLike<number>;
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A value worth a line of its own: a threshold. */
export interface PlotMark {
  readonly value: number;
  readonly style: number;
}

export interface PlotOptions {
  readonly series: readonly GraphSeries[];
  readonly startMs: number;
  readonly endMs: number;
  readonly unit: Unit;
  readonly zone?: string;
  readonly floor?: number;
  readonly ceiling?: number;
  /** Fills the area under the line; only where there is one series. */
  readonly fill?: boolean;
  /** Colours rows from calm to alarming by value; only where there is one series. */
  readonly heat?: boolean;
  readonly ascii?: boolean;
  /** Everything grey: the data is old. */
  readonly stale?: boolean;
  /** Dashed lines at values, where they lie within the axis. */
  readonly marks?: readonly PlotMark[];
  /** Number of rows for the time axis: 2 line and labels, 1 labels only, 0 none. */
  readonly axisRows: 0 | 1 | 2;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const ASCII_MARKS = '*+ox#@%&';

/** The letter of the n-th series of a chart. */
export function seriesLetter(index: number): string {
  return LETTERS[index] ?? '*';
}

export function seriesStyle(index: number): number {
  return STYLE.series0 + (index % SERIES_STYLES);
}

/** Draws into `area` of the grid. Too small an area stays blank. */
export function drawPlot(cells: CellGrid, area: Area, options: PlotOptions): void {
  const height = area.height - options.axisRows;
  if (height < 1 || area.width < 8) return;
  const scale = scaleOf(options, height);
  const labels = Math.max(0, ...scale.ticks.map((t) => t.label.length));
  const letters = options.series.length > 1 ? 2 : 0;
  const inner: Area = {
    x: area.x + labels + 2,
    y: area.y,
    width: area.width - labels - 2 - letters,
    height,
  };
  if (inner.width < 4) return;
  drawYAxis(cells, { ...area, height }, { scale, labels });
  drawLines(cells, inner, { options, scale });
  drawMarks(cells, inner, { options, scale });
  if (options.ascii !== true) drawGridLines(cells, inner, scale);
  if (letters > 0) drawLetters(cells, inner, { options, scale });
  if (options.axisRows > 0) drawTimeAxis(cells, { ...inner, y: area.y + height }, options);
}

function scaleOf(options: PlotOptions, rows: number): YScale {
  let min = Infinity;
  let max = -Infinity;
  for (const { values, present, timestamps } of options.series) {
    for (let i = 0; i < values.length; i++) {
      const inside = timestamps[i] >= options.startMs && timestamps[i] <= options.endMs;
      if (present[i] === 0 || !inside || !Number.isFinite(values[i])) continue;
      if (values[i] < min) min = values[i];
      if (values[i] > max) max = values[i];
    }
  }
  const { unit, floor, ceiling } = options;
  return yScale({ min, max, rows, unit, floor, ceiling });
}

function drawYAxis(
  cells: CellGrid,
  area: Area,
  axis: { readonly scale: YScale; readonly labels: number },
): void {
  const line = area.x + axis.labels + 1;
  for (let row = 0; row < area.height; row++) cells.set(line, area.y + row, '│', STYLE.border);
  let lastRow = area.height + 1;
  for (const tick of axis.scale.ticks) {
    const row = rowOf(tick.value, axis.scale, area.height);
    if (row < 0 || row >= area.height || row >= lastRow) continue;
    lastRow = row;
    const text = tick.label.padStart(axis.labels);
    cells.put(area.x, area.y + row, text, { style: STYLE.dim, room: axis.labels });
    cells.set(line, area.y + row, '┤', STYLE.border);
  }
}

interface LineJob {
  readonly options: PlotOptions;
  readonly scale: YScale;
}

function drawLines(cells: CellGrid, inner: Area, job: LineJob): void {
  const { options, scale } = job;
  if (options.ascii) return drawAsciiLines(cells, inner, job);
  const alone = options.series.length === 1;
  const raster = new Raster({
    width: inner.width,
    height: inner.height,
    startMs: options.startMs,
    endMs: options.endMs,
    low: scale.low,
    high: scale.high,
    // An area tells an amount: only from zero on.
    fill: options.fill === true && alone && scale.low === 0,
    rowStyle: options.heat && alone && !options.stale ? heatOf(inner.height, job) : undefined,
  });
  // The first series is drawn last: it keeps the cells that several cross.
  for (let i = options.series.length - 1; i >= 0; i--) {
    const style = options.stale ? STYLE.dim : seriesStyle(i);
    raster.plot({ ...options.series[i], style });
  }
  for (let y = 0; y < inner.height; y++) {
    for (let x = 0; x < inner.width; x++) {
      const char = raster.char(x, y);
      if (char !== '') cells.set(inner.x + x, inner.y + y, char, raster.style(x, y));
    }
  }
}

/** Behind the lines, in front of the grid. */
function drawMarks(cells: CellGrid, inner: Area, { options, scale }: LineJob): void {
  for (const { value, style } of options.marks ?? []) {
    if (!(value >= scale.low && value <= scale.high)) continue;
    const row = rowOf(value, scale, inner.height);
    for (let x = 0; x < inner.width; x++) {
      const at = inner.x + x;
      if (cells.blank(at, inner.y + row)) cells.set(at, inner.y + row, '╌', style);
    }
  }
}

/** Dotted lines at the ticks, only where nothing is drawn and not on the lowest row. */
function drawGridLines(cells: CellGrid, inner: Area, scale: YScale): void {
  for (const tick of scale.ticks.slice(1)) {
    const row = rowOf(tick.value, scale, inner.height);
    if (row < 0 || row >= inner.height) continue;
    for (let x = 0; x < inner.width; x++) {
      const at = inner.x + x;
      if (cells.blank(at, inner.y + row)) cells.set(at, inner.y + row, '┈', STYLE.border);
    }
  }
}

function heatOf(rows: number, job: LineJob): (row: number) => number {
  const { low, high } = job.scale;
  const percent = job.options.unit === 'percent';
  return (row) => {
    const share = 1 - row / Math.max(1, rows - 1);
    const level = percent ? low + share * (high - low) : share;
    const index = Math.floor(level * HEAT_STYLES);
    return STYLE.heat0 + Math.min(HEAT_STYLES - 1, Math.max(0, index));
  };
}

/** One mark a column where dots cannot be shown: the shape tells the series. */
function drawAsciiLines(cells: CellGrid, inner: Area, job: LineJob): void {
  const { options, scale } = job;
  for (let i = options.series.length - 1; i >= 0; i--) {
    const spans = columnSpans(options.series[i], options, inner.width);
    const mark = ASCII_MARKS[i % ASCII_MARKS.length];
    const style = options.stale ? STYLE.dim : seriesStyle(i);
    for (let x = 0; x < inner.width; x++) {
      if (spans.kind[x] === 0) continue;
      const top = Math.max(0, rowOf(spans.max[x], scale, inner.height));
      const bottom = Math.min(inner.height - 1, rowOf(spans.min[x], scale, inner.height));
      for (let row = top; row <= bottom; row++) cells.set(inner.x + x, inner.y + row, mark, style);
    }
  }
}

function drawLetters(cells: CellGrid, inner: Area, job: LineJob): void {
  const x = inner.x + inner.width + 1;
  const taken = new Set<number>();
  job.options.series.forEach((series, i) => {
    const value = lastPresent(series);
    if (value === undefined || i >= LETTERS.length) return;
    const wanted = Math.min(inner.height - 1, Math.max(0, rowOf(value, job.scale, inner.height)));
    const row = nearestFree(wanted, taken, inner.height);
    if (row === undefined) return;
    taken.add(row);
    const style = job.options.stale ? STYLE.dim : seriesStyle(i);
    cells.set(x, inner.y + row, seriesLetter(i), style);
  });
}

function nearestFree(wanted: number, taken: ReadonlySet<number>, rows: number): number | undefined {
  for (let far = 0; far < rows; far++) {
    for (const row of [wanted - far, wanted + far]) {
      if (row >= 0 && row < rows && !taken.has(row)) return row;
    }
  }
  return undefined;
}

/** The newest value of a series, or undefined when it has none. */
export function lastPresent(series: GraphSeries): number | undefined {
  for (let i = series.values.length - 1; i >= 0; i--) {
    if (series.present[i] === 1 && !Number.isNaN(series.values[i])) return series.values[i];
  }
  return undefined;
}

/** The time axis below a plot of the same width: a line with ticks, and their labels. */
export function drawTimeAxis(
  cells: CellGrid,
  area: Area,
  options: Pick<PlotOptions, 'startMs' | 'endMs' | 'zone' | 'axisRows'>,
): void {
  const { startMs, endMs, zone, axisRows } = options;
  const ticks = timeTicks({ startMs, endMs, columns: area.width, zone });
  let labelRow = area.y;
  if (axisRows === 2) {
    cells.set(area.x - 1, area.y, '└', STYLE.border);
    for (let x = 0; x < area.width; x++) cells.set(area.x + x, area.y, '─', STYLE.border);
    for (const { column } of ticks) cells.set(area.x + column, area.y, '┬', STYLE.border);
    labelRow++;
  }
  let free = area.x - 1;
  for (const { column, label, day } of ticks) {
    const centre = area.x + column - (label.length >> 1);
    const x = Math.max(area.x, Math.min(centre, area.x + area.width - label.length));
    if (x < free) continue;
    cells.put(x, labelRow, label, { style: day ? STYLE.bold : STYLE.dim });
    free = x + label.length + 1;
  }
}
