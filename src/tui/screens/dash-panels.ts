// One panel of a dashboard as cells: box, title, and what its kind shows. Pure: the same panel,
// data and size are the same cells, for the screen, the wall and a picture. Easy to get wrong: a
// panel never fails the screen; what is wrong with it stands inside it, next to its last good
// picture.
import type { DashPanel } from '../../engine/dash/dashboard.ts';
import { drawArc } from '../draw/arc.ts';
import { drawBars } from '../draw/bars.ts';
import { BIG_ROWS, drawBig } from '../draw/big-digits.ts';
import { CellGrid } from '../draw/cells.ts';
import { drawFrame, type Word } from '../draw/frame.ts';
import { drawHeatmap } from '../draw/heatmap.ts';
import { drawFigures, legendPlace } from '../draw/legend.ts';
import { drawPlot, lastPresent, seriesLetter, seriesStyle, type Area } from '../draw/plot.ts';
import { STYLE, hasRamp } from '../draw/styles.ts';
import { drawTable } from '../draw/table.ts';
import { cellWidth, fit, safeText } from '../draw/text.ts';
import { formatAge, formatValue } from '../draw/units.ts';
import { wrapText } from '../draw/wrap.ts';
import type { DashPanelData } from '../feed/dash-snapshot.ts';
import type { Theme } from '../theme.ts';
import {
  figureTable,
  figuresOf,
  levelSign,
  levelStyle,
  stacked,
  valueStyle,
  type Figure,
} from './dash-figures.ts';
import { drawSparkArea } from './dash-spark.ts';

export interface PanelScene {
  readonly panel: DashPanel;
  readonly data: DashPanelData | undefined;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
  readonly zone: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
  /** For the age of what is old. */
  readonly nowMs: number;
  readonly selected: boolean;
  /** Rows of a table, bars or a text that are scrolled past. */
  readonly scroll: number;
}

/** The panel in a grid of its own. */
export function drawDashPanel(scene: PanelScene): CellGrid {
  const { panel, width, height } = scene;
  const cells = new CellGrid(width, height);
  if (panel.kind === 'row') {
    drawHeading(cells, panel.title);
    return cells;
  }
  const inner = drawFrame(cells, { x: 0, y: 0, width, height }, frameWords(scene));
  if (inner.width < 2 || inner.height < 1) return cells;
  const words = emptyWords(scene);
  if (words === undefined) drawInside(cells, inner, scene);
  else drawWords(cells, inner, words);
  return cells;
}

function drawHeading(cells: CellGrid, title: string): void {
  const text = safeText(title);
  for (let x = 0; x < cells.width; x++) cells.set(x, 0, '─', STYLE.border);
  cells.put(1, 0, ` ${text} `, { style: STYLE.bold, room: cells.width - 2 });
}

function isStale({ data }: PanelScene): boolean {
  return data?.trouble !== undefined && data.freshMs > 0;
}

function frameWords(scene: PanelScene): {
  title: string;
  right: Word[];
  bottom: Word[];
  selected: boolean;
} {
  const { panel, data, selected, nowMs } = scene;
  const right = [...stateWords(data), ...headWords(scene)];
  const base = { title: panel.title, right, selected };
  if (data?.trouble !== undefined && data.freshMs > 0) {
    const age = formatAge(Math.max(0, nowMs - data.freshMs));
    const text = `! ${age} old: ${data.trouble.message}`;
    return { ...base, bottom: [{ text, style: STYLE.bad }] };
  }
  if (data?.partial === true) {
    return { ...base, bottom: [{ text: `◐ partial: ${data.note}`, style: STYLE.warn }] };
  }
  return { ...base, bottom: edgeLegend(scene) };
}

function stateWords(data: DashPanelData | undefined): Word[] {
  if (data === undefined) return [];
  const words: Word[] = [];
  if (data.behind) words.push({ text: '…', style: STYLE.dim });
  if (data.partial) words.push({ text: '◐', style: STYLE.warn });
  return words;
}

