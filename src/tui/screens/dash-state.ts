// What the user of a dashboard has chosen, and how a key changes it: pure, so that every key can be
// tested without a terminal. The view can be written as flags and opened again from them.
import { ALL, AUTO } from '../../engine/dash/dashboard.ts';
import { choices } from '../../engine/dash/variables.ts';
import { shellQuote } from '../draw/shell-word.ts';
import { formatRange } from '../draw/units.ts';
import type { GridPage, GridPlaced } from '../draw/panel-grid.ts';
import type { VariableState } from '../feed/dash-snapshot.ts';
import type { DashAction, DashMode } from './dash-keys.ts';
import { reduceTime, type ShownTime } from './shown-time.ts';

/** The times between beats that r and R step through, ms. */
const BEATS: readonly number[] = [
  ...[500, 1000, 2000, 5000, 10_000, 15_000, 30_000],
  ...[60_000, 300_000, 900_000],
];

export interface DashState extends ShownTime {
  readonly beatMs: number;
  /** The chosen panel by id; undefined is none. */
  readonly panel: string | undefined;
  readonly page: number;
  readonly zoomed: boolean;
  readonly overlay: 'none' | 'help' | 'command' | 'explain' | 'variables' | 'values';
  /** Lines scrolled past: of the panel that is alone, or of a note. */
  readonly scroll: number;
  /** The marked line of a list of variables or values. */
  readonly row: number;
  readonly variable: string | undefined;
  /** What was typed to narrow the list of values. */
  readonly typed: string;
  /** A word on what a key did. */
  readonly said: string;
}

/** What a key's meaning depends on besides the state. */
export interface DashAround {
  readonly nowMs: number;
  readonly pages: readonly GridPage[];
  /** Panels that can be chosen, in order. */
  readonly panels: readonly string[];
  readonly variables: readonly VariableState[];
}

/** The state a dashboard opens with. */
export function dashState(
  chosen: Partial<DashState> & Pick<DashState, 'rangeMs' | 'beatMs'>,
): DashState {
  return {
    anchorMs: undefined,
    paused: false,
    panel: undefined,
    page: 0,
    zoomed: false,
    overlay: 'none',
    scroll: 0,
    row: 0,
    variable: undefined,
    typed: '',
    said: '',
    ...chosen,
  };
}

export function dashModeOf(state: DashState): DashMode {
  if (state.overlay !== 'none') return state.overlay;
  return state.zoomed ? 'zoom' : 'board';
}

/** The state after an action; actions that are not about the state leave it as it is. */
export function reduceDash(before: DashState, action: DashAction, around: DashAround): DashState {
  const state = before.said === '' ? before : { ...before, said: '' };
  const mode = dashModeOf(state);
  if (mode === 'variables' || mode === 'values') return reduceLists(state, action, around);
  if (mode !== 'board' && isMove(action)) return scrolled(state, action);
  return (
    reducePanels(state, action, around) ??
    reduceOverlays(state, action, around) ??
    reduceTime(state, action, around.nowMs) ??
    reduceBeat(state, action) ??
    state
  );
}

function isMove(action: DashAction): boolean {
  return ['up', 'down', 'pageUp', 'pageDown'].includes(action);
}

function scrolled(state: DashState, action: DashAction): DashState {
  const by = { up: -1, down: 1, pageUp: -10, pageDown: 10 }[action as 'up'];
  return { ...state, scroll: Math.max(0, state.scroll + by) };
}

function reducePanels(
  state: DashState,
  action: DashAction,
  around: DashAround,
): DashState | undefined {
  const { pages } = around;
  const page = (to: number): DashState => ({
    ...state,
    page: Math.max(0, Math.min(pages.length - 1, to)),
    panel: undefined,
    scroll: 0,
  });
  switch (action) {
    case 'zoom':
      return zoomed(state, around);
    case 'next':
      return choosePanel(state, around, neighbour(state, around, 1));
    case 'previous':
      return choosePanel(state, around, neighbour(state, around, -1));
    case 'left':
    case 'right':
    case 'up':
    case 'down':
      return choosePanel(state, around, towards(state, action, around));
    case 'pageUp':
      return page(state.page - 1);
    case 'pageDown':
      return page(state.page + 1);
    case 'first':
      return page(0);
    case 'last':
      return page(pages.length - 1);
    default:
      return undefined;
  }
}

