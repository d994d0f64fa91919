// A whole dashboard as one grid of cells: header, panels of the page, keys, or what lies over them.
// The screen paints its rows, a picture and the tests take it as it is. Panels are kept as cells
// while nothing of them changed, so that a beat that moves one number draws one panel. Easy to get
// wrong: everything a panel's picture depends on has to be in its key.
import type { Dashboard, DashPanel } from '../../engine/dash/dashboard.ts';
import { CellGrid } from '../draw/cells.ts';
import { drawFrame, drawGoesOn } from '../draw/frame.ts';
import { drawKeyList } from '../draw/key-list.ts';
import type { GridPage } from '../draw/panel-grid.ts';
import { STYLE } from '../draw/styles.ts';
import { cellWidth, fit, safeText } from '../draw/text.ts';
import { wrapText } from '../draw/wrap.ts';
import type { DashSnapshot, VariableState } from '../feed/dash-snapshot.ts';
import type { Theme } from '../theme.ts';
import type { WordGroup } from '../widgets/status-line.tsx';
import { drawChoices, drawVariables } from './dash-choices.ts';
import { DASH_KEYS } from './dash-keys.ts';
import { DASH_COLUMNS_MIN, DASH_ROWS_MIN } from './dash-layout.ts';
import { drawDashPanel, type PanelScene } from './dash-panels.ts';
import { dashModeOf, type DashState } from './dash-state.ts';
import {
  keyWords,
  timeWords,
  titleWords,
  variableWords,
  type DashServer,
  type Line,
} from './dash-view.ts';

export interface DashScene {
  readonly dashboard: Dashboard;
  readonly server: DashServer;
  readonly state: DashState;
  readonly snapshot: DashSnapshot;
  /** Variables that can be chosen from. */
  readonly variables: readonly VariableState[];
  readonly pages: readonly GridPage[];
  readonly columns: number;
  readonly rows: number;
  readonly theme: Theme;
  readonly zone: string | undefined;
  /** What a note over the panels says; undefined while none is open. */
  readonly note: { readonly title: string; readonly lines: readonly Line[] } | undefined;
}

/** Rows above the panels: the title, and the variables where there are any. */
export function headerRows(variables: readonly VariableState[]): number {
  return variables.length > 0 ? 2 : 1;
}

interface Kept {
  readonly key: readonly unknown[];
  readonly cells: CellGrid;
}

/** Draws frames; keeps the panels of the last one. */
export class DashPainter {
  #kept = new Map<string, Kept>();

  /** The frame, exactly as large as the terminal. */
  draw(scene: DashScene): CellGrid {
    const { columns, rows, variables } = scene;
    const cells = new CellGrid(columns, rows);
    if (columns < DASH_COLUMNS_MIN || rows < DASH_ROWS_MIN) {
      drawTooSmall(cells);
      return cells;
    }
    drawHeader(cells, scene);
    const top = headerRows(variables);
    const body = { x: 0, y: top, width: columns, height: rows - top - 1 };
    this.#drawBody(cells, body, scene);
    const mode = dashModeOf(scene.state);
    const many = scene.pages.length > 1 || variables.length > 0;
    drawGroups(cells, { y: rows - 1, left: keyWords(mode, scene.state, many), right: [] });
    return cells;
  }

  #drawBody(cells: CellGrid, body: Body, scene: DashScene): void {
    const { state, note } = scene;
    if (state.overlay === 'help') {
      const keys = DASH_KEYS.keysOf(state.zoomed ? 'zoom' : 'board');
      return drawKeyList(cells, body, { keys, scroll: state.scroll });
    }
    if (state.overlay === 'variables') return drawVariables(cells, body, scene);
    if (note !== undefined) return drawNote(cells, body, { ...note, scroll: state.scroll });
    if (state.overlay === 'values') {
      this.#drawPanels(cells, body, scene);
      return drawChoices(cells, body, scene);
    }
    this.#drawPanels(cells, body, scene);
  }

  #drawPanels(cells: CellGrid, body: Body, scene: DashScene): void {
    const { state, dashboard, pages } = scene;
    const byId = new Map(dashboard.panels.map((panel) => [panel.id, panel]));
    const next = new Map<string, Kept>();
    const put = (panel: DashPanel, area: Body, selected: boolean): void => {
      const kept = this.#panel(panel, area, { scene, selected });
      next.set(panel.id, kept);
      cells.blit(kept.cells, area.x, area.y);
    };
    const alone = state.zoomed ? byId.get(state.panel ?? '') : undefined;
    if (alone !== undefined) put(alone, body, false);
    else {
      for (const place of pages[state.page] ?? []) {
        const panel = byId.get(place.id);
        if (panel === undefined || place.height < 1) continue;
        put(panel, { ...place, y: place.y + body.y }, panel.id === state.panel);
      }
    }
    this.#kept = next;
  }

  #panel(
    panel: DashPanel,
    area: Body,
    { scene, selected }: { readonly scene: DashScene; readonly selected: boolean },
  ): Kept {
    const { snapshot, theme, zone, state } = scene;
    const data = snapshot.panels.get(panel.id);
    const { startMs, endMs, nowMs } = snapshot;
    const { width, height } = area;
    const scroll = state.zoomed ? state.scroll : 0;
    const age = data?.trouble === undefined ? 0 : nowMs;
    const timed = panel.kind !== 'text' && panel.kind !== 'row' && panel.kind !== 'unknown';
    const key = [
      ...[panel, data, width, height, theme, zone, selected, scroll, age],
      ...(timed ? [startMs, endMs] : []),
    ];
    const kept = this.#kept.get(panel.id);
    if (kept !== undefined && sameKey(kept.key, key)) return kept;
    const job = { panel, data, width, height, theme, zone, startMs, endMs, nowMs };
    return { key, cells: drawSafely({ ...job, selected, scroll }) };
  }
}

