// The tiles of a wall: each is made once for a place and then only told what is new. Frames,
// charts and large numbers are drawn by our own raster, so that a wall looks like the other
// screens; rings, bars, the list and the count are widgets of blessed-contrib. Easy to get wrong:
// their texts may come from anywhere, and blessed takes braces for markup; so nothing is parsed,
// and what a canvas cannot draw is replaced.
import type { DashPanel } from '../../engine/dash/dashboard.ts';
import { labelValue, type Labels } from '../../engine/model/labels.ts';
import { CellGrid } from '../draw/cells.ts';
import { drawFrame, type Word } from '../draw/frame.ts';
import type { Area } from '../draw/plot.ts';
import { STYLE } from '../draw/styles.ts';
import { asciiText, fit, safeText } from '../draw/text.ts';
import { formatAge } from '../draw/units.ts';
import type { DashPanelData, DashSnapshot } from '../feed/dash-snapshot.ts';
import type { FiringAlert, FiringSnapshot } from '../feed/firing-feed.ts';
import { figuresOf, valueStyle, type Figure } from '../screens/dash-figures.ts';
import { drawDashPanel } from '../screens/dash-panels.ts';
import type { Theme } from '../theme.ts';
import type { Lcd, Screen, Toolkit } from './contrib.ts';
import { colorOf, restOf, strokeOf } from './wall-colors.ts';

/** What every tile is made with. */
export interface TileRoom {
  readonly tools: Toolkit;
  readonly screen: Screen;
  readonly theme: Theme;
  readonly zone: string | undefined;
}

export interface PanelTile {
  /** Shows what is new; nothing is drawn when nothing is. */
  update(snapshot: DashSnapshot): void;
}

const RING_ROWS_MIN = 11;
const RING_COLUMNS_MIN = 24;
const RINGS_MAX = 4;
const BARS_MAX = 8;
const BAR_COLUMNS = 11;
const BAR_ROWS_MIN = 10;

/** A box of our own cells; answers how to fill it. */
function cellBox(room: TileRoom, area: Area): (cells: CellGrid) => void {
  const show = textBox(room, area);
  const { palette, ascii } = room.theme;
  return (cells) => show(cells.lines(palette, ascii).join('\n'));
}

function textBox({ tools, screen }: TileRoom, area: Area): (text: string) => void {
  const box = tools.box({ ...placeOf(area), wrap: false, tags: false });
  screen.append(box);
  let shown = '';
  return (text) => {
    if (text === shown) return;
    shown = text;
    box.setContent(text);
  };
}

function placeOf({ x, y, width, height }: Area) {
  return { left: x, top: y, width, height };
}

/** The area within a frame, as a place on the screen. */
function within({ x, y, width, height }: Area): Area {
  return { x: x + 1, y: y + 1, width: width - 2, height: height - 2 };
}

/** The tile of a panel. */
export function panelTile(room: TileRoom, panel: DashPanel, area: Area): PanelTile {
  const show = cellBox(room, area);
  const inner = within(area);
  const ringed = panel.unit === 'percent' || panel.unit === 'percent100';
  const roomy = inner.height >= RING_ROWS_MIN && inner.width >= RING_COLUMNS_MIN;
  if (panel.kind === 'gauge' && ringed && roomy) return ringTile(room, panel, { area, show });
  // Its bars are nothing but background.
  const colored = colorOf(room.theme.palette, STYLE.accent) >= 0;
  if (panel.kind === 'bar' && inner.height >= BAR_ROWS_MIN && colored) {
    return barTile(room, panel, { area, show });
  }
  return { update: (snapshot) => show(plainCells(room, panel, { area, snapshot })) };
}

interface PlainJob {
  readonly area: Area;
  readonly snapshot: DashSnapshot;
}

function plainCells(room: TileRoom, panel: DashPanel, { area, snapshot }: PlainJob): CellGrid {
  const { theme, zone } = room;
  const data = snapshot.panels.get(panel.id);
  const { startMs, endMs, nowMs } = snapshot;
  const { width, height } = area;
  const scene = { panel, data, width, height, theme, zone, startMs, endMs, nowMs };
  return drawDashPanel({ ...scene, selected: false, scroll: 0 });
}

interface Framed {
  readonly area: Area;
  readonly show: (cells: CellGrid) => void;
}

/** The frame alone; what is inside is a widget's. */
function frameCells(panel: DashPanel, { width, height }: Area, bottom: readonly Word[]): CellGrid {
  const cells = new CellGrid(width, height);
  drawFrame(cells, { x: 0, y: 0, width, height }, { title: panel.title, bottom });
  return cells;
}

/** Figures that a widget can draw; undefined where only words can be shown. */
function drawable(data: DashPanelData | undefined, panel: DashPanel): Figure[] | undefined {
  if (data === undefined || data.state !== 'shown' || data.trouble !== undefined) return undefined;
  const figures = figuresOf(panel, data).filter(({ value }) => Number.isFinite(value));
  return figures.length === 0 ? undefined : figures;
}

