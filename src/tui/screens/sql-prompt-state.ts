// What the SQL prompt adds to the prompt of queries: when Enter runs, and its own commands. The
// line editor, history, search and offers are that prompt's. Pure. Easy to get wrong: keys that
// mean something for PromQL only must do nothing here.
import { goesOn } from '../draw/sql-text.ts';
import { insert } from './query-prompt-edit.ts';
import { press, type Around, type PromptState } from './query-prompt-state.ts';

export type SqlWishDo =
  { readonly do: 'run'; readonly text: string } | { readonly do: 'exit' | 'repaint' | 'cancel' };

export interface SqlPromptState extends PromptState {
  /** The list of tables is shown in the place of the help. */
  readonly tables?: boolean;
  /** Each column of a row in a line of its own, as psql's \x does. */
  readonly sideways?: boolean;
}

export interface SqlPressed {
  readonly state: SqlPromptState;
  readonly wish?: SqlWishDo;
}

/** Keys that PromQL's prompt has for its own. */
const FOREIGN = new Set(['ctrl-t', 'ctrl-x']);

/** One key. */
export function pressSql(state: SqlPromptState, name: string, around: Around): SqlPressed {
  if (FOREIGN.has(name) && state.search === undefined) return { state };
  if (name === 'ctrl-g' && state.search === undefined) return { state: turned(state) };
  const plain = state.search === undefined && state.chosen === undefined;
  if (plain && name === 'return') return enter(state, around);
  const { state: next, wish } = press(state, name, around);
  const tables = next.view === 'help' && state.view === 'help' ? state.tables : false;
  if (wish === undefined || wish.do === 'run' || wish.do === 'explain') {
    return { state: { ...next, tables } };
  }
  return { state: { ...next, tables }, wish: { do: wish.do } };
}

/** The answer as a table or as lines; from its beginning, because rows are other ones. */
function turned(state: SqlPromptState): SqlPromptState {
  const sideways = state.sideways !== true;
  return { ...state, sideways, view: 'result', tables: false, scroll: 0, note: '' };
}

function enter(state: SqlPromptState, { ran }: Around): SqlPressed {
  const { text, cursor } = state.edit;
  const trimmed = text.trim();
  if (trimmed === '') return { state: { ...state, note: '' } };
  if (/^\.[a-z]/.test(trimmed)) return command(state, trimmed.split(/\s/)[0], ran);
  const again = /\n\s*$/.test(text);
  if (cursor === text.length && !again && goesOn(text)) {
    return { state: { ...state, edit: insert(state.edit, '\n'), quiet: true, asked: false } };
  }
  const past = [...state.past.filter((one) => one !== trimmed), trimmed];
  const shown = { view: 'result', scroll: 0, quiet: true, note: '', draft: '' } as const;
  const next = { ...state, ...shown, past, pastAt: past.length };
  return { state: next, wish: { do: 'run', text: trimmed } };
}

function command(state: SqlPromptState, name: string, ran: string): SqlPressed {
  const edit = { text: '', cursor: 0 };
  const next = { ...state, edit, scroll: 0, note: '', quiet: true, tables: false };
  switch (name) {
    case '.exit':
    case '.quit':
      return { state, wish: { do: 'exit' } };
    case '.help':
      return { state: { ...next, view: 'help' } };
    case '.tables':
      return { state: { ...next, view: 'help', tables: true } };
    case '.lines':
      return { state: turned(next) };
    case '.history':
      return { state: { ...next, view: 'history' } };
    case '.command':
      if (ran === '') return { state: { ...next, note: 'run a statement first' } };
      return { state: { ...next, view: 'command' } };
    default:
      return { state: { ...state, note: `there is no ${name}; .help lists what there is` } };
  }
}