/** The newest value of a single line, on the upper edge. */
function headWords(scene: PanelScene): Word[] {
  const { panel, data } = scene;
  if (panel.kind !== 'timeseries' || data === undefined || data.series.length !== 1) return [];
  const last = lastPresent(data.series[0]);
  if (last === undefined) return [];
  const sign = levelSign(panel, last);
  const text = formatValue(last, panel.unit);
  const style = isStale(scene) ? STYLE.dim : valueStyle(panel, last, STYLE.bold);
  return [{ text: sign === '' ? text : `${sign} ${text}`, style }];
}

/** `a name 1.2k/s` for each line while there is room, where no rows are for a legend. */
function edgeLegend(scene: PanelScene): Word[] {
  const { panel, data, height, width } = scene;
  if (panel.kind !== 'timeseries' || data === undefined || data.series.length < 2) return [];
  const inside = legendPlace({ width: width - 2, height: height - 2 }, data.series);
  if (panel.legend && inside.columns + inside.rows > 0) return [];
  let room = width - 4;
  const shown: Word[] = [];
  for (const [i, series] of data.series.entries()) {
    const last = lastPresent(series);
    const value = last === undefined ? '–' : formatValue(last, panel.unit);
    const text = `${seriesLetter(i)} ${safeText(series.name)} ${value}`;
    room -= cellWidth(text) + 1;
    const more = data.series.length - i - 1 + data.hidden;
    if (room < (more > 0 ? 5 : 0) && shown.length > 0) break;
    shown.push({ text, style: isStale(scene) ? STYLE.dim : seriesStyle(i) });
  }
  const left = data.series.length - shown.length + data.hidden;
  return left > 0 ? [...shown, { text: `+${left}`, style: STYLE.dim }] : shown;
}

interface Words {
  readonly text: string;
  readonly style: number;
  readonly left?: boolean;
}

/** What stands in a panel that has no picture; undefined when it has one. */
function emptyWords({ panel, data }: PanelScene): Words | undefined {
  if (panel.kind === 'text') return undefined;
  if (panel.kind === 'unknown') return { text: panel.text, style: STYLE.dim };
  if (panel.queries.length === 0) return { text: 'this panel asks nothing', style: STYLE.dim };
  if (data === undefined || data.state === 'waiting') {
    const trouble = data?.trouble;
    if (trouble !== undefined) return { text: `! ${trouble.message}`, style: STYLE.bad };
    return { text: 'waiting for the first answer', style: STYLE.dim };
  }
  if (data.trouble !== undefined && data.state === 'absent') {
    return { text: `! ${data.trouble.message}`, style: STYLE.bad };
  }
  if (data.state === 'absent') return { text: 'no data', style: STYLE.dim };
  if (panel.kind === 'heatmap' && data.heat === undefined) {
    return { text: 'no buckets: the query answers no series with the label le', style: STYLE.dim };
  }
  const some = data.rows.length > 0 || data.series.some((one) => lastPresent(one) !== undefined);
  return some ? undefined : { text: 'every value in this range is NaN', style: STYLE.dim };
}

function drawWords(cells: CellGrid, inner: Area, { text, style }: Words): void {
  const lines = wrapText(text, inner.width - 2).slice(0, inner.height);
  const top = inner.y + Math.max(0, (inner.height - lines.length) >> 1);
  lines.forEach((line, i) => {
    cells.put(inner.x + 1, top + i, fit(line, inner.width - 2, 'center'), { style });
  });
}

function drawInside(cells: CellGrid, inner: Area, scene: PanelScene): void {
  const { panel, data } = scene;
  if (panel.kind === 'text') return drawText(cells, inner, scene);
  if (data === undefined) return;
  switch (panel.kind) {
    case 'timeseries':
      return drawLines(cells, inner, { scene, data });
    case 'heatmap':
      return drawHeat(cells, inner, { scene, data });
    case 'stat':
      return drawEach(cells, inner, { scene, data, least: 11, draw: drawStat });
    case 'gauge':
      return drawEach(cells, inner, { scene, data, least: 16, draw: drawGauge });
    case 'bar':
      return drawBarRows(cells, inner, { scene, data });
    case 'table':
      return drawRows(cells, inner, { scene, data });
    default:
  }
}

interface Job {
  readonly scene: PanelScene;
  readonly data: DashPanelData;
}

function axisRows(height: number): 0 | 1 | 2 {
  return height >= 12 ? 2 : height >= 4 ? 1 : 0;
}