function zoomed(state: DashState, around: DashAround): DashState {
  if (state.zoomed) return { ...state, zoomed: false, scroll: 0 };
  const panel = state.panel ?? firstOf(state, around);
  return panel === undefined ? state : { ...state, panel, zoomed: true, scroll: 0 };
}

/** The first panel of the page that can be chosen. */
function firstOf(state: DashState, { pages, panels }: DashAround): string | undefined {
  return pages[state.page]?.find(({ id }) => panels.includes(id))?.id ?? panels[0];
}

/** Chooses a panel and turns to its page. */
function choosePanel(state: DashState, around: DashAround, id: string | undefined): DashState {
  if (id === undefined) return state;
  const page = around.pages.findIndex((one) => one.some((placed) => placed.id === id));
  return { ...state, panel: id, page: page < 0 ? state.page : page, scroll: 0 };
}

function neighbour(state: DashState, around: DashAround, by: number): string | undefined {
  const { panels } = around;
  if (panels.length === 0) return undefined;
  if (state.panel === undefined) return firstOf(state, around);
  const at = panels.indexOf(state.panel);
  return panels[(at + by + panels.length) % panels.length];
}

/** The nearest panel in a direction; beyond the page the next one in order. */
function towards(
  state: DashState,
  way: 'left' | 'right' | 'up' | 'down',
  around: DashAround,
): string | undefined {
  if (state.zoomed) return neighbour(state, around, way === 'left' ? -1 : 1);
  const placed = (around.pages[state.page] ?? []).filter(({ id }) => around.panels.includes(id));
  const from = placed.find(({ id }) => id === state.panel);
  if (from === undefined) return firstOf(state, around);
  const found = placed
    .filter((to) => beyond(from, to, way))
    .toSorted((a, b) => distance(from, a, way) - distance(from, b, way));
  if (found.length > 0) return found[0].id;
  const ends = { left: 0, right: 0, up: -1, down: 1 }[way];
  if (ends === 0) return state.panel;
  const at = around.panels.indexOf(from.id);
  return around.panels[at + ends] ?? state.panel;
}

function beyond(from: GridPlaced, to: GridPlaced, way: 'left' | 'right' | 'up' | 'down'): boolean {
  if (way === 'left') return to.x + to.width <= from.x;
  if (way === 'right') return to.x >= from.x + from.width;
  if (way === 'up') return to.y + to.height <= from.y;
  return to.y >= from.y + from.height;
}

function distance(from: GridPlaced, to: GridPlaced, way: 'left' | 'right' | 'up' | 'down'): number {
  const across = Math.abs(from.x + from.width / 2 - to.x - to.width / 2);
  const down = Math.abs(from.y + from.height / 2 - to.y - to.height / 2);
  // What lies straight ahead is nearer than what lies aside; a cell is twice as high as wide.
  return way === 'left' || way === 'right' ? across + down * 8 : down * 2 + across * 2;
}

function reduceOverlays(
  state: DashState,
  action: DashAction,
  around: DashAround,
): DashState | undefined {
  const panel = state.panel ?? firstOf(state, around);
  switch (action) {
    case 'help':
      return { ...state, overlay: 'help', scroll: 0 };
    case 'command':
    case 'explain':
      return { ...state, panel, overlay: action, scroll: 0 };
    case 'variables':
      if (around.variables.length === 0)
        return { ...state, said: 'this dashboard has no variables' };
      // One variable alone needs no list to choose it from.
      if (around.variables.length === 1) return openValues({ ...state, row: 0 }, around);
      return { ...state, overlay: 'variables', row: 0 };
    case 'back':
      if (state.overlay !== 'none') return { ...state, overlay: 'none', scroll: 0 };
      return { ...state, zoomed: false, scroll: 0 };
    default:
      return undefined;
  }
}