interface Body {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function sameKey(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, i) => Object.is(one, b[i]));
}

/** A panel that cannot be drawn says so; the others go on. */
function drawSafely(scene: PanelScene): CellGrid {
  try {
    return drawDashPanel(scene);
  } catch (thrown) {
    const { width, height, panel } = scene;
    const cells = new CellGrid(width, height);
    const area = { x: 0, y: 0, width, height };
    const inner = drawFrame(cells, area, { title: panel.title, style: STYLE.bad });
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const lines = wrapText(`this panel broke: ${why}`, inner.width).slice(0, inner.height);
    lines.forEach((line, i) => cells.put(inner.x, inner.y + i, line, { style: STYLE.bad }));
    return cells;
  }
}

function drawTooSmall(cells: CellGrid): void {
  const { width, height } = cells;
  const lines = [
    'terminal too small:',
    `need ${DASH_COLUMNS_MIN}x${DASH_ROWS_MIN}, have ${width}x${height}`,
    'q quit',
  ];
  const top = Math.max(0, (height - lines.length) >> 1);
  lines.forEach((line, i) => {
    const style = i === 1 ? STYLE.bold : STYLE.dim;
    cells.put(0, top + i, fit(line, width, 'center'), { style });
  });
}

function drawHeader(cells: CellGrid, scene: DashScene): void {
  const { dashboard, server, snapshot, state, pages, zone, variables } = scene;
  const page = { at: state.page, of: state.zoomed ? 1 : pages.length };
  const right = timeWords(snapshot, page, zone);
  drawGroups(cells, { y: 0, left: titleWords(dashboard, server), right });
  if (variables.length === 0) return;
  drawGroups(cells, { y: 1, left: variableWords(variables), right: [] });
}

interface GroupRow {
  readonly y: number;
  readonly left: readonly WordGroup[];
  readonly right: readonly WordGroup[];
}

/** Words of a row: those to the right stay, those to the left leave from their end. */
function drawGroups(cells: CellGrid, row: GroupRow): void {
  let end = cells.width;
  for (const { words, gap = 2 } of row.right.toReversed()) {
    const wide = words.reduce((sum, { text }) => sum + cellWidth(safeText(text)), 0);
    if (end - wide < cells.width / 3) break;
    let x = end - wide;
    for (const { text, style } of words) x += cells.put(x, row.y, text, { style });
    end -= wide + gap;
  }
  let x = 0;
  for (const [i, { words, gap = 2 }] of row.left.entries()) {
    const wide = words.reduce((sum, { text }) => sum + cellWidth(safeText(text)), 0);
    if (i > 1 && x + wide > end) break;
    for (const { text, style } of words) {
      x += cells.put(x, row.y, text, { style, room: Math.max(0, end - x) });
    }
    x += gap;
  }
}

/** Lines that are folded where they are too long, so that nothing of a command is lost. */
function drawNote(
  cells: CellGrid,
  body: Body,
  note: { readonly title: string; readonly lines: readonly Line[]; readonly scroll: number },
): void {
  const bottom = [{ text: 'Esc back', style: STYLE.dim }];
  const inner = drawFrame(cells, body, { title: note.title, bottom, selected: true });
  const room = Math.max(8, inner.width - 4);
  const rows = note.lines.flatMap(({ text, style }) => {
    return folded(safeText(text), room).map((part) => ({ text: part, style }));
  });
  const last = Math.max(0, rows.length - inner.height);
  const from = Math.min(note.scroll, last);
  rows.slice(from, from + inner.height).forEach(({ text, style }, i) => {
    cells.put(inner.x + 2, inner.y + i, text, { style, room });
  });
  drawGoesOn(cells, inner, { above: from > 0, below: from < last }, STYLE.dim);
}

/** Pieces of a width, cut anywhere: a command is copied as one line. */
function folded(text: string, width: number): string[] {
  const out: string[] = [];
  let now = '';
  let used = 0;
  for (const character of text) {
    const wide = cellWidth(character);
    if (used + wide > width) {
      out.push(now);
      now = '';
      used = 0;
    }
    now += character;
    used += wide;
  }
  out.push(now);
  return out;
}