function drawLines(cells: CellGrid, inner: Area, { scene, data }: Job): void {
  const { panel, theme, zone, startMs, endMs } = scene;
  const stale = isStale(scene);
  // A line with one value in the range, from an instant query, stands still.
  const lines = data.series.length > 0 ? data.series : standing(data, scene);
  const series = panel.stack ? stacked(lines) : lines;
  const { columns, rows } = panel.legend ? legendPlace(inner, series) : { columns: 0, rows: 0 };
  const plot = { ...inner, width: inner.width - columns, height: inner.height - rows };
  drawPlot(cells, plot, {
    series,
    startMs,
    endMs,
    unit: panel.unit,
    zone,
    floor: panel.min,
    ceiling: panel.max,
    fill: panel.fill || panel.stack,
    ascii: theme.ascii,
    stale,
    marks: panel.thresholds
      .filter(({ value }) => Number.isFinite(value))
      .map(({ value, level }) => ({ value, style: levelStyle(level) })),
    axisRows: axisRows(plot.height),
  });
  const beside = { ...inner, x: inner.x + plot.width + 1, width: columns - 2 };
  const below = { ...inner, x: inner.x + 1, width: inner.width - 2, y: inner.y + plot.height };
  if (columns + rows === 0) return;
  drawFigures(cells, columns > 0 ? beside : { ...below, height: rows }, {
    ...{ series: lines, hidden: data.hidden, unit: panel.unit, stale, ascii: theme.ascii },
  });
}

function standing(data: DashPanelData, { startMs, endMs }: PanelScene) {
  const timestamps = Float64Array.of(startMs, endMs);
  return data.rows.map(({ name, labels, value }) => ({
    name,
    labels,
    timestamps,
    values: Float64Array.of(value, value),
    present: Uint8Array.of(1, 1),
  }));
}

function drawHeat(cells: CellGrid, inner: Area, { scene, data }: Job): void {
  if (data.heat === undefined) return;
  const { panel, theme, zone, startMs, endMs } = scene;
  const area = { ...inner, width: inner.width - 1 };
  drawHeatmap(cells, area, {
    ...data.heat,
    startMs,
    endMs,
    unit: panel.unit,
    zone,
    ramp: hasRamp(theme.palette) && !theme.ascii && !isStale(scene),
    ascii: theme.ascii,
    stale: isStale(scene),
    axisRows: axisRows(inner.height),
  });
}

interface EachJob extends Job {
  /** Cells that one of them needs. */
  readonly least: number;
  readonly draw: (cells: CellGrid, area: Area, one: OneJob) => void;
}

interface OneJob {
  readonly scene: PanelScene;
  readonly figure: Figure;
  readonly alone: boolean;
}

/** Several numbers share the panel: as many across as have room, then below. */
function drawEach(cells: CellGrid, inner: Area, job: EachJob): void {
  const { scene, data, least } = job;
  const figures = figuresOf(scene.panel, data);
  const most = Math.max(1, Math.floor(inner.width / least));
  const downMost = Math.max(1, Math.floor(inner.height / 3));
  const wanted = Math.min(figures.length, most * downMost);
  const down = Math.ceil(wanted / most);
  const across = Math.ceil(wanted / down);
  const shown = figures.slice(0, wanted);
  shown.forEach((figure, i) => {
    const [column, row] = [i % across, Math.floor(i / across)];
    const x = Math.round((column * inner.width) / across);
    const y = Math.round((row * inner.height) / down);
    const area = {
      x: inner.x + x,
      y: inner.y + y,
      width: Math.round(((column + 1) * inner.width) / across) - x,
      height: Math.round(((row + 1) * inner.height) / down) - y,
    };
    job.draw(cells, area, { scene, figure, alone: figures.length === 1 });
  });
  const left = figures.length - shown.length + data.hidden;
  putMore(cells, scene, left);
}