/** Steps through the times between beats. */
function reduceBeat(state: DashState, action: DashAction): DashState | undefined {
  if (action !== 'faster' && action !== 'slower') return undefined;
  const { beatMs: before } = state;
  const faster = BEATS.findLast((ms) => ms < before);
  const slower = BEATS.find((ms) => ms > before);
  const beatMs = (action === 'faster' ? faster : slower) ?? before;
  return { ...state, beatMs, said: `asking every ${formatRange(beatMs)}` };
}

function reduceLists(state: DashState, action: DashAction, around: DashAround): DashState {
  const values = state.overlay === 'values';
  const count = values ? shownChoices(state, around).length : around.variables.length;
  const at = (row: number): DashState => ({
    ...state,
    row: Math.max(0, Math.min(count - 1, row)),
  });
  switch (action) {
    case 'up':
      return at(state.row - 1);
    case 'down':
      return at(state.row + 1);
    case 'pageUp':
      return at(state.row - 10);
    case 'pageDown':
      return at(state.row + 10);
    case 'open':
      return openValues(state, around);
    case 'back':
    case 'submit': {
      const list = values && around.variables.length > 1;
      const row = around.variables.findIndex(({ variable }) => variable.name === state.variable);
      const overlay = list ? 'variables' : 'none';
      return { ...state, overlay, row: Math.max(0, row), typed: '' };
    }
    case 'erase':
      return { ...state, typed: [...state.typed].slice(0, -1).join(''), row: 0 };
    case 'clear':
      return { ...state, typed: '', row: 0 };
    default:
      return state;
  }
}

function openValues(state: DashState, around: DashAround): DashState {
  const open = around.variables[state.row];
  if (open === undefined) return state;
  const known = choices(open);
  const row = Math.max(
    0,
    known.findIndex(({ value }) => open.chosen.includes(value)),
  );
  return { ...state, overlay: 'values', variable: open.variable.name, typed: '', row };
}

/** The values that what was typed lets through. */
export function shownChoices(state: DashState, around: Pick<DashAround, 'variables'>) {
  const open = around.variables.find(({ variable }) => variable.name === state.variable);
  if (open === undefined) return [];
  const typed = state.typed.toLowerCase();
  return choices(open).filter(({ text }) => text.toLowerCase().includes(typed));
}

/** A character typed while values are narrowed. Names of other keys are longer. */
export function typeValue(state: DashState, text: string): DashState {
  if (state.overlay !== 'values' || [...text].length > 1) return state;
  const clean = text.replaceAll(/\p{Cc}/gu, '');
  return { ...state, typed: (state.typed + clean).slice(0, 200), row: 0 };
}

/** The command that opens this view again. */
export function dashCommand(
  name: string,
  state: DashState,
  variables: readonly VariableState[],
): string {
  const words = ['mon dash', shellQuote(name), `--since ${formatRange(state.rangeMs)}`];
  if (state.anchorMs !== undefined) words.push(`--to ${new Date(state.anchorMs).toISOString()}`);
  for (const { variable, chosen } of variables) {
    if (variable.kind === 'constant' || variable.kind === 'datasource') continue;
    for (const value of chosen) {
      const text = value === ALL ? 'All' : value === AUTO ? AUTO : value;
      words.push(`--var ${shellQuote(`${variable.name}=${text}`)}`);
    }
  }
  words.push(`--refresh ${formatRange(state.beatMs)}`);
  if (state.panel !== undefined) words.push(`--panel ${shellQuote(state.panel)}`);
  if (state.zoomed) words.push('--zoom');
  return words.join(' ');
}
