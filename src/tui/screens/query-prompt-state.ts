// What the prompt is showing and how keys change it. Pure: state and a key in, state and perhaps a
// wish out; asking, leaving and keeping the history is done by who holds the state. Easy to get
// wrong: keys of one paste arrive together, and each must see what the one before did.
import { isUnfinished } from '../../engine/promql/highlight.ts';
import { dotCommand, type DotAsk } from './query-prompt-commands.ts';
import { editKey, insert, otherLine, replaceFrom, type Edit } from './query-prompt-edit.ts';
import { sharedBeginning, type Offers } from './query-prompt-offers.ts';

export type PromptView = 'result' | 'help' | 'history' | 'command';

export interface PromptState {
  readonly edit: Edit;
  /** Earlier queries, the oldest first. */
  readonly past: readonly string[];
  /** Which of them is shown; past.length is the line that is being written. */
  readonly pastAt: number;
  /** The line that was being written when the history was entered. */
  readonly draft: string;
  /** The offer chosen; undefined while they are only shown. */
  readonly chosen: number | undefined;
  /** Offers are not shown until something is typed. */
  readonly quiet: boolean;
  /** Offers are shown though nothing was typed. */
  readonly asked: boolean;
  /** What Ctrl-R looks for, and how many matches were passed over. */
  readonly search: { readonly typed: string; readonly skip: number } | undefined;
  /** Undefined: one instant. */
  readonly rangeMs: number | undefined;
  readonly atMs: number | undefined;
  readonly stepMs: number | undefined;
  readonly view: PromptView;
  readonly form: 'table' | 'graph';
  readonly scroll: number;
  readonly note: string;
}

export type Wish =
  | { readonly do: 'run'; readonly query: string }
  | { readonly do: 'explain'; readonly query: string; readonly analyze: boolean }
  | { readonly do: 'exit' | 'repaint' | 'cancel' };

export interface Pressed {
  readonly state: PromptState;
  readonly wish?: Wish;
}

/** What the state does not hold itself. */
export interface Around {
  readonly offers: Offers;
  readonly running: boolean;
  /** The query whose answer is shown; '' for none. */
  readonly ran: string;
  readonly body: BodySeen;
}

/** What was painted of the body: how many rows there are, and how many there is room for. */
export interface BodySeen {
  readonly count: number;
  readonly room: number;
}

/** The ranges that Ctrl-T goes through, after one instant. */
const RANGES_MS: readonly number[] = [5, 15, 60, 360, 1440, 10_080].map((m) => m * 60_000);

/** The range of a chart that was asked for while one instant was shown. */
const CHART_MS = 15 * 60_000;

/** The state to open with. */
export function promptState(more: Partial<PromptState> = {}): PromptState {
  const past = more.past ?? [];
  return {
    edit: { text: '', cursor: 0 },
    past,
    pastAt: past.length,
    draft: '',
    chosen: undefined,
    quiet: false,
    asked: false,
    search: undefined,
    rangeMs: undefined,
    atMs: undefined,
    stepMs: undefined,
    view: 'result',
    form: 'graph',
    scroll: 0,
    note: '',
    ...more,
  };
}

/** The query that the line means: what stands behind `.explain`, or the line itself. */
export function lineQuery({ edit }: PromptState): string {
  const dot = dotCommand(edit.text);
  return dot === undefined ? edit.text.trim() : dot.do === 'explain' ? dot.query : '';
}

/** The entry of the history that a search has found. */
export function searchFound({ search, past }: PromptState): string | undefined {
  if (search === undefined || search.typed === '') return undefined;
  const wanted = search.typed.toLowerCase();
  const found = past.filter((one) => one.toLowerCase().includes(wanted));
  return found[found.length - 1 - search.skip] ?? found[0];
}

/** Text that was pasted: it is typed, whatever it holds, and never runs by itself. */
export function paste(state: PromptState, text: string): PromptState {
  if (state.search !== undefined) return typeSearch(state, text.split(/[\r\n]/)[0]);
  return written({ ...state, view: 'result' }, insert(state.edit, text), true);
}