function drawStat(cells: CellGrid, area: Area, { scene, figure, alone }: OneJob): void {
  const { panel, theme } = scene;
  const stale = isStale(scene);
  const style = stale ? STYLE.dim : valueStyle(panel, figure.value, STYLE.accent);
  const text = formatValue(figure.value, panel.unit);
  const name = alone ? 0 : 1;
  const spark = panel.sparkline && figure.series !== undefined;
  const large = area.height >= BIG_ROWS + name;
  const rows = large ? BIG_ROWS : 1;
  const left = area.height - rows - name;
  const sparkRows = spark ? Math.max(0, Math.min(5, left - (left > 2 ? 1 : 0))) : 0;
  const top = area.y + Math.max(0, (left - sparkRows) >> 1);
  const at = { x: area.x, y: top, width: area.width, rows };
  const sign = theme.ascii || large ? '' : levelSign(panel, figure.value);
  const took = drawBig(cells, at, {
    text: sign === '' ? text : `${sign} ${text}`,
    style,
    small: theme.ascii || !large,
  });
  if (name === 1) {
    const word = fit(safeText(figure.name), area.width, 'center');
    cells.put(area.x, top + took, word, { style: STYLE.dim });
  }
  if (sparkRows === 0 || figure.series === undefined) return;
  const below = { ...area, y: area.y + area.height - sparkRows, height: sparkRows };
  drawSparkArea(cells, below, { series: figure.series, scene, style });
}

function drawGauge(cells: CellGrid, area: Area, { scene, figure, alone }: OneJob): void {
  const { panel, theme } = scene;
  const low = panel.min ?? 0;
  const high = panel.max ?? (panel.unit === 'percent' ? 1 : 100);
  const share = (value: number): number => (value - low) / (high - low);
  const style = isStale(scene) ? STYLE.dim : valueStyle(panel, figure.value, STYLE.good);
  drawArc(cells, area, {
    share: Math.min(1, Math.max(0, share(figure.value))),
    text: formatValue(figure.value, panel.unit),
    name: alone ? '' : safeText(figure.name),
    style,
    ascii: theme.ascii,
    marks: isStale(scene)
      ? []
      : panel.thresholds.map(({ value, level }) => ({
          share: value === -Infinity ? -1 : share(value),
          style: levelStyle(level),
        })),
  });
}

function drawBarRows(cells: CellGrid, inner: Area, { scene, data }: Job): void {
  const { panel } = scene;
  const figures = figuresOf(panel, data).toSorted((a, b) => b.value - a.value);
  const stale = isStale(scene);
  drawBars(
    cells,
    { ...inner, x: inner.x + 1, width: inner.width - 2 },
    {
      rows: figures.map(({ name, value }, i) => ({
        name,
        value,
        style: stale
          ? STYLE.dim
          : valueStyle(panel, value, panel.thresholds.length > 0 ? STYLE.accent : seriesStyle(i)),
      })),
      unit: panel.unit,
      min: panel.min,
      max: panel.max,
      top: Math.min(scene.scroll, Math.max(0, figures.length - 1)),
    },
  );
}

function drawRows(cells: CellGrid, inner: Area, { scene, data }: Job): void {
  const { columns, rows } = figureTable(scene.panel, figuresOf(scene.panel, data));
  const last = Math.max(0, rows.length - Math.max(1, inner.height - 1));
  const top = Math.min(scene.scroll, last);
  drawTable(cells, { ...inner, x: inner.x - 1, width: inner.width + 1 }, { columns, rows, top });
  const below = rows.length - top - (inner.height - 1);
  putMore(cells, scene, below);
}

/** How many are not shown, on the lower edge. */
function putMore(cells: CellGrid, { width, height }: PanelScene, count: number): void {
  if (count <= 0) return;
  const text = ` ${count} more `;
  cells.put(width - 2 - text.length, height - 1, text, { style: STYLE.dim });
}

function drawText(cells: CellGrid, inner: Area, { panel, scroll }: PanelScene): void {
  const lines = wrapText(panel.text, inner.width - 2);
  const last = Math.max(0, lines.length - inner.height);
  lines.slice(Math.min(scroll, last), Math.min(scroll, last) + inner.height).forEach((line, i) => {
    const heading = /^#{1,6} /.test(line);
    const text = heading ? line.replace(/^#+ /, '') : line;
    cells.put(inner.x + 1, inner.y + i, text, { style: heading ? STYLE.bold : STYLE.plain });
  });
}
