// The keys of the explorer, in one table: the bar shows those valid now, the help all of a view.
// The names of keys are those of tui/keys.ts.
import { keyRow, KeyTable, moveRows } from '../key-table.ts';

/** The lists, in the order of the key Tab. */
export const EXPLORE_TABS = ['metrics', 'labels', 'pairs', 'policies'] as const;
export type ExploreTab = (typeof EXPLORE_TABS)[number];

export type ExploreMode = 'list' | 'inside' | 'filter' | 'rule' | 'help' | 'command';

export type ExploreAction =
  | 'quit'
  | 'back'
  | 'help'
  | 'filter'
  | 'nextTab'
  | 'previousTab'
  | 'tab1'
  | 'tab2'
  | 'tab3'
  | 'tab4'
  | 'up'
  | 'down'
  | 'pageUp'
  | 'pageDown'
  | 'first'
  | 'last'
  | 'open'
  | 'sort'
  | 'sortBack'
  | 'reverse'
  | 'rule'
  | 'nextRule'
  | 'previousRule'
  | 'copy'
  | 'print'
  | 'command'
  | 'pause'
  | 'repaint'
  | 'submit'
  | 'erase'
  | 'clear';

const LOOKS: readonly ExploreMode[] = ['list', 'inside'];
const NOTES: readonly ExploreMode[] = ['help', 'command'];
/** Views with a text of their own to take along. */
const WRITTEN: readonly ExploreMode[] = ['rule', 'command'];
const ALL: readonly ExploreMode[] = [...LOOKS, ...NOTES, 'filter', 'rule'];

const key = keyRow<ExploreMode, ExploreAction>;

export const EXPLORE_KEYS = new KeyTable<ExploreMode, ExploreAction>([
  key('help', ['?', 'h', 'f1'], LOOKS, ['?', 'all keys', 'help']),
  key('open', ['return', 'right', 'l'], LOOKS, ['Enter', 'look inside', 'open']),
  key('back', ['escape', 'left', 'backspace'], ['inside'], ['Esc', 'one level back', 'back']),
  key('submit', ['return'], ['filter'], ['Enter', 'keep the filter', 'keep']),
  key('back', ['escape'], ['filter'], ['Esc', 'leave the filter as it was', 'cancel']),
  key('nextTab', ['tab'], ['list'], ['Tab', 'next list; Shift-Tab the one before', 'list']),
  key('previousTab', ['shift-tab'], ['list'], ['Shift-Tab', '']),
  key('tab1', ['1'], ['list'], ['1 to 4', 'metrics, labels, pairs, limits and policies']),
  key('tab2', ['2'], ['list'], ['2', '']),
  key('tab3', ['3'], ['list'], ['3', '']),
  key('tab4', ['4'], ['list'], ['4', '']),
  key('filter', ['/'], LOOKS, ['/', 'only rows with a text; ! inverts', 'filter']),
  key('sort', ['s', '>'], LOOKS, ['s >', 'sort by the next column; < by the one before', 'sort']),
  key('sortBack', ['<'], LOOKS, ['<', '']),
  key('reverse', ['r', 'R'], LOOKS, ['r', 'sort the other way']),
  key('rule', ['w', 'd'], LOOKS, ['w', 'write the rule that takes it away', 'write rule']),
  key('nextRule', ['tab', 'down', 'right', 'j', 'w'], ['rule'], ['Tab', 'another rule', 'other']),
  key('previousRule', ['shift-tab', 'up', 'left', 'k'], ['rule'], ['Shift-Tab', 'rule before']),
  key('copy', ['y', 'return'], WRITTEN, ['y', 'copy to the clipboard', 'copy']),
  key('print', ['p'], WRITTEN, ['p', 'leave, and print it', 'print']),
  key('back', ['escape'], ['rule', ...NOTES], ['Esc', 'one level back', 'back']),
  key('command', ['c'], LOOKS, ['c', 'the command that opens this view', 'command']),
  key('pause', [' '], LOOKS, ['Space', 'hold the picture, or go on']),
  ...moveRows<ExploreMode>(LOOKS, { one: 'line', page: 'a page' }),
  ...moveRows<ExploreMode>(NOTES),
  key('pageUp', ['pageUp'], ['rule'], ['PgUp', '']),
  key('pageDown', ['pageDown'], ['rule'], ['PgDn', '']),
  key('clear', ['escape'], ['list'], ['Esc', 'drop the filter']),
  key('clear', ['ctrl-u'], ['filter'], ['Ctrl-U', 'erase all']),
  key('erase', ['backspace', 'delete'], ['filter'], ['Backspace', 'erase a character']),
  key('quit', ['q'], [...LOOKS, ...NOTES, 'rule'], ['q', 'leave', 'quit']),
  key('quit', ['ctrl-c'], ALL, ['Ctrl-C', 'leave']),
  key('repaint', ['ctrl-l'], ALL, ['Ctrl-L', 'paint the whole screen again']),
]);
