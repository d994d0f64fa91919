// The keys of `mon top`, in one table: the bar shows those valid now, the help all of a view. The
// names of keys are those of tui/keys.ts.
import { keyRow, KeyTable, moveRows } from '../key-table.ts';

/** What the screen is busy with; 'filter' takes text. */
export type TopMode = 'overview' | 'zoom' | 'filter' | 'help' | 'command';

export type TopAction =
  | 'quit'
  | 'back'
  | 'help'
  | 'filter'
  | 'zoom'
  | 'next'
  | 'previous'
  | 'up'
  | 'down'
  | 'pageUp'
  | 'pageDown'
  | 'first'
  | 'last'
  | 'sort'
  | 'reverse'
  | 'wider'
  | 'narrower'
  | 'earlier'
  | 'later'
  | 'live'
  | 'pause'
  | 'command'
  | 'repaint'
  | 'submit'
  | 'erase'
  | 'clear';

const VIEWS: readonly TopMode[] = ['overview', 'zoom'];
const OVERLAYS: readonly TopMode[] = ['help', 'command'];
const ALL: readonly TopMode[] = [...VIEWS, ...OVERLAYS, 'filter'];
const FILTER_HELP = 'only targets that hold a text; ! inverts';

const key = keyRow<TopMode, TopAction>;

export const TOP_KEYS = new KeyTable<TopMode, TopAction>([
  key('help', ['?', 'h', 'f1'], VIEWS, ['?', 'all keys of this view', 'help']),
  key('back', ['escape'], ['zoom', ...OVERLAYS], ['Esc', 'one level back', 'back']),
  key('submit', ['return'], ['filter'], ['Enter', 'keep the filter', 'keep']),
  key('back', ['escape'], ['filter'], ['Esc', 'leave the filter as it was', 'cancel']),
  key('quit', ['q'], [...VIEWS, ...OVERLAYS], ['q', 'leave', 'quit']),
  key('quit', ['ctrl-c'], ALL, ['Ctrl-C', 'leave']),
  key('filter', ['/'], ['overview'], ['/', FILTER_HELP, 'filter']),
  key('zoom', ['return', 'z'], VIEWS, ['Enter', 'the chosen chart alone, or all again', 'zoom']),
  key('next', ['tab', 'right', 'l'], VIEWS, [
    'Tab',
    'next chart; Shift-Tab the one before',
    'chart',
  ]),
  key('previous', ['shift-tab', 'left'], VIEWS, ['Shift-Tab', '']),
  key('command', ['c'], VIEWS, ['c', 'the command behind the chosen chart', 'command']),
  key('pause', [' '], VIEWS, ['Space', 'hold the picture, or go on', 'pause']),
  key('narrower', ['+', '='], VIEWS, ['+ -', 'look at a shorter or longer time', 'range']),
  key('wider', ['-', '_'], VIEWS, ['-', '']),
  key('earlier', ['[', '{'], VIEWS, ['[ ]', 'half a range back or forward', 'move']),
  key('later', [']', '}'], VIEWS, [']', '']),
  key('live', ['n', '0'], VIEWS, ['n', 'back to now']),
  key('sort', ['s', '>'], ['overview'], ['s', 'sort targets by the next column', 'sort']),
  key('reverse', ['r', 'R'], ['overview'], ['r', 'sort the other way']),
  ...moveRows<TopMode>(['overview'], { one: 'target', page: 'ten targets' }),
  ...moveRows<TopMode>(OVERLAYS),
  key('repaint', ['ctrl-l'], ALL, ['Ctrl-L', 'paint the whole screen again']),
  key('clear', ['escape'], ['overview'], ['Esc', 'drop the filter']),
  key('clear', ['ctrl-u'], ['filter'], ['Ctrl-U', 'erase all', 'empty']),
  key('erase', ['backspace', 'delete'], ['filter'], ['Backspace', 'erase a character']),
]);