function ringTile(room: TileRoom, panel: DashPanel, { area, show }: Framed): PanelTile {
  const { tools, screen, theme } = room;
  const inner = within(area);
  const count = Math.min(RINGS_MAX, Math.floor(inner.width / RING_COLUMNS_MIN));
  const radius = Math.min(Math.floor((inner.height * 4 - 26) / 2), Math.floor(inner.width / count));
  const donut = tools.donut({
    ...placeOf(inner),
    ...{ radius: Math.max(8, radius), arcWidth: Math.max(3, radius >> 2), yPadding: 2 },
    ...{ remainColor: restOf(theme.palette), fill: 'normal', data: [] },
  });
  screen.append(donut);
  donut.hide();
  let shown = '';
  return {
    update(snapshot) {
      const figures = drawable(snapshot.panels.get(panel.id), panel)?.slice(0, count);
      if (figures === undefined) {
        donut.hide();
        shown = '';
        return show(plainCells(room, panel, { area, snapshot }));
      }
      const top = panel.unit === 'percent' ? 1 : 100;
      const [low, high] = [panel.min ?? 0, panel.max ?? top];
      const rings = figures.map(({ name, value }) => ({
        percent: Math.min(1, Math.max(0, (value - low) / (high - low || 1))),
        // Of an empty text the canvas makes a word.
        label: figures.length === 1 ? ' ' : plain(name, RING_COLUMNS_MIN - 4),
        color: strokeOf(theme.palette, valueStyle(panel, value, STYLE.accent)),
      }));
      const print = JSON.stringify(
        rings.map((one) => [one.percent.toFixed(2), one.label, one.color]),
      );
      if (print === shown) return;
      shown = print;
      show(frameCells(panel, area, []));
      donut.show();
      donut.setData(rings as never);
    },
  };
}

function barTile(room: TileRoom, panel: DashPanel, { area, show }: Framed): PanelTile {
  const { tools, screen, theme } = room;
  const inner = within(area);
  const most = Math.min(BARS_MAX, Math.floor((inner.width - 4) / BAR_COLUMNS));
  const bars = tools.bars({
    ...placeOf(inner),
    ...{ barWidth: BAR_COLUMNS - 4, barSpacing: BAR_COLUMNS, xOffset: 2, maxHeight: 0 },
    barBgColor: strokeOf(theme.palette, STYLE.accent),
    // On the bars stands their number: it has to be told from them.
    ...{ barFgColor: theme.name === 'dark' ? 16 : 231, labelColor: 'normal' },
  });
  screen.append(bars);
  bars.hide();
  let shown = '';
  return {
    update(snapshot) {
      const figures = drawable(snapshot.panels.get(panel.id), panel);
      const fits = panel.unit === 'short' || panel.unit === '/s';
      const whole = figures?.every(({ value }) => value >= 0) === true;
      if (figures === undefined || !fits || !whole || figures.length > most) {
        bars.hide();
        shown = '';
        return show(plainCells(room, panel, { area, snapshot }));
      }
      const titles = figures.map(({ name }) => plain(name, BAR_COLUMNS - 2));
      const data = figures.map(({ value }) => Number(value.toPrecision(3)));
      const print = JSON.stringify([titles, data]);
      if (print === shown) return;
      shown = print;
      show(frameCells(panel, area, []));
      bars.show();
      bars.setData({ titles, data });
    },
  };
}

/** What a canvas can draw: ASCII, so many cells at most. */
function plain(text: string, width: number): string {
  return asciiText(safeText(text)).slice(0, width);
}

/** The number of what fires, and the list of it. */
export interface AlertTile {
  update(snapshot: FiringSnapshot): void;
}

export function countTile(room: TileRoom, area: Area): AlertTile {
  const show = cellBox(room, area);
  let lcd: Lcd | undefined;
  let shown = '';
  return {
    update({ firing, known, trouble }) {
      const bad = trouble === undefined ? [] : [{ text: '! old', style: STYLE.bad }];
      const cells = new CellGrid(area.width, area.height);
      const frame = { x: 0, y: 0, width: area.width, height: area.height };
      drawFrame(cells, frame, { title: 'alerts firing', right: bad });
      show(cells);
      const text = String(Math.min(firing, 999));
      const style = firing > 0 ? STYLE.bad : STYLE.good;
      if (!known || `${text} ${style}` === shown) return;
      shown = `${text} ${style}`;
      // Its digits share the width that it was made with.
      lcd?.detach();
      lcd = digits(room, within(area), { text, style });
    },
  };
}

const DIGIT_COLUMNS = 13;

function digits(
  { tools, screen, theme }: TileRoom,
  inner: Area,
  { text, style }: { readonly text: string; readonly style: number },
): Lcd {
  const width = Math.min(inner.width, text.length * DIGIT_COLUMNS + 2);
  const x = inner.x + ((inner.width - width) >> 1);
  const lcd = tools.lcd({
    ...placeOf({ ...inner, x, width }),
    ...{ elements: text.length, display: text, elementSpacing: 4, elementPadding: 2 },
    ...{ segmentWidth: 0.06, segmentInterval: 0.11, strokeWidth: 0.1 },
    color: strokeOf(theme.palette, style),
  });
  screen.append(lcd);
  return lcd;
}

