// What the user of `mon top` has chosen, and how a key changes it: a pure function, so that every
// key can be tested without a terminal. The view can be written as flags and opened again from
// them.
import { scrolledBy } from '../scroll.ts';
import { shellQuote } from '../draw/shell-word.ts';
import { formatRange } from '../draw/units.ts';
import { reduceTime, type ShownTime } from './shown-time.ts';
import type { TopAction, TopMode } from './top-keys.ts';

/** The columns that targets can be sorted by, in the order of the key `s`. */
export const SORTS = ['health', 'job', 'instance', 'duration', 'age'] as const;
export type SortKey = (typeof SORTS)[number];

export interface TopState extends ShownTime {
  readonly filter: string;
  /** The filter being typed; undefined while none is. */
  readonly draft: string | undefined;
  readonly sort: SortKey;
  readonly reversed: boolean;
  /** The chosen chart by id; undefined is the first. */
  readonly panel: string | undefined;
  readonly zoomed: boolean;
  readonly overlay: 'none' | 'help' | 'command';
  /** Lines of the overlay scrolled past. */
  readonly scroll: number;
  /** The marked target, counted in the sorted and filtered list. */
  readonly row: number;
}

/** What a key's meaning depends on besides the state. */
export interface TopAround {
  readonly nowMs: number;
  /** Ids of the charts that exist, in order. */
  readonly panels: readonly string[];
  readonly targets: number;
  /** How far the overlay that is open can be scrolled. */
  readonly scrollMax: number;
}

/** The state a screen opens with. */
export function topState(chosen: Partial<TopState> = {}): TopState {
  return {
    rangeMs: 300_000,
    anchorMs: undefined,
    paused: false,
    filter: '',
    draft: undefined,
    sort: 'health',
    reversed: false,
    panel: undefined,
    zoomed: false,
    overlay: 'none',
    scroll: 0,
    row: 0,
    ...chosen,
  };
}

export function modeOf(state: TopState): TopMode {
  if (state.overlay !== 'none') return state.overlay;
  if (state.draft !== undefined) return 'filter';
  return state.zoomed ? 'zoom' : 'overview';
}

/** The state after an action; actions that are not about the state leave it as it is. */
export function reduceTop(state: TopState, action: TopAction, around: TopAround): TopState {
  if (state.overlay !== 'none') {
    const scroll = scrolledBy(state.scroll, action, around.scrollMax);
    if (scroll !== undefined) return { ...state, scroll };
  }
  return reduceView(state, action, around) ?? reduceTime(state, action, around.nowMs) ?? state;
}

function reduceView(state: TopState, action: TopAction, around: TopAround): TopState | undefined {
  switch (action) {
    case 'help':
      return { ...state, overlay: 'help', scroll: 0 };
    case 'command':
      return { ...state, overlay: 'command', scroll: 0 };
    case 'back':
      if (state.overlay !== 'none') return { ...state, overlay: 'none' };
      if (state.draft !== undefined) return { ...state, draft: undefined };
      return { ...state, zoomed: false };
    case 'zoom':
      return { ...state, zoomed: !state.zoomed && around.panels.length > 0 };
    case 'next':
      return { ...state, panel: neighbour(state, around, 1) };
    case 'previous':
      return { ...state, panel: neighbour(state, around, -1) };
    default:
      return reduceTargets(state, action, around.targets);
  }
}

function reduceTargets(state: TopState, action: TopAction, targets: number): TopState | undefined {
  const at = (row: number): TopState => ({
    ...state,
    row: Math.max(0, Math.min(targets - 1, row)),
  });
  switch (action) {
    case 'filter':
      return { ...state, draft: state.filter };
    case 'submit':
      return { ...state, filter: state.draft ?? state.filter, draft: undefined, row: 0 };
    case 'erase':
      return { ...state, draft: [...(state.draft ?? '')].slice(0, -1).join('') };
    case 'clear':
      if (state.draft !== undefined) return { ...state, draft: '' };
      return { ...state, filter: '', row: 0 };
    case 'sort':
      return { ...state, sort: SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length], row: 0 };
    case 'reverse':
      return { ...state, reversed: !state.reversed, row: 0 };
    case 'up':
      return at(state.row - 1);
    case 'down':
      return at(state.row + 1);
    case 'pageUp':
      return at(state.row - 10);
    case 'pageDown':
      return at(state.row + 10);
    case 'first':
      return at(0);
    case 'last':
      return at(targets - 1);
    default:
      return undefined;
  }
}

function neighbour(state: TopState, around: TopAround, by: number): string | undefined {
  const { panels } = around;
  if (panels.length === 0) return undefined;
  const at = Math.max(0, panels.indexOf(state.panel ?? panels[0]));
  return panels[(at + by + panels.length) % panels.length];
}

/**
 * A character typed while a filter is edited. Names of other keys are longer and change nothing.
 */
export function typeFilter(state: TopState, text: string): TopState {
  if (state.draft === undefined || [...text].length > 1) return state;
  const clean = text.replaceAll(/\p{Cc}/gu, '');
  return { ...state, draft: (state.draft + clean).slice(0, 200), row: 0 };
}

/** The command that opens this view again. */
export function topCommand(state: TopState): string {
  const words = ['mon top', `--since ${formatRange(state.rangeMs)}`];
  if (state.anchorMs !== undefined) words.push(`--to ${new Date(state.anchorMs).toISOString()}`);
  if (state.filter !== '') words.push(`--filter ${shellQuote(state.filter)}`);
  if (state.sort !== 'health') words.push(`--sort ${state.sort}`);
  if (state.reversed) words.push('--reverse');
  if (state.panel !== undefined) words.push(`--panel ${state.panel}`);
  if (state.zoomed) words.push('--zoom');
  return words.join(' ');
}