/** One key. */
export function press(state: PromptState, name: string, around: Around): Pressed {
  if (name === 'ctrl-l') return { state, wish: { do: 'repaint' } };
  if (state.search !== undefined) return pressSearch(state, name);
  if (state.chosen !== undefined) {
    const done = pressOffers(state, name, around);
    if (done !== undefined) return done;
  }
  return (
    pressView(state, name, around) ?? pressLine(state, name, around) ?? typed(state, name, around)
  );
}

/** Keys that change what is shown, not the line. */
function pressView(state: PromptState, name: string, around: Around): Pressed | undefined {
  const empty = state.edit.text === '';
  switch (name) {
    case 'ctrl-c':
      if (around.running) return { state: noted(state, 'given up'), wish: { do: 'cancel' } };
      if (empty) return { state: { ...noted(state, 'Ctrl-D leaves'), view: 'result' } };
      return { state: cleared(state) };
    case 'ctrl-d':
      return empty ? { state, wish: { do: 'exit' } } : undefined;
    case 'pageDown':
      return { state: { ...state, scroll: paged(state.scroll, 1, around.body) } };
    case 'pageUp':
      return { state: { ...state, scroll: paged(state.scroll, -1, around.body) } };
    case 'ctrl-o':
      return { state: { ...state, view: state.view === 'help' ? 'result' : 'help', scroll: 0 } };
    case '?':
      return empty ? { state: { ...state, view: 'help', scroll: 0 } } : undefined;
    case 'ctrl-g': {
      const form = state.form === 'graph' && state.rangeMs !== undefined ? 'table' : 'graph';
      return charted({ ...state, view: 'result', scroll: 0, note: '' }, form, around);
    }
    case 'ctrl-t':
      return ranged(state, nextRange(state.rangeMs), around);
    case 'ctrl-x': {
      const query = lineQuery(state) || around.ran;
      if (query === '') return { state: noted(state, 'type a query first') };
      const shown = { ...state, view: 'result' as const, scroll: 0, note: '', quiet: true };
      return { state: shown, wish: { do: 'explain', query, analyze: false } };
    }
    case 'escape':
      if (state.view !== 'result') return { state: { ...state, view: 'result', scroll: 0 } };
      return { state: { ...state, quiet: true, asked: false, note: '' } };
    default:
      return undefined;
  }
}

/** A page on or back, never past the last one: a row of the page before stays in sight. */
function paged(scroll: number, by: 1 | -1, { count, room }: BodySeen): number {
  const last = Math.max(0, count - room);
  return Math.max(0, Math.min(last, Math.min(scroll, last) + by * Math.max(1, room - 1)));
}

function pressLine(state: PromptState, name: string, around: Around): Pressed | undefined {
  switch (name) {
    case 'return':
      return enter(state, around);
    case '\n':
    case 'meta-return':
      return { state: written(state, insert(state.edit, '\n'), true) };
    case 'tab':
      return { state: tab(state, around) };
    case 'up':
    case 'down': {
      const moved = otherLine(state.edit, name === 'up' ? -1 : 1);
      if (moved !== undefined) return { state: written(state, moved, true) };
      return { state: fromPast(state, name === 'up' ? -1 : 1) };
    }
    case 'ctrl-p':
      return { state: fromPast(state, -1) };
    case 'ctrl-n':
      return { state: fromPast(state, 1) };
    case 'ctrl-r':
      return { state: { ...state, search: { typed: '', skip: 0 }, chosen: undefined, note: '' } };
    default: {
      const key = name === 'ctrl-d' ? 'delete' : name;
      const edit = editKey(state.edit, key);
      if (edit === undefined) return undefined;
      const moves = edit.text === state.edit.text;
      return { state: written(state, edit, moves || edit.text === '') };
    }
  }
}