const AGE_COLUMNS = 5;
const STATE_COLUMNS = 3;

export function alertTile(room: TileRoom, area: Area): AlertTile {
  const { tools, screen, theme } = room;
  const show = cellBox(room, area);
  const inner = within(area);
  const left = inner.width - 3 - AGE_COLUMNS - STATE_COLUMNS - 4;
  const nameColumns = Math.max(12, Math.min(26, Math.floor(left * 0.55)));
  const columnWidth = [STATE_COLUMNS, AGE_COLUMNS, nameColumns, Math.max(4, left - nameColumns)];
  const table = tools.table({
    // The widget keeps two rows above its list and two below: the frame is drawn around them.
    ...placeOf({ ...inner, height: inner.height + 2 }),
    ...{ interactive: false, columnSpacing: 2, columnWidth, tags: false },
    ...{ fg: -1, selectedFg: -1, selectedBg: -1 },
    style: { header: { fg: colorOf(theme.palette, STYLE.dim) } },
  });
  // Its list would read braces of a label as markup.
  const { rows } = table as unknown as { rows: { parseTags: boolean } };
  rows.parseTags = false;
  screen.append(table);
  table.hide();
  // Over the rows that the widget keeps below its list.
  const foot = textBox(room, { ...area, y: area.y + area.height - 1, height: 1 });
  return {
    update(snapshot) {
      const { alerts, known, trouble, nowMs } = snapshot;
      const words = wordsOf(snapshot);
      const cells = new CellGrid(area.width, area.height);
      const count = known ? `${alerts.length}` : '';
      const bottom = trouble === undefined ? [] : [{ text: `! ${trouble}`, style: STYLE.bad }];
      const frame = { x: 0, y: 0, width: area.width, height: area.height };
      drawFrame(cells, frame, { title: `alerts ${count}`.trim(), bottom });
      if (words !== undefined) {
        const text = fit(words.text, area.width - 2, 'center');
        cells.put(1, area.height >> 1, text, { style: words.style });
      }
      show(cells);
      foot(cells.lines(theme.palette, theme.ascii).at(-1) ?? '');
      if (alerts.length === 0) return table.hide();
      const shown = Math.max(1, inner.height - 2);
      const lines = alerts
        .slice(0, shown)
        .map((one) => rowOf(one, { nowMs, columnWidth, ascii: theme.ascii }));
      const head = ['', 'age', 'alert', 'what'].map((text, i) => fit(text, columnWidth[i]));
      table.setData({ headers: head, data: painted(lines, alerts, theme) });
      // The list stands one cell further in than its heads.
      table.setContent(` ${table.getContent()}`);
      table.show();
    },
  };
}

function wordsOf({ alerts, known, trouble }: FiringSnapshot) {
  if (alerts.length > 0) return undefined;
  if (known) return { text: 'nothing fires', style: STYLE.good };
  if (trouble !== undefined) return { text: 'alerts cannot be asked for', style: STYLE.bad };
  return { text: 'waiting for the first answer', style: STYLE.dim };
}

interface RowJob {
  readonly nowMs: number;
  readonly ascii: boolean;
  readonly columnWidth: readonly number[];
}

function rowOf(alert: FiringAlert, { nowMs, columnWidth, ascii }: RowJob): string[] {
  const { labels, annotations, state, activeAtMs } = alert;
  const severity = labelValue(labels, 'severity');
  const mark = state === 'firing' ? '●' : '○';
  // From afar the largest unit is enough, and it changes least often.
  const [since] = formatAge(Math.max(0, nowMs - activeAtMs)).split(' ');
  const age = activeAtMs === 0 ? '' : since;
  const alertname = labelValue(labels, 'alertname');
  // Where room is short the name says more.
  const name = columnWidth[2] < 20 || severity === '' ? alertname : `${alertname} ${severity}`;
  const what = labelValue(annotations, 'summary') || labelsText(labels);
  return [mark, age, name, what].map((text, i) => {
    const cell = fit(safeText(text), columnWidth[i]);
    return ascii ? asciiText(cell) : cell;
  });
}

/** Labels without those that have a column of their own. */
function labelsText(labels: Labels): string {
  const parts: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] === 'alertname' || labels[i] === 'severity') continue;
    parts.push(`${labels[i]}=${labels[i + 1]}`);
  }
  return parts.join(' ');
}

/** The mark in the colour of its state; the shape says the same. */
function painted(
  lines: readonly string[][],
  alerts: readonly FiringAlert[],
  { palette }: Theme,
): string[][] {
  return lines.map(([mark, ...rest], i) => {
    const style = alerts[i].state === 'firing' ? STYLE.bad : STYLE.warn;
    return [`${palette.open[style]}${mark}${palette.close[style]}`, ...rest];
  });
}
