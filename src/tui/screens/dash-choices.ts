// The lists in which variables are chosen: all variables with what is chosen of them, and the
// values of one in a box over the panels, narrowed by typing. Pure. Easy to get wrong: a value
// comes from the server and may be anything; and the marked line is always in sight.
import { textsOf } from '../../engine/dash/template.ts';
import { drawFrame } from '../draw/frame.ts';
import type { CellGrid } from '../draw/cells.ts';
import type { Area } from '../draw/plot.ts';
import { STYLE } from '../draw/styles.ts';
import { cellWidth, fit, safeText } from '../draw/text.ts';
import type { VariableState } from '../feed/dash-snapshot.ts';
import { shownChoices, type DashState } from './dash-state.ts';

interface ChoiceScene {
  readonly state: DashState;
  readonly variables: readonly VariableState[];
}

/** All variables, a line each. */
export function drawVariables(cells: CellGrid, body: Area, scene: ChoiceScene): void {
  const { state, variables } = scene;
  const bottom = [{ text: 'Enter choose   Esc back', style: STYLE.dim }];
  const inner = drawFrame(cells, body, { title: 'variables', bottom, selected: true });
  const names = variables.map(({ variable }) => safeText(variable.label || variable.name));
  const wide = Math.min(30, Math.max(8, ...names.map(cellWidth)));
  const from = windowFrom(state.row, variables.length, inner.height);
  variables.slice(from, from + inner.height).forEach((one, i) => {
    const [y, at] = [inner.y + i, from + i];
    const marked = at === state.row;
    const style = marked ? STYLE.selected : STYLE.plain;
    if (marked) cells.put(inner.x, y, '▸', { style: STYLE.accent });
    cells.put(inner.x + 2, y, fit(names[at], wide), { style });
    const { trouble, options } = one;
    const count = options.length > 1 ? `${options.length} values` : '';
    const words = trouble === undefined ? count : `! ${trouble.message}`;
    const room = inner.width - wide - 6;
    const value = safeText(textsOf(one).join(', '));
    const used = cells.put(inner.x + wide + 4, y, fit(value, Math.min(cellWidth(value), room)), {
      style: STYLE.accent,
    });
    const left = room - used - 3;
    if (left < 8) return;
    cells.put(inner.x + wide + 7 + used, y, fit(safeText(words), left), {
      style: trouble === undefined ? STYLE.dim : STYLE.bad,
    });
  });
}

const BOX_COLUMNS_MIN = 36;

/** The values of the open variable, in a box to the left over the panels. */
export function drawChoices(cells: CellGrid, body: Area, scene: ChoiceScene): void {
  const { state, variables } = scene;
  const open = variables.find(({ variable }) => variable.name === state.variable);
  if (open === undefined) return;
  const shown = shownChoices(state, scene);
  const texts = shown.map(({ text }) => safeText(text));
  const longest = Math.max(BOX_COLUMNS_MIN, ...texts.slice(0, 200).map((t) => cellWidth(t) + 10));
  const width = Math.min(body.width, longest);
  const height = Math.min(body.height, Math.max(6, shown.length + 3));
  const area = { x: Math.min(2, body.width - width), y: body.y, width, height };
  for (let y = 0; y < height; y++) cells.put(area.x, area.y + y, ' '.repeat(width));
  const { multi } = open.variable;
  const keys = multi ? 'Tab mark   Enter done' : 'Enter take   Esc back';
  const inner = drawFrame(cells, area, {
    title: open.variable.label || open.variable.name,
    right: [{ text: `${shown.length}`, style: STYLE.dim }],
    bottom: [{ text: keys, style: STYLE.dim }],
    selected: true,
  });
  const typed = state.typed === '' ? 'type to narrow' : state.typed;
  cells.put(inner.x + 1, inner.y, '/', { style: STYLE.accent });
  const style = state.typed === '' ? STYLE.dim : STYLE.bold;
  cells.put(inner.x + 3, inner.y, fit(safeText(typed), inner.width - 4), { style });
  const rows = inner.height - 1;
  const from = windowFrom(state.row, shown.length, rows);
  if (shown.length === 0) {
    const why = open.trouble === undefined ? 'no such value' : `! ${open.trouble.message}`;
    cells.put(inner.x + 1, inner.y + 1, fit(safeText(why), inner.width - 2), { style: STYLE.dim });
  }
  shown.slice(from, from + rows).forEach(({ value }, i) => {
    const [y, at] = [inner.y + 1 + i, from + i];
    const chosen = open.chosen.includes(value);
    const mark = multi ? (chosen ? '●' : '○') : chosen ? '●' : ' ';
    if (at === state.row) cells.put(inner.x, y, '▸', { style: STYLE.accent });
    cells.put(inner.x + 2, y, mark, { style: chosen ? STYLE.good : STYLE.dim });
    const text = fit(texts[at], inner.width - 5);
    const own = at === state.row ? STYLE.selected : STYLE.plain;
    cells.put(inner.x + 4, y, text, { style: own });
  });
}

/** The first line shown so that the marked one is in sight. */
function windowFrom(marked: number, count: number, rows: number): number {
  const last = Math.max(0, count - rows);
  return Math.min(last, Math.max(0, marked - (rows >> 1)));
}
