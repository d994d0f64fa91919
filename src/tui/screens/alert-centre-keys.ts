// The keys of the alert centre, in one table: the bar shows those valid now, the help all of a
// view. The names of keys are those of tui/keys.ts.
import { keyRow, KeyTable, moveRows } from '../key-table.ts';

/** The lists, in the order of the key Tab. */
export const ALERT_TABS = ['alerts', 'silences', 'incidents'] as const;
export type AlertTab = (typeof ALERT_TABS)[number];

export type AlertMode = AlertTab | 'detail' | 'filter' | 'form' | 'confirm' | 'note';

export type AlertAction =
  | 'quit'
  | 'back'
  | 'help'
  | 'filter'
  | 'nextTab'
  | 'previousTab'
  | 'up'
  | 'down'
  | 'pageUp'
  | 'pageDown'
  | 'first'
  | 'last'
  | 'mark'
  | 'markAll'
  | 'open'
  | 'silence'
  | 'acknowledge'
  | 'extend'
  | 'expire'
  | 'command'
  | 'pause'
  | 'repaint'
  | 'submit'
  | 'nextField'
  | 'previousField'
  | 'erase'
  | 'clear'
  | 'yes'
  | 'no';

const LISTS: readonly AlertMode[] = ['alerts', 'silences', 'incidents'];
const LOOKS: readonly AlertMode[] = [...LISTS, 'detail'];
/** What has lines to move through. */
const MOVES: readonly AlertMode[] = [...LOOKS, 'note'];
const ALL: readonly AlertMode[] = [...MOVES, 'form', 'filter', 'confirm'];
const HAVE_ALERTS: readonly AlertMode[] = ['alerts', 'incidents', 'detail'];

const key = keyRow<AlertMode, AlertAction>;

export const ALERT_KEYS = new KeyTable<AlertMode, AlertAction>([
  key('help', ['?', 'h', 'f1'], LOOKS, ['?', 'all keys of this view', 'help']),
  key('submit', ['return'], ['form'], ['Enter', 'do it', 'do it']),
  key('nextField', ['tab', 'down'], ['form'], ['Tab', 'next field', 'field']),
  key('previousField', ['shift-tab', 'up'], ['form'], ['Shift-Tab', 'field before']),
  key('submit', ['return'], ['filter'], ['Enter', 'keep the filter', 'keep']),
  key('yes', ['y', 'Y', 'return'], ['confirm'], ['y', 'yes', 'yes']),
  key('no', ['n', 'N'], ['confirm'], ['n', 'no', 'no']),
  key(
    'back',
    ['escape'],
    ['detail', 'form', 'filter', 'confirm', 'note'],
    ['Esc', 'one level back', 'back'],
  ),
  key('quit', ['q'], MOVES, ['q', 'leave', 'quit']),
  key('quit', ['ctrl-c'], ALL, ['Ctrl-C', 'leave']),
  key('nextTab', ['tab', 'right', 'l'], LISTS, [
    'Tab',
    'next list; Shift-Tab the one before',
    'list',
  ]),
  key('previousTab', ['shift-tab', 'left'], LISTS, ['Shift-Tab', '']),
  key('open', ['return'], LISTS, ['Enter', 'all about the chosen one', 'detail']),
  key('filter', ['/'], LISTS, ['/', 'only what holds a text; ! inverts', 'filter']),
  key('mark', [' '], LISTS, ['Space', 'mark it, to act on several at once', 'mark']),
  key('markAll', ['*'], LISTS, ['*', 'mark all that are shown, or none']),
  key('silence', ['s'], HAVE_ALERTS, ['s', 'silence, with a preview', 'silence']),
  key('acknowledge', ['a'], HAVE_ALERTS, ['a', 'acknowledge the incident', 'ack']),
  key('extend', ['e'], ['silences'], ['e', 'let it end later', 'extend']),
  key('expire', ['x'], ['silences'], ['x', 'end it now', 'expire']),
  key('command', ['c'], LOOKS, ['c', 'the command that does the same', 'command']),
  key('pause', ['p'], LOOKS, ['p', 'hold the picture, or go on']),
  ...moveRows<AlertMode>(MOVES, { one: 'line', page: 'a page' }),
  key('clear', ['escape'], LISTS, ['Esc', 'drop marks, then the filter']),
  key('clear', ['ctrl-u'], ['form', 'filter'], ['Ctrl-U', 'erase all']),
  key('erase', ['backspace', 'delete'], ['form', 'filter'], ['Backspace', 'erase a character']),
  key('repaint', ['ctrl-l'], ALL, ['Ctrl-L', 'paint the whole screen again']),
]);