function typed(state: PromptState, name: string, around: Around): Pressed {
  // What is left of control keys and of unknown ones is not text.
  if (name === '' || /^(?:ctrl|meta|shift|word)-|^page(?:Up|Down)$/.test(name)) return { state };
  const edit = insert(state.edit, name);
  const inName = /[\p{L}\p{N}_:."{,]$/u.test(name) || around.offers.start < state.edit.cursor;
  return { state: written({ ...state, view: 'result' }, edit, !inName) };
}

/** The state with another line; `quiet` hides the offers. */
function written(state: PromptState, edit: Edit, quiet: boolean): PromptState {
  const pastAt = edit.text === state.edit.text ? state.pastAt : state.past.length;
  return { ...state, edit, quiet, pastAt, asked: false, chosen: undefined, note: '' };
}

function cleared(state: PromptState): PromptState {
  return { ...written(state, { text: '', cursor: 0 }, true), view: 'result' };
}

function noted(state: PromptState, note: string): PromptState {
  return { ...state, note, chosen: undefined };
}

function enter(state: PromptState, around: Around): Pressed {
  const { text, cursor } = state.edit;
  if (text.trim() === '') return { state: noted(state, '') };
  const dot = dotCommand(text);
  if (dot !== undefined) return command(state, dot, around);
  // A second Enter on an empty line runs it as it is, so that the mistake is told.
  const again = /\n\s*$/.test(text);
  if (cursor === text.length && !again && isUnfinished(text)) {
    return { state: written(state, insert(state.edit, '\n'), true) };
  }
  const query = text.trim();
  const next = { ...remembered(state, query), view: 'result' as const, scroll: 0, quiet: true };
  return { state: { ...next, note: '' }, wish: { do: 'run', query } };
}

/** The state with a query at the end of its history. */
function remembered(state: PromptState, query: string): PromptState {
  const past = [...state.past.filter((one) => one !== query), query];
  return { ...state, past, pastAt: past.length, draft: '' };
}

function command(state: PromptState, dot: DotAsk, around: Around): Pressed {
  const next = { ...cleared(state), scroll: 0 };
  switch (dot.do) {
    case 'command':
      if (around.ran === '') return { state: noted(next, 'run a query first') };
      return { state: { ...next, view: 'command' } };
    case 'help':
    case 'history':
      return { state: { ...next, view: dot.do } };
    case 'table':
    case 'graph':
      return charted(next, dot.do, around);
    case 'exit':
      return { state, wish: { do: 'exit' } };
    case 'explain': {
      const query = dot.query || around.ran;
      if (query === '') return { state: noted(state, 'write .explain and a query') };
      const { analyze } = dot;
      return {
        state: { ...state, scroll: 0, quiet: true },
        wish: { do: 'explain', query, analyze },
      };
    }
    case 'instant':
      return ranged({ ...next, atMs: dot.atMs }, undefined, around);
    case 'range':
      return ranged({ ...next, atMs: undefined }, dot.rangeMs, around);
    case 'step':
      return ranged({ ...next, stepMs: dot.stepMs }, state.rangeMs, around);
    case 'wrong':
      return { state: noted(state, dot.why) };
  }
}

/** Another time; what is shown is asked again for it. */
function ranged(state: PromptState, rangeMs: number | undefined, around: Around): Pressed {
  const next = { ...state, rangeMs, scroll: 0, note: '' };
  return around.ran === ''
    ? { state: next }
    : { state: next, wish: { do: 'run', query: around.ran } };
}

/** Another form; a chart of one instant would be empty, so it gets a range. */
function charted(state: PromptState, form: 'table' | 'graph', around: Around): Pressed {
  const next = { ...state, form };
  if (form === 'table' || state.rangeMs !== undefined) return { state: next };
  return ranged({ ...next, atMs: undefined }, CHART_MS, around);
}

function nextRange(rangeMs: number | undefined): number | undefined {
  return RANGES_MS.find((one) => one > (rangeMs ?? 0));
}

function fromPast(state: PromptState, step: 1 | -1): PromptState {
  const { past, pastAt, edit } = state;
  const at = Math.max(0, Math.min(past.length, pastAt + step));
  if (at === pastAt) return state;
  const draft = pastAt === past.length ? edit.text : state.draft;
  const text = past[at] ?? draft;
  const line = written(state, { text, cursor: text.length }, true);
  return { ...line, pastAt: at, draft, view: 'result' };
}

function tab(state: PromptState, { offers }: Around): PromptState {
  if (offers.list.length === 0) {
    return state.asked
      ? noted(state, 'nothing fits here')
      : { ...state, asked: true, quiet: false };
  }
  // What only holds the letters somewhere does not keep the one that begins with them waiting.
  const wanted = offers.typed.toLowerCase();
  const begins = offers.list.filter(({ word }) => word.toLowerCase().startsWith(wanted));
  if (offers.list.length === 1 || begins.length === 1) return accept(state, offers, 0);
  const shared = begins.length === 0 ? '' : sharedBeginning({ ...offers, list: begins });
  if (shared.length > offers.typed.length) {
    const edit = replaceFrom(state.edit, offers.start, shared);
    return written(state, edit, false);
  }
  return { ...state, chosen: 0, quiet: false };
}

function pressOffers(state: PromptState, name: string, { offers }: Around): Pressed | undefined {
  const count = offers.list.length;
  const chosen = Math.min(state.chosen ?? 0, count - 1);
  const choose = (at: number): Pressed => ({ state: { ...state, chosen: (at + count) % count } });
  if (count === 0) return undefined;
  if (name === 'down' || name === 'ctrl-n') return choose(chosen + 1);
  if (name === 'up' || name === 'ctrl-p' || name === 'shift-tab') return choose(chosen - 1);
  if (name === 'pageDown') return choose(Math.min(count - 1, chosen + 5));
  if (name === 'pageUp') return choose(Math.max(0, chosen - 5));
  if (name === 'tab' || name === 'return') return { state: accept(state, offers, chosen) };
  if (name === 'escape') return { state: { ...state, chosen: undefined, quiet: true } };
  return undefined;
}

function accept(state: PromptState, offers: Offers, at: number): PromptState {
  const { word } = offers.list[at];
  const next = state.edit.text.slice(state.edit.cursor);
  // What stands there already is not written twice.
  const bare = word.replace(/(?:\(|="?)$/, '');
  const doubled = bare !== word && /^\s*(?:\(|!?=|[=!]~)/.test(next);
  const edit = replaceFrom(state.edit, offers.start, doubled ? bare : word);
  return written(state, edit, doubled || !/[({=]"?$/.test(word));
}

function pressSearch(state: PromptState, name: string): Pressed {
  const { search, edit } = state;
  const done = { ...state, search: undefined };
  if (search === undefined) return { state };
  if (name === 'ctrl-r' || name === 'up') {
    return { state: { ...state, search: { ...search, skip: search.skip + 1 } } };
  }
  if (name === 'down') {
    return { state: { ...state, search: { ...search, skip: Math.max(0, search.skip - 1) } } };
  }
  if (name === 'escape' || name === 'ctrl-c' || name === 'ctrl-g') return { state: done };
  if (name === 'backspace') {
    const shorter = [...search.typed].slice(0, -1).join('');
    return { state: { ...state, search: { typed: shorter, skip: 0 } } };
  }
  if (/^(?:return|tab|left|right|home|end)$/.test(name)) {
    const text = searchFound(state) ?? edit.text;
    return { state: written(done, { text, cursor: text.length }, true) };
  }
  if ([...name].length !== 1) return { state };
  return { state: typeSearch(state, name) };
}

function typeSearch(state: PromptState, text: string): PromptState {
  return { ...state, search: { typed: (state.search?.typed ?? '') + text, skip: 0 } };
}
